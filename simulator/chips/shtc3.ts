import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { commandCode, rangeToWord, SensirionChip } from "./sensirion-chip";
import type { ChipOptions } from "./simulated-chip";

type Air = "temperature" | "humidity";

/** Commands (SHTC3 data sheet, sections 5.1 to 5.9). */
const wakeUp = 0x3517;
const sleep = 0xb098;
const softReset = 0x805d;
const readId = 0xefc8;

/** Maximum (table 5), also after a reset. */
const wakeUpMs = 0.24;

/** Measurements without clock stretching: typical durations in ms, and which value is first (table 9). */
const measurements = [
	[0x7866, 10.8, "temperature"],
	[0x58e0, 10.8, "humidity"],
	[0x609c, 0.7, "temperature"],
	[0x401a, 0.7, "humidity"],
] as const;

export interface SHTC3Options extends ChipOptions<Air> {
	/** With any bits that are not specified. */
	readonly id?: number;
}

/** Sensirion SHTC3, by commands. */
export class SHTC3Chip extends SensirionChip<Air> {
	private readonly id: number;
	/** After power-up it is idle for a moment, then as it was left; here: idle. */
	private asleep = false;
	/** It has just been woken: the next command is not acknowledged. */
	private wakesUntilTicks = Number.NEGATIVE_INFINITY;
	private measuring:
		| {
				readonly startedAt: number;
				readonly durationMs: number;
				readonly first: Air;
		  }
		| undefined;

	constructor(options: SHTC3Options) {
		super(options);
		this.id = options.id ?? 0x0887;
	}

	protected override onCommand(bytes: Bytes): void {
		const command = commandCode(bytes);
		if (this.asleep) {
			if (command !== wakeUp) throw new NotAcknowledgedError();
			this.asleep = false;
			this.wakesUntilTicks = this.now + wakeUpMs;
			return;
		}
		if (this.now < this.wakesUntilTicks) {
			// The next attempt is later, although no ticks pass during a transfer.
			this.wakesUntilTicks = this.now;
			throw new NotAcknowledgedError();
		}
		if (this.measuring !== undefined && !this.hasEnded(this.measuring.startedAt, this.measuring.durationMs))
			throw new NotAcknowledgedError();
		if (command === sleep) this.asleep = true;
		else if (command === readId) this.respond(this.id);
		else if (command === softReset) this.wakesUntilTicks = this.now + wakeUpMs;
		else if (command !== wakeUp) this.measure(command);
		if (command === sleep || command === softReset) this.measuring = undefined;
	}

	protected override get measurement(): readonly number[] | undefined {
		const measuring = this.measuring;
		if (measuring === undefined || !this.hasEnded(measuring.startedAt, measuring.durationMs))
			return undefined;
		this.measuring = undefined;
		if (this.fault === "out of range") return [0, 0xffff];
		const { temperature, humidity } = this.environmentAt(measuring.startedAt + measuring.durationMs);
		const words = [rangeToWord(temperature, -45, 175), rangeToWord(humidity, 0, 100)];
		return measuring.first === "temperature" ? words : words.reverse();
	}

	private measure(command: number | undefined): void {
		const [, durationMs, first] = measurements.find(([code]) => code === command) ?? [];
		if (durationMs === undefined || first === undefined) throw new NotAcknowledgedError();
		this.measuring = { startedAt: this.now, durationMs, first };
	}
}
