/** A DNS message that is a question (RFC 1035 section 4.1.1): one name, nothing else that needs an answer. */

/** Bytes of the header, of a name at most (RFC 1035 section 2.3.4), and of a message over UDP. */
const headerBytes = 12;
const maxNameBytes = 255;
const maxLabelBytes = 63;
/** More than a question needs, even with what EDNS adds (RFC 6891). */
const maxQueryBytes = 512;

const typeA = 1;
const classInternet = 1;
/** Seconds that an answer may be remembered: setup is short, and the true answer comes after it. */
const ttlS = 5;
/** Bytes of an answer: a pointer to the name, type, class, lifetime, length, address. */
const answerRecordBytes = 16;

/** Bits of the second 16 of the header. */
const responseFlag = 0x8000;
const opcodeMask = 0x7800;
const authoritativeFlag = 0x0400;
const recursionDesiredFlag = 0x0100;

/**
 * The answer to a DNS question when every name is at one address: A questions get the address, all others (AAAA,
 * HTTPS, …) an answer without records, so that nobody waits for them. `undefined`: it is no question, and is dropped.
 */
export function makeDnsResponse(packet: Uint8Array, address: string): Uint8Array | undefined {
	if (packet.length < headerBytes || packet.length > maxQueryBytes) return undefined;
	const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
	const flags = view.getUint16(2);
	// A standard query with one question; additional records (EDNS) may follow, and are left out of the answer.
	if ((flags & (responseFlag | opcodeMask)) !== 0 || view.getUint16(4) !== 1 || view.getUint16(6) !== 0)
		return undefined;
	const nameEnd = findNameEnd(packet);
	if (nameEnd === undefined || nameEnd + 4 > packet.length) return undefined;
	const questionEnd = nameEnd + 4;
	const isAddress = view.getUint16(nameEnd) === typeA && view.getUint16(nameEnd + 2) === classInternet;
	const answer = new Uint8Array(questionEnd + (isAddress ? answerRecordBytes : 0));
	answer.set(packet.subarray(0, questionEnd));
	const out = new DataView(answer.buffer);
	out.setUint16(2, responseFlag | authoritativeFlag | (flags & recursionDesiredFlag));
	out.setUint16(6, isAddress ? 1 : 0);
	out.setUint32(8, 0);
	if (isAddress) writeAddress(out, questionEnd, address);
	return answer;
}

/** Where the name of the question ends; `undefined` when it is none. A question's own name is never compressed. */
function findNameEnd(packet: Uint8Array): number | undefined {
	let at = headerBytes;
	for (;;) {
		const length = packet[at];
		if (length === undefined || length > maxLabelBytes) return undefined;
		at += 1 + length;
		if (at - headerBytes > maxNameBytes) return undefined;
		if (length === 0) return at;
	}
}

function writeAddress(out: DataView, at: number, address: string): void {
	// The name again: a pointer to where the question has it (RFC 1035 section 4.1.4).
	out.setUint16(at, 0xc000 | headerBytes);
	out.setUint16(at + 2, typeA);
	out.setUint16(at + 4, classInternet);
	out.setUint32(at + 6, ttlS);
	out.setUint16(at + 10, 4);
	for (const [index, part] of address.split(".").entries())
		if (index < 4) out.setUint8(at + 12 + index, Number(part));
}
