import SDKSMBus from "embedded:io/smbus";
import type { Bytes, I2COptions, SMBus } from "../ecma419";
import { closeIO } from "./callbacks";
import { assertUsablePin } from "./usable-pin";

/** A peripheral on the SDK's SMBus, with the firmware's narrower types. */
export class SMBusPeripheral implements SMBus {
	private readonly bus: SDKSMBus;

	constructor(options: I2COptions) {
		assertUsablePin(options.data, "output");
		assertUsablePin(options.clock, "output");
		// The typings require a tuple where the class takes options.
		this.bus = Reflect.construct(SDKSMBus, [options]);
	}

	read(buffer: Bytes, stop?: boolean): number {
		this.bus.read(buffer, stop);
		return buffer.length;
	}

	write(buffer: Bytes, stop?: boolean): void {
		this.bus.write(buffer, stop);
	}

	readUint8(register: number): number {
		return this.bus.readUint8(register);
	}

	writeUint8(register: number, value: number): void {
		this.bus.writeUint8(register, value);
	}

	readUint16(register: number, bigEndian?: boolean): number {
		return this.bus.readUint16(register, bigEndian);
	}

	writeUint16(register: number, value: number, bigEndian?: boolean): void {
		this.bus.writeUint16(register, value, bigEndian);
	}

	readBuffer(register: number, buffer: Bytes): void {
		this.bus.readBuffer(register, buffer);
	}

	writeBuffer(register: number, buffer: Bytes): void {
		this.bus.writeBuffer(register, buffer);
	}

	close(): void {
		closeIO(this.bus);
	}
}
