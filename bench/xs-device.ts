import "./xs-builtins";
import { App } from "../src/app/app";
import type { Board, Time, Timer } from "../src/boards/board";
import type { UDP, UDPOptions, UDPPacket, WiFi } from "../src/boards/ecma419";
import type { ResetReason } from "../src/boards/reset-reason";
import { openKeyValue } from "../src/common/persistent-values";
import { SettingsStore } from "../src/settings/settings-store";
import { BareFlash, BareKeyValue, bareBus, bareNetwork, barePins, setAir } from "./xs-bare";
import { apiKey, baselinePoint } from "./xs-baseline";

/** The program for XS that runs the whole app on a bare board: bundled, evaluated once, then called by name. */

/** Of the first start, Unix time. */
const startUtc = 1.8e12;
const unixEpochOffset = 2_208_988_800;

interface PendingTimer {
	readonly at: number;
	readonly callback: () => void;
}

/** Virtual time: {@link program.next} goes to the next timer, once everything that was started has ended. */
const timers = new Set<PendingTimer>();
let ticks = 0;
const time: Time = {
	ticks: () => ticks,
	set(callback, delay) {
		const timer = { at: ticks + Math.max(0, delay), callback };
		timers.add(timer);
		return timer;
	},
	clear(timer: Timer | undefined) {
		for (const pending of timers) if (pending === timer) timers.delete(pending);
	},
	setWallClock() {},
};

/** A network that is there at once. */
class BareWiFi implements WiFi {
	readonly MAC = undefined;
	readonly SSID = undefined;
	readonly RSSI = -60;
	connection = 200;
	address: string | undefined;
	private readonly onChanged: () => void;

	constructor({ onChanged }: { onChanged?(property: "connection" | "address"): void }) {
		this.onChanged = () => onChanged?.("connection");
	}

	connect(): void {
		time.set(() => {
			this.connection = 500;
			this.address = "192.0.2.2";
			this.onChanged();
		}, 1_000);
	}

	disconnect(): void {
		this.connection = 200;
	}

	close(): void {}
}

/** A time server that responds at once. */
class BareUDP implements UDP {
	private readonly onReadable: () => void;
	private packet: UDPPacket | undefined;

	constructor({ onReadable }: UDPOptions) {
		this.onReadable = () => onReadable?.(1);
	}

	write(request: Uint8Array, address: string, port: number): void {
		const answer = new Uint8Array(48);
		answer.set([0x24, 1]);
		answer.set(request.subarray(40, 48), 24);
		const view = new DataView(answer.buffer);
		for (const at of [32, 40]) view.setUint32(at, unixEpochOffset + Math.floor((startUtc + ticks) / 1000));
		this.packet = Object.assign(answer.buffer, { address, port });
		time.set(this.onReadable, 20);
	}

	read(): UDPPacket | undefined {
		const { packet } = this;
		this.packet = undefined;
		return packet;
	}

	close(): void {}
}

class BareListener {
	readonly port = 80;

	read(): undefined {}

	close(): void {}
}

const partitions = { queue: new BareFlash(), quarantine: new BareFlash(8) };
const keyValue = Object.assign(new BareKeyValue(), { close() {} });
let sleepText: string | undefined;
const sleepMemory = {
	take() {
		const text = sleepText;
		sleepText = undefined;
		return text;
	},
	keep(text: string) {
		sleepText = text;
		return true;
	},
};
let asleepMs: number | undefined;
let app: App | undefined;
let samples = 0;

function board(resetReason: ResetReason): Board {
	return {
		identity: { chip: "esp32c3", serial: "a1b2c3" },
		resetReason,
		time,
		network: { ...bareNetwork, UDP: BareUDP, Listener: BareListener, WiFi: BareWiFi },
		storage: {
			flash: { open: ({ path }) => (path === "queue" ? partitions.queue : partitions.quarantine) },
			keyValue: { open: () => keyValue },
			sleepMemory,
		},
		i2c: bareBus,
		pins: barePins,
		fillRandom: (bytes) => bytes.fill(0x5a),
		freeMemory: () => 100_000,
		log() {},
		restart() {
			throw new Error("restarted");
		},
		sleep(milliseconds) {
			asleepMs = milliseconds;
			timers.clear();
		},
	};
}

const program = {
	nothing(): void {},
	/** Saves settings with which the board is complete. `minutes`: between two readings. */
	setUpBattery(minutes: number): void {
		setUp({ power: "battery", interval: 60 * minutes });
	},
	setUpMains(minutes: number): void {
		setUp({ power: "mains", interval: 60 * minutes });
	},
	/** Makes the parts of the app after a power cut; {@link start} starts them. */
	boot(): void {
		timers.clear();
		app = new App(board("power-on"));
	},
	/** The same after the deep sleep. */
	wake(): void {
		if (asleepMs === undefined) throw new Error("not asleep");
		ticks += asleepMs;
		asleepMs = undefined;
		setAir(samples++);
		app = new App(board("deep sleep"));
	},
	start(): void {
		app?.start();
	},
	/** Goes to the next timer. */
	next(): void {
		let first: PendingTimer | undefined;
		for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer;
		if (first === undefined) throw new Error("nothing goes on");
		timers.delete(first);
		ticks = Math.max(ticks, first.at);
		first.callback();
	},
};

function setUp(settings: { readonly power: "battery" | "mains"; readonly interval: number }): void {
	new SettingsStore(openKeyValue({ keyValue: { open: () => keyValue } })).save({
		networks: [{ ssid: "Home", password: "correct horse" }],
		key: apiKey,
		bucketId: baselinePoint.bucketId,
		dataSourceId: baselinePoint.dataSourceId,
		location: baselinePoint.location,
		...settings,
	});
}

const state = {
	isAsleep: () => asleepMs !== undefined,
	/** Milliseconds since the first start. */
	ticks: () => ticks,
	pending: () => app?.status.pending,
};

Object.assign(globalThis, { work: program, state });
