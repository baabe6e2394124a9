import type { Pins, Time, Timer } from "../../boards/board";
import type { I2CBus, KeyValue } from "../../boards/ecma419";
import type { Field, Value } from "../../reading/reading";
import { statisticsConflict } from "../../settings/conflicts";
import type { Settings } from "../../settings/settings";
import { allDrivers, type I2CDriver } from "../drivers/all-drivers";
import type { SensorOptions } from "../drivers/driver";
import { inputCandidates } from "../inputs/input-candidates";
import { PulseTotals } from "../inputs/pulse-totals";
import { type DetectionScope, Detector } from "./detector";
import { sensorSettings } from "./field-layout";
import { Recalibrations } from "./recalibrations";
import { SensorRegistry, type SensorState } from "./sensor-registry";
import type { SensorSlot } from "./sensor-slot";

export type SamplerSettings = Pick<
	Settings,
	| "sensors"
	| "inputs"
	| "oneWirePin"
	| "serialPin"
	| "derived"
	| "altitude"
	| "statistics"
	| "interval"
	| "power"
>;

export interface SamplerOptions {
	readonly bus: I2CBus;
	readonly pins: Pins;
	readonly time: Time;
	/** For the field names and the pulse totals. */
	readonly storage: Pick<KeyValue, "read" | "write">;
	readonly settings: SamplerSettings;
	/** The board has woken from deep sleep. */
	readonly resumed?: boolean;
	/** Default: all. With none, the I2C bus is not touched. */
	readonly drivers?: readonly I2CDriver[];
	log(line: string): void;
}

/**
 * One sample of all sensors: values in the order of the fields; `undefined` for a value that was not
 * measured.
 */
export interface SensorSample {
	readonly fields: readonly Field[];
	readonly values: readonly Value[];
}

const detectionIntervalMs = 3_600_000;

/**
 * Measures all sensors at the same time, without blocking. A failing sensor does not affect the others: its
 * values are left out, its problem is logged once, and it is reopened at each sample until it works.
 * Detection runs at the first sample, each hour and on request, and at each sample while there is no sensor
 * or a known one is missing.
 */
export class Sampler {
	private readonly options: SamplerOptions;
	private readonly detector: Detector;
	private readonly usesI2C: boolean;
	private readonly registry: SensorRegistry;
	private readonly pulseTotals: PulseTotals;
	private readonly recalibrations: Recalibrations;
	/** From one measurement to the next within an interval; `undefined`: one measurement per sample. */
	private readonly stepMs: number | undefined;
	private stepTimer: Timer | undefined;
	/** Ticks of the latest sample, from which the steps are counted. */
	private sampledAt = 0;
	/** The latest one; it may have ended. */
	private measurement: Promise<unknown> | undefined;
	/** The state of the bus lines as logged last. */
	private busProblem: string | undefined;
	/** Ticks; `undefined` before the first detection. */
	private nextDetectionAt: number | undefined;
	/** Problems from detection; each is logged once. */
	private readonly loggedProblems = new Set<string>();
	private closed = false;

	constructor(options: SamplerOptions) {
		this.options = options;
		const { bus, pins, time, storage, settings, drivers = allDrivers, log } = options;
		this.stepMs = statisticsStepMs(settings);
		if (settings.statistics !== "off" && this.stepMs === undefined && options.resumed !== true)
			log(`sensor: no statistics: ${statisticsConflict(settings)}`);
		this.recalibrations = new Recalibrations(storage, settings.sensors);
		this.pulseTotals = new PulseTotals(storage, time);
		this.usesI2C = drivers.length > 0;
		this.detector = new Detector({
			bus,
			pins,
			drivers,
			oneWirePin: settings.oneWirePin,
			serialPin: settings.serialPin,
			sensorOptions: (sensor) => this.sensorOptions(sensor),
		});
		const statistics = this.stepMs !== undefined;
		const reservedNames = settings.inputs.map(({ name }) => name);
		const resumed = options.resumed === true;
		this.registry = new SensorRegistry({ time, storage, settings, statistics, resumed, reservedNames, log });
	}

