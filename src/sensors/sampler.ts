import type { Pins, Time, Timer } from "../boards/board";
import type { I2CBus, KeyValue } from "../boards/ecma419";
import type { Field, Value } from "../reading/reading";
import type { Settings } from "../settings/settings";
import { sensorSettings } from "./columns";
import { Detector, type Thoroughness } from "./detector";
import { inputCandidates } from "./inputs";
import type { KindOptions, SensorKind } from "./kind";
import { kinds as everyKind } from "./kinds";
import { PulseTotals } from "./pulse-totals";
import { Roster, type SensorState } from "./roster";
import type { Slot } from "./slot";

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
	readonly kinds?: readonly SensorKind[];
	log(line: string): void;
}

/** One sample of all sensors: values in the order of the fields, `undefined` where nothing was measured. */
export interface Sample {
	readonly fields: readonly Field[];
	readonly values: readonly Value[];
}

const hour = 3_600_000;

/**
 * Measures all sensors at the same time, without blocking. One that fails never stops the others: its values are left
 * out, its problem is told once, and it is set up anew at the next sample, until it is back. Sensors are looked for at
 * the first sample, each hour, and on request; at each sample while there is none, or one that was there is missing.
 */
export class Sampler {
	private readonly options: SamplerOptions;
	private readonly detector: Detector;
	private readonly roster: Roster;
	private readonly totals: PulseTotals;
	/** Milliseconds from one measurement to the next within a sample; `undefined`: one measurement for each. */
	private readonly step: number | undefined;
	private stepTimer: Timer | undefined;
	/** Ticks of the sample that the steps are counted from. */
	private sampledAt = 0;
	private measuring: Promise<void> | undefined;
	/** What was told last of the lines of the bus. */
	private held: string | undefined;
	/** Ticks at which it is time to look for new sensors; `undefined` before the first look. */
	private nextLook: number | undefined;
	/** What looks have found wrong, each told once. */
	private readonly told = new Set<string>();
	private closed = false;

	constructor(options: SamplerOptions) {
		this.options = options;
		const { bus, pins, time, storage, settings, kinds = everyKind, log } = options;
		this.step = statisticsStep(settings);
		if (settings.statistics !== "off" && this.step === undefined && options.resumed !== true)
			log(`sensor: ${noStatistics(settings)}`);
		this.totals = new PulseTotals(storage, time);
		this.detector = new Detector({
			bus,
			pins,
			kinds,
			oneWirePin: settings.oneWirePin,
			use: (sensor) => this.use(sensor),
		});
		const statistics = this.step !== undefined;
		const reserved = settings.inputs.map(({ name }) => name);
		this.roster = new Roster({ time, storage, settings, statistics, reserved, log });
	}

	/** Measures, and gives what was measured since the sample before. Never rejects. */
	async sample(): Promise<Sample> {
		const { time } = this.options;
		if (this.closed) return { fields: [], values: [] };
		const now = time.ticks();
		const { slots, missing } = this.roster;
		if (this.nextLook === undefined) this.look(this.firstLook);
		else if (now >= this.nextLook || slots.length === 0) this.look("usual");
		else if (missing.length > 0) this.look("remembered");
		time.clear(this.stepTimer);
		this.sampledAt = now;
		this.planStep(1);
		await this.measure();
		return { fields: this.roster.fields, values: this.roster.take() };
	}

	/** Looks everywhere for sensors, also where an unknown chip is; those that are open are left alone. Never rejects. */
	async scan(): Promise<void> {
		await this.measuring;
		if (!this.closed) this.look("thorough");
	}

	/** Gives up the names of sensors that are not there any more; returns those sensors. */
	forgetMissing(): readonly string[] {
		return this.roster.forgetMissing();
	}

	/** How the sensors are, and what they measured last; also those that were there before and are missing. */
	get sensors(): readonly SensorState[] {
		return this.roster.states;
	}

	/** May be called twice. */
	close(): void {
		this.closed = true;
		this.options.time.clear(this.stepTimer);
		this.roster.close();
		this.detector.close();
		this.totals.keep();
	}

	/**
	 * A board that wakes up only to measure goes straight to the sensors that it knows; once an hour it looks for others
	 * as well.
	 */
	private get firstLook(): Thoroughness {
		const { resumed, time, settings } = this.options;
		const known = resumed === true && this.roster.remembered.size > 0;
		return known && time.ticks() % hour >= settings.interval * 1000 ? "remembered" : "usual";
	}

