import { decodeBase64 } from "../common/base64";
import { type HttpsUrl, resolveHttpsUrl } from "../common/https-url";
import { isJsonObject, parseJson } from "../common/json";
import { headerBytes } from "./image-header";

/** A chip's update in a release index. */
export interface Release {
	/** Address of the update file. */
	readonly url: HttpsUrl;
	/** Header of the update file: version, length, hash and signature. Not checked yet. */
	readonly header: Uint8Array;
}

/** Maximum size of an index, which has some 300 characters per chip. */
export const maxIndexBytes = 4_096;

/**
 * Finds a chip's update in a release index (docs/update-format.md). `undefined`: it has none for this chip. A relative
 * address is resolved against that of the index.
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
