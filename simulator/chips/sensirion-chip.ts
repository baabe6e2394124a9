import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import type { SensorEnvironment } from "../weather/sensor-environment";
import { crc8ByDivision } from "./crc8";
import { SimulatedChip } from "./simulated-chip";

/** A Sensirion chip: commands, and answers of words with checksums. */
export abstract class SensirionChip<
	Quantity extends keyof SensorEnvironment,
> extends SimulatedChip<Quantity> {
	private response: readonly number[] | undefined;
	/** Until then it acknowledges nothing. */
	private busyUntilTicks = Number.NEGATIVE_INFINITY;
	/** The answer to a command takes a moment: the first read is not acknowledged. */
	private nacksNextRead = false;

	/** Throws {@link NotAcknowledgedError} for a command that the chip does not accept. */
	protected abstract onCommand(bytes: Bytes): void;

	/** For a read without a command before it; `undefined` if there is none. */
	protected abstract get measurement(): readonly number[] | undefined;

	protected override onWrite(bytes: Bytes): void {
		if (this.now < this.busyUntilTicks) throw new NotAcknowledgedError();
		this.response = undefined;
		this.onCommand(bytes);
	}

	protected override onRead(into: Bytes): void {
		if (this.now < this.busyUntilTicks) throw new NotAcknowledgedError();
		if (this.nacksNextRead) {
			this.nacksNextRead = false;
			throw new NotAcknowledgedError();
		}
		const words = this.response ?? this.measurement;
		if (words === undefined) throw new NotAcknowledgedError();
		this.response = undefined;
		const bytes = words.flatMap((word) => {
			const pair = [(word >> 8) & 0xff, word & 0xff];
			return [...pair, this.sentChecksum(crc8ByDivision(pair))];
		});
		for (let i = 0; i < into.length; i++) into[i] = bytes[i] ?? 0xff;
	}

	protected respond(...words: readonly number[]): void {
		this.response = words;
		this.nacksNextRead = true;
	}

	/** The answer to a command that takes long: it is there when that is over. */
	protected respondAfter(durationMs: number, ...words: readonly number[]): void {
		this.response = words;
		this.becomeBusy(durationMs);
	}

	protected becomeBusy(durationMs: number): void {
		this.busyUntilTicks = this.now + durationMs;
	}
}

/** A sixteen-bit command; `undefined` for other lengths. */
export function commandCode(bytes: Bytes): number | undefined {
	const [high, low] = bytes;
	return bytes.length === 2 && high !== undefined && low !== undefined ? (high << 8) | low : undefined;
}

/** A command with one argument and its checksum: code and argument; `undefined` for anything else. */
export function commandWithArgument(bytes: Bytes): readonly [code: number, argument: number] | undefined {
	const [a = 0, b = 0, c = 0, d = 0, checksum] = bytes;
	if (bytes.length !== 5 || checksum !== crc8ByDivision([c, d])) return undefined;
	return [(a << 8) | b, (c << 8) | d];
}

/** The word for a value of a range: 0 at `from`, 65535 at `from + span`. */
export function rangeToWord(value: number, from: number, span: number): number {
	return Math.round(65535 * Math.min(1, Math.max(0, (value - from) / span)));
}
