/** Messages of Multicast DNS (RFC 6762) for one host name with one IPv4 address. */

export const recordType = Object.freeze({ A: 1, AAAA: 28, NSEC: 47, any: 255 });

const classInternet = 1;
const classAny = 255;
/** Top bit of a class: in a question, a unicast response is requested; in a record, caches must be flushed. */
const classFlag = 0x8000;
const responseFlags = 0x8400;
/** TTL of host name and address records (RFC 6762 section 10). */
export const recordTtlS = 120;
/** TTL for resolvers without Multicast DNS (section 6.7). */
const legacyTtlS = 10;
const headerBytes = 12;
const maxNameBytes = 255;
const maxLabelBytes = 63;

/** The parts of a message that concern the host name. */
export interface MdnsMessage {
	readonly id: number;
	readonly isResponse: boolean;
	readonly questions: readonly { readonly type: number; readonly wantsUnicast: boolean }[];
	/** Answers; in a query, known answers of the sender. */
	readonly answers: readonly MdnsRecord[];
	/** In a probe: the records that its sender proposes. */
	readonly authorities: readonly MdnsRecord[];
	readonly additionals: readonly MdnsRecord[];
}

export interface MdnsRecord {
	readonly type: number;
	readonly ttlS: number;
	readonly data: Uint8Array;
}

/** Reads a message; `undefined` if it is malformed or not of the standard opcode. Untrusted: bounded by its length. */
export function parseMdnsMessage(packet: Uint8Array, host: string): MdnsMessage | undefined {
	const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
	const name = encodeName(host);
	let at = headerBytes;
	const questions: { type: number; wantsUnicast: boolean }[] = [];
	const sections: MdnsRecord[][] = [[], [], []];
	try {
		const flags = view.getUint16(2);
		// Opcode and response code must be zero (sections 18.3 and 18.11).
		if ((flags & 0x780f) !== 0) return undefined;
		for (let left = view.getUint16(4); left > 0; left--) {
			const { isName, end } = matchName(view, at, name);
			const classBits = view.getUint16(end + 2);
			at = end + 4;
			const isInternet = [classInternet, classAny].includes(classBits & ~classFlag);
			if (isName && isInternet)
				questions.push({ type: view.getUint16(end), wantsUnicast: (classBits & classFlag) !== 0 });
		}
		for (const [index, records] of sections.entries()) {
			for (let left = view.getUint16(6 + 2 * index); left > 0; left--) {
				const { isName, end } = matchName(view, at, name);
				const length = view.getUint16(end + 8);
				at = end + 10 + length;
				if (at > packet.length) return undefined;
				if (isName && (view.getUint16(end + 2) & ~classFlag) === classInternet)
					records.push({
						type: view.getUint16(end),
						ttlS: view.getUint32(end + 4),
						data: packet.slice(end + 10, at),
					});
			}
		}
		const [answers = [], authorities = [], additionals = []] = sections;
		const isResponse = (flags & 0x8000) !== 0;
		return { id: view.getUint16(0), isResponse, questions, answers, authorities, additionals };
	} catch {
		// Truncated.
		return undefined;
	}
}

/** A probe for the name, with the record that the board proposes (section 8.1). */
export function probeMessage(host: string, address: string): Uint8Array {
	return encodeMessage(host, 0, 0, { type: recordType.any, classBits: classInternet | classFlag }, [
		[],
		[addressRecord(address, recordTtlS, 0)],
		[],
	]);
}

/** The address, and an NSEC record that there are no others. `ttlS` 0: goodbye (section 10.1). */
export function addressMessage(host: string, address: string, ttlS = recordTtlS): Uint8Array {
	return encodeMessage(host, 0, responseFlags, undefined, [
		[addressRecord(address, ttlS, classFlag)],
		[],
		ttlS === 0 ? [] : [onlyAddressRecord()],
	]);
}

