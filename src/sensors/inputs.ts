import type { Pins, Time } from "../boards/board";
import type { Field } from "../reading/reading";
import type { InputSettings } from "../settings/input-settings";
import type { Aggregation } from "./aggregate";
import { AnalogInput } from "./analog-input";
import type { Candidate, Measuring } from "./candidate";
import { PulseInput } from "./pulse-input";
import type { PulseTotals } from "./pulse-totals";
import { SensorError } from "./sensor-error";
import { StateInput } from "./state-input";

export interface InputOptions {
	readonly pins: Pins;
	readonly time: Time;
	readonly totals: PulseTotals;
	/** The board sleeps between samples. */
	readonly sleeps: boolean;
}

/** What the owner has wired to single pins, in the order of the settings. */
export function inputCandidates(
	inputs: readonly InputSettings[],
	options: InputOptions,
): readonly Candidate[] {
	return inputs.map((settings, index) => {
		const { name } = settings;
		return {
			sensor: inputName(settings),
			place: `pin ${settings.pin}`,
			rank: `p${index}`,
			named: true,
			fields: [{ name, ...describe(settings), aggregation: aggregationOf(settings) }],
			make: () => open(settings, options),
		};
	});
}

function inputName({ pin }: InputSettings): string {
	return `pin ${pin}`;
}

function describe(settings: InputSettings): Omit<Field, "name"> {
	switch (settings.kind) {
		case "analog":
			return { unit: settings.unit ?? "volt", decimals: settings.decimals ?? 3 };
		case "state":
			return { unit: "", decimals: 0, type: "boolean" };
		case "pulses":
			return {
				unit: settings.unit ?? "",
				decimals: settings.decimals ?? (settings.report === "rate" ? 3 : 0),
			};
	}
}

function aggregationOf(settings: InputSettings): Aggregation {
	if (settings.kind === "analog") return "mean";
	if (settings.kind === "state" || settings.report === "total") return "last";
	return settings.report === "rate" ? "mean" : "sum";
}

function open(settings: InputSettings, { pins, time, totals, sleeps }: InputOptions): Measuring {
	const { Analog, Digital, analogRange } = pins;
	switch (settings.kind) {
		case "analog":
			return new AnalogInput(Analog, analogRange, settings);
		case "state":
			return new StateInput(Digital, settings);
		case "pulses":
			if (sleeps)
				throw new SensorError(
					inputName(settings),
					"on battery the board sleeps, and counts no pulses meanwhile.",
				);
			return new PulseInput({
				Digital,
				time,
				settings,
				addToTotal: (pulses) => totals.add(settings.name, pulses),
			});
	}
}
