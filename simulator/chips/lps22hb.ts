import { RegisterChip } from "./register-chip";

type Air = "temperature" | "pressure";

/** Registers (DocID027083, table 17). */
const offset = 0x18;
const id = 0x0f;
const control1 = 0x10;
const control2 = 0x11;
const status = 0x27;
const data = 0x28;

const softReset = 0x04;
const reboot = 0x80;
const oneShot = 0x01;
const conversionMs = 14;
const rebootMs = 2.2;
/** Output data rates in Hz by the setting; 0: one measurement on demand. */
const ratesHz = [0, 1, 10, 25, 50, 75, 0, 0] as const;

/** ST LPS22HB, by registers. */
export class LPS22HBChip extends RegisterChip<Air> {
	private registers = this.initialRegisters();
	private startedAt: number | undefined;
	private rebootedAt = Number.NEGATIVE_INFINITY;
	private ready = 0;

	protected override readRegister(register: number): number {
		this.update();
		if (register === status) return this.ready;
		if (register === data + 2) this.ready &= ~1;
		if (register === data + 4) this.ready &= ~2;
		if (register === control2 && this.now - this.rebootedAt < rebootMs)
			return (this.registers[register] ?? 0) | reboot;
		return this.registers[register] ?? 0;
	}

	protected override writeRegister(register: number, value: number): void {
		this.update();
		if (register === control2) this.control(value);
		else if (register === control1) {
			this.registers[register] = value & 0x7f;
			this.startedAt = this.rateHz > 0 ? this.now : undefined;
		} else if (register >= 0x0b && register <= 0x1a && register !== id) this.registers[register] = value;
	}

	private initialRegisters(): Uint8Array {
		const registers = new Uint8Array(256);
		registers[id] = 0xb1;
		registers[control2] = 0x10;
		return registers;
	}

	private control(value: number): void {
		if ((value & softReset) !== 0) {
			this.registers = this.initialRegisters();
			this.ready = 0;
			this.startedAt = undefined;
		} else this.registers[control2] = value & 0x78;
		if ((value & reboot) !== 0) this.rebootedAt = this.now;
		if ((value & oneShot) !== 0 && this.rateHz === 0) this.startedAt = this.now;
	}

	private get rateHz(): number {
		return ratesHz[((this.registers[control1] ?? 0) >> 4) & 7] ?? 0;
	}

	private update(): void {
		const startedAt = this.startedAt;
		const durationMs = this.rateHz === 0 ? conversionMs : 1000 / this.rateHz;
		if (startedAt === undefined || !this.hasEnded(startedAt, durationMs)) return;
		const count = this.rateHz === 0 ? 1 : Math.floor((this.now - startedAt) / durationMs);
		this.startedAt = this.rateHz === 0 ? undefined : startedAt + count * durationMs;
		this.ready = 3;
		const { temperature, pressure } = this.environmentAt(startedAt + count * durationMs);
		// One-point calibration: the offset is in units of a sixteenth of a hectopascal, with a sign.
		const shift = (((this.registers[offset + 1] ?? 0) << 24) >> 16) | (this.registers[offset] ?? 0);
		const counts = this.fault === "out of range" ? 0 : Math.round((pressure / 100) * 4096) - shift * 256;
		const celsius = Math.round(temperature * 100);
		this.registers.set(
			[counts, counts >> 8, counts >> 16, celsius, celsius >> 8].map((byte) => byte & 0xff),
			data,
		);
	}
}
