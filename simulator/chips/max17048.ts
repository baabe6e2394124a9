import type { ChipOptions } from "./simulated-chip";
import { TIChip } from "./ti-chip";

type Battery = "cell";

/** Registers (MAX17048 data sheet 19-6171, table 2). */
const cellRegister = 0x02;
const chargeRegister = 0x04;
const version = 0x08;
const status = 0x1a;
const command = 0xfe;
const powerOnReset = 0x5400;
const resetIndicator = 0x0100;
const firstUpdateMs = 1000;

/** Analog Devices MAX17048, by registers. The pointer advances with each byte. */
export class MAX17048Chip extends TIChip<Battery> {
	private readonly registers = new Map<number, number>();
	private resetAt = 0;

	constructor(options: ChipOptions<Battery>) {
		super(options);
		this.reset();
	}

	/** Consecutive registers. */
	protected override onRead(into: Uint8Array): void {
		const first = this.currentPointer;
		for (let i = 0; i < into.length; i++) {
			const word = this.readRegister((first + i) & 0xfe);
			into[i] = ((first + i) & 1) === 0 ? word >> 8 : word & 0xff;
		}
	}

	protected override readRegister(register: number): number {
		const ready = this.hasEnded(this.resetAt, firstUpdateMs);
		const [volts, percent] = this.environmentAt(this.now).cell;
		if (register === cellRegister)
			return this.fault === "out of range" ? 0xffff : ready ? Math.round(volts / 78.125e-6) : 0;
		if (register === chargeRegister) return ready ? Math.round(percent * 256) : 0;
		return this.registers.get(register) ?? 0;
	}

	protected override writeRegister(register: number, value: number): void {
		if (register === command && value === powerOnReset) this.reset();
		else if (register !== version && register !== cellRegister && register !== chargeRegister)
			this.registers.set(register, value);
	}

	private reset(): void {
		this.resetAt = this.now;
		this.registers.clear();
		this.registers.set(version, 0x0012);
		this.registers.set(0x0c, 0x971c);
		this.registers.set(status, resetIndicator);
	}
}
