import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import type { SensorEnvironment } from "../weather/sensor-environment";
import { crc8ByDivision } from "./crc8";
import { SimulatedChip } from "./simulated-chip";

/** A chip of Sensirion's: commands, and words with checksums as answers. */
export abstract class SensirionChip<
	Quantity extends keyof SensorEnvironment,
> extends SimulatedChip<Quantity> {
	private _respond: readonly number[] | undefined;
	/** Ticks until which it acknowledges nothing. */
	private busyUntilTicks = Number.NEGATIVE_INFINITY;
	/** It needs a moment to have an answer: the first read after a question is not acknowledged. */
	private nacksNextRead = false;

	/** Takes a command; throws when the chip does not. */
	protected abstract onCommand(bytes: Bytes): void;

	/** What a read without a question gives: a measurement; `undefined` when there is none. */
	protected abstract get measurement(): readonly number[] | undefined;

	protected override onWrite(bytes: Bytes): void {
		if (this.now < this.busyUntilTicks) throw new NotAcknowledgedError();
		this._respond = undefined;
		this.onCommand(bytes);
	}

	protected override onRead(into: Bytes): void {
		if (this.now < this.busyUntilTicks) throw new NotAcknowledgedError();
		if (this.nacksNextRead) {
			this.nacksNextRead = false;
			throw new NotAcknowledgedError();
		}
		const words = this._respond ?? this.measurement;
		if (words === undefined) throw new NotAcknowledgedError();
		this._respond = undefined;
		const bytes = words.flatMap((word) => {
			const pair = [(word >> 8) & 0xff, word & 0xff];
			return [...pair, this.sentChecksum(crc8ByDivision(pair))];
		});
		for (let i = 0; i < into.length; i++) into[i] = bytes[i] ?? 0xff;
	}

	protected respond(...words: readonly number[]): void {
		this._respond = words;
		this.nacksNextRead = true;
	}

	/** Acknowledges nothing for so many milliseconds. */
	protected becomeBusy(milliseconds: number): void {
		this.busyUntilTicks = this.now + milliseconds;
	}
}

/** A sixteen-bit command; `undefined` when it is none. */
export function commandCode(bytes: Bytes): number | undefined {
	const [high, low] = bytes;
	return bytes.length === 2 && high !== undefined && low !== undefined ? (high << 8) | low : undefined;
}

/** A share of a range as a word, as the chips round it. */
export function rangeToWord(value: number, from: number, span: number): number {
	return Math.round(65535 * Math.min(1, Math.max(0, (value - from) / span)));
}
