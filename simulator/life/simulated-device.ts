import { unwrapTicks } from "../../boards/shared/unwrap-ticks";
import { App } from "../../src/app/app";
import type { Board, FirmwareSlots, Time, Timer } from "../../src/boards/board";
import type { FlashStorage } from "../../src/boards/ecma419";
import type { ResetReason } from "../../src/boards/reset-reason";
import { readBatteryVolts } from "../../src/sensors/inputs/battery";
import type { UpdateProblem } from "../../src/update/firmware-update";
import { headerBytes } from "../../src/update/image-header";
import { firmwareVersion } from "../../src/version";
import {
	flashOverCable,
	makeFirmwareSlots,
	otaDataPartition,
	runBootloader,
	type StartedSlot,
} from "../hardware/bootloader";
import { makeFirmwareImage } from "../hardware/firmware-image";
import { NorFlash } from "../hardware/nor-flash";
import { SimulatedPins } from "../hardware/pins";
import type { VirtualTime } from "../virtual-time";
import type { Weather } from "../weather/weather";
import { makeNetwork, type NetworkEnvironment } from "./device-network";
import { type DeviceRadio, type DeviceRadioEnvironment, makeDeviceRadio } from "./device-radio";
import { DeviceSensor } from "./device-sensor";
import { DeviceSleepMemory } from "./device-sleep-memory";
import type { DeviceListener } from "./local-network";
import { PowerCycle, type PowerLoss, poweredStorage, SimulatedKeyValue } from "./powered-storage";
import type { Scenario } from "./scenario";
import type { SeededRandom } from "./seeded-random";

/** The environment of a device, and its callbacks. */
export interface DeviceEnvironment {
	readonly time: VirtualTime;
	readonly scenario: Scenario;
	/** For the board's own random values. */
	readonly random: SeededRandom;
	readonly serial: string;
	/** The public half of the key that signs updates; `undefined`: the firmware takes none. */
	readonly releaseKey?: Uint8Array | undefined;
	/** The conditions at the sensor. */
	environment(): Weather;
	/** Of the battery, volts. */
	batteryVoltage(): number;
	readonly network: Omit<
		NetworkEnvironment,
		"after" | "isReachable" | "onSockets" | "onListener" | "onClients"
	>;
	readonly radio: Omit<DeviceRadioEnvironment, "after" | "memory" | "onMade" | "onConnected">;
	/** Whether the joined network has internet access. */
	hasInternet(): boolean;
	onBoot(reason: ResetReason): void;
	/** The bootloader starts a slot; `undefined`: it finds nothing to start. */
	onSlot?(started: StartedSlot | undefined, reason: ResetReason): void;
	onConnected(connected: boolean): void;
	onLogLine(line: string): void;
	/** The firmware threw an exception into the platform. */
	onThrown(error: unknown): void;
	onPowerLost(why: PowerLoss): void;
	onLight(on: boolean): void;
}

/** The pins of the light, the button and the battery's voltage divider. */
export const devicePins = Object.freeze({ led: 2, button: 0, battery: 34 });
/** Ratio of the battery's voltage divider. */
export const batteryRatio = 2;

const blockLength = 4096;
const quarantineBlocks = 2;
/** 64 KiB, of which what stands for an image takes little: a bootloader verifies it at each start. */
const slotBlocks = 16;
const flashedImageBytes = 512;
const crashAfterMs = 61_000;
const day = 86_400_000;

/** Resources that the firmware has open; their number is bounded. */
export interface OpenHandles {
	timers: number;
	sockets: number;
	connections: number;
	/** Servers that listen, and connections of their clients. */
	listeners: number;
	clients: number;
	files: number;
	peripherals: number;
}

/** One start of the board. */
class DeviceBoot {
	readonly power: PowerCycle;
	readonly reason: ResetReason;
	/** Milliseconds since the boot began. */
	readonly ticks: () => number;
	readonly openHandles: OpenHandles = {
		timers: 0,
		sockets: 0,
		connections: 0,
		listeners: 0,
		clients: 0,
		files: 0,
		peripherals: 0,
	};
	app: App | undefined;
	listener: DeviceListener | undefined;
	radio: DeviceRadio | undefined;
	isJoined = false;
	/** Whether its Wi-Fi works. */
	canJoin = true;

	constructor(power: PowerCycle, reason: ResetReason, ticks: () => number) {
		this.power = power;
		this.reason = reason;
		this.ticks = ticks;
	}
}

interface DeepSleep {
	readonly alarm: Timer;
	/** When the sleep began, and the board's ticks at that moment. */
	readonly since: number;
	readonly ticks: number;
	/** A low level at this pin ends the sleep early. */
	readonly wakePin: number | undefined;
}

