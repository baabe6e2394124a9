import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { SimulatedChip } from "./simulated-chip";

type Air = "temperature" | "humidity";

/** Registers (SNAS672A, table 1). */
const temperatureRegister = 0x00;
const humidityRegister = 0x01;
const configurationRegister = 0x02;
const constants: Readonly<Record<number, number>> = { 251: 0x0123, 252: 0x4567, 254: 0x5449, 255: 0x1050 };

const softReset = 0x8000;
const heater = 0x2000;
const bothMode = 0x1000;
/** Battery above 2.8 V is bit 11 clear; the bits for heater, mode and resolutions can be written. */
const writable = 0x3700;
const resetConfiguration = 0x1000;
const resetMs = 15;
const temperatureMs = 6.35;
const humidityMs = 6.5;
/** Effect of the heater on the measured temperature. */
const heaterCelsius = 4;

/** Texas Instruments HDC1080, by registers. The pointer to a result starts a measurement. */
export class HDC1080Chip extends SimulatedChip<Air> {
	private pointer = 0;
	private configuration = resetConfiguration;
	private readyAtTicks = Number.NEGATIVE_INFINITY;
	private measuring: { readonly startedAt: number; readonly durationMs: number } | undefined;

	protected override onWrite(bytes: Bytes): void {
		if (this.now < this.readyAtTicks) throw new NotAcknowledgedError();
		const [pointer = 0, high, low] = bytes;
		this.pointer = pointer;
		if (pointer === configurationRegister && high !== undefined && low !== undefined)
			this.configure((high << 8) | low);
		else if (high === undefined && (pointer === temperatureRegister || pointer === humidityRegister)) {
			const both = (this.configuration & bothMode) !== 0;
			const durationMs = both ? temperatureMs + humidityMs : pointer === 0 ? temperatureMs : humidityMs;
			this.measuring = { startedAt: this.now, durationMs };
		}
	}

	/** Until the measurement has ended it does not acknowledge. */
	protected override onRead(into: Bytes): void {
		if (this.now < this.readyAtTicks) throw new NotAcknowledgedError();
		const words = this.pointer <= humidityRegister ? this.results() : [this.constant()];
		const bytes = words.flatMap((word) => [word >> 8, word & 0xff]);
		for (let i = 0; i < into.length; i++) into[i] = bytes[i] ?? 0xff;
	}

	private configure(value: number): void {
		this.configuration = (value & softReset) !== 0 ? resetConfiguration : value & writable;
		this.measuring = undefined;
		if ((value & softReset) !== 0) this.readyAtTicks = this.now + resetMs;
	}

	private constant(): number {
		return this.pointer === configurationRegister ? this.configuration : (constants[this.pointer] ?? 0);
	}

	private results(): number[] {
		const measuring = this.measuring;
		if (measuring === undefined || !this.hasEnded(measuring.startedAt, measuring.durationMs))
			throw new NotAcknowledgedError();
		const { temperature, humidity } = this.environmentAt(measuring.startedAt + measuring.durationMs);
		const heated = temperature + ((this.configuration & heater) === 0 ? 0 : heaterCelsius);
		const counts = (share: number) => Math.min(0xfffc, Math.max(0, Math.round(share * 65536))) & 0xfffc;
		const words = [counts((heated + 40) / 165), counts(humidity / 100)];
		if (this.fault === "out of range") return [0, 0xffff];
		if ((this.configuration & bothMode) !== 0) return words.slice(this.pointer);
		return [words[this.pointer] ?? 0];
	}
}
