import { createHash } from "node:crypto";
import type { Flash } from "../../src/boards/ecma419";

/** What a simulated image does when it is started. */
export type ImageBehaviour = "works" | "crashes at once" | "crashes after a minute" | "cannot join";

/** What a simulated image says of itself; who starts it acts accordingly. */
export interface ImageContent {
	/** `1.2.3`. */
	readonly version: string;
	readonly behaviour: ImageBehaviour;
}

/** First byte of an image of ESP-IDF. */
const magic = 0xe9;
const hashBytes = 32;
const prefixBytes = 8;

/** An image as far as a bootloader looks at it: a magic byte, its length, and a SHA-256 at the end. */
export function makeFirmwareImage(content: ImageContent, lengthBytes = 20_000): Uint8Array {
	const image = Buffer.alloc(lengthBytes);
	const text = JSON.stringify(content);
	const end = lengthBytes - hashBytes;
	image.writeUInt8(magic, 0);
	image.writeUInt32LE(lengthBytes, 4);
	image.write(text, prefixBytes);
	// The rest of it is not the same in every sector.
	for (let at = prefixBytes + text.length + 1; at < end; at++) image[at] = (at * 31 + (at >> 8)) & 0xff;
	image.set(createHash("sha256").update(image.subarray(0, end)).digest(), end);
	return new Uint8Array(image);
}

/** The image in a slot, as the bootloader verifies it before it starts it; `undefined`: none, or a damaged one. */
export function readFirmwareImage(slot: Flash): ImageContent | undefined {
	const { size } = slot.status();
	const prefix = Buffer.alloc(prefixBytes);
	slot.read(prefix, 0);
	const lengthBytes = prefix.readUInt32LE(4);
	if (prefix[0] !== magic || lengthBytes < prefixBytes + hashBytes || lengthBytes > size) return undefined;
	const image = Buffer.alloc(lengthBytes);
	slot.read(image, 0);
	const end = lengthBytes - hashBytes;
	if (!createHash("sha256").update(image.subarray(0, end)).digest().equals(image.subarray(end)))
		return undefined;
	return JSON.parse(image.toString("utf8", prefixBytes, image.indexOf(0, prefixBytes))) as ImageContent;
}