	private look(how: Thoroughness): void {
		const { time, pins, settings } = this.options;
		const roster = this.roster;
		if (how !== "remembered" || this.nextLook === undefined) this.nextLook = time.ticks() + hour;
		const problems: string[] = [];
		const inputs = inputCandidates(settings.inputs, {
			pins,
			time,
			totals: this.totals,
			sleeps: settings.power === "battery",
		});
		const found = [...this.lookAtI2C(how, problems), ...this.lookAtOneWire(problems), ...inputs];
		if (roster.admit(found) || how === "thorough") this.told.clear();
		for (const sensor of roster.missing) problems.push(`${sensor} was there before, and is not now.`);
		const nobody = found.length === 0 && roster.slots.length === 0 && problems.length === 0;
		if (nobody && this.held === undefined)
			problems.push("none found on the I2C bus. Check wiring and supply; each sample looks again.");
		for (const problem of problems) {
			if (!this.told.has(problem)) this.options.log(`sensor: ${problem}`);
			this.told.add(problem);
		}
	}

	private lookAtI2C(how: Thoroughness, problems: string[]) {
		if (this.lookAtLines() === "held") return [];
		const open = new Set(this.roster.slots.filter((slot) => slot.open).map(({ sensor }) => sensor));
		const found = this.detector.findOnI2C(open, this.roster.remembered, how);
		problems.push(...found.problems);
		return found.candidates;
	}

	private lookAtOneWire(problems: string[]) {
		// A search would be in the way of what they measure; there will be another look.
		if (this.roster.slots.some(({ busy, candidate }) => busy && candidate.onI2C !== true)) return [];
		const found = this.detector.findOnOneWire();
		problems.push(...found.problems);
		return found.candidates;
	}

	/** `held`: the I2C bus cannot be used. That is told when it changes, and its sensors say so. */
	private lookAtLines(): "usable" | "freed" | "held" {
		const { log } = this.options;
		const slots = this.onI2C;
		// Where one sensor is open the bus can be used; and its pins are taken.
		if (slots.some(({ open }) => open)) return "usable";
		let freed = false;
		const held = this.detector.lookAtLines((sentence) => {
			freed = true;
			log(`sensor: ${sentence}`);
		});
		if (held !== undefined && held !== this.held) log(`sensor: ${held}`);
		this.held = held;
		if (held === undefined) return freed ? "freed" : "usable";
		for (const slot of slots) slot.fail(held, true);
		return "held";
	}

	private get onI2C(): readonly Slot[] {
		return this.roster.slots.filter(({ candidate }) => candidate.onI2C === true);
	}

	private measure(): Promise<void> {
		const measuring = this.measureAll().then(() => {
			if (this.measuring === measuring) this.measuring = undefined;
		});
		this.measuring = measuring;
		return measuring;
	}

	private async measureAll(): Promise<void> {
		const onI2C = this.onI2C;
		const others = this.roster.slots.filter((slot) => !onI2C.includes(slot));
		await Promise.all([this.measureI2C(onI2C), ...others.map((slot) => slot.measure())]);
	}

	/** Where all fail it may be the bus: one that a chip holds is freed, and they are measured once more. */
	private async measureI2C(slots: readonly Slot[]): Promise<void> {
		if (this.lookAtLines() === "held") return;
		await Promise.all(slots.map((slot) => slot.measure()));
		if (slots.length === 0 || this.closed || this.lookAtLines() !== "freed") return;
		await Promise.all(slots.map((slot) => slot.measure()));
	}

	/** The measurements between two samples; the next sample makes the last one itself. */
	private planStep(step: number): void {
		const { time, settings } = this.options;
		const length = this.step;
		if (length === undefined || this.closed || (step + 0.5) * length > settings.interval * 1000) return;
		this.stepTimer = time.set(
			() => {
				void this.measure();
				this.planStep(step + 1);
			},
			this.sampledAt + step * length - time.ticks(),
		);
	}

	private use(sensor: string): KindOptions {
		const { settings } = this.options;
		const { shunt, range } = sensorSettings(settings.sensors, sensor);
		return {
			interval: this.step ?? settings.interval * 1000,
			battery: settings.power === "battery",
			...(shunt === undefined ? {} : { shunt }),
			...(range === undefined ? {} : { range }),
		};
	}
}

/** Milliseconds between the measurements of one reading; `undefined` for one measurement alone. */
function statisticsStep({ statistics, interval, power }: SamplerSettings): number | undefined {
	if (statistics === "off" || power === "battery" || statistics * 2 > interval) return undefined;
	return statistics * 1000;
}

function noStatistics({ power, interval }: SamplerSettings): string {
	return power === "battery"
		? "no statistics on battery: the board sleeps between samples."
		: `no statistics: they need two measurements within the sampling interval of ${interval} s.`;
}
