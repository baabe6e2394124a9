import type { I2CBus, SMBus } from "../../boards/ecma419";
import { crc32 } from "../../common/crc32";
import { errorMessage } from "../../common/error-message";
import { SensorError } from "../sensor-error";

/**
 * Some chips need up to a millisecond to prepare an answer, or to wake up, and acknowledge nothing until then. At 100
 * kHz an attempt takes at least 0.1 ms on the bus.
 */
const maxAttempts = 16;

/** Answers of which two in a row must be the same. */
const maxConfirmations = 4;

/** One chip at one address of the I2C bus. A failed transfer becomes a {@link SensorError}. */
export class I2CDevice {
	private readonly name: string | undefined;
	private readonly bus: SMBus;
	private _hasAcknowledged = false;

	/**
	 * `name`: the sensor's, for error messages: `BH1750 at 0x23`. `undefined` while the chip is not identified: then the
	 * exceptions of the bus pass through, because a scan meets them at most addresses. Throws a {@link SensorError} if
	 * the bus cannot be used.
	 */
	constructor(bus: I2CBus, address: number, name?: string) {
		this.name = name;
		try {
			this.bus = new bus.io({ ...bus, address });
		} catch (error) {
			const reason = errorMessage(error);
			throw this.error(`the I2C bus cannot be used (${reason}). Check the pins in the settings.`);
		}
	}

	/** Whether it has ever acknowledged a transfer. */
	get hasAcknowledged(): boolean {
		return this._hasAcknowledged;
	}

	write(...bytes: number[]): void {
		this.send(bytes);
	}

	read(count: number): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(count);
		this.transfer(() => this.bus.read(bytes));
		return bytes;
	}

	/** Writes a command and reads the answer, which the chip has within about a millisecond. */
	query(command: readonly number[], count: number): Uint8Array<ArrayBuffer> {
		this.send(command);
		return this.retry(() => this.read(count));
	}

	/** Repeats a transfer that the chip does not acknowledge, for about a millisecond. */
	retry<T>(transfer: () => T): T {
		for (let attempt = 1; attempt < maxAttempts; attempt++) {
			try {
				return transfer();
			} catch {
				// Not ready yet.
			}
		}
		return transfer();
	}

	/** Writes to a chip that need not acknowledge, because it is asleep or resets. */
	tryWrite(...bytes: number[]): void {
		try {
			this.send(bytes);
		} catch {
			// As expected.
		}
	}

	/** Consecutive registers. */
	readRegisters(first: number, count: number): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(count);
		try {
			this.bus.readBuffer(first, bytes);
		} catch (error) {
			throw this.failure(error);
		}
		this._hasAcknowledged = true;
		return bytes;
	}

	/**
	 * {@link readRegisters} of a chip without checksums: until two answers in a row are the same, because a disturbed
	 * transfer gives any bytes, and a new measurement may come in between. Throws a {@link SensorError} if they always
	 * differ.
	 */
	readConfirmed(first: number, count: number): Uint8Array<ArrayBuffer> {
		let bytes = new Uint8Array(count);
		try {
			this.bus.readBuffer(first, bytes);
			this._hasAcknowledged = true;
			for (let attempt = 1; attempt < maxConfirmations; attempt++) {
				const repeated = new Uint8Array(count);
				this.bus.readBuffer(first, repeated);
				if (crc32(repeated) === crc32(bytes)) return bytes;
				bytes = repeated;
			}
		} catch (error) {
			throw this.failure(error);
		}
		throw this.differenceError();
	}

	readUint8(register: number): number {
		let value: number;
		try {
			value = this.bus.readUint8(register);
		} catch (error) {
			throw this.failure(error);
		}
		this._hasAcknowledged = true;
		return value;
	}

	writeUint8(register: number, value: number): void {
		try {
			this.bus.writeUint8(register, value);
		} catch (error) {
			throw this.failure(error);
		}
		this._hasAcknowledged = true;
	}

	/** Big-endian. */
	readUint16(register: number): number {
		let value: number;
		try {
			value = this.bus.readUint16(register, true);
		} catch (error) {
			throw this.failure(error);
		}
		this._hasAcknowledged = true;
		return value;
	}

	readInt16(register: number): number {
		return (this.readUint16(register) << 16) >> 16;
	}

	writeUint16(register: number, value: number): void {
		this.transfer(() => this.bus.writeUint16(register, value, true));
	}

	/** To throw. `what`: what is wrong, and what to do about it. */
	error(what: string): SensorError {
		return new SensorError(this.name ?? "chip", what);
	}

	/** Throws a {@link SensorError} unless the chip is of the type that `isChip` recognizes. */
	checkIdentity(isChip: (chip: I2CDevice) => boolean): void {
		if (!isChip(this)) throw this.otherChipError();
	}

	/** To throw if the chip is of another type. */
	otherChipError(): SensorError {
		return this.error("another chip answers there.");
	}

	/** To throw if the chip does not have the configuration that was written. */
	lostError(): SensorError {
		return this.error("it lost its measurement. Check its supply and wiring.");
	}

	/** To throw if two answers differ that must be the same. */
	differenceError(): SensorError {
		return this.error("two answers differ. Check its wiring; long wires pick up noise.");
	}

	/** To throw for an answer with a wrong checksum. */
	checksumError(): SensorError {
		return this.error("wrong checksum. Check its wiring; long wires pick up noise.");
	}

	/** May be called twice. */
	close(): void {
		this.bus.close();
	}

	private send(bytes: readonly number[]): void {
		const buffer = new Uint8Array(bytes.length);
		buffer.set(bytes);
		try {
			this.bus.write(buffer);
		} catch (error) {
			throw this.failure(error);
		}
		this._hasAcknowledged = true;
	}

	/** What each measurement or look calls does the same by itself, so that no function is made for each transfer. */
	private transfer<T>(action: () => T): T {
		let result: T;
		try {
			result = action();
		} catch (error) {
			throw this.failure(error);
		}
		this._hasAcknowledged = true;
		return result;
	}

	/** To throw instead of what the bus threw. */
	private failure(error: unknown): unknown {
		return this.name === undefined ? error : this.error("it does not answer. Check its wiring and address.");
	}
}

/** Two bytes as a signed big-endian number. */
export function int16(bytes: Uint8Array, at = 0): number {
	return (uint16(bytes, at) << 16) >> 16;
}

/** Three bytes as a big-endian number. */
export function uint24(bytes: Uint8Array, at = 0): number {
	return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

/** Two bytes as a big-endian number. */
export function uint16(bytes: Uint8Array, at = 0): number {
	return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
