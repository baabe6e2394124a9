import type { Time } from "../boards/board";
import type { I2CBus } from "../boards/ecma419";
import type { Field, Value } from "../reading/reading";
import { findSensors } from "./find";
import type { Sensor } from "./sensor";
import { SensorError } from "./sensor-error";

export interface SamplerOptions {
	readonly bus: I2CBus;
	readonly time: Time;
	log(line: string): void;
}

/** One sample of all sensors: values in the order of the fields, `undefined` where nothing was measured. */
export interface Sample {
	readonly fields: readonly Field[];
	readonly values: readonly Value[];
}

/** A sensor that was found once, with its state now. */
interface Slot {
	sensor: Sensor;
	readonly reopen: () => Sensor;
	/** What was told of it last; `undefined` when it is well. */
	problem: string | undefined;
}

/**
 * Measures all sensors of a bus at the same time, without blocking. One that fails never stops the others: its
 * values are left out, its problem is told once, and it is set up anew at the next sample, until it is back.
 */
export class Sampler {
	readonly #options: SamplerOptions;
	#slots: Slot[] = [];
	#told = "";

	constructor(options: SamplerOptions) {
		this.#options = options;
	}

	/** Never rejects. */
	async sample(): Promise<Sample> {
		if (this.#slots.length === 0) this.#find();
		const fields = this.#slots.flatMap(({ sensor }) => sensor.fields);
		const started = this.#slots.map((slot) => this.#attempt(slot, () => this.#start(slot)));
		await this.#pause(Math.max(0, ...started.map((wait) => wait ?? 0)));
		const values = this.#slots.flatMap((slot, index) => {
			const read = started[index] === undefined ? undefined : this.#attempt(slot, () => this.#read(slot));
			return slot.sensor.fields.map(({ decimals }, field) => round(read?.[field], decimals));
		});
		return { fields, values };
	}

	/** What was found, in the order of the fields; `problem` of what is not well. */
	get sensors(): readonly {
		readonly name: string;
		readonly fields: readonly Field[];
		readonly problem: string | undefined;
	}[] {
		return this.#slots.map(({ sensor: { name, fields }, problem }) => ({ name, fields, problem }));
	}

	close(): void {
		for (const { sensor } of this.#slots) sensor.close();
		this.#slots = [];
	}

	/** What is on the bus now becomes the sensors; what cannot be used is told, once for each change. */
	#find(): void {
		const { sensors, problems } = findSensors(this.#options.bus);
		this.#slots = sensors.map(({ sensor, reopen }) => ({ sensor, reopen, problem: undefined }));
		const lines = [
			...sensors.map(
				({ sensor }) => `sensor: ${sensor.name} (${sensor.fields.map(({ name }) => name).join(", ")})`,
			),
			...problems.map(({ message }) => `sensor: ${message}`),
		];
		if (lines.length === 0)
			lines.push("sensor: none found on the I2C bus. Check wiring and supply; each sample looks again.");
		if (lines.join() !== this.#told) for (const line of lines) this.#options.log(line);
		this.#told = lines.join();
	}

	/** A sensor that has failed may have been unplugged, or be another one of its kind: it is set up anew first. */
	#start(slot: Slot): number {
		if (slot.problem !== undefined) {
			const renewed = slot.reopen();
			slot.sensor.close();
			slot.sensor = renewed;
		}
		return slot.sensor.measure();
	}

	#read(slot: Slot): readonly Value[] {
		const values = slot.sensor.read();
		this.#tell(slot, undefined);
		return values;
	}

	/** What an action on a sensor gives; `undefined` when it fails, and then it is told. */
	#attempt<T>(slot: Slot, action: () => T): T | undefined {
		try {
			return action();
		} catch (error) {
			this.#tell(
				slot,
				error instanceof SensorError ? error.message : `${slot.sensor.name}: ${String(error)}`,
			);
			return undefined;
		}
	}

	/** Tells a problem, or its end, once. */
	#tell(slot: Slot, problem: string | undefined): void {
		if (slot.problem === problem) return;
		slot.problem = problem;
		this.#options.log(problem === undefined ? `sensor: ${slot.sensor.name} is back` : `sensor: ${problem}`);
	}

	#pause(milliseconds: number): Promise<void> {
		return new Promise((resolve) => {
			this.#options.time.set(resolve, milliseconds);
		});
	}
}

/** The one place where a value gets its field's decimals: 22.48, not 22.479999542236328. */
function round(value: Value, decimals: number): Value {
	if (typeof value !== "number") return value;
	return Number.isFinite(value) ? Number(value.toFixed(decimals)) : undefined;
}
