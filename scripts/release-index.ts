import { headerBytes, parseHeader } from "../src/update/image-header";

/** An update file beside its index, or elsewhere with a whole address. */
export interface ReleaseFile {
	/** `dakkio-esp32-0.3.0-esp32c3.update`, or `https://…`. */
	readonly address: string;
	readonly content: Uint8Array;
}

/** The release index of update files, one for each chip (docs/update-format.md). */
export function makeReleaseIndex(files: readonly ReleaseFile[]): string {
	const images: Record<string, { address: string; header: string }> = {};
	const versions = new Set<string>();
	for (const { address, content } of files) {
		const bytes = content.subarray(0, headerBytes);
		const header = parseHeader(bytes);
		if (header === undefined) throw new TypeError(`${address} is not an update file.`);
		if (Object.hasOwn(images, header.chip)) throw new TypeError(`There are two files for ${header.chip}.`);
		versions.add(header.version.join("."));
		images[header.chip] = { address, header: Buffer.from(bytes).toString("base64") };
	}
	const [version, ...others] = versions;
	if (version === undefined || others.length > 0) throw new TypeError("The files are not of one version.");
	return `${JSON.stringify({ version, images }, undefined, "\t")}\n`;
}
