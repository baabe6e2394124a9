import type { Pins, Time, Timer } from "../../boards/board";
import type { I2CBus, KeyValue } from "../../boards/ecma419";
import type { Field, Value } from "../../reading/reading";
import type { Settings } from "../../settings/settings";
import { allDrivers as everyKind } from "../drivers/all-drivers";
import type { Driver, SensorOptions } from "../drivers/driver";
import { inputCandidates } from "../inputs/input-candidates";
import { PulseTotals } from "../inputs/pulse-totals";
import { type DetectionScope, Detector } from "./detector";
import { sensorSettings } from "./field-layout";
import { SensorRegistry, type SensorState } from "./sensor-registry";
import type { SensorSlot } from "./sensor-slot";

export type SamplerSettings = Pick<
	Settings,
	"sensors" | "inputs" | "oneWirePin" | "derived" | "altitude" | "statistics" | "interval" | "power"
>;

export interface SamplerOptions {
	readonly bus: I2CBus;
	readonly pins: Pins;
	readonly time: Time;
	/** Keeps the names of the fields, and the totals of the pulses. */
	readonly storage: Pick<KeyValue, "read" | "write">;
	readonly settings: SamplerSettings;
	/** The boot goes on after a sleep. */
	readonly resumed?: boolean;
	/** Left out: all that there are. */
	readonly drivers?: readonly Driver[];
	log(line: string): void;
}

/** One sample of all sensors: values in the order of the fields, `undefined` where nothing was measured. */
export interface SensorSample {
	readonly fields: readonly Field[];
	readonly values: readonly Value[];
}

const detectionIntervalMs = 3_600_000;

/**
 * Measures all sensors at the same time, without blocking. One that fails never stops the others: its values are left
 * out, its problem is told once, and it is set up anew at the next sample, until it is back. Sensors are looked for at
 * the first sample, each hour, and on request; at each sample while there is none, or one that was there is missing.
 */
export class Sampler {
	private readonly options: SamplerOptions;
	private readonly detector: Detector;
	private readonly registry: SensorRegistry;
	private readonly pulseTotals: PulseTotals;
	/** Milliseconds from one measurement to the next within a sample; `undefined`: one measurement for each. */
	private readonly stepMs: number | undefined;
	private stepTimer: Timer | undefined;
	/** Ticks of the sample that the steps are counted from. */
	private sampledAt = 0;
	private measurement: Promise<void> | undefined;
	/** What was told last of the lines of the bus. */
	private busProblem: string | undefined;
	/** Ticks at which it is time to look for new sensors; `undefined` before the first look. */
	private nextDetectionAt: number | undefined;
	/** What looks have found wrong, each told once. */
	private readonly loggedProblems = new Set<string>();
	private closed = false;

	constructor(options: SamplerOptions) {
		this.options = options;
		const { bus, pins, time, storage, settings, drivers = everyKind, log } = options;
		this.stepMs = statisticsStepMs(settings);
		if (settings.statistics !== "off" && this.stepMs === undefined && options.resumed !== true)
			log(`sensor: ${statisticsProblem(settings)}`);
		this.pulseTotals = new PulseTotals(storage, time);
		this.detector = new Detector({
			bus,
			pins,
			drivers,
			oneWirePin: settings.oneWirePin,
			sensorOptions: (sensor) => this.sensorOptions(sensor),
		});
		const statistics = this.stepMs !== undefined;
		const reservedNames = settings.inputs.map(({ name }) => name);
		this.registry = new SensorRegistry({ time, storage, settings, statistics, reservedNames, log });
	}

	/** Measures, and gives what was measured since the sample before. Never rejects. */
	async sample(): Promise<SensorSample> {
		const { time } = this.options;
		if (this.closed) return { fields: [], values: [] };
		const now = time.ticks();
		const { slots, missing } = this.registry;
		if (this.nextDetectionAt === undefined) this.detect(this.firstScope);
		else if (now >= this.nextDetectionAt || slots.length === 0) this.detect("usual");
		else if (missing.length > 0) this.detect("remembered");
		time.clear(this.stepTimer);
		this.sampledAt = now;
		this.scheduleStep(1);
		await this.measure();
		return { fields: this.registry.fields, values: this.registry.takeValues() };
	}

	/** Looks everywhere for sensors, also where an unknown chip is; those that are open are left alone. Never rejects. */
	async rescan(): Promise<void> {
		await this.measurement;
		if (!this.closed) this.detect("thorough");
	}

	/** Gives up the names of sensors that are not there any more; returns those sensors. */
	forgetMissing(): readonly string[] {
		return this.registry.forgetMissing();
	}

	/** How the sensors are, and what they measured last; also those that were there before and are missing. */
	get sensors(): readonly SensorState[] {
		return this.registry.states;
	}

	/** May be called twice. */
	close(): void {
		this.closed = true;
		this.options.time.clear(this.stepTimer);
		this.registry.close();
		this.detector.close();
		this.pulseTotals.save();
	}

	/**
	 * A board that wakes up only to measure goes straight to the sensors that it knows; once an hour it looks for others
	 * as well.
	 */
	private get firstScope(): DetectionScope {
		const { resumed, time, settings } = this.options;
		const known = resumed === true && this.registry.known.size > 0;
		return known && time.ticks() % detectionIntervalMs >= settings.interval * 1000 ? "remembered" : "usual";
	}

