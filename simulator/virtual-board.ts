import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NodeBoard } from "../src/boards/node/board";
import { writeDurably } from "../src/boards/node/files";
import type { PacedTime } from "../src/boards/node/time";
import type { ResetReason } from "../src/boards/reset";
import type { Settings } from "../src/settings/settings";
import { SettingsStore } from "../src/settings/settings-store";
import { FlashFiles } from "./flash-files";
import { type InternetOptions, simulateInternet } from "./internet";
import { SimulatedPins } from "./pins";
import { weatherStation } from "./weather-station";
import { type SimulatedNetwork, SimulatedRadio } from "./wifi";

export interface VirtualBoardOptions {
	/** For what the board keeps. */
	readonly directory: string;
	readonly time: PacedTime;
	/** The time of day at tick 0, milliseconds of Unix time: what the weather goes by. */
	readonly startedAt: number;
	/** Whether time runs at life's speed while a socket is open. */
	readonly lifeSpeedOnline: boolean;
	log(line: string): void;
	/** One start of it; left out: a power-on, with nobody who starts it anew. */
	readonly start?: BoardStart;
	/** What is in the air around it; left out: any network that it asks for. */
	readonly networks?: readonly SimulatedNetwork[];
	/** What lies behind the networks; left out: this computer and its internet. */
	readonly internet?: InternetOptions & { readonly root: Uint8Array };
}

/** Why a board starts, and what is done when it asks to be started anew. */
export interface BoardStart {
	readonly resetReason: ResetReason;
	restart(): void;
	sleep(milliseconds: number): void;
}

/** Sectors of each flash partition, as in the chip's partition table: 1 MiB of readings. */
const partitions = { queue: 256, quarantine: 16 };

/** As the usual board with an ESP32 has them: a light, and the button BOOT. */
export const usualPins = Object.freeze({ led: 2, button: 0 });

/** A board on this computer: Node's network and files, and around it a flash chip, a radio and a sensor. */
export class VirtualBoard extends NodeBoard {
	/** What is wired to it. */
	readonly simulatedPins: SimulatedPins;
	readonly radio: SimulatedRadio;

	constructor(options: VirtualBoardOptions) {
		const { directory, time, startedAt, lifeSpeedOnline, log, start, networks, internet } = options;
		const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
		const ask = () => log("the board asks to be started anew: stop it and start it again");
		const { resetReason, restart, sleep } = start ?? { resetReason: "power-on", restart: ask, sleep: ask };
		const serial = keepSerial(directory);
		const MAC = `24:0a:c4:${serial.replace(/..(?!$)/g, "$&:").toLowerCase()}`;
		const radio = new SimulatedRadio({
			time,
			MAC,
			address: "127.0.0.1",
			...(networks === undefined ? {} : { networks }),
		});
		super({
			identity: { chip: "node", serial },
			resetReason,
			time,
			lifeSpeedOnline,
			directory: join(directory, "storage"),
			surroundings: {
				WiFi: radio.WiFi,
				...(internet !== undefined && {
					AccessPoint: radio.AccessPoint,
					network: (sockets) => simulateInternet(sockets, radio, internet),
					roots: [internet.root],
				}),
				flash: new FlashFiles(join(directory, "flash"), partitions),
				i2c: weatherStation(time, startedAt),
				pins: pins.provider(usualPins),
			},
			log,
			restart,
			sleep,
		});
		this.simulatedPins = pins;
		this.radio = radio;
	}

	/** Keeps settings as the setup page would, before the app starts. */
	configure(settings: Partial<Settings>): void {
		const storage = this.storage.keyValue.open({ path: "dakkio", format: "buffer" });
		new SettingsStore(storage).save(settings);
		storage.close();
	}
}

/** The end of a MAC address, made at the first start. */
function keepSerial(directory: string): string {
	mkdirSync(directory, { recursive: true });
	const file = join(directory, "serial");
	if (!existsSync(file)) writeDurably(file, Buffer.from(randomBytes(3).toString("hex").toUpperCase()));
	return readFileSync(file, "utf8");
}
