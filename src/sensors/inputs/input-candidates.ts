import type { Pins, Time } from "../../boards/board";
import type { Field } from "../../reading/reading";
import type { InputSettings } from "../../settings/input-settings";
import type { Candidate, Measurable } from "../candidate";
import type { Aggregation } from "../pipeline/aggregate";
import { SensorError } from "../sensor-error";
import { AnalogInput } from "./analog-input";
import { PulseInput } from "./pulse-input";
import type { PulseTotals } from "./pulse-totals";
import { StateInput } from "./state-input";

export interface InputOptions {
	readonly pins: Pins;
	readonly time: Time;
	readonly pulseTotals: PulseTotals;
	/** The board sleeps between samples. */
	readonly onBattery: boolean;
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
			sortKey: `p${index}`,
			hasUserNames: true,
			fields: [{ name, ...fieldFormat(settings), aggregation: aggregationOf(settings) }],
			open: () => openInput(settings, options),
		};
	});
}

function inputName({ pin }: InputSettings): string {
	return `pin ${pin}`;
}

function fieldFormat(settings: InputSettings): Omit<Field, "name"> {
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

function openInput(
	settings: InputSettings,
	{ pins, time, pulseTotals, onBattery }: InputOptions,
): Measurable {
	const { Analog, Digital, analogRangeV } = pins;
	switch (settings.kind) {
		case "analog":
			return new AnalogInput(Analog, analogRangeV, settings);
		case "state":
			return new StateInput(Digital, settings);
		case "pulses":
			if (onBattery)
				throw new SensorError(
					inputName(settings),
					"on battery the board sleeps, and counts no pulses meanwhile.",
				);
			return new PulseInput({
				Digital,
				time,
				settings,
				addToTotal: (pulses) => pulseTotals.add(settings.name, pulses),
			});
	}
}
