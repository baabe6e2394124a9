import SDKAnalog from "embedded:io/analog";
import SDKDigital from "embedded:io/digital";
import SDKSerial from "embedded:io/serial";
import FFI from "mc/ffi";
import type { Pins } from "../board";
import type { Analog, Digital, DigitalOptions, Serial } from "../ecma419";
import { closeIO, guard } from "./callbacks";
import { releaseSleepPin } from "./deep-sleep";
import { OneWireBus } from "./one-wire";
import { assertUsablePin, usablePinProblem } from "./usable-pin";

/**
 * Volts at the converter's maximum value with the SDK's attenuation (12 dB): its driver returns calibrated millivolts as a
 * fraction of it.
 */
const analogRangeV = 2.45;

/** The SDK's digital pin. */
class DigitalPin implements Digital {
	static get Input(): number {
		return Number(SDKDigital.Input);
	}

	static get InputPullUp(): number {
		return Number(SDKDigital.InputPullUp);
	}

	static get InputPullDown(): number {
		return Number(SDKDigital.InputPullDown);
	}

	static get Output(): number {
		return Number(SDKDigital.Output);
	}

	static get Rising(): number {
		return Number(SDKDigital.Rising);
	}

	static get Falling(): number {
		return Number(SDKDigital.Falling);
	}

	private pin: SDKDigital | undefined;

	constructor({ pin, mode, edge, onReadable }: DigitalOptions) {
		// The SDK accepts an edge only together with a callback.
		const watch =
			edge === undefined
				? {}
				: {
						edge,
						onReadable: () => {
							if (this.pin !== undefined) guard(() => onReadable?.());
						},
					};
		assertUsablePin(pin, mode === DigitalPin.Output ? "output" : "input");
		releaseSleepPin(pin);
		this.pin = new SDKDigital({ pin, mode, ...watch });
	}

	read(): 0 | 1 {
		return this.pin?.read() === 1 ? 1 : 0;
	}

	write(value: 0 | 1): void {
		this.pin?.write(value);
	}

	close(): void {
		const pin = this.pin;
		this.pin = undefined;
		closeIO(pin);
	}
}

interface CalibrationFunctions {
	esp_restart(): void;
	/** Only in the manifest of the ESP32. Writes where the calibration is from; `esp_err_t`. */
	adc_cali_scheme_line_fitting_check_efuse?(source: ArrayBuffer): number;
}

/** `ADC_CALI_LINE_FITTING_EFUSE_VAL_DEFAULT_VREF`. */
const defaultReference = 2;

/** The SDK's analog pin. */
class AnalogPin implements Analog {
	private pin: SDKAnalog | undefined;

	constructor({ pin }: { pin: number }) {
		// The second converter has no value while the Wi-Fi is on. On an ESP32-S3 the SDK also calibrates it with values for
		// the first one, and overwrites those.
		assertUsablePin(pin, "analog");
		this.pin = new SDKAnalog({ pin });
	}

	/** Chips made before 2018 have no reference voltage in their fuses; the SDK then assumes an ideal converter. */
	get isCalibrated(): boolean {
		const ffi: CalibrationFunctions = new FFI();
		const source = new Uint32Array(1);
		const error = ffi.adc_cali_scheme_line_fitting_check_efuse?.(source.buffer) ?? 0;
		return error === 0 && source[0] !== defaultReference;
	}

	get resolution(): number {
		return this.pin?.resolution ?? 0;
	}

	read(): number {
		const value: unknown = this.pin?.read();
		// The SDK returns no value after a failure.
		if (typeof value !== "number") throw new Error("no value");
		return value;
	}

	close(): void {
		const pin = this.pin;
		this.pin = undefined;
		closeIO(pin);
	}
}

/** The first port carries the log. */
const sensorPort = 1;

/** The SDK's serial port. */
class SerialPort implements Serial {
	private port: SDKSerial | undefined;

	constructor({ receive, baud }: { receive: number; baud: number }) {
		assertUsablePin(receive);
		this.port = new SDKSerial({ receive, baud, port: sensorPort, format: "buffer" });
	}

	read(): ArrayBuffer | undefined {
		const bytes: unknown = this.port?.read();
		return bytes instanceof ArrayBuffer ? bytes : undefined;
	}

	close(): void {
		const port = this.port;
		this.port = undefined;
		closeIO(port);
	}
}

/** `led` and `button` as in the manifests: numbers as text, empty for none. */
export function openPins({ led, button }: { readonly led: string; readonly button: string }): Pins {
	const number = (text: string) => (text === "" ? undefined : Number(text));
	return {
		Digital: DigitalPin,
		Analog: AnalogPin,
		OneWire: OneWireBus,
		Serial: SerialPort,
		analogRangeV,
		problemOf: usablePinProblem,
		led: number(led),
		button: number(button),
	};
}
