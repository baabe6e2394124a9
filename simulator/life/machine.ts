import { App } from "../../src/app";
import type { Board, Time, Timer } from "../../src/boards/board";
import type { ResetReason } from "../../src/boards/reset";
import { unwrapTicks } from "../../src/boards/ticks";
import { readBattery } from "../../src/power/battery";
import { NorFlash } from "../flash";
import { SimulatedPins } from "../pins";
import type { VirtualTime } from "../virtual-time";
import type { Environment } from "../weather/weather";
import type { Chance } from "./chance";
import { makeNetwork, type NetworkWorld } from "./network";
import { type Loss, MemoryKeyValue, Power, poweredStorage } from "./power";
import { makeRadio, type Radio, type RadioWorld } from "./radio";
import type { Scenario } from "./scenario";
import { Sensor } from "./sensor";

/** What a machine meets, and who hears of it. */
export interface MachineWorld {
	readonly time: VirtualTime;
	readonly scenario: Scenario;
	/** For what the board draws itself. */
	readonly chance: Chance;
	readonly serial: string;
	/** What is around the sensor now. */
	environment(): Environment;
	/** Volts of the battery now. */
	volts(): number;
	readonly network: Omit<NetworkWorld, "after" | "reachable" | "onSockets">;
	readonly radio: Omit<RadioWorld, "after" | "onMade" | "onConnected">;
	/** Whether the network that the board has joined has a way out. */
	internet(): boolean;
	/** It starts, for this reason. */
	onBoot(reason: ResetReason): void;
	onConnected(connected: boolean): void;
	onLine(line: string): void;
	/** The firmware has thrown into the platform. */
	onThrown(error: unknown): void;
	onLost(why: Loss): void;
	/** It has switched its light. */
	onLight(on: boolean): void;
}

/** Where a panel has its light and its button, and a battery its divider. */
export const pins = Object.freeze({ led: 2, button: 0, battery: 34 });
/** Of the battery's divider. */
export const batteryRatio = 2;

const blockLength = 4096;
const quarantineBlocks = 2;
const day = 86_400_000;

/** Things that the firmware has open or set, of which it must not get more and more. */
export interface Held {
	timers: number;
	sockets: number;
	connections: number;
	files: number;
	peripherals: number;
}

/** One start of the board. */
class Start {
	readonly power: Power;
	readonly reason: ResetReason;
	/** Milliseconds since the boot began. */
	readonly ticks: () => number;
	readonly held: Held = { timers: 0, sockets: 0, connections: 0, files: 0, peripherals: 0 };
	app: App | undefined;
	radio: Radio | undefined;
	joined = false;

	constructor(power: Power, reason: ResetReason, ticks: () => number) {
		this.power = power;
		this.reason = reason;
		this.ticks = ticks;
	}
}

/** Deep sleep. */
interface Sleeping {
	readonly alarm: Timer;
	/** When it began, and what the board's ticks were then. */
	readonly since: number;
	readonly ticks: number;
	/** A low level at this pin wakes it before the alarm. */
	readonly wakePin: number | undefined;
}

/** A timer of the firmware. */
class FirmwareTimer {
	entry: Timer | undefined;
	waits = true;
}

/** The board's hardware, with the firmware on it: all that has power, loses it and keeps what it keeps without it. */
export class Machine {
	readonly queue: NorFlash;
	readonly quarantine = new NorFlash({ blocks: quarantineBlocks, blockLength });
	readonly keyValue = new MemoryKeyValue();
	readonly sensor: Sensor;
	private readonly world: MachineWorld;
	private readonly pins: SimulatedPins;
	private readonly board: Pick<Board, "identity" | "pins">;
	private start: Start | undefined;
	private sleeping: Sleeping | undefined;
	/** Ticks of the boot before the present start. */
	private elapsed = 0;

