import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NodeBoard } from "../boards/node/board";
import { makeDirectory, writeDurably } from "../boards/node/files";
import type { PacedTime } from "../boards/node/time";
import type { FirmwareSlots, Network, SleepMemory } from "../src/boards/board";
import type { FlashStorage, ListenerOptions } from "../src/boards/ecma419";
import type { ResetReason } from "../src/boards/reset-reason";
import type { Settings } from "../src/settings/settings";
import { SettingsStore } from "../src/settings/settings-store";
import { flashOverCable, makeFirmwareSlots, runBootloader } from "./hardware/bootloader";
import { makeFirmwareImage } from "./hardware/firmware-image";
import { NorFlashFiles } from "./hardware/nor-flash-files";
import { SimulatedPins } from "./hardware/pins";
import { defaultSensors, parseSensors, SimulatedSensors, type WiredChip } from "./hardware/simulated-sensors";
import { type SimulatedNetwork, SimulatedRadio } from "./hardware/wifi-radio";
import { type InternetOptions, simulateInternet } from "./simulated-internet";

export interface VirtualBoardOptions {
	/** For persistent state. */
	readonly directory: string;
	readonly time: PacedTime;
	/** The time of day at tick 0, milliseconds of Unix time; determines the weather. */
	readonly startedAt: number;
	/** Real time while a socket is open. */
	readonly realTimeOnline: boolean;
	/** Sensors connected to the board; default: a BME280. */
	readonly sensors?: readonly WiredChip[];
	log(line: string): void;
	/** Default: a power-on, without restarts. */
	readonly start?: BoardStart;
	/** Wi-Fi networks in range; default: any network is found. */
	readonly networks?: readonly SimulatedNetwork[];
	/** The port of the page on the home network in place of 80, which needs privileges; default: any free port. */
	readonly localPagePort?: number;
	/** The public half of the key that signs updates; default: a board without updates. */
	readonly releaseKey?: Uint8Array | undefined;
	/** The internet; default: this computer's. */
	readonly internet?: InternetOptions & { readonly root: Uint8Array };
}

/** Why a board starts, and what happens when it requests a restart. */
export interface BoardStart {
	readonly resetReason: ResetReason;
	restart(): void;
	sleep(milliseconds: number): void;
	/** Default: none. */
	readonly sleepMemory?: SleepMemory;
}

/** Sectors of the flash partitions: 1 MiB of readings; two slots for what stands for an image of the firmware. */
const partitions = { queue: 256, quarantine: 16, ota_0: 64, ota_1: 64, otadata: 2 };

/** As on usual ESP32 boards: the light, and the BOOT button. */
export const defaultPins = Object.freeze({ led: 2, button: 0 });

/** Those that an ESP32 can read with the Wi-Fi on, with nothing connected: what an open input reads is arbitrary. */
const analogPins = [32, 33, 34, 35, 36, 37, 38, 39];
const openPinVolts = 0.42;

const defaultChips = parseSensors(defaultSensors);

/** A board on this computer: Node's network and files, with simulated flash, radio and sensors. */
export class VirtualBoard extends NodeBoard {
	/** What is connected to the board. */
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
		for (const pin of analogPins) pins.setVolts(pin, openPinVolts);
		const sensors = options.sensors ?? ("problem" in defaultChips ? [] : defaultChips);
		const station = new SimulatedSensors({ time, utcAtTick0, pins, sensors });
		const ask = () => log("the board requests a restart: stop the program and start it again");
		const { resetReason, restart, sleep } = start ?? { resetReason: "power-on", restart: ask, sleep: ask };
		const serial = loadSerial(directory);
		const MAC = `24:0a:c4:${serial.replace(/..(?!$)/g, "$&:").toLowerCase()}`;
		const radio = new SimulatedRadio({
			time,
			MAC,
			address: "127.0.0.1",
			...(networks === undefined ? {} : { networks }),
		});
		const flash = new NorFlashFiles(join(directory, "flash"), partitions);
		const bootloader = new VirtualBootloader(flash, options.releaseKey, restart);
		super({
			identity: {
				...{ chip: "node", serial },
				get firmwareVersion() {
					return bootloader.version;
				},
			},
			resetReason,
			time,
			realTimeWhileConnected: realTimeOnline,
			directory: join(directory, "storage"),
			hardware: {
				WiFi: radio.WiFi,
				network: (sockets) => withPagePort(sockets, options.localPagePort ?? 0),
				...(internet !== undefined && {
					AccessPoint: radio.AccessPoint,
					network: (sockets) => simulateInternet(sockets, radio, internet),
					roots: [internet.root],
				}),
				flash,
				firmware: () => bootloader.slots,
				i2c: station.i2c,
				pins: pins.provider(defaultPins),
			},
			log,
			restart,
			sleep,
			sleepMemory: start?.sleepMemory,
		});
		this.simulatedPins = pins;
		this.radio = radio;
		this.station = station;
	}

	/** Saves settings as the setup page does, before the app starts. */
	configure(settings: Partial<Settings>): void {
		const storage = this.storage.keyValue.open({ path: "dakkio", format: "buffer" });
		new SettingsStore(storage).save(settings);
		storage.close();
	}
}

/** What happens before the firmware runs. Every image stands for the same firmware, this one, and for its version. */
class VirtualBootloader {
	private readonly flash: FlashStorage;
	private readonly releaseKey: Uint8Array | undefined;
	private readonly restart: () => void;
	private started: { readonly version: string; readonly slots: FirmwareSlots } | undefined;

	constructor(flash: FlashStorage, releaseKey: Uint8Array | undefined, restart: () => void) {
		this.flash = flash;
		this.releaseKey = releaseKey;
		this.restart = restart;
	}

	get slots(): FirmwareSlots {
		return this.start().slots;
	}

	/** Of the started image; `undefined`: this program's. */
	get version(): string | undefined {
		return this.start().version || undefined;
	}

	/** Once, as the firmware starts. */
	private start() {
		if (this.started !== undefined) return this.started;
		const { flash, releaseKey, restart } = this;
		// What came over the cable has the version of this program, whichever that is by now.
		flashOverCable(flash, makeFirmwareImage({ version: "", behaviour: "works" }));
		const booted = runBootloader(flash);
		const slots = makeFirmwareSlots({ flash, running: booted?.slot ?? 0, releaseKey, restart });
		this.started = { version: booted?.image.version ?? "", slots };
		return this.started;
	}
}

/** Another port in place of 80. */
function withPagePort(sockets: Network, port: number): Network {
	return {
		...sockets,
		Listener: class extends sockets.Listener {
			constructor(given: ListenerOptions) {
				super({ ...given, port: given.port === 80 ? port : given.port });
			}
		},
	};
}

/** The last bytes of a MAC address, generated at the first start. */
function loadSerial(directory: string): string {
	makeDirectory(directory);
	const file = join(directory, "serial");
	if (!existsSync(file)) writeDurably(file, Buffer.from(randomBytes(3).toString("hex").toUpperCase()));
	return readFileSync(file, "utf8");
}
