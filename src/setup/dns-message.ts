/** Sizes of the header, and maxima of a name and a label (RFC 1035 sections 4.1.1 and 2.3.4). */
const headerBytes = 12;
const maxNameBytes = 255;
const maxLabelBytes = 63;
/** A message over UDP (RFC 1035 section 2.3.4); a query with EDNS (RFC 6891) is far shorter. */
const maxQueryBytes = 512;

const typeA = 1;
const classInternet = 1;
/** Short, so that the wrong address does not outlive setup. */
const ttlS = 5;
/** A pointer to the name, type, class, TTL, length, address. */
const answerRecordBytes = 16;

/** Bits of the header's flags. */
const responseFlag = 0x8000;
const opcodeMask = 0x7800;
const authoritativeFlag = 0x0400;
const recursionDesiredFlag = 0x0100;

/**
 * The response to a DNS query in which every name has one address: `address` for type A; no records for other types
 * (AAAA, HTTPS, …), so that clients do not wait for them. `undefined` for anything but a query, which is dropped.
 */
export function makeDnsResponse(packet: Uint8Array, address: string): Uint8Array | undefined {
	if (packet.length < headerBytes || packet.length > maxQueryBytes) return undefined;
	const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
	const flags = view.getUint16(2);
	// A standard query with one question. Additional records (EDNS) are ignored.
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

/** End of the name in the question; `undefined` if invalid. It is not compressed: nothing precedes it. */
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
	// A pointer to the name in the question (RFC 1035 section 4.1.4).
	out.setUint16(at, 0xc000 | headerBytes);
	out.setUint16(at + 2, typeA);
	out.setUint16(at + 4, classInternet);
	out.setUint32(at + 6, ttlS);
	out.setUint16(at + 10, 4);
	for (const [index, part] of address.split(".").entries())
		if (index < 4) out.setUint8(at + 12 + index, Number(part));
}
