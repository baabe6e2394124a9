import { consistsOf } from "../common/text-pattern";

/**
 * SNTP packets (RFC 4330, the client's part of NTP version 4, RFC 5905): encodes requests, and parses responses with
 * every check of both RFCs. Pure, and never throws, whatever the bytes.
 */

/** Bytes of a packet without extension fields (RFC 5905, section 7.3). */
const headerBytes = 48;
/** Leap indicator 0, version 4, mode 3: client. */
const clientFlags = 0x23;
const originateOffset = 24;
const receiveOffset = 32;
const transmitOffset = 40;

/** From NTP's epoch, 1900, to Unix time's, 1970 (RFC 5905, figure 4), milliseconds. */
const unixEpochOffsetMs = 2_208_988_800_000;
/** Timestamps count seconds modulo 2^32: the next era begins on 7 February 2036. Milliseconds. */
const eraMs = 2 ** 32 * 1000;

/** A plausible time is less than 20 years after the firmware's release. Milliseconds. */
const plausibleSpanMs = 20 * 365.25 * 86_400_000;
/** Responses with a longer round trip are too inaccurate. */
export const maxRoundTripMs = 2_000;
/** MAXDIST: a server beyond it is unfit for synchronization (RFC 5905 section 11.2). */
const maxRootDistanceMs = 1_000;
/** Tolerance for two timestamps of a coarse server clock that contradict the round trip. */
const timestampToleranceMs = 10;

/** A verified time from a server: it was `utc` when this board's ticks were `ticks`. */
export interface TimeMeasurement {
	/** Milliseconds of Unix time, with a fraction. */
	readonly utc: number;
	readonly ticks: number;
	/** Milliseconds from the request to the response: `utc` is off by at most half of it. */
	readonly roundTripMs: number;
	/** Maximum error of the server's own clock as it reports it (RFC 5905 root distance), milliseconds. */
	readonly rootDistanceMs?: number | undefined;
	/** As configured in the settings. */
	readonly server: string;
}

/** What the board knows of its request when a response arrives. */
export interface NtpRequest {
	/** The eight random bytes in the request's transmit timestamp. */
	readonly nonce: Uint8Array;
	/** Ticks. */
	readonly sentTicks: number;
	/** Ticks when the response arrived. */
	readonly receivedTicks: number;
	/** The firmware's release, milliseconds of Unix time: no earlier time can be true. It also determines the era. */
	readonly minUtc: number;
}

/** How a received packet is classified. */
export type NtpResponse =
	/** It was `utc` when the response arrived. For the others see {@link Measurement}. */
	| {
			readonly kind: "time";
			readonly utc: number;
			readonly roundTripMs: number;
			readonly rootDistanceMs: number;
	  }
	/** Not a response to this request: late, a duplicate, or sent off-path. Ignored. */
	| { readonly kind: "unrelated"; readonly reason: string }
	/** The server refuses to serve (RFC 5905 section 7.4): `RATE`, `DENY`, `RSTR`, … */
	| { readonly kind: "kiss-o'-death"; readonly code: string }
	/** The server's response, but not fit to set a clock. */
	| { readonly kind: "unusable"; readonly reason: string };

/**
 * A request. Its transmit timestamp is random (the server only copies it): the board's clock stays private, and only
 * an attacker who saw the request can forge a response.
 */
export function encodeNtpRequest(nonce: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(headerBytes);
	bytes[0] = clientFlags;
	bytes.set(nonce.subarray(0, 8), transmitOffset);
	return bytes;
}

/** Parses a packet from the server's address. Extension fields after the header are ignored. */
export function parseNtpResponse(bytes: Uint8Array, request: NtpRequest): NtpResponse {
	if (bytes.length < headerBytes)
		return { kind: "unrelated", reason: `${bytes.length} bytes instead of at least ${headerBytes}` };
	if (!hasNonce(bytes, request.nonce))
		return { kind: "unrelated", reason: "its originate timestamp is not the request's" };
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const reason = headerProblem(view);
	if (reason !== undefined) return { kind: "unusable", reason };
	const code = kissCode(view);
	if (code !== undefined) return { kind: "kiss-o'-death", code };
	const stateReason = serverProblem(view);
	if (stateReason !== undefined) return { kind: "unusable", reason: stateReason };
	return readTime(view, request);
}