/** A timer of the firmware. */
class FirmwareTimer {
	entry: Timer | undefined;
	isPending = true;
}

/** The board's hardware with the firmware. Flash, key-value storage and sensor survive a loss of power. */
export class SimulatedDevice {
	readonly queue: NorFlash;
	readonly quarantine = new NorFlash({ blocks: quarantineBlocks, blockLength });
	/** The slots for the firmware, and which of them is started. */
	readonly firmware = {
		ota_0: new NorFlash({ blocks: slotBlocks, blockLength }),
		ota_1: new NorFlash({ blocks: slotBlocks, blockLength }),
		[otaDataPartition]: new NorFlash({ blocks: 2, blockLength }),
	};
	readonly keyValue = new SimulatedKeyValue();
	readonly sleepMemory = new DeviceSleepMemory();
	/** What the radio keeps over a deep sleep. */
	private readonly radioMemory: DeviceRadioEnvironment["memory"] = {};
	readonly sensor: DeviceSensor;
	private readonly environment: DeviceEnvironment;
	private readonly pins: SimulatedPins;
	private readonly board: Pick<Board, "identity" | "pins">;
	private currentBoot: DeviceBoot | undefined;
	private deepSleep: DeepSleep | undefined;
	/** Ticks of the boot before the current start. */
	private elapsed = 0;

	constructor(world: DeviceEnvironment) {
		this.environment = world;
		const { time, scenario } = world;
		this.queue = new NorFlash({ blocks: scenario.sectors, blockLength });
		const unpowered = poweredStorage(this.firmware, new PowerCycle(() => {}), () => {});
		flashOverCable(
			unpowered,
			makeFirmwareImage({ version: firmwareVersion, behaviour: "works" }, flashedImageBytes),
		);
		this.sensor = new DeviceSensor(() => time.ticks(), world.environment);
		this.pins = new SimulatedPins((callback, delay) => this.after(this.currentBoot, delay, callback));
		this.pins.drive(devicePins.button, 1);
		this.pins.onWrite = (pin, level) => {
			if (pin === devicePins.led && this.currentBoot?.power.isOn === true) world.onLight(level === 1);
		};
		const panel = scenario.panel ? { led: devicePins.led, button: devicePins.button } : {};
		this.board = {
			identity: { chip: "simulated", serial: world.serial },
			pins: this.pins.provider(panel),
		};
	}

	/** All partitions, by name. */
	get partitions() {
		return { queue: this.queue, quarantine: this.quarantine, ...this.firmware };
	}

	/** The running firmware. */
	get app(): App | undefined {
		return this.currentBoot?.app;
	}

	get state(): "off" | "on" | "asleep" {
		if (this.currentBoot !== undefined) return "on";
		return this.deepSleep === undefined ? "off" : "asleep";
	}

	/** Resources that the firmware has open. */
	get openHandles(): OpenHandles | undefined {
		return this.currentBoot === undefined
			? undefined
			: { ...this.currentBoot.openHandles, peripherals: this.sensor.openCount };
	}

	/** Milliseconds since the boot began, as counted by the board. */
	get ticks(): number {
		return this.currentBoot?.ticks() ?? 0;
	}

	/** Whether it has joined a network and has an address. */
	get isJoined(): boolean {
		return this.currentBoot?.isJoined === true;
	}

	/** dBm, as reported by the radio. */
	get signalStrength(): number | undefined {
		return this.isJoined ? this.currentBoot?.radio?.RSSI : undefined;
	}

	/** Of the battery, as measured by the ADC. */
	get batteryVolts(): number {
		const { Analog, analogRangeV: fullScaleVolts } = this.board.pins;
		return readBatteryVolts({ Analog, pin: devicePins.battery, fullScaleVolts, dividerRatio: batteryRatio });
	}

	/** A client in the home network sends a request; false if the board does not listen. */
	request(text: string, onEnd: (response: string) => void): boolean {
		const listener = this.currentBoot?.listener;
		listener?.request(text, onEnd);
		return listener !== undefined;
	}

	/** The network in range may have changed. */
	onConditionsChange(): void {
		this.currentBoot?.radio?.onConditionsChange();
	}

