import { NibbleReader } from "./nibbles";
import type { Field, Reading, SampleContext, SampleTime, Value } from "./reading";

/**
 * The format of a stored reading (specified in docs/flash-format.md): mostly its difference from the one before it in its
 * sector, in nibbles. This file decodes it; reading-encoder.ts encodes it.
 */

/** How a value is stored. */
export const ValueType = Object.freeze({ absent: 0, integer: 1, float: 2, boolean: 3, text: 4 });

/** How a record stores its reading. */
export const RecordMode = Object.freeze({
	/** As difference from the reading before. */
	difference: 0,
	/** As difference, with the changed types of the values. */
	types: 1,
	/** In full. */
	full: 2,
	/** In full, with the changed parts of the context. */
	context: 3,
});

/** Version of this format, stored with each context. */
export const codecVersion = 2;

/** A record begins with this byte or a higher one if it has a context: the number of its boot at least. */
export const contextByte = RecordMode.context << 6;

/** The boot of a record with a context; `undefined` if it has none. */
export function contextBoot(bytes: Uint8Array): number | undefined {
	const reader = new NibbleReader();
	reader.open(bytes);
	const isContext = reader.nibble() >> 2 === RecordMode.context && reader.nibble() === codecVersion;
	reader.nibble();
	const boot = reader.unsigned();
	return isContext && !reader.failed ? boot : undefined;
}

/** Which parts of a context follow; its boot and reset reason always do. */
export const ContextPart = Object.freeze({
	deviceId: 1,
	location: 2,
	firmwareVersion: 4,
	fields: 8,
	all: 15,
});

/** Origin of a time in full; `negative` is added for a time before it. */
export const TimeEncoding = Object.freeze({ utc: 0, ticks: 1, otherBoot: 2, estimated: 3, negative: 4 });

export const maxFields = 32;
export const maxDecimals = 9;
/** Battery level and signal strength, stored like two more fields. */
export const extraSlots = 2;

const emptyContext: SampleContext = Object.freeze({
	boot: 0,
	deviceId: "",
	location: "",
	firmwareVersion: "",
	fields: [],
});

/** A value as stored: of a field, or battery level or signal strength. */
export interface EncodedValue {
	type: number;
	/** Integers are scaled by the field's decimals; a boolean is 0 or 1. */
	number: number;
	/** Of a text only. */
	text: string;
}

export function absentValue(): EncodedValue {
	return { type: ValueType.absent, number: 0, text: "" };
}

/** What a {@link ReadingDecoder} knows after a record; as JSON, too. */
export interface DecoderState
	extends Readonly<
		Pick<ReadingDecoder, "context" | "time" | "boot" | "estimated" | "intervalMs" | "sequence">
	> {
	readonly slots: readonly (readonly [type: number, number: number, text: string])[];
}

/** The state after a record of a sector, on which the next record builds: for the decoder and for the encoder. */
export class ReadingDecoder {
	private readonly reader = new NibbleReader();
	/** `undefined` if the next record cannot build on it: at the start, and after a missing record. */
	context: SampleContext | undefined;
	/** Milliseconds since the start of `boot`, or of Unix time if there is none. */
	time = 0;
	boot: number | undefined;
	/** Whether a Unix time is an estimate. */
	estimated = false;
	/** Between the last two readings, milliseconds. */
	intervalMs = 0;
	/** Of each field, then battery level and signal strength; there may be more, without a meaning. */
	slots: EncodedValue[] = [];
	/** Of the last record; changed by {@link decode} and {@link adopt}. */
	sequence = 0;

	/** Copies the state of another decoder. */
	copyFrom(other: ReadingDecoder): void {
		this.context = other.context;
		this.time = other.time;
		this.boot = other.boot;
		this.estimated = other.estimated;
		this.intervalMs = other.intervalMs;
		for (let slot = 0; slot < this.slotCount; slot++) Object.assign(this.slotAt(slot), other.slots[slot]);
		this.sequence = other.sequence;
	}

