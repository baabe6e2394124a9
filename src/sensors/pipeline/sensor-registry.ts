import type { Time } from "../../boards/board";
import type { KeyValue } from "../../boards/ecma419";
import { crc32 } from "../../common/crc32";
import { encodeUtf8 } from "../../common/utf8";
import type { Field, Value } from "../../reading/reading";
import { maxFields } from "../../reading/reading-decoder";
import type { InputSettings } from "../../settings/input-settings";
import type { Settings } from "../../settings/settings";
import { batteryCharge, type Candidate, type Surroundings } from "../drivers/driver";
import { derivedFields, deriveValues } from "./derived-values";
import { fieldSettings, planFieldLayout, type ReadingField, sensorSettings } from "./field-layout";
import {
	assignFieldNames,
	type FieldNames,
	loadFieldNames,
	maxNamedSensors,
	removeFieldNames,
	saveFieldNames,
} from "./field-names";
import { SensorSlot } from "./sensor-slot";

export type SensorRegistrySettings = Pick<Settings, "sensors" | "derived" | "altitude">;

export interface SensorRegistryOptions {
	readonly time: Time;
	readonly storage: Pick<KeyValue, "read" | "write">;
	readonly settings: SensorRegistrySettings;
	/** Minima and maxima are stored, too. */
	readonly statistics: boolean;
	/** The board has woken from deep sleep. */
	readonly resumed: boolean;
	/** Names of inputs, which no sensor's field may have. */
	readonly reservedNames: readonly string[];
	log(line: string): void;
}

/** For the setup page. */
export interface SensorState {
	/** `BME280 at 0x76`. */
	readonly name: string;
	/** A sentence. */
	readonly problem?: string;
	/** Found before, but not now. */
	readonly missing?: true;
	/** Of an input: the settings that it is measured with. */
	readonly input?: InputSettings;
	readonly values: readonly {
		/** In the readings. */
		readonly name: string;
		/** The driver's name, by which the settings know it. */
		readonly field: string;
		readonly unit: string;
		readonly decimals: number;
		readonly value?: number | boolean | string;
		/** Before calibration, with more decimals; not of derived values. */
		readonly measured?: number;
	}[];
}

/** Of {@link SensorState}: a calibration calculated from the measured value rounds no worse than the value. */
const extraDecimals = 3;

/** The sensors in use, the names of their fields, and the sensors that are missing. */
export class SensorRegistry {
	private readonly options: SensorRegistryOptions;
	private fieldNames: FieldNames;
	/** These are assigned only here; getters would cost each reading. */
	slots: readonly SensorSlot[] = [];
	/** Those on the I2C bus, whose lines they share. */
	i2cSlots: readonly SensorSlot[] = [];
	otherSlots: readonly SensorSlot[] = [];
	private readingFields: readonly ReadingField<SensorSlot>[] = [];
	/** Of a reading; the same object until they change. */
	fields: readonly Field[] = [];
	/** Of inputs that are left out of the readings, by input. */
	private leftOut: ReadonlyMap<string, string> | undefined;
	/** Of all problems of the layout as logged last. Their text, of settings for absent sensors, would take half a kilobyte. */
	private loggedChecksum = 0;
	/** See {@link missing}; `undefined` after a change of the names or the slots. */
	private knownMissing: readonly string[] | undefined;

	constructor(options: SensorRegistryOptions) {
		this.options = options;
		const fieldNames = loadFieldNames(options.storage);
		if (fieldNames === undefined)
			options.log("sensor: the stored field names are damaged; assigning new ones.");
		this.fieldNames = fieldNames ?? [];
	}

	/** Pressure of the first barometer that works; temperature and humidity of the first sensor that has both. */
	get surroundings(): Surroundings {
		const measured = (...names: readonly string[]) => {
			for (const { candidate, measuredValues } of this.slots) {
				if (candidate.hasUserNames === true) continue;
				const { fields } = candidate.driver;
				const values = names.map((name) => measuredValues[fields.findIndex((field) => field.name === name)]);
				if (values.every((value) => typeof value === "number")) return values;
			}
			return [];
		};
		const [temperature, humidity] = measured("temperature", "humidity");
		const [pressure] = measured("pressure");
		return { temperature, humidity, pressure };
	}

	/** Percent, from a battery gauge; `undefined` without one that works. */
	get batteryLevel(): number | undefined {
		for (const { candidate, measuredValues } of this.slots) {
			const value = measuredValues[candidate.driver.fields.indexOf(batteryCharge)];
			if (typeof value === "number") return Math.round(value);
		}
		return undefined;
	}