	/**
	 * The user installs an update file and restarts the board into it. Resolves with what is wrong with it; never, if power
	 * is lost meanwhile.
	 */
	async installUpdate(file: Uint8Array, allowOlder = false): Promise<UpdateProblem | "off" | undefined> {
		const app = this.currentBoot?.app;
		const update = app?.firmware.update;
		if (app === undefined || update === undefined) return "off";
		let problem = update.begin(file.subarray(0, headerBytes), allowOlder);
		const image = file.subarray(headerBytes);
		for (let at = update.progress?.writtenBytes ?? 0; problem === undefined && at < image.length; ) {
			problem = update.write(image.subarray(at, at + blockLength), at);
			at += blockLength;
		}
		problem ??= await update.install();
		if (problem === undefined) app.restartForUpdate();
		return problem;
	}

	/** Presses or releases the button. */
	press(down: boolean): void {
		this.pins.drive(devicePins.button, down ? 0 : 1);
		if (down && this.deepSleep?.wakePin === devicePins.button) this.wake(this.deepSleep);
	}

	/** Switches power on. Does nothing if it is on. */
	boot(reason: ResetReason): void {
		if (this.currentBoot !== undefined || this.deepSleep !== undefined) return;
		for (const flash of Object.values(this.partitions)) flash.powerUp();
		this.keyValue.powerUp();
		this.pins.closeAll();
		if (reason !== "deep sleep") {
			this.elapsed = 0;
			this.sleepMemory.clear();
			this.radioMemory.joined = undefined;
			this.sensor.restart(reason === "brown-out");
		}
		this.sensor.resetOpenCount();
		const start = new DeviceBoot(new PowerCycle((why) => this.onPowerLost(why)), reason, this.makeTicks());
		this.currentBoot = start;
		this.updateBattery();
		this.environment.onBoot(reason);
		try {
			const started = runBootloader(this.partitionsOf(start));
			this.environment.onSlot?.(started, reason);
			if (started === undefined) return;
			this.actOut(start, started);
			if (!start.power.isOn) return;
			const app = new App(this.boardOf(start, started));
			start.app = app;
			app.start();
		} catch (error) {
			if (start.power.isOn) this.environment.onThrown(error);
		}
	}

	/** What an image does that is no good, besides what the firmware does. */
	private actOut(start: DeviceBoot, { image: { behaviour } }: StartedSlot): void {
		start.canJoin = behaviour !== "cannot join";
		if (behaviour === "crashes at once") start.power.lose("crash");
		if (behaviour === "crashes after a minute")
			this.after(start, crashAfterMs, () => start.power.lose("crash"));
	}

	/** Cuts power, awake or asleep. Returns false if it was off. */
	cut(): boolean {
		if (this.currentBoot !== undefined) this.currentBoot.power.lose();
		else if (this.deepSleep !== undefined) {
			this.environment.time.clear(this.deepSleep.alarm);
			this.deepSleep = undefined;
			this.environment.onPowerLost("cut");
		} else return false;
		return true;
	}

	/** Restarts the firmware. Returns false if it was not running. */
	restart(): boolean {
		const runs = this.currentBoot !== undefined;
		this.currentBoot?.power.lose("restart");
		return runs;
	}

	private onPowerLost(why: PowerLoss): void {
		this.currentBoot = undefined;
		if (this.environment.scenario.panel) this.environment.onLight(false);
		this.environment.onPowerLost(why);
	}

	private sleep(start: DeviceBoot, milliseconds: number, wakePin: number | undefined): void {
		if (!start.power.isOn) return;
		const { time } = this.environment;
		const ticks = start.ticks();
		start.power.lose("sleep");
		const isLow = wakePin !== undefined && this.pins.level(wakePin) === 0;
		const lasting = isLow ? 0 : milliseconds / this.slowRate();
		const sleeping: DeepSleep = {
			alarm: time.set(() => this.wake(sleeping), lasting),
			since: time.ticks(),
			ticks,
			wakePin,
		};
		this.deepSleep = sleeping;
	}

	/** The slow oscillator has counted during the sleep. */
	private wake({ alarm, since, ticks }: DeepSleep): void {
		const { time } = this.environment;
		time.clear(alarm);
		this.deepSleep = undefined;
		// mutation: count-sleep-ticks
		this.elapsed = ticks + (time.ticks() - since) * this.slowRate(since);
		this.boot("deep sleep");
	}

	/** Ticks of the slow oscillator per true millisecond: it drifts with the temperature of the day. */
	private slowRate(at = this.environment.time.ticks()): number {
		const { scenario } = this.environment;
		const wander = 1e-4 * Math.sin((2 * Math.PI * at) / day);
		return 1 + scenario.sleepDrift / 1e6 + wander;
	}

	private get rate(): number {
		return 1 + this.environment.scenario.drift / 1e6;
	}