	constructor(world: MachineWorld) {
		this.world = world;
		const { time, scenario } = world;
		this.queue = new NorFlash({ blocks: scenario.sectors, blockLength });
		this.sensor = new Sensor(() => time.ticks(), world.environment);
		this.pins = new SimulatedPins((callback, delay) => this.after(this.start, delay, callback));
		this.pins.drive(pins.button, 1);
		this.pins.onWrite = (pin, level) => {
			if (pin === pins.led && this.start?.power.on === true) world.onLight(level === 1);
		};
		const panel = scenario.panel ? { led: pins.led, button: pins.button } : {};
		this.board = {
			identity: { chip: "simulated", serial: world.serial },
			pins: this.pins.provider(panel),
		};
	}

	/** The firmware that runs; `undefined` while none does. */
	get app(): App | undefined {
		return this.start?.app;
	}

	get state(): "off" | "on" | "asleep" {
		if (this.start !== undefined) return "on";
		return this.sleeping === undefined ? "off" : "asleep";
	}

	/** What the firmware holds open. */
	get held(): Held | undefined {
		return this.start === undefined ? undefined : { ...this.start.held, peripherals: this.sensor.open };
	}

	/** Milliseconds since the boot began, as the board counts them. */
	get ticks(): number {
		return this.start?.ticks() ?? 0;
	}

	/** Whether it has a network, and an address there. */
	get joined(): boolean {
		return this.start?.joined === true;
	}

	/** dBm, as the radio tells. */
	get signalStrength(): number | undefined {
		return this.joined ? this.start?.radio?.RSSI : undefined;
	}

	/** Volts of the battery, as the board's converter tells. */
	get batteryVolts(): number {
		const { Analog, analogRange: range } = this.board.pins;
		return readBattery({ Analog, pin: pins.battery, range, ratio: batteryRatio });
	}

	/** What can be heard has changed. */
	listen(): void {
		this.start?.radio?.listen();
	}

	/** A person presses the button, or lets it go. */
	press(down: boolean): void {
		this.pins.drive(pins.button, down ? 0 : 1);
		if (down && this.sleeping?.wakePin === pins.button) this.wake(this.sleeping);
	}

	/** Power is there. Does nothing while it has been there before. */
	boot(reason: ResetReason): void {
		if (this.start !== undefined || this.sleeping !== undefined) return;
		for (const flash of [this.queue, this.quarantine]) flash.powerUp();
		this.keyValue.powerUp();
		this.pins.release();
		if (reason !== "deep sleep") {
			this.elapsed = 0;
			this.sensor.restart();
		}
		this.sensor.forgetOpen();
		const start = new Start(new Power((why) => this.lost(why)), reason, this.ticksFrom());
		this.start = start;
		this.charge();
		this.world.onBoot(reason);
		try {
			const app = new App(this.boardOf(start));
			start.app = app;
			app.start();
		} catch (error) {
			if (start.power.on) this.world.onThrown(error);
		}
	}

	/** Power goes, awake or asleep; false when there was none. */
	cut(): boolean {
		if (this.start !== undefined) this.start.power.lose();
		else if (this.sleeping !== undefined) {
			this.world.time.clear(this.sleeping.alarm);
			this.sleeping = undefined;
			this.world.onLost("cut");
		} else return false;
		return true;
	}

	/** The firmware starts anew; false when it does not run. */
	restart(): boolean {
		const runs = this.start !== undefined;
		this.start?.power.lose("restart");
		return runs;
	}

	private lost(why: Loss): void {
		this.start = undefined;
		if (this.world.scenario.panel) this.world.onLight(false);
		this.world.onLost(why);
	}

	private sleep(start: Start, milliseconds: number, wakePin: number | undefined): void {
		if (!start.power.on) return;
		const { time } = this.world;
		const ticks = start.ticks();
		start.power.lose("sleep");
		const isLow = wakePin !== undefined && this.pins.level(wakePin) === 0;
		const lasting = isLow ? 0 : milliseconds / this.slowRate();
		const sleeping: Sleeping = {
			alarm: time.set(() => this.wake(sleeping), lasting),
			since: time.ticks(),
			ticks,
			wakePin,
		};
		this.sleeping = sleeping;
	}

	/** The slow oscillator has gone on counting, at its own rate. */
	private wake({ alarm, since, ticks }: Sleeping): void {
		const { time } = this.world;
		time.clear(alarm);
		this.sleeping = undefined;
		// mutation: count-sleep-ticks
		this.elapsed = ticks + (time.ticks() - since) * this.slowRate(since);
		this.boot("deep sleep");
	}

