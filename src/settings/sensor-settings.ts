import { lengthProblem } from "../common/characters";
import { hasControlCharacters, toPrintable } from "../common/control-characters";
import { isJsonObject } from "../common/json";
import { checkFieldName } from "../dakkio/identifiers";
import {
	booleanValue,
	type CheckResult,
	checkMembers,
	keep,
	type MemberRules,
	nestProblem,
	numberInRange,
	wholeNumber,
} from "./rules";

/** Settings of one field of a sensor. */
export interface FieldSettings {
	/** Replaces the name that the board gave it. */
	readonly name?: string;
	/** Left out of the readings. */
	readonly off?: boolean;
	/** Calibration: stored value = measured value × `scale` + `offset`. */
	readonly scale?: number;
	readonly offset?: number;
}

/** Settings of one sensor. */
export interface SensorSettings {
	/** Not sampled. */
	readonly off?: boolean;
	/** INA219, INA226, INA228: resistance of the shunt, ohms. */
	readonly shunt?: number;
	/** ADS1115: full-scale input range, volts. */
	readonly range?: number;
	/** SCD4x: self-heating above the air temperature, degrees Celsius. Default: 4. */
	readonly temperatureOffset?: number;
	/** SCD4x: calibrates itself with fresh air once a week. Default: true. */
	readonly selfCalibration?: boolean;
	/** SCD4x: the current CO2 concentration, ppm, for one forced recalibration. */
	readonly recalibrate?: number;
	/** By the driver's name of the field (`temperature`, even if the board renamed it). */
	readonly fields?: Readonly<Record<string, FieldSettings>>;
}

/** By the sensor's name in the log and on the setup page: `BME280 at 0x76`. */
export type SensorSettingsByName = Readonly<Record<string, SensorSettings>>;

/** Maximum sensors, and fields of one sensor. */
const maxEntries = 32;
const maxKeyLength = 40;
/** Of the ADS1115's amplifier (SBAS444 table 8-3). */
const adcRangesV: readonly number[] = Object.freeze([6.144, 4.096, 2.048, 1.024, 0.512, 0.256]);

const fieldRules: MemberRules<FieldSettings> = Object.freeze({
	name: fieldNameRule,
	off: booleanValue,
	scale: scaleFactorRule,
	offset: numberInRange(-1e6, 1e6),
});

const sensorRules: MemberRules<SensorSettings> = Object.freeze({
	off: booleanValue,
	shunt: numberInRange(0.0001, 100),
	range: (raw: unknown) => {
		const value = adcRangesV.find((range) => range === raw);
		return value === undefined ? { problem: `This must be one of ${adcRangesV.join(", ")}.` } : { value };
	},
	temperatureOffset: numberInRange(0, 20, "degrees"),
	selfCalibration: booleanValue,
	recalibrate: wholeNumber(400, 2000, "ppm"),
	fields: (raw: unknown) =>
		checkRecord(raw, "field", (given: unknown) => checkMembers<FieldSettings>(given, fieldRules)),
});

/** The rule of the setting `sensors`. */
export function checkSensors(raw: unknown): CheckResult<SensorSettingsByName> {
	const checked = checkRecord(raw, "sensor", (given) => checkMembers<SensorSettings>(given, sensorRules));
	if (!("value" in checked)) return checked;
	const names = new Set<string>();
	for (const { fields = {} } of Object.values(checked.value)) {
		for (const { name, off } of Object.values(fields)) {
			if (name === undefined || off === true) continue;
			if (names.has(name)) return { problem: `Two fields have the name ${name}.` };
			names.add(name);
		}
	}
	return checked;
}

/** A name for a field. */
export function fieldNameRule(raw: unknown): CheckResult<string> {
	if (typeof raw !== "string") return { problem: "This must be text." };
	const value = raw.trim();
	const problem = checkFieldName(value);
	return problem === undefined ? { value } : { problem };
}

const scaleFactor = numberInRange(-1e6, 1e6);

/** A factor for a measured value. */
export function scaleFactorRule(raw: unknown): CheckResult<number> {
	const checked = scaleFactor(raw);
	if (!("value" in checked) || checked.value !== 0) return checked;
	return { problem: "A scale of 0 makes every value the same; use off to leave a field out." };
}

function checkRecord<T>(
	raw: unknown,
	what: string,
	rule: (raw: unknown) => CheckResult<T>,
): CheckResult<Readonly<Record<string, T>>> {
	if (!isJsonObject(raw))
		return { problem: `This must be an object in braces, with an entry for each ${what}.` };
	const keys = Object.keys(raw);
	if (keys.length > maxEntries) return { problem: `At most ${maxEntries} can be saved.` };
	for (const key of keys) {
		if (key === "" || hasControlCharacters(key) || lengthProblem(key, maxKeyLength) !== undefined)
			return { problem: `"${toPrintable(key.slice(0, maxKeyLength))}" is not a ${what}.` };
		const checked = rule(raw[key]);
		if (!("value" in checked)) return nestProblem(key, key, checked);
		keep(raw, key, checked.value);
	}
	// Each entry has passed the rule.
	return { value: raw as Readonly<Record<string, T>> };
}
