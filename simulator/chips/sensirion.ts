import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledged } from "../bus";
import type { Surroundings } from "../weather/surroundings";
import { checksum } from "./checksum";
import { SimulatedChip } from "./simulated-chip";

/** A chip of Sensirion's: commands, and words with checksums as answers. */
export abstract class SensirionChip<Quantity extends keyof Surroundings> extends SimulatedChip<Quantity> {
	private _answer: readonly number[] | undefined;
	/** Ticks until which it acknowledges nothing. */
	private busyUntil = Number.NEGATIVE_INFINITY;
	/** It needs a moment to have an answer: the first read after a question is not acknowledged. */
	private hesitates = false;

	/** Takes a command; throws when the chip does not. */
	protected abstract command(bytes: Bytes): void;

	/** What a read without a question gives: a measurement; `undefined` when there is none. */
	protected abstract get measurement(): readonly number[] | undefined;

	protected override written(bytes: Bytes): void {
		if (this.now < this.busyUntil) throw new NotAcknowledged();
		this._answer = undefined;
		this.command(bytes);
	}

	protected override sent(into: Bytes): void {
		if (this.now < this.busyUntil) throw new NotAcknowledged();
		if (this.hesitates) {
			this.hesitates = false;
			throw new NotAcknowledged();
		}
		const words = this._answer ?? this.measurement;
		if (words === undefined) throw new NotAcknowledged();
		this._answer = undefined;
		const bytes = words.flatMap((word) => {
			const pair = [(word >> 8) & 0xff, word & 0xff];
			return [...pair, this.checksum(checksum(pair))];
		});
		for (let i = 0; i < into.length; i++) into[i] = bytes[i] ?? 0xff;
	}

	protected answer(...words: readonly number[]): void {
		this._answer = words;
		this.hesitates = true;
	}

	/** Acknowledges nothing for so many milliseconds. */
	protected busy(milliseconds: number): void {
		this.busyUntil = this.now + milliseconds;
	}
}

/** A sixteen-bit command; `undefined` when it is none. */
export function code(bytes: Bytes): number | undefined {
	const [high, low] = bytes;
	return bytes.length === 2 && high !== undefined && low !== undefined ? (high << 8) | low : undefined;
}

/** A share of a range as a word, as the chips round it. */
export function share(value: number, from: number, span: number): number {
	return Math.round(65535 * Math.min(1, Math.max(0, (value - from) / span)));
}
