import type { AnalogConstructor } from "../../boards/ecma419";
import type { Value } from "../../reading/reading";
import type { AnalogInputSettings } from "../../settings/input-settings";
import { readVolts } from "./read-volts";

/** A voltage at an analog pin. */
export class AnalogInput {
	private readonly Analog: AnalogConstructor;
	private readonly fullScaleVolts: number;
	private readonly settings: AnalogInputSettings;

	constructor(Analog: AnalogConstructor, fullScaleVolts: number, settings: AnalogInputSettings) {
		this.Analog = Analog;
		this.fullScaleVolts = fullScaleVolts;
		this.settings = settings;
	}

	/** Throws what {@link readVolts} throws. */
	read(): Value {
		const { pin, scale = 1, offset = 0 } = this.settings;
		const isUserCalibrated = this.settings.scale !== undefined && this.settings.offset !== undefined;
		return readVolts(this.Analog, pin, this.fullScaleVolts, isUserCalibrated) * scale + offset;
	}

	close(): void {}
}
