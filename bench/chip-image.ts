import { type ImageParts, partNames } from "../scripts/image-parts";
import { readMeasured, saveMeasured } from "./measured-file";
import type { Section } from "./results-table";

/** What a chip's release image is made of, bytes. */
export interface ChipImage {
	readonly image: number;
	readonly parts: ImageParts;
}

/** The chips that stand in the results, by the SDK's names. */
export const chipNames: Readonly<Record<string, string>> = { esp32: "ESP32", "esp32/esp32c3": "ESP32-C3" };

const nameOf = (platform: string) => `image-${platform}`;

/** Left by the last `npm run build:esp32` of this chip on this computer. */
export function saveChipImage(platform: string, image: ChipImage): void {
	saveMeasured(nameOf(platform), image);
}

/** A table for each chip; figures of a chip that was not built here are `undefined`. */
export function imageSections(): Section[] {
	return Object.entries(chipNames).map(([platform, chip]) => {
		// Of the same version of this file.
		const built = readMeasured(nameOf(platform)) as ChipImage | undefined;
		const kilobytes = (bytes: number | undefined) =>
			bytes === undefined ? undefined : Math.round(bytes / 1024);
		return {
			title: `Flash: the image of an ${chip}`,
			text: [
				`KiB of the release as \`npm run build:esp32 -- ${platform}\` left it, by the linker's map, which counts strings before it
merges them: the parts are together a little more than the image. A slot holds 1,792 KiB on 4 MB of flash. The C library is
the compiler's: another build of the same version left 24 KiB less of it.`,
			],
			baseline: "–",
			rows: [
				{ what: "KiB, the image", firmware: kilobytes(built?.image), limit: 1600 },
				...partNames.map((name) => ({ what: `KiB, ${name}`, firmware: kilobytes(built?.parts[name]) })),
			],
		};
	});
}