	/** For JSON; `undefined` if the next record cannot build on it. */
	get state(): DecoderState | undefined {
		const { context, time, boot, estimated, intervalMs, sequence } = this;
		const used = this.slots.slice(0, this.slotCount);
		// JSON has no other numbers.
		if (context === undefined || !used.every(({ number }) => Number.isFinite(number))) return undefined;
		const slots = used.map(({ type, number, text }) => [type, number, text] as const);
		return { context, time, boot, estimated, intervalMs, sequence, slots };
	}

	/** Goes to a {@link state}. */
	restore(state: DecoderState): void {
		const slots = state.slots.map(([type, number, text]) => ({ type, number, text }));
		Object.assign(this, state, { slots });
	}

	/** Number of values: fields of the current context, battery level and signal strength. */
	get slotCount(): number {
		return (this.context?.fields.length ?? 0) + extraSlots;
	}

	/** Decodes the next record; false if it cannot be decoded. `isFirst`: it is the sector's first. */
	decode(bytes: Uint8Array, sequence: number, isFirst: boolean): boolean {
		if (isFirst || sequence !== this.sequence + 1) this.context = undefined;
		this.sequence = sequence;
		const reader = this.reader;
		reader.open(bytes);
		this.readRecord(reader);
		if (reader.remaining > 1) reader.fail();
		if (reader.failed) this.context = undefined;
		return !reader.failed;
	}

	/**
	 * Goes to the state after a record that was just encoded, as decoding it would. `isFull`: it does not build on others.
	 * Returns the slots of before, for the next record.
	 */
	adopt(
		sequence: number,
		context: SampleContext,
		sampleTime: SampleTime,
		time: number,
		slots: EncodedValue[],
		isFull: boolean,
	): EncodedValue[] {
		this.sequence = sequence;
		this.context = context;
		this.intervalMs = isFull ? 0 : time - this.time;
		this.time = time;
		if (isFull) {
			const isUtc = "utc" in sampleTime;
			this.boot = isUtc ? undefined : sampleTime.boot;
			this.estimated = isUtc && sampleTime.estimated === true;
		}
		const before = this.slots;
		this.slots = slots;
		return before;
	}

	/** The last reading. */
	reading(): Reading {
		const fields = this.context?.fields ?? [];
		return {
			time: this.sampleTime(),
			values: fields.map(({ decimals }, slot) => decodedValue(this.slots[slot], decimals)),
			batteryLevel: decodedNumber(this.slots[fields.length]),
			signalStrength: decodedNumber(this.slots[fields.length + 1]),
		};
	}

	private sampleTime(): SampleTime {
		if (this.boot !== undefined) return { boot: this.boot, ticks: this.time };
		return this.estimated ? { utc: this.time, estimated: true } : { utc: this.time };
	}

	private slotAt(slot: number): EncodedValue {
		const known = this.slots[slot];
		if (known !== undefined) return known;
		const added = absentValue();
		this.slots[slot] = added;
		return added;
	}

	private readRecord(reader: NibbleReader): void {
		const head = reader.nibble();
		const mode = head >> 2;
		if (mode === RecordMode.context) this.readContext(reader);
		if (this.context === undefined) {
			reader.fail();
			return;
		}
		const full = mode === RecordMode.full || mode === RecordMode.context;
		if (full) this.readTime(reader, this.context);
		else {
			this.intervalMs += reader.signed();
			this.time += this.intervalMs;
		}
		if (mode !== RecordMode.difference) this.readTypes(reader, full);
		const { slotCount, slots } = this;
		for (let slot = 0; slot < slotCount; slot++) {
			if (slot === slotCount - 2 && (head & 2) === 0) continue;
			if (slot === slotCount - 1 && (head & 1) === 0) break;
			const stored = slots[slot];
			if (stored === undefined) break;
			// Most values are integers.
			if (stored.type === ValueType.integer) stored.number += reader.signed();
			else readValue(reader, stored);
		}
	}

