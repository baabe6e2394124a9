import type { Serial } from "../../boards/ecma419";
import { SensorError } from "../sensor-error";

/** A sensor that sends by itself to a serial port. */
export class SerialDevice {
	private readonly name: string;
	private readonly port: Serial;

	/** `name`: the sensor's, for error messages: `PMS5003 at pin 16`. */
	constructor(port: Serial, name: string) {
		this.port = port;
		this.name = name;
	}

	/** What has come since the last call. */
	read(): Uint8Array {
		return new Uint8Array(this.port.read() ?? new ArrayBuffer(0));
	}

	/** To throw. `what`: what is wrong, and what to do about it. */
	error(what: string): SensorError {
		return new SensorError(this.name, what);
	}

	/** May be called twice. */
	close(): void {
		this.port.close();
	}
}
