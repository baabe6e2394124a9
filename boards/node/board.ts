import { randomFillSync } from "node:crypto";
import type {
	AccessPointConstructor,
	Board,
	BoardIdentity,
	FirmwareSlots,
	Network,
	Pins,
	SleepMemory,
	Storage,
} from "../../src/boards/board";
import type { FlashStorage, I2CBus, WiFiConstructor } from "../../src/boards/ecma419";
import type { ResetReason } from "../../src/boards/reset-reason";
import { FileKeyValueStorage } from "../shared/file-key-value";
import { nodeFiles } from "./files";
import { makeListener } from "./listener";
import { makeResolver } from "./resolver";
import { makeTCP } from "./tcp";
import type { PacedTime } from "./time";
import { makeTLS } from "./tls";
import { makeUDP } from "./udp";

/** The hardware that a computer lacks and the caller provides. */
export interface BoardHardware {
	readonly WiFi: WiFiConstructor;
	readonly AccessPoint?: AccessPointConstructor;
	/** Wraps the computer's sockets, to simulate a network. */
	network?(sockets: Network): Network;
	/** Root certificates trusted in addition to the public ones, DER or PEM. */
	readonly roots?: readonly Uint8Array[];
	readonly flash: FlashStorage;
	/** Called on the first use of the slots. */
	firmware?(): FirmwareSlots;
	readonly i2c: I2CBus;
	readonly pins: Pins;
}

export interface NodeBoardOptions {
	readonly identity: BoardIdentity;
	/** Why the board starts. */
	readonly resetReason: ResetReason;
	readonly time: PacedTime;
	/** Whether time runs in real time while a socket is open. */
	readonly realTimeWhileConnected: boolean;
	/** For the key-value storage. */
	readonly directory: string;
	readonly hardware: BoardHardware;
	readonly sleepMemory?: SleepMemory | undefined;
	log(line: string): void;
	/** Called in place of a restart, and of sleep. */
	restart(): void;
	sleep(milliseconds: number): void;
}

/** A board on Node: sockets, TLS, DNS, files and randomness of the computer. */
export class NodeBoard implements Board {
	readonly identity: BoardIdentity;
	readonly resetReason: ResetReason;
	readonly time: PacedTime;
	readonly network: Network;
	readonly storage: Storage;
	readonly i2c: I2CBus;
	readonly pins: Pins;
	private readonly startFirmware: (() => FirmwareSlots) | undefined;
	private slots: FirmwareSlots | undefined;
	private readonly _log: (line: string) => void;
	private readonly _restart: () => void;
	private readonly _sleep: (milliseconds: number) => void;

	constructor(options: NodeBoardOptions) {
		const { identity, resetReason, time, realTimeWhileConnected, directory, hardware, log, restart, sleep } =
			options;
		const { sleepMemory } = options;
		this.identity = identity;
		this.resetReason = resetReason;
		this.time = time;
		this._log = log;
		this._restart = restart;
		this._sleep = sleep;
		this.i2c = hardware.i2c;
		this.pins = hardware.pins;
		this.startFirmware = hardware.firmware;
		const keyValue = new FileKeyValueStorage(directory, nodeFiles);
		this.storage = { flash: hardware.flash, keyValue, sleepMemory };
		const hold = realTimeWhileConnected ? () => time.hold() : () => () => {};
		const TCP = makeTCP({ hold });
		const sockets: Network = {
			TCP,
			TLS: makeTLS({ hold, trustSystemRoots: true, roots: hardware.roots ?? [] }),
			Listener: makeListener(),
			UDP: makeUDP({ hold }),
			WiFi: hardware.WiFi,
			...(hardware.AccessPoint && { AccessPoint: hardware.AccessPoint }),
			resolver: makeResolver({ hold }),
		};
		this.network = hardware.network?.(sockets) ?? sockets;
	}

	get firmware(): FirmwareSlots | undefined {
		this.slots ??= this.startFirmware?.();
		return this.slots;
	}

	fillRandom(bytes: Uint8Array): void {
		randomFillSync(bytes);
	}

	/** Not meaningful on a computer. */
	freeMemory(): undefined {
		return undefined;
	}

	log(line: string): void {
		this._log(line);
	}

	restart(): void {
		this._restart();
	}

	sleep(milliseconds: number): void {
		this._sleep(milliseconds);
	}
}
