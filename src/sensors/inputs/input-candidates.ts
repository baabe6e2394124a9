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
	return inputs.map((settings, index) => new InputCandidate(settings, index, options));
}

class InputCandidate implements Candidate {
	readonly sensor: string;
	readonly sortKey: string;
	readonly input: InputSettings;
	readonly driver: InputDriver;
	private readonly inputOptions: InputOptions;

	constructor(settings: InputSettings, index: number, options: InputOptions) {
		this.sensor = inputName(settings);
		this.sortKey = `p${index}`;
		this.input = settings;
		this.driver = new InputDriver(settings);
		this.inputOptions = options;
	}

	get place(): string {
		return this.sensor;
	}

	get hasUserNames(): true {
		return true;
	}

	get options(): Candidate["options"] {
		return noOptions;
	}

	connect(): InputDevice {
		return openInput(this.input, this.inputOptions);
	}
}

const noOptions: Candidate["options"] = Object.freeze({});
const noAddresses: readonly number[] = Object.freeze([]);

class InputDriver implements Driver<void, InputDevice> {
	readonly name: string;
	readonly fields: Driver["fields"];

	constructor(settings: InputSettings) {
		const { name } = settings;
		this.name = inputName(settings);
		this.fields = [{ name, ...fieldFormat(settings), aggregation: aggregationOf(settings) }];
	}

	get addresses(): readonly number[] {
		return noAddresses;
	}

	start(): number {
		return 0;
	}

	read(input: InputDevice): readonly Value[] {
		return [input.read()];
	}
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
