import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArguments } from "../simulator/command-line";
import { makeFirmwareImage } from "../simulator/hardware/firmware-image";
import { firmwareVersion } from "../src/version";
import { buildFor, describeSize, platforms, readPlatform, requireFlashSize, requireIdf } from "./platforms";
import { writeReleaseIndex, writeUpdateFile } from "./release-files";
import { readPrivateKey } from "./release-key-files";
import { findSdk, main, root } from "./sdk";

const help = `Builds the firmware, signs it as updates, and writes the release index: all into the folder releases, which any
web server can offer.

npm run release -- [PLATFORM …] [options]

  PLATFORM       default: ${platforms.join(", ")}; or node, for the virtual board
  --flash MB     size of the boards' flash: 4 (the default), 8 or 16
  --version V    of the virtual board's image; default: this firmware's
  --help         this text
`;

await main(async () => {
	const { values, positionals } = parseArguments({
		allowPositionals: true,
		options: {
			flash: { type: "string" },
			version: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) {
		process.stdout.write(help);
		return;
	}
	const simulated = positionals.includes("node");
	const named = positionals.filter((name) => name !== "node").map((name) => readPlatform([name]));
	const built = named.length === 0 && !simulated ? platforms : named;
	const version = values.version ?? firmwareVersion;
	if (built.length > 0 && version !== firmwareVersion)
		throw new Error(
			"--version is for the virtual board: that of a chip is in package.json and src/version.ts.",
		);
	requireFlashSize(values.flash);
	const key = readPrivateKey();
	if (key === undefined) throw new Error("There is no release key: make one with `npm run release-key`.");
	const write = (image: Uint8Array, chip: string, size: string) => {
		const file = writeUpdateFile({ image, chip, version }, key);
		process.stdout.write(`${relative(root, file)}: ${size}\n`);
	};
	if (simulated) write(makeFirmwareImage({ version, behaviour: "works" }), "node", "for npm start");
	if (built.length > 0) requireIdf();
	for (const platform of built) {
		const { directory, ...size } = await buildFor(findSdk(), { platform, flash: values.flash });
		const [, chip = platform] = platform.split("/");
		write(readFileSync(join(directory, "xs_esp32.bin")), chip, describeSize(size));
	}
	process.stdout.write(`${relative(root, writeReleaseIndex(version))}\n`);
});