/** RFC 4330 section 5: the response's originate timestamp is the request's transmit timestamp. */
function hasNonce(bytes: Uint8Array, nonce: Uint8Array): boolean {
	for (let i = 0; i < 8; i++) {
		if (bytes[originateOffset + i] !== nonce[i]) return false;
	}
	return true;
}

function headerProblem(view: DataView): string | undefined {
	const flags = view.getUint8(0);
	const mode = flags & 7;
	const version = (flags >> 3) & 7;
	if (mode !== 4) return `its mode is ${mode}, a server's is 4`;
	if (version !== 3 && version !== 4) return `its version is ${version}, not 3 or 4`;
	return undefined;
}

function serverProblem(view: DataView): string | undefined {
	const stratum = view.getUint8(1);
	// A server that has just started responds with stratum 0 and no code (chrony).
	if (view.getUint8(0) >> 6 === 3 || stratum === 0) return "the server's clock is not synchronized";
	if (stratum > 15) return `its stratum is ${stratum}, 1 to 15 are synchronized`;
	if (isZero(view, transmitOffset)) return "it has no transmit timestamp";
	if (isZero(view, receiveOffset)) return "it has no receive timestamp";
	const distance = readRootDistanceMs(view);
	if (distance > maxRootDistanceMs)
		return `its root distance is ${Math.round(distance)} ms, the maximum is ${maxRootDistanceMs}`;
	return undefined;
}

/** RFC 5905 section 8: both directions of the path are assumed to take equally long. */
function readTime(view: DataView, { sentTicks, receivedTicks, minUtc }: NtpRequest): NtpResponse {
	const roundTripMs = receivedTicks - sentTicks;
	if (roundTripMs >= maxRoundTripMs)
		return { kind: "unusable", reason: `the round trip took ${Math.round(roundTripMs)} ms` };
	const transmit = readTimestampMs(view, transmitOffset);
	const inServer = eraDifferenceMs(transmit, readTimestampMs(view, receiveOffset));
	if (inServer < -timestampToleranceMs || inServer > roundTripMs + timestampToleranceMs)
		return { kind: "unusable", reason: "its timestamps contradict the round trip" };
	const path = Math.max(0, roundTripMs - Math.max(0, inServer));
	const transmitted = inEra(transmit, minUtc);
	if (transmitted > minUtc + plausibleSpanMs)
		return {
			kind: "unusable",
			reason: "its time is before this firmware's release or more than 20 years after",
		};
	return {
		kind: "time",
		utc: transmitted + path / 2,
		roundTripMs,
		rootDistanceMs: readRootDistanceMs(view),
	};
}

/** The first moment from `minUtc` on with this timestamp, milliseconds of Unix time. */
function inEra(timestamp: number, minUtc: number): number {
	const inFirstEra = timestamp - unixEpochOffsetMs;
	// mutation: ntp-era
	return inFirstEra + Math.ceil((minUtc - inFirstEra) / eraMs) * eraMs;
}

/** `later` minus `earlier`, also across the end of an era. */
function eraDifferenceMs(later: number, earlier: number): number {
	const plain = later - earlier;
	if (plain > eraMs / 2) return plain - eraMs;
	return plain < -eraMs / 2 ? plain + eraMs : plain;
}

/** Milliseconds since the era began: 32 bits of seconds, 32 bits of fraction. */
function readTimestampMs(view: DataView, offset: number): number {
	return view.getUint32(offset) * 1000 + (view.getUint32(offset + 4) * 1000) / 2 ** 32;
}

function isZero(view: DataView, offset: number): boolean {
	return view.getUint32(offset) === 0 && view.getUint32(offset + 4) === 0;
}

/** Half the root delay and the root dispersion (RFC 5905, section 11.1), each seconds in 16.16 bits. */
function readRootDistanceMs(view: DataView): number {
	return ((view.getUint32(4) / 2 + view.getUint32(8)) * 1000) / 2 ** 16;
}

/** With stratum 0: up to four letters in the reference identifier, padded with zeros. */
function kissCode(view: DataView): string | undefined {
	if (view.getUint8(1) !== 0) return undefined;
	let code = "";
	for (let at = 12; at < 16; at++) {
		const byte = view.getUint8(at);
		if (byte !== 0) code += String.fromCharCode(byte);
	}
	return consistsOf(code, "AZ") ? code : undefined;
}
