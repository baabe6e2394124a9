import type { FirmwareSlots } from "../boards/board";

/**
 * The header of an update file, big-endian; the image for the slot follows it (docs/update-format.md):
 *
 * | offset | bytes | content                                                    |
 * |--------|-------|------------------------------------------------------------|
 * | 0      | 4     | `DKFW`                                                     |
 * | 4      | 1     | version of this format, 1                                  |
 * | 5      | 3     | 0                                                          |
 * | 8      | 16    | chip, ASCII, then zeros                                    |
 * | 24     | 6     | firmware version: major, minor, patch                      |
 * | 30     | 2     | 0                                                          |
 * | 32     | 4     | length of the image, bytes                                 |
 * | 36     | 32    | SHA-256 of the image                                       |
 * | 68     | 64    | ECDSA signature (P-256, SHA-256; r and s) of bytes 0 to 67 |
 */
export const headerBytes = 132;
const signatureAt = 68;
const chipAt = 8;
const versionAt = 24;
const magic = 0x444b4657;
const layoutVersion = 1;

/** Major, minor, patch: 0 to 65,535 each. */
export type Version = readonly [number, number, number];

export interface ImageHeader {
	readonly chip: string;
	readonly version: Version;
	/** Length of the image. */
	readonly lengthBytes: number;
	/** Hash of the image. */
	readonly sha256: Uint8Array;
}

/** Why an update is not installed: `format`: not an update file, or one of a later format. */
export type HeaderProblem = "format" | "no key" | "signature" | "chip" | "size" | "older";

export interface HeaderConditions {
	readonly chip: string;
	/** Version of the running firmware. */
	readonly version: Version;
	/** Size of the slot. */
	readonly slotBytes: number;
	/** Whether an older version may be installed. */
	readonly allowOlder: boolean;
	readonly slots: Pick<FirmwareSlots, "releaseKey" | "verifySignature">;
}

/** Parses a signed header, or returns why its image must not be installed. */
export function checkHeader(
	bytes: Uint8Array,
	{ chip, version, slotBytes, allowOlder, slots }: HeaderConditions,
): ImageHeader | HeaderProblem {
	const header = parseHeader(bytes);
	if (header === undefined) return "format";
	const { releaseKey } = slots;
	if (releaseKey === undefined) return "no key";
	const signed = bytes.subarray(0, signatureAt);
	// mutation: check-update-signature
	if (!slots.verifySignature(releaseKey, signed, bytes.subarray(signatureAt))) return "signature";
	// mutation: check-update-chip
	if (header.chip !== chip) return "chip";
	if (header.lengthBytes === 0 || header.lengthBytes > slotBytes) return "size";
	// mutation: refuse-older-update
	if (!allowOlder && compareVersions(header.version, version) < 0) return "older";
	return header;
}

/** `undefined` unless it is a header of this format. The signature is not checked. */
export function parseHeader(bytes: Uint8Array): ImageHeader | undefined {
	if (bytes.length !== headerBytes) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	if (view.getUint32(0) !== magic || view.getUint32(4) !== layoutVersion << 24 || view.getUint16(30) !== 0)
		return undefined;
	let chip = "";
	for (let at = chipAt; at < versionAt && bytes[at] !== 0; at++) chip += String.fromCharCode(bytes[at] ?? 0);
	for (let at = chipAt + chip.length; at < versionAt; at++) if (bytes[at] !== 0) return undefined;
	return {
		chip,
		version: [view.getUint16(versionAt), view.getUint16(versionAt + 2), view.getUint16(versionAt + 4)],
		lengthBytes: view.getUint32(32),
		sha256: bytes.slice(36, signatureAt),
	};
}

/** Negative if `a` is older than `b`, 0 if they are the same. */
export function compareVersions(a: Version, b: Version): number {
	return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Parses `1.2.3`; `undefined` if invalid. */
export function parseVersion(text: string): Version | undefined {
	const [major = "", minor = "", patch = "", ...more] = text.split(".");
	const numbers = [major, minor, patch].map((part) => (part === "" ? Number.NaN : Number(part)));
	const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = numbers;
	return more.length === 0 && [a, b, c].every((part) => part >>> 16 === 0 && part % 1 === 0)
		? [a, b, c]
		: undefined;
}

export function formatVersion(version: Version): string {
	return version.join(".");
}