	/** Names of all sensors ever found. */
	get known(): ReadonlySet<string> {
		return new Set(this.fieldNames.map(({ sensor }) => sensor));
	}

	/** Names of sensors that were found before, but are not present. */
	get missing(): readonly string[] {
		this.knownMissing ??= this.fieldNames
			.map(({ sensor }) => sensor)
			.filter((sensor) => !this.isPresent(sensor) && !this.isDisabled(sensor));
		return this.knownMissing;
	}

	/** Adds the candidates that are new; returns whether there are any. */
	register(candidates: readonly Candidate[]): boolean {
		const found = candidates.filter(({ sensor }) => !this.isPresent(sensor)).sort(bySortKey);
		const { known } = this;
		this.assignNames(found);
		const admitted = found.filter(({ sensor }) => !this.isDisabled(sensor));
		if (admitted.length === 0) return false;
		// A sensor that fails may have been replaced by one of another type in the same place.
		const places = new Set(admitted.map(({ place }) => place));
		const kept = this.slots.filter(({ candidate }) => !places.has(candidate.place));
		for (const slot of this.slots) if (!kept.includes(slot)) slot.close();
		this.slots = [...kept, ...admitted.map((candidate) => this.openSlot(candidate))].sort((one, other) =>
			bySortKey(one.candidate, other.candidate),
		);
		this.knownMissing = undefined;
		this.i2cSlots = this.slots.filter(({ candidate }) => candidate.onI2C === true);
		this.otherSlots = this.slots.filter(({ candidate }) => candidate.onI2C !== true);
		this.updateLayout();
		// A wake says nothing of the sensors that are there as before.
		const { resumed } = this.options;
		for (const { sensor } of admitted) if (!(resumed && known.has(sensor))) this.logSensor(sensor);
		return true;
	}

	/** Deletes the names of missing sensors; returns those sensors. */
	forgetMissing(): readonly string[] {
		const { missing } = this;
		if (missing.length === 0) return missing;
		this.saveNames(removeFieldNames(this.fieldNames, (sensor) => missing.includes(sensor)));
		this.updateLayout();
		return missing;
	}

	/** The values since the previous call, in the order of the fields. */
	takeValues(): readonly Value[] {
		const readingFields = this.readingFields;
		const slots = this.slots;
		const fieldCount = readingFields.length;
		const values: Value[] = [];
		for (let index = 0; index < fieldCount; index++) {
			const readingField = readingFields[index];
			if (readingField === undefined) continue;
			const source = readingField.source;
			// A single value is its own minimum and maximum.
			const value =
				source.aggregates === undefined
					? source.newValues[readingField.fieldIndex]
					: source.aggregates[readingField.fieldIndex]?.[readingField.statistic];
			values[index] = roundTo(value, readingField.field.decimals);
		}
		const slotCount = slots.length;
		for (let index = 0; index < slotCount; index++) slots[index]?.clearNewValues();
		return values;
	}

	/** Those present, then those missing. */
	get states(): readonly SensorState[] {
		const present = this.slots.map((slot) => ({
			name: slot.sensor,
			...this.problemOf(slot),
			...(slot.candidate.input === undefined ? {} : { input: slot.candidate.input }),
			values: this.readingFields
				.filter(({ source, statistic }) => source === slot && statistic === "value")
				.map(({ fieldIndex, field: { name, unit, decimals } }) => {
					const value = roundTo(slot.latestValues[fieldIndex], decimals);
					const measured = roundTo(slot.measuredValues[fieldIndex], decimals + extraDecimals);
					return {
						name,
						field: slot.fields[fieldIndex]?.name ?? name,
						unit,
						decimals,
						...(value === undefined ? {} : { value }),
						...(typeof measured === "number" ? { measured } : {}),
					};
				}),
		}));
		const missing = this.missing.map((name) => ({
			name,
			problem: `${name}: found before, but missing now.`,
			missing: true as const,
			values: [],
		}));
		return [...present, ...missing];
	}

	close(): void {
		for (const slot of this.slots) slot.close();
		this.slots = this.i2cSlots = this.otherSlots = [];
		this.knownMissing = undefined;
		this.readingFields = [];
		this.fields = [];
	}

	/** Also of an input that works, but is in no reading. */
	private problemOf({ sensor, problem }: SensorSlot): { readonly problem?: string } {
		const own = problem ?? this.leftOut?.get(sensor);
		return own === undefined ? {} : { problem: own };
	}

	private isPresent(sensor: string): boolean {
		return this.slots.some((slot) => slot.sensor === sensor);
	}

