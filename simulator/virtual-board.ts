import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NodeBoard } from "../boards/node/board";
import { writeDurably } from "../boards/node/files";
import type { PacedTime } from "../boards/node/time";
import type { ResetReason } from "../src/boards/reset-reason";
import type { Settings } from "../src/settings/settings";
import { SettingsStore } from "../src/settings/settings-store";
import { NorFlashFiles } from "./hardware/nor-flash-files";
import { SimulatedPins } from "./hardware/pins";
import { defaultSensors, parseSensors, SimulatedSensors, type WiredChip } from "./hardware/simulated-sensors";
import { type SimulatedNetwork, SimulatedRadio } from "./hardware/wifi-radio";
import { type InternetOptions, simulateInternet } from "./simulated-internet";

export interface VirtualBoardOptions {
	/** For what the board keeps. */
	readonly directory: string;
	readonly time: PacedTime;
	/** The time of day at tick 0, milliseconds of Unix time: what the weather goes by. */
	readonly startedAt: number;
	/** Whether time runs at life's speed while a socket is open. */
	readonly realTimeOnline: boolean;
	/** What is wired to it; left out: a BME280. */
	readonly sensors?: readonly WiredChip[];
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
export const defaultPins = Object.freeze({ led: 2, button: 0 });

const defaultChips = parseSensors(defaultSensors);

/** A board on this computer: Node's network and files, and around it a flash chip, a radio and sensors. */
export class VirtualBoard extends NodeBoard {
	/** What is wired to it. */
	readonly simulatedPins: SimulatedPins;
	readonly radio: SimulatedRadio;
	readonly station: SimulatedSensors;

	constructor(options: VirtualBoardOptions) {
		const {
			directory,
			time,
			startedAt: utcAtTick0,
			realTimeOnline,
			log,
			start,
			networks,
			internet,
		} = options;
		const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
		const sensors = options.sensors ?? ("problem" in defaultChips ? [] : defaultChips);
		const station = new SimulatedSensors({ time, utcAtTick0, pins, sensors });
		const ask = () => log("the board asks to be started anew: stop it and start it again");
		const { resetReason, restart, sleep } = start ?? { resetReason: "power-on", restart: ask, sleep: ask };
		const serial = loadSerial(directory);
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
			realTimeWhileConnected: realTimeOnline,
			directory: join(directory, "storage"),
			hardware: {
				WiFi: radio.WiFi,
				...(internet !== undefined && {
					AccessPoint: radio.AccessPoint,
					network: (sockets) => simulateInternet(sockets, radio, internet),
					roots: [internet.root],
				}),
				flash: new NorFlashFiles(join(directory, "flash"), partitions),
				i2c: station.i2c,
				pins: pins.provider(defaultPins),
			},
			log,
			restart,
			sleep,
		});
		this.simulatedPins = pins;
		this.radio = radio;
		this.station = station;
	}

	/** Keeps settings as the setup page would, before the app starts. */
	configure(settings: Partial<Settings>): void {
		const storage = this.storage.keyValue.open({ path: "dakkio", format: "buffer" });
		new SettingsStore(storage).save(settings);
		storage.close();
	}
}

/** The end of a MAC address, made at the first start. */
function loadSerial(directory: string): string {
	mkdirSync(directory, { recursive: true });
	const file = join(directory, "serial");
	if (!existsSync(file)) writeDurably(file, Buffer.from(randomBytes(3).toString("hex").toUpperCase()));
	return readFileSync(file, "utf8");
}