	private readContext(reader: NibbleReader): void {
		const version = reader.nibble();
		const parts = reader.nibble();
		const before = this.context ?? emptyContext;
		if (version !== codecVersion || (this.context === undefined && parts !== ContextPart.all)) {
			reader.fail();
			return;
		}
		this.context = {
			boot: reader.unsigned(),
			resetReason: readText(reader) || undefined,
			deviceId: parts & ContextPart.deviceId ? readText(reader) : before.deviceId,
			location: parts & ContextPart.location ? readText(reader) : before.location,
			firmwareVersion: parts & ContextPart.firmwareVersion ? readText(reader) : before.firmwareVersion,
			fields: parts & ContextPart.fields ? readFields(reader) : before.fields,
		};
	}

	private readTime(reader: NibbleReader, context: SampleContext): void {
		const kind = reader.nibble();
		const counts = kind & 3;
		this.estimated = counts === TimeEncoding.estimated;
		if (counts === TimeEncoding.ticks) this.boot = context.boot;
		else this.boot = counts === TimeEncoding.otherBoot ? reader.unsigned() : undefined;
		const time = reader.unsigned();
		this.time = kind & TimeEncoding.negative ? -time : time;
		this.intervalMs = 0;
	}

	/** A value whose type has changed is stored as difference from 0. */
	private readTypes(reader: NibbleReader, full: boolean): void {
		const { slotCount } = this;
		for (let slot = 0; slot < slotCount; slot++) {
			const type = reader.nibble();
			if (type > ValueType.text) reader.fail();
			const stored = this.slotAt(slot);
			if (full || type !== stored.type) {
				stored.number = 0;
				stored.text = "";
			}
			stored.type = type;
		}
	}
}

function decodedValue(stored: EncodedValue | undefined, decimals: number): Value {
	switch (stored?.type) {
		case ValueType.integer:
			return stored.number / 10 ** decimals;
		case ValueType.float:
			return stored.number;
		case ValueType.boolean:
			return stored.number === 1;
		case ValueType.text:
			return stored.text;
		default:
			return undefined;
	}
}

function decodedNumber(stored: EncodedValue | undefined): number | undefined {
	const value = decodedValue(stored, 0);
	return typeof value === "number" ? value : undefined;
}

function readValue(reader: NibbleReader, stored: EncodedValue): void {
	switch (stored.type) {
		case ValueType.float:
			if (reader.nibble() !== 0) stored.number = reader.float();
			break;
		case ValueType.boolean:
			stored.number = reader.nibble();
			break;
		case ValueType.text:
			if (reader.nibble() !== 0) stored.text = readText(reader);
			break;
	}
}

function readFields(reader: NibbleReader): readonly Field[] {
	const count = reader.unsigned();
	if (count > maxFields) reader.fail();
	const fields: Field[] = [];
	while (fields.length < count && !reader.failed) {
		const field = { name: readText(reader), unit: readText(reader), decimals: reader.nibble() };
		if (field.decimals > maxDecimals) reader.fail();
		fields.push(field);
	}
	return fields;
}

/** Value bits of a lead byte, by the number of bytes that follow. */
const leadBits = Object.freeze([0x7f, 0x1f, 0x0f, 0x07] as const);

/** Reads what `writeText` in reading-encoder.ts writes. */
function readText(reader: NibbleReader): string {
	const length = reader.unsigned();
	const ascii = reader.asciiText(length);
	if (ascii !== undefined) return ascii;
	if (reader.remaining < 2 * length) {
		reader.fail();
		return "";
	}
	let text = "";
	for (let i = 0; i < length; i++) {
		const lead = reader.byte();
		if (lead < 0x80) {
			text += String.fromCharCode(lead);
			continue;
		}
		const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
		let unit = lead & leadBits[more];
		for (let j = 0; j < more; j++) unit = (unit << 6) | (reader.byte() & 0x3f);
		if (unit > 0x10ffff) reader.fail();
		else text += String.fromCodePoint(unit);
	}
	return text;
}
