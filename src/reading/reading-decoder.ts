import { NibbleReader } from "./nibbles";
import type { Field, Reading, SampleContext, SampleTime, Value } from "./reading";

/**
 * How a reading is stored: mostly as its difference from the one before it in its sector, in half bytes
 * (docs/flash-format.md has it to the bit). This file reads it; encode.ts writes it.
 */

/** What a value is stored as. */
export const ValueType = Object.freeze({ absent: 0, integer: 1, float: 2, boolean: 3, text: 4 });

/** How a record tells its reading. */
export const RecordMode = Object.freeze({
	/** As the difference from the one before. */
	difference: 0,
	/** Likewise, and the types of the values, which have changed. */
	types: 1,
	/** In full. */
	full: 2,
	/** In full, and what has changed of the context. */
	context: 3,
});

/** The version of this code, told wherever a context is. */
export const codecVersion = 2;

/** Which parts of a context follow; its boot and the reason for it always do. */
export const ContextPart = Object.freeze({
	deviceId: 1,
	location: 2,
	firmwareVersion: 4,
	fields: 8,
	all: 15,
});

/** How a time told in full counts; `negative` is added for a time before its origin. */
export const TimeEncoding = Object.freeze({ utc: 0, ticks: 1, otherBoot: 2, estimated: 3, negative: 4 });

export const maxFields = 32;
export const maxDecimals = 9;
/** Battery and signal, stored like two more fields after those of the context. */
export const extraSlots = 2;

const emptyContext: SampleContext = Object.freeze({
	boot: 0,
	deviceId: "",
	location: "",
	firmwareVersion: "",
	fields: [],
});

/**
 * What is known after a record of a sector: it is what the next record builds on, for the one who writes it as
 * for the one who reads it.
 */
export class ReadingDecoder {
	private readonly reader = new NibbleReader();
	/** `undefined` when nothing can be built on: at the start, and after a record that is missing. */
	context: SampleContext | undefined;
	/** Milliseconds; since the start of `boot`, or Unix time when there is no boot. */
	time = 0;
	boot: number | undefined;
	/** Whether a Unix time was told by a clock that had not been set for long. */
	estimated = false;
	/** Between the last two readings, milliseconds. */
	intervalMs = 0;
	/** For each field, then battery and signal. */
	readonly types = new Uint8Array(maxFields + extraSlots);
	/** Integers are scaled by the field's decimals; a boolean is 0 or 1. No longer than there are fields: most boards have few. */
	readonly numbers: number[] = [];
	readonly texts: string[] = [];
	private _sequence = 0;

	/** The number of the record that was taken last. */
	get sequence(): number {
		return this._sequence;
	}

	/** Knows from now on what another one knows at this moment. */
	copyFrom(other: ReadingDecoder): void {
		this.context = other.context;
		this.time = other.time;
		this.boot = other.boot;
		this.estimated = other.estimated;
		this.intervalMs = other.intervalMs;
		this.types.set(other.types);
		for (let slot = 0; slot < other.slotCount; slot++) {
			this.numbers[slot] = other.numbers[slot] ?? 0;
			this.texts[slot] = other.texts[slot] ?? "";
		}
		this._sequence = other._sequence;
	}

	/** Fields, battery and signal of the present context. */
	get slotCount(): number {
		return (this.context?.fields.length ?? 0) + extraSlots;
	}

	/** Takes the next record of a sector; false when it cannot be read. `first`: it is the sector's first. */
	decode(bytes: Uint8Array, sequence: number, first: boolean): boolean {
		if (first || sequence !== this._sequence + 1) this.context = undefined;
		this._sequence = sequence;
		const reader = this.reader;
		reader.open(bytes);
		this.readRecord(reader);
		if (reader.remaining > 1) reader.fail();
		if (reader.failed) this.context = undefined;
		return !reader.failed;
	}

	/** The reading that was taken last. */
	reading(): Reading {
		const fields = this.context?.fields ?? [];
		return {
			time: this.sampleTime(),
			values: fields.map(({ decimals }, slot) => this.slotValue(slot, decimals)),
			batteryLevel: this.slotNumber(fields.length),
			signalStrength: this.slotNumber(fields.length + 1),
		};
	}

	private sampleTime(): SampleTime {
		if (this.boot !== undefined) return { boot: this.boot, ticks: this.time };
		return this.estimated ? { utc: this.time, estimated: true } : { utc: this.time };
	}

	private slotValue(slot: number, decimals: number): Value {
		const number = this.numbers[slot] ?? 0;
		switch (this.types[slot]) {
			case ValueType.integer:
				return number / 10 ** decimals;
			case ValueType.float:
				return number;
			case ValueType.boolean:
				return number === 1;
			case ValueType.text:
				return this.texts[slot] ?? "";
			default:
				return undefined;
		}
	}

	private slotNumber(slot: number): number | undefined {
		const value = this.slotValue(slot, 0);
		return typeof value === "number" ? value : undefined;
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
		const { slotCount } = this;
		for (let slot = 0; slot < slotCount - extraSlots; slot++) this.readValue(reader, slot);
		if (head & 2) this.readValue(reader, slotCount - 2);
		if (head & 1) this.readValue(reader, slotCount - 1);
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

	/** A number whose type has changed is told from 0 on. */
	private readTypes(reader: NibbleReader, full: boolean): void {
		for (let slot = 0; slot < this.slotCount; slot++) {
			const type = reader.nibble();
			if (type > ValueType.text) reader.fail();
			if (full || type !== this.types[slot]) {
				this.numbers[slot] = 0;
				this.texts[slot] = "";
			}
			this.types[slot] = type;
		}
	}

	private readValue(reader: NibbleReader, slot: number): void {
		switch (this.types[slot]) {
			case ValueType.integer:
				this.numbers[slot] = (this.numbers[slot] ?? 0) + reader.signed();
				break;
			case ValueType.float:
				if (reader.nibble() !== 0) this.numbers[slot] = reader.float();
				break;
			case ValueType.boolean:
				this.numbers[slot] = reader.nibble();
				break;
			case ValueType.text:
				if (reader.nibble() !== 0) this.texts[slot] = readText(reader);
				break;
		}
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

/** What a leading byte tells, by how many bytes follow. */
const leadBits = Object.freeze([0x7f, 0x1f, 0x0f, 0x07] as const);

/** As `writeText` in encode.ts has it. */
function readText(reader: NibbleReader): string {
	const length = reader.unsigned();
	if (length * 2 > reader.remaining) {
		reader.fail();
		return "";
	}
	let text = "";
	for (let i = 0; i < length; i++) {
		const lead = reader.byte();
		const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
		let unit = lead & leadBits[more];
		for (let j = 0; j < more; j++) unit = (unit << 6) | (reader.byte() & 0x3f);
		if (unit > 0x10ffff) reader.fail();
		else text += String.fromCodePoint(unit);
	}
	return text;
}