	/** The tick counter of a start that begins now. */
	private makeTicks(): () => number {
		const { time, scenario } = this.environment;
		const rate = this.rate;
		const bootedAt = time.ticks();
		const elapsed = this.elapsed;
		const ticks = () => elapsed + (time.ticks() - bootedAt) * rate;
		const { ticksFrom } = scenario;
		if (ticksFrom === undefined) return ticks;
		const wrapped = unwrapTicks(() => (Math.floor(ticks()) + ticksFrom) | 0);
		return () => elapsed + wrapped();
	}

	updateBattery(): void {
		this.pins.setVolts(devicePins.battery, this.environment.batteryVoltage() / batteryRatio);
	}

	/** The flash during one start. */
	private partitionsOf({ power, openHandles }: DeviceBoot): FlashStorage {
		return poweredStorage(this.partitions, power, (change) => {
			openHandles.files += change;
		});
	}

	private slotsOf(start: DeviceBoot, running: 0 | 1): FirmwareSlots {
		return makeFirmwareSlots({
			flash: this.partitionsOf(start),
			running,
			releaseKey: this.environment.releaseKey,
			restart: () => start.power.lose("restart"),
		});
	}

	private boardOf(start: DeviceBoot, { slot, image }: StartedSlot): Board {
		const world = this.environment;
		const { power } = start;
		return {
			...this.board,
			identity: { ...this.board.identity, firmwareVersion: image.version },
			resetReason: start.reason,
			time: this.timeOf(start),
			network: this.networkOf(start),
			storage: {
				flash: this.partitionsOf(start),
				keyValue: this.keyValue.storage(power),
				sleepMemory: this.sleepMemory,
			},
			firmware: this.slotsOf(start, slot),
			i2c: { io: this.sensor.SMBus, data: 21, clock: 22, hz: 100_000 },
			fillRandom: (bytes) => {
				for (let i = 0; i < bytes.length; i++) bytes[i] = world.random.below(256);
			},
			freeMemory: () => undefined,
			log: (line) => {
				if (power.isOn) world.onLogLine(line);
			},
			restart: () => power.lose("restart"),
			sleep: (milliseconds, wakePin) => this.sleep(start, milliseconds, wakePin),
		};
	}

	private timeOf(start: DeviceBoot): Time {
		const { time } = this.environment;
		const { openHandles } = start;
		const rate = this.rate;
		return {
			ticks: start.ticks,
			set: (callback, delay) => {
				const timer = new FirmwareTimer();
				openHandles.timers++;
				// Real timers have a resolution of microseconds. It also removes rounding errors of sums.
				timer.entry = this.after(start, Math.ceil((1000 * Math.max(0, delay)) / rate) / 1000, () => {
					timer.isPending = false;
					openHandles.timers--;
					callback();
				});
				return timer;
			},
			clear: (timer) => {
				if (!(timer instanceof FirmwareTimer) || !timer.isPending) return;
				timer.isPending = false;
				openHandles.timers--;
				time.clear(timer.entry);
			},
			setWallClock: () => {},
		};
	}

	private networkOf(start: DeviceBoot): Board["network"] {
		const world = this.environment;
		const { openHandles } = start;
		const after = (delay: number, callback: () => void) => {
			this.after(start, delay, callback);
		};
		return {
			...makeNetwork({
				...world.network,
				after,
				isReachable: () => start.isJoined && start.radio?.isInRange === true && world.hasInternet(),
				onOpened: (address) => {
					if (!start.power.isOn) return;
					openHandles.connections++;
					world.network.onOpened(address);
				},
				onClosed: (trust, address) => {
					if (!start.power.isOn) return;
					openHandles.connections--;
					world.network.onClosed(trust, address);
				},
				onSockets: (change) => {
					openHandles.sockets += change;
				},
				onListener: (listener, isOpen) => {
					openHandles.listeners += isOpen ? 1 : -1;
					start.listener = isOpen ? listener : undefined;
				},
				onClients: (change) => {
					openHandles.clients += change;
				},
			}),
			WiFi: makeDeviceRadio({
				...world.radio,
				memory: this.radioMemory,
				accepts: (ssid, password) => start.canJoin && world.radio.accepts(ssid, password),
				after,
				onMade: (radio) => {
					start.radio = radio;
				},
				onConnected: (connected) => {
					if (!start.power.isOn) return;
					start.isJoined = connected;
					world.onConnected(connected);
				},
			}),
		};
	}

	/** Calls back unless this start of the board has ended by then. */
	private after(start: DeviceBoot | undefined, delay: number, callback: () => void): Timer {
		return this.environment.time.set(() => {
			if (start?.power.isOn !== true) return;
			try {
				callback();
			} catch (error) {
				if (start.power.isOn) this.environment.onThrown(error);
			}
		}, delay);
	}
}
