import { randomFillSync } from "node:crypto";
import type { Board, Identity, Network, Storage } from "../board";
import type { FlashStorage, I2CBus, WiFiConstructor } from "../ecma419";
import { FileKeyValueStorage } from "./key-value";
import { makeListener } from "./listener";
import { makeResolver } from "./resolver";
import { makeTCP } from "./tcp";
import type { PacedTime } from "./time";
import { makeTLS } from "./tls";
import { makeUDP } from "./udp";

/** What a computer has not, and somebody therefore has to bring: the chips around the processor. */
export interface Surroundings {
	readonly WiFi: WiFiConstructor;
	readonly flash: FlashStorage;
	readonly i2c: I2CBus;
}

export interface NodeBoardOptions {
	readonly identity: Identity;
	readonly time: PacedTime;
	/** Whether time runs at life's speed while a socket is open. */
	readonly lifeSpeedOnline: boolean;
	/** For the key-value storage. */
	readonly directory: string;
	readonly surroundings: Surroundings;
	log(line: string): void;
	/** What stands for a restart here. */
	restart(): void;
}

/** A board on Node: the computer's own sockets, TLS, names, files and randomness. */
export class NodeBoard implements Board {
	readonly identity: Identity;
	readonly time: PacedTime;
	readonly network: Network;
	readonly storage: Storage;
	readonly i2c: I2CBus;
	readonly #log: (line: string) => void;
	readonly #restart: () => void;

	constructor({ identity, time, lifeSpeedOnline, directory, surroundings, log, restart }: NodeBoardOptions) {
		this.identity = identity;
		this.time = time;
		this.#log = log;
		this.#restart = restart;
		this.i2c = surroundings.i2c;
		this.storage = { flash: surroundings.flash, keyValue: new FileKeyValueStorage(directory) };
		const hold = lifeSpeedOnline ? () => time.hold() : () => () => {};
		const TCP = makeTCP({ hold });
		this.network = {
			TCP,
			TLS: makeTLS({ hold, trustSystemRoots: true }),
			Listener: makeListener({ hold }),
			UDP: makeUDP({ hold }),
			WiFi: surroundings.WiFi,
			resolver: makeResolver(),
		};
	}

	fillRandom(bytes: Uint8Array): void {
		randomFillSync(bytes);
	}

	/** A computer on mains. */
	batteryLevel(): undefined {
		return undefined;
	}

	log(line: string): void {
		this.#log(line);
	}

	restart(): void {
		this.#restart();
	}
}