	/** Ticks of the slow oscillator in a true millisecond: it wanders with the temperature of the day. */
	private slowRate(at = this.world.time.ticks()): number {
		const { scenario } = this.world;
		const wander = 1e-4 * Math.sin((2 * Math.PI * at) / day);
		return 1 + scenario.sleepDrift / 1e6 + wander;
	}

	private get rate(): number {
		return 1 + this.world.scenario.drift / 1e6;
	}

	/** The clock of a start that begins now. */
	private ticksFrom(): () => number {
		const { time, scenario } = this.world;
		const rate = this.rate;
		const bootedAt = time.ticks();
		const elapsed = this.elapsed;
		const ticks = () => elapsed + (time.ticks() - bootedAt) * rate;
		const { ticksFrom } = scenario;
		if (ticksFrom === undefined) return ticks;
		const wrapped = unwrapTicks(() => (Math.floor(ticks()) + ticksFrom) | 0);
		return () => elapsed + wrapped();
	}

	/** The battery has now what it has. */
	charge(): void {
		this.pins.apply(pins.battery, this.world.volts() / batteryRatio);
	}

	private boardOf(start: Start): Board {
		const world = this.world;
		const { power, held } = start;
		return {
			...this.board,
			resetReason: start.reason,
			time: this.timeOf(start),
			network: this.networkOf(start),
			storage: {
				flash: poweredStorage({ queue: this.queue, quarantine: this.quarantine }, power, (change) => {
					held.files += change;
				}),
				keyValue: this.keyValue.storage(power),
			},
			i2c: { io: this.sensor.SMBus, data: 21, clock: 22, hz: 100_000 },
			fillRandom: (bytes) => {
				for (let i = 0; i < bytes.length; i++) bytes[i] = world.chance.below(256);
			},
			freeMemory: () => undefined,
			log: (line) => {
				if (power.on) world.onLine(line);
			},
			restart: () => power.lose("restart"),
			sleep: (milliseconds, wakePin) => this.sleep(start, milliseconds, wakePin),
		};
	}

	private timeOf(start: Start): Time {
		const { time } = this.world;
		const { held } = start;
		const rate = this.rate;
		return {
			ticks: start.ticks,
			set: (callback, delay) => {
				const timer = new FirmwareTimer();
				held.timers++;
				// On a grid of microseconds, as real timers have theirs: the sum of two times is not always their sum.
				timer.entry = this.after(start, Math.ceil((1000 * Math.max(0, delay)) / rate) / 1000, () => {
					timer.waits = false;
					held.timers--;
					callback();
				});
				return timer;
			},
			clear: (timer) => {
				if (!(timer instanceof FirmwareTimer) || !timer.waits) return;
				timer.waits = false;
				held.timers--;
				time.clear(timer.entry);
			},
			setWallClock: () => {},
		};
	}

	private networkOf(start: Start): Board["network"] {
		const world = this.world;
		const { held } = start;
		const after = (delay: number, callback: () => void) => {
			this.after(start, delay, callback);
		};
		return {
			...makeNetwork({
				...world.network,
				after,
				reachable: () => start.joined && start.radio?.heard === true && world.internet(),
				onOpened: () => {
					if (!start.power.on) return;
					held.connections++;
					world.network.onOpened();
				},
				onClosed: (trust) => {
					if (!start.power.on) return;
					held.connections--;
					world.network.onClosed(trust);
				},
				onSockets: (change) => {
					held.sockets += change;
				},
			}),
			WiFi: makeRadio({
				...world.radio,
				after,
				onMade: (radio) => {
					start.radio = radio;
				},
				onConnected: (connected) => {
					if (!start.power.on) return;
					start.joined = connected;
					world.onConnected(connected);
				},
			}),
		};
	}

	/** Calls back in a start of the board, unless it has ended by then. */
	private after(start: Start | undefined, delay: number, callback: () => void): Timer {
		return this.world.time.set(() => {
			if (start?.power.on !== true) return;
			try {
				callback();
			} catch (error) {
				if (start.power.on) this.world.onThrown(error);
			}
		}, delay);
	}
}
