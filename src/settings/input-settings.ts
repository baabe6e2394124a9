import { isJsonObject } from "../common/json";
import { maxUnitLength } from "../dakkio/identifiers";
import {
	type CheckResult,
	checkMembers,
	choice,
	type MemberRules,
	maxPin,
	nestProblem,
	numberInRange,
	text,
	wholeNumber,
} from "./rules";
import { fieldNameRule, scaleFactorRule } from "./sensor-settings";

/** A voltage at an analog pin: volts × `scale` + `offset`. */
export interface AnalogInputSettings {
	readonly kind: "analog";
	readonly pin: number;
	/** Of the field. */
	readonly name: string;
	/** Default: `volt`. */
	readonly unit?: string;
	/** Default: 3. */
	readonly decimals?: number;
	readonly scale?: number;
	readonly offset?: number;
}

interface DigitalPin {
	readonly pin: number;
	readonly name: string;
	/** The chip's pull resistor. Default: `up`, for a contact to ground. */
	readonly pull?: "up" | "down" | "none";
	/** The active level. Default: `low`. */
	readonly active?: "low" | "high";
}

/** Whether a digital pin is at its active level. */
export interface StateInputSettings extends DigitalPin {
	readonly kind: "state";
}

/** Pulses at a digital pin. */
export interface PulsesInputSettings extends DigitalPin {
	readonly kind: "pulses";
	/**
	 * `count` (default): pulses since the previous reading; `rate`: pulses per second; `total`: pulses since the first
	 * reading, over restarts.
	 */
	readonly report?: "count" | "rate" | "total";
	readonly unit?: string;
	/** Default: 0, or 3 for a rate. */
	readonly decimals?: number;
	/** Amount per pulse: 0.2794 for a rain gauge that tips every 0.2794 mm. */
	readonly scale?: number;
	/** How long a contact bounces, milliseconds. Default: 10; use 0 for an electronic output. */
	readonly debounce?: number;
}

/** An input that is wired to a pin. */
export type InputSettings = AnalogInputSettings | StateInputSettings | PulsesInputSettings;

const maxInputs = 8;
const inputKinds = Object.freeze(["analog", "state", "pulses"] as const);

const commonRules = Object.freeze({
	pin: wholeNumber(0, maxPin),
	name: fieldNameRule,
});
const numberRules = Object.freeze({
	unit: text(maxUnitLength),
	decimals: wholeNumber(0, 6),
	scale: scaleFactorRule,
});
const digitalRules = Object.freeze({
	...commonRules,
	pull: choice(["up", "down", "none"]),
	active: choice(["low", "high"]),
});
const analogRules: MemberRules<AnalogInputSettings> = Object.freeze({
	kind: choice(["analog"]),
	...commonRules,
	...numberRules,
	offset: numberInRange(-1e6, 1e6),
});
const stateRules: MemberRules<StateInputSettings> = Object.freeze({
	kind: choice(["state"]),
	...digitalRules,
});
const pulsesRules: MemberRules<PulsesInputSettings> = Object.freeze({
	kind: choice(["pulses"]),
	...digitalRules,
	...numberRules,
	report: choice(["count", "rate", "total"]),
	debounce: numberInRange(0, 1000),
});

/** The rule of the setting `inputs`. */
export function checkInputs(raw: unknown): CheckResult<readonly InputSettings[]> {
	if (!Array.isArray(raw)) return { problem: "This must be a list, in brackets." };
	if (raw.length > maxInputs) return { problem: `At most ${maxInputs} can be saved.` };
	const inputs: InputSettings[] = [];
	for (const [index, given] of raw.entries()) {
		const checked = checkInput(given);
		if (!("value" in checked)) return nestProblem(`Number ${index + 1}`, String(index), checked);
		const { pin, name } = checked.value;
		if (inputs.some((other) => other.pin === pin)) return { problem: `Two inputs have the pin ${pin}.` };
		if (inputs.some((other) => other.name === name)) return { problem: `Two inputs have the name ${name}.` };
		inputs.push(checked.value);
	}
	return { value: inputs };
}

function checkInput(raw: unknown): CheckResult<InputSettings> {
	const kind = isJsonObject(raw) ? inputKinds.find((known) => known === raw.kind) : undefined;
	switch (kind) {
		case "analog":
			return checkMembers<AnalogInputSettings>(raw, analogRules, ["pin", "name"]);
		case "state":
			return checkMembers<StateInputSettings>(raw, stateRules, ["pin", "name"]);
		case "pulses":
			return checkMembers<PulsesInputSettings>(raw, pulsesRules, ["pin", "name"]);
		default:
			return { problem: `An input is an object whose kind is ${inputKinds.join(", ")}.` };
	}
}