	/** Measures; returns the aggregated values since the previous sample. Never rejects. */
	async sample(): Promise<SensorSample> {
		if (this.closed) return { fields: [], values: [] };
		const registry = this.registry;
		const now = this.options.time.ticks();
		if (this.nextDetectionAt === undefined) this.detect(this.firstScope);
		else if (now >= this.nextDetectionAt || registry.slots.length === 0) this.detect("normal");
		else if (registry.missing.length > 0) this.detect("known");
		if (this.stepMs !== undefined) {
			this.options.time.clear(this.stepTimer);
			this.sampledAt = now;
			this.scheduleStep(this.stepMs, 1);
		}
		this.measurement = this.measure();
		await this.measurement;
		return { fields: registry.fields, values: registry.takeValues() };
	}

	/** Runs detection at all addresses, except for those of open sensors. Never rejects. */
	async rescan(): Promise<void> {
		await this.measurement;
		if (!this.closed) this.detect("full");
	}

	/** Deletes the names of missing sensors; returns those sensors. */
	forgetMissing(): readonly string[] {
		return this.registry.forgetMissing();
	}

	/** Latest values and problems of the sensors, including missing ones. */
	get sensors(): readonly SensorState[] {
		return this.registry.states;
	}

	/** Percent, from a battery gauge; `undefined` without one that works. */
	get batteryLevel(): number | undefined {
		return this.registry.batteryLevel;
	}

	/** May be called twice. */
	close(): void {
		this.closed = true;
		this.options.time.clear(this.stepTimer);
		this.registry.close();
		this.detector.close();
		this.pulseTotals.save();
	}

	/** A board that wakes up only to measure probes only the known sensors, and once an hour all addresses. */
	private get firstScope(): DetectionScope {
		const { resumed, time, settings } = this.options;
		const known = resumed === true && this.registry.known.size > 0;
		return known && time.ticks() % detectionIntervalMs >= settings.interval * 1000 ? "known" : "normal";
	}

	private detect(scope: DetectionScope): void {
		const { time, pins, settings } = this.options;
		const { registry } = this;
		if (scope !== "known" || this.nextDetectionAt === undefined)
			this.nextDetectionAt = time.ticks() + detectionIntervalMs;
		const problems: string[] = [];
		const inputs = inputCandidates(settings.inputs, {
			pins,
			time,
			pulseTotals: this.pulseTotals,
			onBattery: settings.power === "battery",
		});
		const found = [
			...this.detectOnI2C(scope, problems),
			...this.detectOnOneWire(problems),
			...this.detector.onSerial,
			...inputs,
		];
		if (registry.register(found) || scope === "full") this.loggedProblems.clear();
		for (const sensor of registry.missing) problems.push(`${sensor}: found before, but missing now.`);
		const foundNone = found.length === 0 && registry.slots.length === 0 && problems.length === 0;
		if (foundNone && this.busProblem === undefined)
			problems.push("none found on the I2C bus. Check wiring and supply. Trying again at each sample.");
		for (const problem of problems) {
			if (!this.loggedProblems.has(problem)) this.options.log(`sensor: ${problem}`);
			this.loggedProblems.add(problem);
		}
	}

	private detectOnI2C(scope: DetectionScope, problems: string[]) {
		if (!this.usesI2C || this.checkBusLines() === "unusable") return [];
		const open = new Set(this.registry.slots.filter((slot) => slot.isOpen).map(({ sensor }) => sensor));
		const found = this.detector.findOnI2C(open, this.registry.known, scope);
		problems.push(...found.problems);
		return found.candidates;
	}

	private detectOnOneWire(problems: string[]) {
		// A search would interrupt the measurements; the next detection includes it.
		if (this.registry.slots.some(({ isMeasuring, candidate }) => isMeasuring && candidate.onI2C !== true))
			return [];
		const found = this.detector.findOnOneWire();
		problems.push(...found.problems);
		return found.candidates;
	}

