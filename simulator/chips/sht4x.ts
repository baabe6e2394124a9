import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { rangeToWord, SensirionChip } from "./sensirion-chip";
import type { ChipOptions } from "./simulated-chip";

type Air = "temperature" | "humidity";

/** Commands (SHT4x data sheet, "Command Overview"). */
const readSerialNumber = 0x89;
const softReset = 0x94;

/**
 * Commands of a measurement, without and with the heater on before it, and the milliseconds that it takes, typically
 * ("Timing Specifications", "Heater Operation").
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

/** Sensirion's SHT40, SHT41, SHT43 and SHT45, by commands. */
export class SHT4xChip extends SensirionChip<Air> {
	private readonly serialNumber: number;
	private measuring: { readonly startedAt: number; readonly duration: number } | undefined;

	constructor(options: SHT4xOptions) {
		super(options);
		this.serialNumber = options.serialNumber ?? 0x0bad_cafe;
	}

	protected override onCommand(bytes: Bytes): void {
		const [given = 0] = bytes;
		const resetting = given === softReset;
		const working =
			this.measuring !== undefined && !this.hasEnded(this.measuring.startedAt, this.measuring.duration);
		// It has commands of one byte only, and takes none but the reset while it measures.
		if (bytes.length !== 1 || (working && !resetting)) throw new NotAcknowledgedError();
		const [, duration] = measurements.find(([each]) => each === given) ?? [];
		if (resetting) {
			this.measuring = undefined;
			this.becomeBusy(resetMs);
		} else if (given === readSerialNumber) this.respond(this.serialNumber >>> 16, this.serialNumber & 0xffff);
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
