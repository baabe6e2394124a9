import { NorFlash, type Wear } from "../../simulator/hardware/nor-flash";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { SimulatedSensors } from "../../simulator/hardware/simulated-sensors";
import { type SimulatedNetwork, SimulatedRadio } from "../../simulator/hardware/wifi-radio";
import { VirtualTime } from "../../simulator/virtual-time";
import { App } from "../../src/app/app";
import type { Board, Network } from "../../src/boards/board";
import type {
	Listener,
	ListenerOptions,
	TCP,
	TCPFromOptions,
	TCPOptions,
	UDP,
} from "../../src/boards/ecma419";
import type { ResetReason } from "../../src/boards/reset-reason";
import type { Settings } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { MemoryKeyValue } from "../memory-key-value";

/** The whole app, start after start, in virtual time, on a board that meets Wi-Fi networks and nothing behind them. */
export class VirtualSetupBoard {
	readonly time = new VirtualTime();
	readonly logLines: string[] = [];
	readonly storage = new MemoryKeyValue();
	readonly pins = new SimulatedPins((callback, delay) => this.time.set(callback, delay));
	readonly station = new SimulatedSensors({
		time: this.time,
		utcAtTick0: Date.UTC(2026, 9, 1),
		pins: this.pins,
		sensors: [{ name: "bme280", address: 0x76 }],
	});
	readonly radio: SimulatedRadio;
	/** Whether any network can be heard. */
	networksInRange = true;
	/** What was drawn at random, over all starts. */
	readonly draws: { readonly bytes: number; readonly radioIsOn: boolean }[] = [];
	/** How the starts came about. */
	readonly starts: ResetReason[] = [];
	/** The numbers of the starts at whose end the board forgot the server that it had verified. */
	readonly forgotten: number[] = [];
	/** Deep sleep fails. */
	isSleepless = false;
	/** Of each block of the readings' partition, from the next start on. */
	ringWear: Wear | undefined;
	private readonly images = new Map<string, Uint8Array>();
	private readonly listeners: MemoryListener[] = [];
	app: App | undefined;
	private startedAt = 0;
	private elapsed = 0;

	constructor(networks: readonly SimulatedNetwork[]) {
		this.radio = new SimulatedRadio({
			time: this.time,
			MAC: "02:00:00:a1:b2:c3",
			address: "192.168.4.1",
			networks,
			isInRange: () => this.networksInRange,
		});
	}

	configure(settings: Partial<Settings>): void {
		new SettingsStore(this.storage).save(settings);
	}

	start(reason: ResetReason = "power-on"): void {
		this.starts.push(reason);
		if (reason !== "deep sleep") this.elapsed = 0;
		this.startedAt = this.time.ticks();
		this.pins.closeAll();
		this.station.bus.closeAll();
		this.radio.isOn = false;
		this.app = new App(this.board(reason));
		this.app.start();
	}

	/** Whether the setup page is there. */
	get isOpen(): boolean {
		return this.radio.accessPoint !== undefined;
	}

	/** A client loads the state. */
	visit(): void {
		this.listeners
			.at(-1)
			?.connect("GET /api/state HTTP/1.1\r\nHost: 192.168.4.1\r\nConnection: close\r\n\r\n");
	}

	private board(resetReason: ResetReason): Board {
		const elapsed = this.elapsed;
		const bootedAt = this.startedAt;
		return {
			identity: { chip: "virtual", serial: "A1B2C3" },
			resetReason,
			time: {
				ticks: () => elapsed + this.time.ticks() - bootedAt,
				set: (callback, delay) => this.time.set(callback, delay),
				clear: (timer) => this.time.clear(timer),
				setWallClock: (utc) => this.time.setWallClock(utc),
			},
			network: this.network(),
			storage: {
				flash: { open: ({ path }) => this.flash(path) },
				keyValue: { open: () => this.storage.open() },
				eraseKeyValue: () => this.storage.erase(),
			},
			i2c: this.station.i2c,
			pins: this.pins.provider({ button: 0, led: 2 }),
			fillRandom: (bytes) => {
				this.draws.push({ bytes: bytes.length, radioIsOn: this.radio.isOn });
				bytes.fill(7);
			},
			freeMemory: () => undefined,
			log: (line) => this.logLines.push(line),
			restart: () => this.scheduleStart("restart", 0),
			sleep: (milliseconds) => {
				if (this.isSleepless) throw new Error("ESP_ERR_INVALID_STATE");
				this.scheduleStart("deep sleep", milliseconds);
			},
		};
	}

	private scheduleStart(reason: ResetReason, delay: number): void {
		const { app } = this;
		this.app = undefined;
		void app?.stop().then(() => {
			this.time.set(() => {
				this.elapsed += this.time.ticks() - this.startedAt;
				this.start(reason);
			}, delay);
		});
	}

	private flash(path: string): NorFlash {
		const blocks = 8;
		const image = this.images.get(path) ?? new Uint8Array(blocks * 4096).fill(0xff);
		this.images.set(path, image);
		const flash = new NorFlash({ blocks, blockLength: 4096, image });
		for (let block = 0; block < blocks; block++)
			flash.wearOut(block, path === "queue" ? this.ringWear : undefined);
		return flash;
	}

	private network(): Network {
		const { time } = this;
		const listeners = this.listeners;
		return {
			TCP: MemoryTCP,
			TLS: MemoryTCP,
			Listener: class extends MemoryListener {
				constructor(options: ListenerOptions) {
					super(options);
					listeners.push(this);
				}
			},
			UDP: SilentUDP,
			WiFi: this.radio.WiFi,
			AccessPoint: this.radio.AccessPoint,
			resolver: { resolve: ({ host, onError }) => void time.set(() => onError(host), 1) },
			forgetServer: () => void this.forgotten.push(this.starts.length),
		};
	}
}

/** A connection that brings a request; one that is made goes nowhere. */
class MemoryTCP implements TCP {
	readonly remoteAddress = "192.168.4.2";
	readonly remotePort = 1024;
	private unread: Uint8Array;
	private closed = false;

	constructor(options: TCPOptions | TCPFromOptions) {
		this.unread =
			"from" in options && options.from instanceof MemoryTCP ? options.from.unread : new Uint8Array(0);
		if (!("from" in options)) return;
		queueMicrotask(() => {
			if (!this.closed) options.onWritable?.(8192);
			if (!this.closed) options.onReadable?.(this.unread.length);
		});
	}

	static bringing(request: string): MemoryTCP {
		const connection = new MemoryTCP({ address: "192.168.4.2", port: 0 });
		connection.unread = new TextEncoder().encode(request);
		return connection;
	}

	read(buffer: Uint8Array): number {
		const part = this.unread.subarray(0, buffer.length);
		buffer.set(part);
		this.unread = this.unread.subarray(part.length);
		return part.length;
	}

	write(): void {}

	close(): void {
		this.closed = true;
	}
}

class MemoryListener implements Listener {
	readonly port: number;
	private readonly options: ListenerOptions;
	private readonly waiting: TCP[] = [];
	private closed = false;

	constructor(options: ListenerOptions) {
		this.port = options.port;
		this.options = options;
	}

	connect(request: string): void {
		if (this.closed) throw new Error("no listener");
		this.waiting.push(MemoryTCP.bringing(request));
		this.options.onReadable?.(this.waiting.length);
	}

	read(): TCP | undefined {
		return this.waiting.shift();
	}

	close(): void {
		this.closed = true;
	}
}

class SilentUDP implements UDP {
	read(): undefined {}
	write(): void {}
	close(): void {}
}
