import { decodeBase64 } from "../common/base64";
import { type HttpsUrl, resolveHttpsUrl } from "../common/https-url";
import { isJsonObject, parseJson } from "../common/json";
import { headerBytes } from "./image-header";

/** The update that a release index has for a chip. */
export interface Release {
	/** Of the update file. */
	readonly url: HttpsUrl;
	/** Of the update file: version, length, hash and signature. Not checked yet. */
	readonly header: Uint8Array;
}

/** A longer index is refused: it names a file of some 300 characters for each chip. */
export const maxIndexBytes = 4_096;

/**
 * Finds a chip's update in a release index (docs/update-format.md). `undefined`: it has none for this chip. A relative
 * address is below the folder of the index.
 */
export function parseReleaseIndex(
	text: string,
	chip: string,
	index: HttpsUrl,
): Release | undefined | { readonly problem: string } {
	const content = parseJson(text);
	if (!isJsonObject(content) || !isJsonObject(content.images)) return { problem: "it is no release index" };
	const image = Object.hasOwn(content.images, chip) ? content.images[chip] : undefined;
	if (image === undefined) return undefined;
	const { address, header } = isJsonObject(image) ? image : {};
	const url = typeof address === "string" ? resolveHttpsUrl(address, index) : undefined;
	const bytes = typeof header === "string" ? decodeBase64(header) : undefined;
	if (url === undefined)
		return { problem: `the address of ${chip} is neither https nor a file beside the index` };
	if (bytes?.length !== headerBytes) return { problem: `the header of ${chip} is not one` };
	return { url, header: bytes };
}
