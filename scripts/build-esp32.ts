import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { saveChipImage } from "../bench/chip-image";
import { parseArguments } from "../simulator/command-line";
import { firmwareVersion } from "../src/version";
import { readImageParts } from "./image-parts";
import {
	type Built,
	buildFor,
	describeSize,
	type Platform,
	readPlatform,
	requireFlashSize,
	requireIdf,
} from "./platforms";
import { writeUpdateFile } from "./release-files";
import { readPrivateKey, readPublicKey } from "./release-key-files";
import { findSdk, main, root } from "./sdk";

const help = `Builds the firmware for a chip.

npm run build:esp32 -- [PLATFORM] [options]

  PLATFORM     esp32 (the default), esp32/esp32c3, esp32/esp32c6 or esp32/esp32s3
  --flash MB   size of the board's flash: 4 (the default), 8 or 16
  --help       this text
`;

await main(async () => {
	const { values, positionals } = parseArguments({
		allowPositionals: true,
		options: { flash: { type: "string" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) {
		process.stdout.write(help);
		return;
	}
	const platform = readPlatform(positionals);
	requireFlashSize(values.flash);
	const sdk = findSdk();
	requireIdf();
	const built = await buildFor(sdk, { platform, flash: values.flash });
	saveParts(platform, built);
	process.stdout.write(`Built for ${platform} in ${sdk.output}: ${describeSize(built)}\n`);
	process.stdout.write(`${signUpdate(platform, built)}\n`);
});

/** Signs the image as an update if the key is on this computer; returns where the file is, or what is missing. */
function signUpdate(platform: Platform, { directory }: Built): string {
	if (readPublicKey() === undefined)
		return "It takes no updates: `npm run release-key` makes a key to sign them with.";
	const key = readPrivateKey();
	if (key === undefined) return "It is not signed as an update: the release key is not on this computer.";
	const [, chip = platform] = platform.split("/");
	const image = readFileSync(join(directory, "xs_esp32.bin"));
	return `Update: ${relative(root, writeUpdateFile({ image, chip, version: firmwareVersion }, key))}`;
}

/** Saves the size of each part of the image, for `npm run bench`. */
function saveParts(platform: string, { directory, size }: Built): void {
	const map = join(directory, "xs_esp32.map");
	if (existsSync(map))
		saveChipImage(platform, { image: size, parts: readImageParts(readFileSync(map, "utf8")) });
}
