import type { Pins, Time } from "../../boards/board";
import type { Field, Value } from "../../reading/reading";
import type { InputSettings } from "../../settings/input-settings";
import type { Aggregation, Candidate, Driver, SensorDevice } from "../drivers/driver";
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

/** The device of an input's driver. It measures at once. */
interface InputDevice extends SensorDevice {
	read(): Value;
}

/** The inputs, in the order of the settings. */
export function inputCandidates(
	inputs: readonly InputSettings[],
	options: InputOptions,
): readonly Candidate[] {
	return inputs.map((settings, index) => ({
		sensor: inputName(settings),
		place: inputName(settings),
		sortKey: `p${index}`,
		hasUserNames: true,
		input: settings,
		driver: inputDriver(settings),
		options: {},
		connect: () => openInput(settings, options),
	}));
}

function inputName({ pin }: InputSettings): string {
	return `pin ${pin}`;
}

function inputDriver(settings: InputSettings): Driver<void, InputDevice> {
	const { name } = settings;
	return {
		name: inputName(settings),
		addresses: [],
		fields: [{ name, ...fieldFormat(settings), aggregation: aggregationOf(settings) }],
		start: () => 0,
		read: (input) => [input.read()],
	};
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
): InputDevice {
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
					"on battery the board sleeps between samples and does not count pulses.",
				);
			return new PulseInput({
				Digital,
				time,
				settings,
				addToTotal: (pulses) => pulseTotals.add(settings.name, pulses),
			});
	}
}
