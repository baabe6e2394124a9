import type { AnalogConstructor } from "../../boards/ecma419";
import type { Value } from "../../reading/reading";
import type { AnalogInputSettings } from "../../settings/input-settings";

/** The converter's noise goes down with the root of the number of its samples. */
const oversampling = 16;

/** A voltage at an analog pin. The pin is open while it is read: the battery may be at the same one. */
export class AnalogInput {
	private readonly Analog: AnalogConstructor;
	private readonly fullScaleVolts: number;
	private readonly settings: AnalogInputSettings;

	/** `range`: volts of the largest number that the converter gives. */
	constructor(Analog: AnalogConstructor, range: number, settings: AnalogInputSettings) {
		this.Analog = Analog;
		this.fullScaleVolts = range;
		this.settings = settings;
	}

	start(): number {
		return 0;
	}

	/** Throws what the platform throws for a pin that has no converter. */
	read(): readonly Value[] {
		const { pin, scale = 1, offset = 0 } = this.settings;
		const converter = new this.Analog({ pin });
		try {
			let sum = 0;
			for (let i = 0; i < oversampling; i++) sum += converter.read();
			const volts = (sum / oversampling / (2 ** converter.resolution - 1)) * this.fullScaleVolts;
			return [volts * scale + offset];
		} finally {
			converter.close();
		}
	}

	close(): void {}
}
