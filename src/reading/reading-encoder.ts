import { asciiBytes } from "../common/utf8";
import { NibbleWriter } from "./nibbles";
import type { Field, Reading, SampleContext, SampleTime, Value } from "./reading";
import {
	absentValue,
	ContextPart,
	codecVersion,
	type EncodedValue,
	extraSlots,
	maxDecimals,
	maxFields,
	type ReadingDecoder,
	RecordMode,
	TimeEncoding,
	ValueType,
} from "./reading-decoder";

/** From here on, integers are stored as floating point, so that differences fit 32 bits. */
const integerLimit = 2 ** 30;
/** From this difference of intervals on (twelve days), a reading is stored in full. */
const intervalLimitMs = 2 ** 30;

/**
 * Encodes readings as records. The records before in the sector are known from a {@link ReadingDecoder}, which is not
 * changed before {@link commit}.
 */
export class ReadingEncoder {
	private readonly writer = new NibbleWriter(64);
	/** Grows to the largest context. */
	private slots: EncodedValue[] = [];
	/** Compared with the record before: a type, the battery level or the signal strength is another. */
	private hasNewTypes = false;
	private hasNewBattery = false;
	private hasNewSignal = false;
	/** Of the last {@link encode}: checked. */
	private fields: readonly Field[] | undefined;
	/** What the values of {@link fields} are multiplied by; there may be more. */
	private readonly scales: number[] = [];
	/** Of the last {@link encode}. */
	private context: SampleContext | undefined;
	private sampleTime: SampleTime = { utc: 0 };
	private time = 0;
	private isFull = false;

	/**
	 * The record of `reading`; valid until the next call. `isFirst`: it is the first of its sector. Throws a RangeError for
	 * a time that is not a number, more than 32 fields, more values than fields, and decimals other than 0 to 9.
	 */
	encode(previous: ReadingDecoder, reading: Reading, context: SampleContext, isFirst: boolean): Uint8Array {
		const fields = context.fields;
		if (fields !== this.fields) this.setFields(fields);
		if (reading.values.length > fields.length)
			throw new RangeError(`${reading.values.length} values for ${fields.length} fields`);
		const time = roundedTime(reading.time);
		const slots = fields.length + extraSlots;
		this.encodeSlots(reading, fields, previous.slots);
		const before = isFirst ? undefined : previous.context;
		// Most readings have the same object.
		const newParts = before === context ? undefined : changedParts(before, context);
		/** Of the interval from the one before: mostly none. */
		const shiftMs = time - previous.time - previous.intervalMs;
		const mode =
			newParts === undefined ? this.chooseMode(reading.time, previous, shiftMs) : RecordMode.context;
		const full = mode === RecordMode.full || mode === RecordMode.context;
		const encoded = this.slots;
		const writer = this.writer;
		const old = full ? noSlots : previous.slots;
		const battery = full || this.hasNewBattery;
		const signal = full || this.hasNewSignal;
		this.context = context;
		this.sampleTime = reading.time;
		this.time = time;
		this.isFull = full;

		writer.clear();
		writer.nibble((mode << 2) | (battery ? 2 : 0) | (signal ? 1 : 0));
		if (newParts !== undefined) writeContext(writer, context, newParts);
		if (full) writeTime(writer, time, reading.time, context.boot);
		else writer.signed(shiftMs);
		if (mode !== RecordMode.difference)
			for (let slot = 0; slot < slots; slot++) writer.nibble(encoded[slot]?.type ?? 0);
		for (let slot = 0; slot < slots - 2; slot++) {
			const stored = encoded[slot];
			const from = old[slot];
			// Most values are integers.
			if (stored?.type === ValueType.integer && from?.type === ValueType.integer)
				writer.signed(stored.number - from.number);
			else writeValue(writer, stored, from);
		}
		if (battery) writeValue(writer, encoded[slots - 2], old[slots - 2]);
		if (signal) writeValue(writer, encoded[slots - 1], old[slots - 1]);
		return writer.bytes;
	}

	/** The record of the last {@link encode} is stored: `previous` goes to the state after it. */
	commit(previous: ReadingDecoder, sequence: number): void {
		const context = this.context;
		if (context === undefined) return;
		this.slots = previous.adopt(sequence, context, this.sampleTime, this.time, this.slots, this.isFull);
	}

