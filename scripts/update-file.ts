import { createHash, type KeyObject, sign } from "node:crypto";
import { headerBytes, type ImageHeader, parseHeader } from "../src/update/image-header";

/** An update file: the header of `src/update/image-header.ts`, signed with a P-256 key, and the image. */
export function makeUpdateFile(
	image: Uint8Array,
	{ chip, version }: Pick<ImageHeader, "chip" | "version">,
	releaseKey: KeyObject,
): Uint8Array {
	const sha256 = new Uint8Array(createHash("sha256").update(image).digest());
	const header = encodeHeader({ chip, version, lengthBytes: image.length, sha256 }, releaseKey);
	return new Uint8Array(Buffer.concat([header, image]));
}

export function encodeHeader(content: ImageHeader, releaseKey: KeyObject): Uint8Array {
	const header = Buffer.alloc(headerBytes);
	header.write("DKFW", 0, "ascii");
	header.writeUInt8(1, 4);
	header.write(content.chip, 8, 16, "ascii");
	for (const [index, part] of content.version.entries()) header.writeUInt16BE(part, 24 + 2 * index);
	header.writeUInt32BE(content.lengthBytes, 32);
	header.set(content.sha256, 36);
	const signature = sign("sha256", header.subarray(0, 68), { key: releaseKey, dsaEncoding: "ieee-p1363" });
	header.set(signature, 68);
	const parsed = parseHeader(header);
	if (parsed?.chip !== content.chip || parsed.version.join() !== content.version.join())
		throw new RangeError(`"${content.chip}" and version ${content.version.join(".")} do not fit a header.`);
	return new Uint8Array(header);
}

/** The public half of a key as the firmware takes it: x and y, 64 bytes. */
export function rawPublicKey(key: KeyObject): Uint8Array {
	if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
		throw new TypeError("A release key is an elliptic curve key on P-256.");
	// Not as JWK: in Node 20, a garbage collection meanwhile never ends if the key was generated just before. SPKI ends with
	// the uncompressed point (RFC 5480, section 2.2).
	return new Uint8Array(key.export({ type: "spki", format: "der" }).subarray(-64));
}
