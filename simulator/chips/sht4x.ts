import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { rangeToWord, SensirionChip } from "./sensirion-chip";
import type { ChipOptions } from "./simulated-chip";

type Air = "temperature" | "humidity";

/** Commands (SHT4x data sheet, "Command Overview"). */
const readSerialNumber = 0x89;
const softReset = 0x94;

/**
 * Measurement commands, the last six with the heater on before, and their typical durations in ms ("Timing
 * Specifications", "Heater Operation").
 */
const measurements = [
	[0xfd, 6.9],
	[0xf6, 3.7],
	[0xe0, 1.3],
	[0x39, 1100],
	[0x32, 110],
	[0x2f, 1100],
	[0x24, 110],
	[0x1e, 1100],
	[0x15, 110],
] as const;

const resetMs = 1;

export interface SHT4xOptions extends ChipOptions<Air> {
	readonly serialNumber?: number;
}

/** Sensirion SHT40, SHT41, SHT43 and SHT45, by commands. */
export class SHT4xChip extends SensirionChip<Air> {
	private readonly serialNumber: number;
	private measuring: { readonly startedAt: number; readonly duration: number } | undefined;

	constructor(options: SHT4xOptions) {
		super(options);
		this.serialNumber = options.serialNumber ?? 0x0bad_cafe;
	}

	protected override onCommand(bytes: Bytes): void {
		const [command = 0] = bytes;
		const isReset = command === softReset;
		const isMeasuring =
			this.measuring !== undefined && !this.hasEnded(this.measuring.startedAt, this.measuring.duration);
		// Commands have one byte. While it measures, it accepts only the reset.
		if (bytes.length !== 1 || (isMeasuring && !isReset)) throw new NotAcknowledgedError();
		const [, duration] = measurements.find(([each]) => each === command) ?? [];
		if (isReset) {
			this.measuring = undefined;
			this.becomeBusy(resetMs);
		} else if (command === readSerialNumber)
			this.respond(this.serialNumber >>> 16, this.serialNumber & 0xffff);
		else if (duration !== undefined) this.measuring = { startedAt: this.now, duration };
		else throw new NotAcknowledgedError();
	}

	protected override get measurement(): readonly number[] | undefined {
		const measuring = this.measuring;
		if (measuring === undefined || !this.hasEnded(measuring.startedAt, measuring.duration)) return undefined;
		this.measuring = undefined;
		if (this.fault === "out of range") return [0, 0xffff];
		const { temperature, humidity } = this.environmentAt(measuring.startedAt + measuring.duration);
		return [rangeToWord(temperature, -45, 175), rangeToWord(humidity, -6, 125)];
	}
}
