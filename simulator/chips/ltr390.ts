import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { RegisterChip } from "./register-chip";

type Light = "illuminance" | "uvIndex";

/** Registers (LTR-390UV-01 data sheet, section 7). */
const control = 0x00;
const rate = 0x04;
const gain = 0x05;
const id = 0x06;
const status = 0x07;
const illuminanceData = 0x0d;
const ultravioletData = 0x10;

const gains = [1, 3, 6, 9, 18] as const;
/** Integration times in ms, and bits, by the setting of the resolution. */
const resolutions = [
	[400, 20],
	[200, 19],
	[100, 18],
	[50, 17],
	[25, 16],
	[12.5, 13],
] as const;
const resetMs = 5;

/** Lite-On LTR390, by registers. */
export class LTR390Chip extends RegisterChip<Light> {
	private registers = this.initialRegisters();
	private startedAt = 0;
	private measured = 0;
	private readyAtTicks = Number.NEGATIVE_INFINITY;

	protected override onWrite(bytes: Uint8Array): void {
		if (this.now < this.readyAtTicks) throw new NotAcknowledgedError();
		super.onWrite(bytes);
	}

	protected override readRegister(register: number): number {
		this.update();
		const value = this.registers[register] ?? 0;
		if (register === status) this.registers[status] = value & 0xd7;
		return value;
	}

	protected override writeRegister(register: number, value: number): void {
		this.update();
		if (register === control && (value & 0x10) !== 0) {
			this.registers = this.initialRegisters();
			this.readyAtTicks = this.now + resetMs;
			throw new NotAcknowledgedError();
		}
		if (register === control) {
			if (((this.registers[control] ?? 0) & 2) === 0 && (value & 2) !== 0) this.restart();
			this.registers[control] = value & 0x0a;
		} else if (register === rate || register === gain) {
			this.registers[register] = value & 0x77;
			this.restart();
		} else if (register >= 0x19 && register <= 0x26) this.registers[register] = value;
	}

	private initialRegisters(): Uint8Array {
		const registers = new Uint8Array(256);
		registers[rate] = 0x22;
		registers[gain] = 0x01;
		registers[id] = 0xb2;
		registers[status] = 0x20;
		return registers;
	}

	private restart(): void {
		this.startedAt = this.now;
		this.measured = 0;
	}

	private update(): void {
		const mode = this.registers[control] ?? 0;
		const [integrationMs, bits] = resolutions[((this.registers[rate] ?? 0) >> 4) & 7] ?? [100, 18];
		if ((mode & 2) === 0 || !this.hasEnded(this.startedAt, integrationMs * (this.measured + 1))) return;
		this.measured = Math.floor((this.now - this.startedAt) / integrationMs);
		const { illuminance, uvIndex } = this.environmentAt(this.startedAt + this.measured * integrationMs);
		const factor = ((gains[(this.registers[gain] ?? 0) & 7] ?? 1) * integrationMs) / 100;
		const isUltraviolet = (mode & 8) !== 0;
		// With gain 18 and 400 ms, 2300 counts are the UV index 1.
		const ideal = isUltraviolet ? (uvIndex * 2300 * factor) / 72 : (illuminance * factor) / 0.6;
		const counts =
			this.fault === "out of range" ? 0xfffff : Math.min(2 ** bits - 1, Math.max(0, Math.round(ideal)));
		const bytes = [counts & 0xff, (counts >> 8) & 0xff, counts >> 16];
		this.registers.set(bytes, isUltraviolet ? ultravioletData : illuminanceData);
		this.registers[status] = (this.registers[status] ?? 0) | 0x08;
	}
}
