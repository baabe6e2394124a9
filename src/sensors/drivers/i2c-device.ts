import type { I2CBus, SMBus } from "../../boards/ecma419";
import { errorMessage } from "../../common/error-message";
import { SensorError } from "../sensor-error";
import type { IdentifyResult } from "./driver";

/** Options of the Sensor Class Pattern (ECMA-419, section 13): the bus as a provider, with the chip's address. */
export interface I2CDeviceOptions {
	readonly sensor: I2CBus & { readonly address: number };
}

/**
 * Some chips need up to a millisecond to have an answer, and do not acknowledge the read before. A read is tried so
 * often: at 100 kHz each try takes a tenth of a millisecond on the bus alone.
 */
const maxReadAttempts = 16;

/** A chip on the bus as its driver talks to it: a transfer that fails becomes a {@link SensorError}. */
export class I2CDevice {
	private readonly chipName: string;
	private readonly address: number;
	/** It is not known who is there: nobody reads what is wrong, and most addresses of a bus have nobody. */
	private readonly isUnidentified: boolean;
	private readonly bus: SMBus;
	private _hasAcknowledged = false;

	/** `kind`: the chip's name; `undefined`: not known. Throws a {@link SensorError} when the bus cannot be used. */
	constructor(kind: string | undefined, { sensor }: I2CDeviceOptions) {
		this.chipName = kind ?? "chip";
		this.address = sensor.address;
		this.isUnidentified = kind === undefined;
		try {
			this.bus = new sensor.io(sensor);
		} catch (error) {
			const reason = errorMessage(error);
			throw this.error(`the I2C bus cannot be used (${reason}). Check the pins in the settings.`);
		}
	}

	/** For logs: `BH1750 at 0x23`. */
	get name(): string {
		return `${this.chipName} at 0x${this.address.toString(16)}`;
	}

	/** Whether it has ever acknowledged a transfer. */
	get hasAcknowledged(): boolean {
		return this._hasAcknowledged;
	}

	/** Runs the constructor's part that can fail; gives the bus back when it does. */
	closeOnError<T>(action: () => T): T {
		try {
			return action();
		} catch (error) {
			this.close();
			throw error;
		}
	}

	write(...bytes: number[]): void {
		this.transfer(() => this.bus.write(Uint8Array.from(bytes)));
	}

	read(count: number): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(count);
		this.transfer(() => this.bus.read(bytes));
		return bytes;
	}

	/** Writes a command, and reads what the chip answers within about a millisecond. */
	query(command: readonly number[], count: number): Uint8Array<ArrayBuffer> {
		this.write(...command);
		for (let attempt = 1; attempt < maxReadAttempts; attempt++) {
			try {
				return this.read(count);
			} catch {
				// It has no answer yet.
			}
		}
		return this.read(count);
	}

	/** Consecutive registers. */
	readRegisters(first: number, count: number): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(count);
		this.transfer(() => this.bus.readBuffer(first, bytes));
		return bytes;
	}

	readUint8(register: number): number {
		return this.transfer(() => this.bus.readUint8(register));
	}

	writeUint8(register: number, value: number): void {
		this.transfer(() => this.bus.writeUint8(register, value));
	}

	/** Most significant byte first, as all chips here have it. */
	readUint16(register: number): number {
		return this.transfer(() => this.bus.readUint16(register, true));
	}

	readInt16(register: number): number {
		return (this.readUint16(register) << 16) >> 16;
	}

	writeUint16(register: number, value: number): void {
		this.transfer(() => this.bus.writeUint16(register, value, true));
	}

	/** What is to be thrown: `what` is wrong, and what to do. */
	error(what: string): SensorError {
		return new SensorError(this.name, what);
	}

	/** What is to be thrown when an answer does not fit its checksum. */
	checksumError(): SensorError {
		return this.error("what it sends does not fit its checksum. Check its wiring; long wires disturb.");
	}

	/** `value` when it is within what the chip can measure; throws otherwise. `quantity` names it in the sentence. */
	checkRange(quantity: string, value: number, [min, max]: readonly [number, number]): number {
		if (value >= min && value <= max) return value;
		throw this.error(`it reports a ${quantity} that it cannot measure. Check its wiring and supply.`);
	}

	/** May be called twice. */
	close(): void {
		this.bus.close();
	}

	/** A transfer that fails tells nothing but that it failed: of an unknown chip the bus's own exception goes on. */
	private transfer<T>(action: () => T): T {
		try {
			const result = action();
			this._hasAcknowledged = true;
			return result;
		} catch (error) {
			throw this.isUnidentified ? error : this.error("it does not answer. Check its wiring and address.");
		}
	}
}

/** Two bytes as a number, the most significant first, as all chips here have it. */
export function uint16(bytes: Uint8Array, at = 0): number {
	return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Asks the chip at an address who it is. `isThis` may throw: then it is another one, or nobody. Never throws. */
export function identifyDevice(
	bus: I2CBus,
	address: number,
	matches: (chip: I2CDevice) => boolean,
): IdentifyResult {
	let chip: I2CDevice | undefined;
	try {
		chip = new I2CDevice(undefined, { sensor: { ...bus, address } });
		return matches(chip) ? "this" : "other";
	} catch {
		return chip?.hasAcknowledged === true ? "other" : "absent";
	} finally {
		chip?.close();
	}
}