	private encodeSlots(reading: Reading, fields: readonly Field[], before: readonly EncodedValue[]): void {
		const slots = fields.length;
		const values = reading.values;
		const scales = this.scales;
		let hasNewTypes = false;
		for (let slot = 0; slot < slots; slot++) {
			const stored = this.slots[slot] ?? this.addSlot(slot);
			const value = values[slot];
			const integer = typeof value === "number" ? Math.round(value * (scales[slot] ?? 1)) + 0 : integerLimit;
			if (integer < integerLimit && integer > -integerLimit) {
				stored.type = ValueType.integer;
				stored.number = integer;
			} else encodeValue(stored, value, fields[slot]?.decimals ?? 0, true);
			if (stored.type !== before[slot]?.type) hasNewTypes = true;
		}
		const battery = this.slots[slots] ?? this.addSlot(slots);
		const signal = this.slots[slots + 1] ?? this.addSlot(slots + 1);
		const oldBattery = before[slots];
		const oldSignal = before[slots + 1];
		encodeLevel(battery, reading.batteryLevel);
		encodeLevel(signal, reading.signalStrength);
		const hasNewBatteryType = battery.type !== oldBattery?.type;
		const hasNewSignalType = signal.type !== oldSignal?.type;
		this.hasNewTypes = hasNewTypes || hasNewBatteryType || hasNewSignalType;
		this.hasNewBattery = hasNewBatteryType || !Object.is(battery.number, oldBattery?.number);
		this.hasNewSignal = hasNewSignalType || !Object.is(signal.number, oldSignal?.number);
	}

	private setFields(fields: readonly Field[]): void {
		const count = fields.length;
		this.fields = undefined;
		if (count > maxFields) throw new RangeError(`${count} fields; at most ${maxFields}`);
		for (let slot = 0; slot < count; slot++) {
			const { name, decimals } = fields[slot] ?? noField;
			const scale = scalesByDecimals[decimals];
			if (scale === undefined)
				throw new RangeError(`${name}: ${decimals} decimals; 0 to ${maxDecimals} can be stored`);
			this.scales[slot] = scale;
		}
		this.fields = fields;
	}

	/** For a record without a context. The time is stored as difference from one of the same origin, if it is not too long. */
	private chooseMode(sampleTime: SampleTime, previous: ReadingDecoder, shiftMs: number): number {
		const hasSameOrigin =
			"utc" in sampleTime
				? previous.boot === undefined && (sampleTime.estimated ?? false) === previous.estimated
				: sampleTime.boot === previous.boot;
		if (!hasSameOrigin || Math.abs(shiftMs) >= intervalLimitMs) return RecordMode.full;
		return this.hasNewTypes ? RecordMode.types : RecordMode.difference;
	}

	private addSlot(slot: number): EncodedValue {
		const stored = absentValue();
		this.slots[slot] = stored;
		return stored;
	}
}

const noField: Pick<Field, "name" | "decimals"> = Object.freeze({ name: "", decimals: 0 });
const noSlots: readonly EncodedValue[] = Object.freeze([]);

/** `before`: of the record before, if the record builds on it. */
function writeValue(
	writer: NibbleWriter,
	stored: EncodedValue | undefined,
	before: EncodedValue | undefined,
): void {
	const same = stored?.type === before?.type ? before : undefined;
	switch (stored?.type) {
		case ValueType.integer:
			writer.signed(same === undefined ? stored.number : stored.number - same.number);
			break;
		case ValueType.float: {
			const repeated = same !== undefined && Object.is(stored.number, same.number);
			writer.nibble(repeated ? 0 : 1);
			if (!repeated) writer.float(stored.number);
			break;
		}
		case ValueType.boolean:
			writer.nibble(stored.number);
			break;
		case ValueType.text: {
			const repeated = stored.text === same?.text;
			writer.nibble(repeated ? 0 : 1);
			if (!repeated) writeText(writer, stored.text);
			break;
		}
	}
}

/** Powers of ten. */
const scalesByDecimals: readonly number[] = Object.freeze([1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]);

function encodeValue(stored: EncodedValue, value: Value, decimals: number, round: boolean): void {
	stored.text = "";
	stored.number = 0;
	if (typeof value === "number") encodeNumber(stored, value, decimals, round);
	else if (typeof value === "boolean") {
		stored.type = ValueType.boolean;
		stored.number = value ? 1 : 0;
	} else if (typeof value === "string") {
		stored.type = ValueType.text;
		stored.text = value;
	} else stored.type = ValueType.absent;
}

/** Battery level or signal strength. */
function encodeLevel(stored: EncodedValue, value: number | undefined): void {
	const whole = (value ?? 0) | 0;
	if (whole === value && whole < integerLimit && whole > -integerLimit) {
		stored.type = ValueType.integer;
		stored.number = whole;
	} else if (value === undefined) {
		// As the battery level of most boards.
		stored.type = ValueType.absent;
		stored.number = 0;
	} else encodeValue(stored, value, 0, false);
}