	/** Logs changes, and fails the sensors of a bus that cannot be used. */
	private checkBusLines(): "usable" | "recovered" | "unusable" {
		const slots = this.registry.i2cSlots;
		// An open sensor shows that the bus works, and occupies its pins.
		if (isAnyOpen(slots)) return "usable";
		const { log } = this.options;
		let recovered = false;
		const problem = this.detector.checkBusLines((sentence) => {
			recovered = true;
			log(`sensor: ${sentence}`);
		});
		if (problem !== undefined && problem !== this.busProblem) log(`sensor: ${problem}`);
		this.busProblem = problem;
		if (problem === undefined) return recovered ? "recovered" : "usable";
		for (const slot of slots) slot.fail(problem, true);
		return "unusable";
	}

	/** Measures once. */
	private measure(): Promise<unknown> {
		const { i2cSlots, otherSlots } = this.registry;
		if (!this.usesI2C || this.checkBusLines() === "unusable") return measureTogether(otherSlots);
		const onI2C = this.measureOnI2C(i2cSlots);
		return otherSlots.length === 0 ? onI2C : Promise.all([onI2C, measureTogether(otherSlots)]);
	}

	/** If all sensors on the bus fail, a chip may hold it: it is recovered, and they are measured again. */
	private async measureOnI2C(slots: readonly SensorSlot[]): Promise<void> {
		await measureTogether(slots);
		if (isAnyOpen(slots) || slots.length === 0 || this.closed) return;
		if (this.checkBusLines() === "recovered") await measureTogether(slots);
	}

	/** Schedules the measurements between two samples; the next sample makes the last one itself. */
	private scheduleStep(stepMs: number, step: number): void {
		const { time, settings } = this.options;
		if (this.closed || (step + 0.5) * stepMs > settings.interval * 1000) return;
		this.stepTimer = time.set(
			() => {
				this.measurement = this.measure();
				this.scheduleStep(stepMs, step + 1);
			},
			this.sampledAt + step * stepMs - time.ticks(),
		);
	}

	private sensorOptions(sensor: string): SensorOptions {
		const { settings, log } = this.options;
		const own = sensorSettings(settings.sensors, sensor);
		const { shunt: shuntOhms, range: rangeVolts, temperatureOffset, selfCalibration, recalibrate } = own;
		const recalibration =
			recalibrate === undefined ? undefined : this.recalibrations.of(sensor, recalibrate, log);
		return {
			intervalMs: this.stepMs ?? settings.interval * 1000,
			onBattery: settings.power === "battery",
			altitudeMetres: settings.altitude,
			surroundings: () => this.registry.surroundings,
			...(shuntOhms === undefined ? {} : { shuntOhms }),
			...(rangeVolts === undefined ? {} : { rangeVolts }),
			...(temperatureOffset === undefined ? {} : { temperatureOffset }),
			...(selfCalibration === undefined ? {} : { selfCalibration }),
			...(recalibration === undefined ? {} : { recalibration }),
		};
	}
}

function isAnyOpen(slots: readonly SensorSlot[]): boolean {
	const count = slots.length;
	for (let index = 0; index < count; index++) if (slots[index]?.isOpen) return true;
	return false;
}

function measureTogether(slots: readonly SensorSlot[]): Promise<unknown> {
	const slot = slots[0];
	// Most boards have one sensor.
	if (slot !== undefined && slots.length === 1) return slot.measure();
	return Promise.all(slots.map((each) => each.measure()));
}

/** Milliseconds between the measurements of one reading; `undefined`: a reading is one measurement. */
function statisticsStepMs(settings: SamplerSettings): number | undefined {
	const { statistics } = settings;
	return statistics === "off" || statisticsConflict(settings) !== undefined ? undefined : statistics * 1000;
}
