import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeTextFile } from "../page/text-file";
import { parseArguments } from "../simulator/command-line";
import { readInputFile } from "../simulator/input-file";
import { checkSettingsFile, describeFileProblem } from "../simulator/settings-file";
import { errorMessage } from "../src/common/error-message";
import { missingForUpload, withoutDefaults } from "../src/settings/settings";
import {
	type Build,
	buildFor,
	defaultPinsOn,
	describeSize,
	make,
	type Platform,
	readPlatform,
	readyToFlash,
	requireFlashSize,
	requireIdf,
} from "./platforms";
import { withPrivateFolder } from "./private-folder";
import { findSdk, main, root, type Sdk } from "./sdk";

const help = `Builds the firmware, writes it to the board on USB, and shows its log: a debug build in xsbug, a release build
in the terminal.

npm run flash -- [PLATFORM] [options]

  PLATFORM          esp32 (the default), esp32/esp32c3, esp32/esp32c6 or esp32/esp32s3
  --flash MB        size of the board's flash: 4 (the default), 8 or 16
  --settings FILE   settings to begin with, JSON, with the keys of the README's table. The firmware's image contains
                    them, with key and passwords: do not share it
  --release         a release build, without the debugger, for normal use
  --help            this text
`;

await main(async () => {
	const { values, positionals } = parseArguments({
		allowPositionals: true,
		options: {
			flash: { type: "string" },
			settings: { type: "string" },
			release: { type: "boolean" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) {
		process.stdout.write(help);
		return;
	}
	const platform = readPlatform(positionals);
	requireFlashSize(values.flash);
	const settings = values.settings === undefined ? undefined : readSettings(values.settings, platform);
	const sdk = findSdk();
	requireIdf();
	const build: Build = { platform, flash: values.flash, debug: values.release !== true };
	if (settings === undefined) await flash(sdk, build);
	else {
		process.stdout.write("The image contains the settings, with key and passwords: do not share it.\n");
		await flashWithSettings(sdk, build, settings);
	}
});

async function flash(sdk: Sdk, build: Build): Promise<void> {
	const built = await buildFor(sdk, build);
	process.stdout.write(`The firmware has ${describeSize(built)}.\n`);
	readyToFlash(sdk);
	await make(built.sdk, build);
}

/**
 * The settings are in a manifest and in all that is built of it, never in the arguments of a process, which every user of
 * the computer can read; so the whole build is in a private folder, and takes as long as a first one.
 */
function flashWithSettings(sdk: Sdk, build: Build, settings: string): Promise<void> {
	return withPrivateFolder(async (folder) => {
		const program = join(folder, sdk.name);
		const manifest = { include: [join(root, "manifest.json")], config: { settings } };
		mkdirSync(program, { mode: 0o700 });
		writeFileSync(join(program, "manifest.json"), JSON.stringify(manifest), { mode: 0o600 });
		// A compiler's cache would keep them.
		const environment = { ...sdk.environment, CCACHE_READONLY: "1" };
		await flash({ ...sdk, environment, output: join(folder, "build") }, { ...build, program });
	});
}

/** The settings of a file as the image carries them: JSON in UTF-8, two hexadecimal digits a byte. */
function readSettings(file: string, platform: Platform): string {
	let text: string;
	try {
		text = decodeTextFile(readInputFile(file));
	} catch (error) {
		throw new Error(`${file} cannot be read: ${errorMessage(error)}`);
	}
	const { settings, problems } = checkSettingsFile(text, defaultPinsOn(platform));
	if (problems.length > 0)
		throw new Error(problems.map((problem) => describeFileProblem(file, problem)).join("\n"));
	const missing = missingForUpload(settings);
	if (missing.length > 0)
		process.stderr.write(
			`${file}: ${missing.join(", ")}. The board sends nothing until that is set on its setup page.\n`,
		);
	return Buffer.from(JSON.stringify(withoutDefaults(settings))).toString("hex");
}
