import type { Bytes } from "../../src/boards/ecma419";
import { SimulatedChip } from "./simulated-chip";

type Light = "illuminance";

/** Registers (VEML7700 data sheet, "Command Register Format"); low byte first. */
const configuration = 0;
const illuminanceRegister = 4;

/** By the bits of the configuration. */
const gains = [1, 2, 0.125, 0.25] as const;
const integrationMs: Readonly<Record<number, number>> = { 12: 25, 8: 50, 0: 100, 1: 200, 2: 400, 3: 800 };
const powerUpMs = 2.5;

/** Vishay VEML7700, by registers. After power-up it is shut down. */
export class VEML7700Chip extends SimulatedChip<Light> {
	private readonly registers = [1, 0, 0, 0, 0, 0, 0, 0xc481];
	private pointer = 0;
	private startedAt = 0;

	protected override onWrite(bytes: Bytes): void {
		this.update();
		const [pointer = 0, low, high] = bytes;
		this.pointer = pointer;
		if (low === undefined || high === undefined || pointer > 3) return;
		const wasShutDown = this.isShutDown;
		this.registers[pointer] = (high << 8) | low;
		if (pointer === configuration && wasShutDown && !this.isShutDown) this.startedAt = this.now + powerUpMs;
	}

	protected override onRead(into: Bytes): void {
		this.update();
		const word = this.registers[this.pointer] ?? 0;
		for (let i = 0; i < into.length; i++) into[i] = i % 2 === 0 ? word & 0xff : word >> 8;
	}

	private get isShutDown(): boolean {
		return ((this.registers[configuration] ?? 0) & 1) !== 0;
	}

	private update(): void {
		const settings = this.registers[configuration] ?? 0;
		const duration = integrationMs[(settings >> 6) & 15] ?? 100;
		if (this.isShutDown || !this.hasEnded(this.startedAt, duration)) return;
		const last = this.startedAt + duration * Math.floor((this.now - this.startedAt) / duration);
		const gain = gains[(settings >> 11) & 3] ?? 1;
		// 0.0042 lux per count with gain 2 and 800 ms.
		const luxPerCount = (0.0042 * 2 * 800) / (gain * duration);
		const counts = Math.round(falloff(this.environmentAt(last).illuminance) / luxPerCount);
		this.registers[illuminanceRegister] =
			this.fault === "out of range" ? 0xffff : Math.min(0xffff, Math.max(0, counts));
	}
}

/** What it reports without correction (application note 84323); inverts the correction by bisection. */
function falloff(lux: number): number {
	if (lux <= 1000) return lux;
	let [low, high] = [0, lux];
	for (let i = 0; i < 60; i++) {
		const middle = (low + high) / 2;
		const corrected =
			6.0135e-13 * middle ** 4 - 9.3924e-9 * middle ** 3 + 8.1488e-5 * middle ** 2 + 1.0023 * middle;
		if (corrected < lux) low = middle;
		else high = middle;
	}
	return low;
}
