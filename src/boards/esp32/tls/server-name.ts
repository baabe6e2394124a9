import { areBytesEqual } from "../../../common/equal-bytes";
import { consistsOf, visibleAscii } from "../../../common/text-pattern";
import { DerReader } from "./der";

/** Names in a certificate (RFC 5280 section 4.2.1.6), by their tags. */
export const NameTag = Object.freeze({ email: 0x81, dns: 0x82, directory: 0xa4, address: 0x87 });

/** Throws if a list of names (DER) is malformed. */
export function checkNames(names: Uint8Array): void {
	const list = new DerReader(names);
	while (!list.done) list.readAny();
}

/**
 * Whether a certificate's names (the content of subjectAltName) have this server's, in lower case, or IPv4 address (RFC
 * 6125 section 6.4).
 */
export function matchesHost(names: Uint8Array, host: string): boolean {
	const wanted = hostName(host);
	if (wanted === undefined) return false;
	const list = new DerReader(names);
	while (!list.done) {
		const { tag, content } = list.readAny();
		if (tag === wanted.tag)
			if (tag === NameTag.dns ? matchesName(content, wanted.content) : areBytesEqual(content, wanted.content))
				return true;
	}
	return false;
}

/** The name of a server, as it is in a certificate; `undefined` if it cannot be in one. */
export function hostName(host: string): { readonly tag: number; readonly content: Uint8Array } | undefined {
	if (consistsOf(host, "09..")) {
		const parts = host.split(".");
		if (parts.length !== 4 || parts.some((part) => part === "" || Number(part) > 255)) return undefined;
		return { tag: NameTag.address, content: Uint8Array.from(parts, Number) };
	}
	if (!consistsOf(host, visibleAscii)) return undefined;
	return { tag: NameTag.dns, content: Uint8Array.from(host, (character) => character.charCodeAt(0)) };
}

const star = 0x2a;
const hyphen = 0x2d;
const dot = 0x2e;

/** A wildcard matches exactly the first label, and never a top-level domain (RFC 6125 section 6.4.3). */
function matchesName(name: Uint8Array, wanted: Uint8Array): boolean {
	if (name[0] !== star || name[1] !== dot) return isSameName(name, wanted);
	const end = wanted.indexOf(dot);
	const parent = end > 0 ? wanted.subarray(end) : new Uint8Array(0);
	return (
		parent.indexOf(dot, 1) > 0 &&
		wanted.subarray(0, end).every(isLabelByte) &&
		isSameName(name.subarray(1), parent)
	);
}

/** Whether a host label may contain it (RFC 1123 section 2.1); OpenSSL checks the same for wildcards. */
function isLabelByte(byte: number): boolean {
	const lower = lowerCase(byte);
	return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === hyphen;
}

/** Whether two names are the same but for the case of their letters. */
export function isSameName(name: Uint8Array, other: Uint8Array): boolean {
	return (
		name.length === other.length &&
		name.every((byte, index) => lowerCase(byte) === lowerCase(other[index] ?? 0))
	);
}

function lowerCase(byte: number): number {
	return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
