/** Faults that an NTP client must detect or tolerate. */
export type NtpFault =
	/** No response. */
	| { readonly kind: "silent" }
	/** A response to another request: the originate timestamp is not the client's. */
	| { readonly kind: "wrong originate" }
	/** Kiss-o'-Death (RFC 5905 section 7.4): stratum 0 and a code of four ASCII letters, `RATE` or `DENY`. */
	| { readonly kind: "kiss"; readonly code: string }
	/** The server is not synchronized: leap indicator 3, stratum 16. */
	| { readonly kind: "unsynchronized" }
	/** Only the first `length` bytes of the response. */
	| { readonly kind: "short"; readonly length: number }
	/** The server's clock is off by this many milliseconds. */
	| { readonly kind: "offset"; readonly milliseconds: number }
	| { readonly kind: "mode"; readonly mode: number }
	| { readonly kind: "version"; readonly version: number }
	| { readonly kind: "stratum"; readonly stratum: number }
	/** The transmit timestamp is zero. */
	| { readonly kind: "no time" };

/** Bytes of a packet without extension fields and authenticator (RFC 5905 section 7.3). */
export const packetBytes = 48;

/** Offsets in the packet. */
const originateOffset = 24;
const transmitOffset = 40;

const clientMode = 3;
const serverMode = 4;

export interface NtpTimestamps {
	/** When the request arrived and when the response leaves, milliseconds of Unix time. */
	readonly receive: number;
	readonly transmit: number;
}

/**
 * The response of a stratum 2 server (RFC 5905 sections 7.3 and 9.2); `undefined` if the packet is not a client's request.
 */
export function makeNtpResponse(
	request: Uint8Array,
	moments: NtpTimestamps,
	fault?: NtpFault,
): Uint8Array | undefined {
	const version = ((request[0] ?? 0) >> 3) & 7;
	const mode = (request[0] ?? 0) & 7;
	if (request.length < packetBytes || mode !== clientMode || version < 1 || version > 4) return undefined;
	if (fault?.kind === "silent") return undefined;
	const offset = fault?.kind === "offset" ? fault.milliseconds : 0;
	const answer = new Uint8Array(packetBytes);
	const view = new DataView(answer.buffer);
	answer[0] = (version << 3) | serverMode;
	answer[1] = 2;
	answer[2] = request[2] ?? 0;
	// Precision 2^-20 s, a microsecond.
	view.setInt8(3, -20);
	// Root delay and root dispersion, 1/65536 s: 1 ms and 2 ms.
	view.setUint32(4, 66);
	view.setUint32(8, 131);
	// Reference id: the address of the upstream server, here a documentation address (RFC 5737), queried a minute ago.
	answer.set([192, 0, 2, 1], 12);
	writeTimestamp(view, 16, moments.receive + offset - 60_000);
	answer.set(request.subarray(transmitOffset, transmitOffset + 8), originateOffset);
	writeTimestamp(view, 32, moments.receive + offset);
	writeTimestamp(view, transmitOffset, moments.transmit + offset);
	return fault === undefined ? answer : applyFault(answer, fault);
}

function applyFault(answer: Uint8Array, fault: NtpFault): Uint8Array {
	const first = answer[0] ?? 0;
	switch (fault.kind) {
		case "wrong originate":
			answer[originateOffset + 7] = (answer[originateOffset + 7] ?? 0) ^ 1;
			break;
		case "kiss":
			answer[0] = first | 0xc0;
			answer[1] = 0;
			for (let i = 0; i < 4; i++) answer[12 + i] = i < fault.code.length ? fault.code.charCodeAt(i) : 0;
			break;
		case "unsynchronized":
			answer[0] = first | 0xc0;
			answer[1] = 16;
			break;
		case "short":
			return answer.subarray(0, fault.length);
		case "mode":
			answer[0] = (first & ~7) | (fault.mode & 7);
			break;
		case "version":
			answer[0] = (first & ~0x38) | ((fault.version & 7) << 3);
			break;
		case "stratum":
			answer[1] = fault.stratum;
			break;
		case "no time":
			answer.fill(0, transmitOffset, transmitOffset + 8);
			break;
	}
	return answer;
}

/** Seconds from 1900, where NTP's first era begins, to 1970 (RFC 5905 figure 4). */
const unixEpoch = 2_208_988_800;

/** Writes `utc` (milliseconds of Unix time) as 32 bits of seconds, in either era, and 32 of fraction. */
function writeTimestamp(view: DataView, offset: number, utc: number): void {
	const seconds = Math.floor(utc / 1000);
	// setUint32 takes the value modulo 2^32: from 2036 on the seconds count from zero again.
	view.setUint32(offset, seconds + unixEpoch);
	view.setUint32(offset + 4, Math.floor(((utc - seconds * 1000) / 1000) * 2 ** 32));
}
