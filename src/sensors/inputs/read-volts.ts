import type { AnalogConstructor } from "../../boards/ecma419";

/** Conversions averaged; the noise falls with the square root of their number. */
const oversampling = 16;

/**
 * Volts at an analog pin; `fullScaleVolts`: at the converter's maximum. The pin is open only meanwhile, so
 * that an input and the battery can share it. `isUserCalibrated`: a converter without a calibration is good enough.
 * Throws without one otherwise, and what the platform throws for a pin without a converter.
 */
export function readVolts(
	Analog: AnalogConstructor,
	pin: number,
	fullScaleVolts: number,
	isUserCalibrated = false,
): number {
	const converter = new Analog({ pin });
	try {
		if (converter.isCalibrated === false && !isUserCalibrated)
			throw new Error(
				"this chip has no calibration of its converter: calibrate the input with two known values",
			);
		let sum = 0;
		for (let i = 0; i < oversampling; i++) sum += converter.read();
		return (sum / oversampling / (2 ** converter.resolution - 1)) * fullScaleVolts;
	} finally {
		converter.close();
	}
}