/**
 * Stores a number as an integer with its field's decimals, or as it is if it is too large. Battery level and signal
 * strength have no decimals and are not rounded.
 */
function encodeNumber(stored: EncodedValue, value: number, decimals: number, round: boolean): void {
	const scale = scalesByDecimals[decimals] ?? 1;
	// Adding 0 makes -0 a plain 0.
	const integer = Math.round(value * scale) + 0;
	if (Math.abs(integer) < integerLimit && (round || integer === value)) {
		stored.type = ValueType.integer;
		stored.number = integer;
	} else {
		stored.type = ValueType.float;
		stored.number = round && Number.isSafeInteger(integer) ? integer / scale : value;
	}
}

function roundedTime(time: SampleTime): number {
	const whole = Math.round("utc" in time ? time.utc : time.ticks) + 0;
	if (!Number.isSafeInteger(whole)) throw new RangeError("a reading needs a time in milliseconds");
	return whole;
}

/** The parts of a context that a record needs; `undefined` if it needs none, because nothing has changed. */
function changedParts(before: SampleContext | undefined, context: SampleContext): number | undefined {
	if (before === undefined) return ContextPart.all;
	const parts =
		(before.deviceId === context.deviceId ? 0 : ContextPart.deviceId) |
		(before.location === context.location ? 0 : ContextPart.location) |
		(before.firmwareVersion === context.firmwareVersion ? 0 : ContextPart.firmwareVersion) |
		(areSameFields(before.fields, context.fields) ? 0 : ContextPart.fields);
	const isSame = parts === 0 && before.boot === context.boot && before.resetReason === context.resetReason;
	return isSame ? undefined : parts;
}

function areSameFields(one: readonly Field[], other: readonly Field[]): boolean {
	if (one === other) return true;
	return (
		one.length === other.length &&
		one.every(({ name, unit, decimals }, index) => {
			const field = other[index];
			return name === field?.name && unit === field.unit && decimals === field.decimals;
		})
	);
}

function writeContext(writer: NibbleWriter, context: SampleContext, parts: number): void {
	writer.nibble(codecVersion);
	writer.nibble(parts);
	writer.unsigned(context.boot);
	writeText(writer, context.resetReason ?? "");
	if (parts & ContextPart.deviceId) writeText(writer, context.deviceId);
	if (parts & ContextPart.location) writeText(writer, context.location);
	if (parts & ContextPart.firmwareVersion) writeText(writer, context.firmwareVersion);
	if ((parts & ContextPart.fields) === 0) return;
	writer.unsigned(context.fields.length);
	for (const { name, unit, decimals } of context.fields) {
		writeText(writer, name);
		writeText(writer, unit);
		writer.nibble(decimals);
	}
}

function writeTime(writer: NibbleWriter, time: number, sampleTime: SampleTime, contextBoot: number): void {
	const sign = time < 0 ? TimeEncoding.negative : 0;
	if ("utc" in sampleTime)
		writer.nibble((sampleTime.estimated ? TimeEncoding.estimated : TimeEncoding.utc) | sign);
	else if (sampleTime.boot === contextBoot) writer.nibble(TimeEncoding.ticks | sign);
	else {
		writer.nibble(TimeEncoding.otherBoot | sign);
		writer.unsigned(sampleTime.boot);
	}
	writer.unsigned(Math.abs(time));
}

/**
 * Writes each place of the string as the UTF-8 of a code point with that number, so that any string is restored exactly,
 * including lone surrogates. In XS one place holds a code point beyond 16 bits.
 */
function writeText(writer: NibbleWriter, text: string): void {
	const ascii = asciiBytes(text);
	if (ascii !== undefined) {
		writer.unsigned(ascii.length);
		writer.octets(ascii);
		return;
	}
	// XS counts the characters at each read of `length`.
	const { length } = text;
	writer.unsigned(length);
	for (let i = 0; i < length; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) {
			writer.byte(unit);
			continue;
		}
		if (unit < 0x800) writer.byte(0xc0 | (unit >> 6));
		else {
			if (unit < 0x10000) writer.byte(0xe0 | (unit >> 12));
			else {
				writer.byte(0xf0 | (unit >> 18));
				writer.byte(0x80 | ((unit >> 12) & 0x3f));
			}
			writer.byte(0x80 | ((unit >> 6) & 0x3f));
		}
		writer.byte(0x80 | (unit & 0x3f));
	}
}