	private isDisabled(sensor: string): boolean {
		return sensorSettings(this.options.settings.sensors, sensor).off === true;
	}

	private assignNames(found: readonly Candidate[]): void {
		const { settings, reservedNames } = this.options;
		let fieldNames = this.fieldNames;
		for (const { sensor, driver, hasUserNames } of found) {
			if (hasUserNames === true) continue;
			const fields = [...driver.fields, ...derivedFields(driver.fields, settings.derived)];
			const names = fields.map(({ name }) => name);
			fieldNames = assignFieldNames(fieldNames, sensor, names, reservedNames);
		}
		// The oldest missing sensor makes room.
		const oldest = fieldNames.find(({ sensor }) => this.missing.includes(sensor));
		if (fieldNames.length > maxNamedSensors && oldest !== undefined)
			fieldNames = removeFieldNames(fieldNames, (sensor) => sensor === oldest.sensor);
		if (fieldNames !== this.fieldNames) this.saveNames(fieldNames);
	}

	private saveNames(fieldNames: FieldNames): void {
		this.fieldNames = fieldNames;
		this.knownMissing = undefined;
		try {
			saveFieldNames(this.options.storage, fieldNames);
		} catch (error) {
			const reason = error instanceof Error ? ` (${error.message})` : "";
			this.options.log(`sensor: the field names cannot be stored${reason}.`);
		}
	}

	private openSlot(candidate: Candidate): SensorSlot {
		const { time, settings } = this.options;
		const { derived, altitude, sensors } = settings;
		const { sensor, driver } = candidate;
		const { fields } = driver;
		const calibrations = fields.map(({ name }) => fieldSettings(sensors, sensor, name));
		const isCalibrated = calibrations.some(
			({ scale, offset }) => scale !== undefined || offset !== undefined,
		);
		const derives = derivedFields(fields, derived).length > 0;
		const processValues = (read: readonly Value[]) => {
			const values = calibrations.map(({ scale = 1, offset = 0 }, index) => {
				const value = read[index];
				return typeof value === "number" ? value * scale + offset : value;
			});
			return [...values, ...deriveValues(fields, values, derived, altitude)];
		};
		return new SensorSlot({
			candidate,
			fields: [...fields, ...derivedFields(fields, derived)],
			time,
			firstReason: this.options.resumed ? "wake" : "boot",
			...(isCalibrated || derives ? { processValues } : {}),
			onProblem: (problem) => this.options.log(`sensor: ${problem ?? `${sensor} is back`}`),
		});
	}

	private updateLayout(): void {
		const { settings, statistics, log } = this.options;
		const { readingFields, problems, leftOut } = planFieldLayout({
			sources: this.slots,
			fieldNames: this.fieldNames,
			settings: settings.sensors,
			statistics,
			maxFields,
		});
		this.readingFields = readingFields;
		this.fields = readingFields.map(({ field }) => field);
		const checksum = problems.length > 0 ? crc32(encodeUtf8(problems.join())) : 0;
		if (checksum !== this.loggedChecksum) for (const problem of problems) log(`sensor: ${problem}`);
		this.loggedChecksum = checksum;
		this.leftOut = leftOut;
	}

	private logSensor(sensor: string): void {
		const { log } = this.options;
		const names = this.readingFields
			.filter(({ source }) => source.sensor === sensor)
			.map(({ field }) => field.name);
		log(`sensor: ${sensor} (${names.join(", ")})`);
		this.logNameHolder(sensor);
	}

	/** Explains numbered names: the plain ones belong to a missing sensor, which this one may replace. */
	private logNameHolder(sensor: string): void {
		const { missing } = this;
		const own = this.fieldNames.find((named) => named.sensor === sensor)?.names ?? new Map<string, string>();
		for (const [field, name] of own) {
			if (name === field) continue;
			const holder = this.fieldNames.find(({ names }) => [...names.values()].includes(field))?.sensor;
			if (holder === undefined || !missing.includes(holder)) continue;
			this.options.log(
				`sensor: the name ${field} belongs to ${holder}, which is missing; use Forget missing sensors on the setup page.`,
			);
			return;
		}
	}
}

function bySortKey(one: Candidate, other: Candidate): number {
	return one.sortKey < other.sortKey ? -1 : 1;
}

/**
 * The only place where values are rounded: 22.48 instead of 22.479999542236328. JSON has no NaN and no infinity, and a value
 * is never an object.
 */
function roundTo(value: Value, decimals: number): Value {
	if (typeof value === "number") return Number.isFinite(value) ? Number(value.toFixed(decimals)) : undefined;
	return typeof value === "boolean" || typeof value === "string" ? value : undefined;
}