/** Negative response: the name has only an address (section 6.1). */
export function noSuchRecordMessage(host: string, address: string): Uint8Array {
	return encodeMessage(host, 0, responseFlags, undefined, [
		[onlyAddressRecord()],
		[],
		[addressRecord(address, recordTtlS, classFlag)],
	]);
}

/** Response to a query from another port: a unicast DNS response that repeats the question (section 6.7). */
export function legacyMessage(host: string, address: string, id: number, type: number): Uint8Array {
	const hasAddress = type === recordType.A || type === recordType.any;
	return encodeMessage(host, id, responseFlags, { type, classBits: classInternet }, [
		hasAddress ? [addressRecord(address, legacyTtlS, 0)] : [],
		[],
		[],
	]);
}

/** The data of an address record. */
export function addressData(address: string): number[] {
	return address.split(".").map(Number);
}

interface EncodedRecord {
	readonly type: number;
	readonly classBits: number;
	readonly ttlS: number;
	readonly data: readonly number[];
}

function addressRecord(address: string, ttlS: number, flag: number): EncodedRecord {
	return { type: recordType.A, classBits: classInternet | flag, ttlS, data: addressData(address) };
}

/** The next name is this one; the bitmap of types has only A (RFC 4034 section 4.1). */
function onlyAddressRecord(): EncodedRecord {
	const data = [0xc0, headerBytes, 0, 1, 0x40];
	return { type: recordType.NSEC, classBits: classInternet | classFlag, ttlS: recordTtlS, data };
}

/** The name is written in full at its first use, right after the header. */
function encodeMessage(
	host: string,
	id: number,
	flags: number,
	question: Pick<EncodedRecord, "type" | "classBits"> | undefined,
	sections: readonly (readonly EncodedRecord[])[],
): Uint8Array {
	const bytes: number[] = [];
	const put16 = (...values: readonly number[]) => {
		for (const value of values) bytes.push((value >>> 8) & 0xff, value & 0xff);
	};
	const putName = () => {
		if (bytes.length === headerBytes) bytes.push(...encodeName(host));
		else put16(0xc000 | headerBytes);
	};
	put16(id, flags, question === undefined ? 0 : 1, ...sections.map((records) => records.length));
	if (question !== undefined) {
		putName();
		put16(question.type, question.classBits);
	}
	for (const records of sections)
		for (const { type, classBits, ttlS, data } of records) {
			putName();
			put16(type, classBits, ttlS >>> 16, ttlS & 0xffff, data.length);
			bytes.push(...data);
		}
	return Uint8Array.from(bytes);
}

/** `host.local` as labels, in lower case. */
function encodeName(host: string): number[] {
	const bytes: number[] = [];
	for (const label of [host, "local"]) {
		bytes.push(label.length);
		for (let i = 0; i < label.length; i++) bytes.push(label.charCodeAt(i));
	}
	bytes.push(0);
	return bytes;
}

/**
 * Compares the name at `start`, without regard to the case of ASCII letters; `end`: where it ends. Throws a RangeError
 * for one that does not end, or is too long.
 */
function matchName(view: DataView, start: number, name: readonly number[]): { isName: boolean; end: number } {
	let at = start;
	let end: number | undefined;
	let length = 0;
	let matched = 0;
	let isName = true;
	for (;;) {
		const byte = view.getUint8(at++);
		if (byte >= 0xc0) {
			const pointer = at - 1;
			const target = ((byte & 0x3f) << 8) | view.getUint8(at++);
			end ??= at;
			if (!isName) return { isName, end };
			length++;
			// Only backwards, so that it ends.
			if (target >= pointer) throw new RangeError("the name does not end");
			at = target;
		} else {
			length += byte + 1;
			if (byte > maxLabelBytes || length > maxNameBytes) throw new RangeError("the name is too long");
			isName &&= name[matched++] === byte;
			for (let i = 0; i < byte; i++) {
				const code = view.getUint8(at++);
				const lower = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
				isName &&= name[matched++] === lower;
			}
			if (byte === 0) return { isName, end: end ?? at };
		}
	}
}
