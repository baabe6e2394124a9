/**
 * The packets of SNTP (RFC 4330), the client's part of NTP version 4 (RFC 5905): the question's bytes, and an
 * answer read with every check that these two ask for. Pure: whatever the bytes, nothing is thrown.
 */

/** Bytes of a packet without extension fields (RFC 5905, section 7.3). */
const headerLength = 48;
/** Leap indicator 0, version 4, mode 3: client. */
const clientFlags = 0x23;
const originateOffset = 24;
const receiveOffset = 32;
const transmitOffset = 40;

/** From NTP's epoch, 1900, to Unix time's, 1970 (RFC 5905, figure 4), milliseconds. */
const unixEpoch = 2_208_988_800_000;
/** Seconds are told modulo 2^32; the next era begins on 7 February 2036. Milliseconds. */
const eraLength = 2 ** 32 * 1000;

/** How far after the firmware's release a time can be true: 20 years, milliseconds. */
const plausibleSpan = 20 * 365.25 * 86_400_000;
/** From here on a round trip says too little about the time, milliseconds. */
export const longestRoundTrip = 2_000;
/** MAXDIST, beyond which a server is not fit to be synchronized to (RFC 5905, section 11.2), milliseconds. */
const longestRootDistance = 1_000;
/** What two readings of a coarse server clock may contradict the round trip by, milliseconds. */
const coarseness = 10;

/** What the board knows of its question when an answer arrives. */
export interface Question {
	/** The eight random bytes that stood in the question's transmit timestamp. */
	readonly nonce: Uint8Array;
	/** Ticks. */
	readonly sent: number;
	/** Ticks of the answer's arrival. */
	readonly received: number;
	/** No earlier time can be true: the firmware's release, milliseconds of Unix time. It also settles the era. */
	readonly earliest: number;
}

/** What an answer is. */
export type Answer =
	/** It was `utc` when the answer arrived. For the other two see `Measurement`. */
	| { readonly kind: "time"; readonly utc: number; readonly roundTrip: number; readonly rootDistance: number }
	/** No answer to this question: late, repeated, or sent by somebody who has not seen it. To be ignored. */
	| { readonly kind: "foreign"; readonly reason: string }
	/** The server refuses (kiss-of-death, RFC 5905, section 7.4): `RATE`, `DENY`, `RSTR`, … */
	| { readonly kind: "kiss"; readonly code: string }
	/** The server's answer, but not one to set a clock by. */
	| { readonly kind: "unusable"; readonly reason: string };

/**
 * A question. Its transmit timestamp is random: the server only copies it, the board's clock stays private, and
 * nobody who has not seen the question can answer it.
 */
export function questionBytes(nonce: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(headerLength);
	bytes[0] = clientFlags;
	bytes.set(nonce.subarray(0, 8), transmitOffset);
	return bytes;
}

/** Reads what came from the server's address. Extension fields behind the header are passed over. */
export function readAnswer(bytes: Uint8Array, question: Question): Answer {
	if (bytes.length < headerLength)
		return { kind: "foreign", reason: `${bytes.length} bytes, NTP has ${headerLength} at least` };
	if (!repeats(bytes, question.nonce))
		return { kind: "foreign", reason: "it does not repeat the question's timestamp" };
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const reason = headerFault(view);
	if (reason !== undefined) return { kind: "unusable", reason };
	const code = kissCode(view);
	if (code !== undefined) return { kind: "kiss", code };
	const stateReason = serverFault(view);
	if (stateReason !== undefined) return { kind: "unusable", reason: stateReason };
	return readTime(view, question);
}

/** RFC 4330, section 5: the answer's originate timestamp is the question's transmit timestamp. */
function repeats(bytes: Uint8Array, nonce: Uint8Array): boolean {
	for (let i = 0; i < 8; i++) {
		if (bytes[originateOffset + i] !== nonce[i]) return false;
	}
	return true;
}

function headerFault(view: DataView): string | undefined {
	const flags = view.getUint8(0);
	const mode = flags & 7;
	const version = (flags >> 3) & 7;
	if (mode !== 4) return `its mode is ${mode}, a server's is 4`;
	if (version !== 3 && version !== 4) return `its version is ${version}, not 3 or 4`;
	return undefined;
}

function serverFault(view: DataView): string | undefined {
	const stratum = view.getUint8(1);
	// A server that has just started answers with stratum 0 and no code (chrony does).
	if (view.getUint8(0) >> 6 === 3 || stratum === 0) return "the server's clock is not synchronized";
	if (stratum > 15) return `its stratum is ${stratum}, 1 to 15 are synchronized`;
	if (isZero(view, transmitOffset)) return "it does not say when it was sent";
	if (isZero(view, receiveOffset)) return "it does not say when the question arrived";
	const distance = readRootDistance(view);
	if (distance > longestRootDistance)
		return `the server may be wrong by ${Math.round(distance)} ms, ${longestRootDistance} are too many`;
	return undefined;
}

/** RFC 5905, section 8: the path there and the path back are taken as equally long. */
function readTime(view: DataView, { sent, received, earliest }: Question): Answer {
	const roundTrip = received - sent;
	if (roundTrip >= longestRoundTrip)
		return { kind: "unusable", reason: `the round trip took ${Math.round(roundTrip)} ms` };
	const transmit = readTimestamp(view, transmitOffset);
	const inServer = difference(transmit, readTimestamp(view, receiveOffset));
	if (inServer < -coarseness || inServer > roundTrip + coarseness)
		return { kind: "unusable", reason: "its timestamps contradict the round trip" };
	const path = Math.max(0, roundTrip - Math.max(0, inServer));
	const transmitted = inEra(transmit, earliest);
	if (transmitted > earliest + plausibleSpan)
		return {
			kind: "unusable",
			reason: "its time is before this firmware's release or more than 20 years after",
		};
	return {
		kind: "time",
		utc: transmitted + path / 2,
		roundTrip,
		rootDistance: readRootDistance(view),
	};
}

/** The first moment from `earliest` on that has this timestamp, milliseconds of Unix time. */
function inEra(timestamp: number, earliest: number): number {
	const inFirstEra = timestamp - unixEpoch;
	// mutation: ntp-era
	return inFirstEra + Math.ceil((earliest - inFirstEra) / eraLength) * eraLength;
}

/** `later` less `earlier`, also over the end of an era. */
function difference(later: number, earlier: number): number {
	const plain = later - earlier;
	if (plain > eraLength / 2) return plain - eraLength;
	return plain < -eraLength / 2 ? plain + eraLength : plain;
}

/** Milliseconds since the era's beginning: 32 bits of seconds, 32 of their fraction. */
function readTimestamp(view: DataView, offset: number): number {
	return view.getUint32(offset) * 1000 + (view.getUint32(offset + 4) * 1000) / 2 ** 32;
}

function isZero(view: DataView, offset: number): boolean {
	return view.getUint32(offset) === 0 && view.getUint32(offset + 4) === 0;
}

/** Half the root delay and the root dispersion (RFC 5905, section 11.1), each seconds in 16.16 bits. */
function readRootDistance(view: DataView): number {
	return ((view.getUint32(4) / 2 + view.getUint32(8)) * 1000) / 2 ** 16;
}

/** With stratum 0, up to four letters in the reference identifier, filled up with zeros; else there is no code. */
function kissCode(view: DataView): string | undefined {
	if (view.getUint8(1) !== 0) return undefined;
	let code = "";
	for (let at = 12; at < 16; at++) {
		const byte = view.getUint8(at);
		if (byte !== 0) code += String.fromCharCode(byte);
	}
	return /^[A-Z]+$/.test(code) ? code : undefined;
}