	private detect(scope: DetectionScope): void {
		const { time, pins, settings } = this.options;
		const roster = this.registry;
		if (scope !== "remembered" || this.nextDetectionAt === undefined)
			this.nextDetectionAt = time.ticks() + detectionIntervalMs;
		const problems: string[] = [];
		const inputs = inputCandidates(settings.inputs, {
			pins,
			time,
			pulseTotals: this.pulseTotals,
			onBattery: settings.power === "battery",
		});
		const found = [...this.detectOnI2C(scope, problems), ...this.detectOnOneWire(problems), ...inputs];
		if (roster.register(found) || scope === "thorough") this.loggedProblems.clear();
		for (const sensor of roster.missing) problems.push(`${sensor} was there before, and is not now.`);
		const foundNone = found.length === 0 && roster.slots.length === 0 && problems.length === 0;
		if (foundNone && this.busProblem === undefined)
			problems.push("none found on the I2C bus. Check wiring and supply; each sample looks again.");
		for (const problem of problems) {
			if (!this.loggedProblems.has(problem)) this.options.log(`sensor: ${problem}`);
			this.loggedProblems.add(problem);
		}
	}

	private detectOnI2C(how: DetectionScope, problems: string[]) {
		if (this.checkBusLines() === "held") return [];
		const open = new Set(this.registry.slots.filter((slot) => slot.isOpen).map(({ sensor }) => sensor));
		const found = this.detector.findOnI2C(open, this.registry.known, how);
		problems.push(...found.problems);
		return found.candidates;
	}

	private detectOnOneWire(problems: string[]) {
		// A search would be in the way of what they measure; there will be another look.
		if (this.registry.slots.some(({ isMeasuring, candidate }) => isMeasuring && candidate.onI2C !== true))
			return [];
		const found = this.detector.findOnOneWire();
		problems.push(...found.problems);
		return found.candidates;
	}

	/** `held`: the I2C bus cannot be used. That is told when it changes, and its sensors say so. */
	private checkBusLines(): "usable" | "freed" | "held" {
		const { log } = this.options;
		const slots = this.i2cSlots;
		// Where one sensor is open the bus can be used; and its pins are taken.
		if (slots.some(({ isOpen }) => isOpen)) return "usable";
		let freed = false;
		const held = this.detector.checkBusLines((sentence) => {
			freed = true;
			log(`sensor: ${sentence}`);
		});
		if (held !== undefined && held !== this.busProblem) log(`sensor: ${held}`);
		this.busProblem = held;
		if (held === undefined) return freed ? "freed" : "usable";
		for (const slot of slots) slot.fail(held, true);
		return "held";
	}

	private get i2cSlots(): readonly SensorSlot[] {
		return this.registry.slots.filter(({ candidate }) => candidate.onI2C === true);
	}

	private measure(): Promise<void> {
		const measuring = this.measureAll().then(() => {
			if (this.measurement === measuring) this.measurement = undefined;
		});
		this.measurement = measuring;
		return measuring;
	}

	private async measureAll(): Promise<void> {
		const onI2C = this.i2cSlots;
		const others = this.registry.slots.filter((slot) => !onI2C.includes(slot));
		await Promise.all([this.measureI2C(onI2C), ...others.map((slot) => slot.measure())]);
	}

	/** Where all fail it may be the bus: one that a chip holds is freed, and they are measured once more. */
	private async measureI2C(slots: readonly SensorSlot[]): Promise<void> {
		if (this.checkBusLines() === "held") return;
		await Promise.all(slots.map((slot) => slot.measure()));
		if (slots.length === 0 || this.closed || this.checkBusLines() !== "freed") return;
		await Promise.all(slots.map((slot) => slot.measure()));
	}

	/** The measurements between two samples; the next sample makes the last one itself. */
	private scheduleStep(step: number): void {
		const { time, settings } = this.options;
		const length = this.stepMs;
		if (length === undefined || this.closed || (step + 0.5) * length > settings.interval * 1000) return;
		this.stepTimer = time.set(
			() => {
				void this.measure();
				this.scheduleStep(step + 1);
			},
			this.sampledAt + step * length - time.ticks(),
		);
	}

	private sensorOptions(sensor: string): SensorOptions {
		const { settings } = this.options;
		const { shunt: shuntOhms, range: rangeVolts } = sensorSettings(settings.sensors, sensor);
		return {
			intervalMs: this.stepMs ?? settings.interval * 1000,
			onBattery: settings.power === "battery",
			...(shuntOhms === undefined ? {} : { shuntOhms }),
			...(rangeVolts === undefined ? {} : { rangeVolts }),
		};
	}
}

/** Milliseconds between the measurements of one reading; `undefined` for one measurement alone. */
function statisticsStepMs({ statistics, interval, power }: SamplerSettings): number | undefined {
	if (statistics === "off" || power === "battery" || statistics * 2 > interval) return undefined;
	return statistics * 1000;
}

function statisticsProblem({ power, interval }: SamplerSettings): string {
	return power === "battery"
		? "no statistics on battery: the board sleeps between samples."
		: `no statistics: they need two measurements within the sampling interval of ${interval} s.`;
}
