import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { errorMessage } from "../src/common/error-message";
import { checkSettings } from "../src/settings/settings";
import { parseSettingsFile } from "../src/settings/settings-file";
import {
	type Build,
	buildFor,
	defaultPinsOn,
	describeSize,
	make,
	type Platform,
	readPlatform,
	readyToFlash,
	requireIdf,
} from "./platforms";
import { findSdk, main } from "./sdk";

const help = `Builds the firmware, writes it to the board on USB, and shows its log: with the debugger in xsbug, or as it is to
stay on the board in the terminal.

npm run flash -- [PLATFORM] [options]

  PLATFORM          esp32 (the default), esp32/esp32c3 or esp32/esp32s3
  --flash MB        size of the board's flash: 4 (the default), 8 or 16
  --settings FILE   settings to begin with, JSON, with the keys of the README's table; the firmware's image then
                    holds them, secrets too: keep it to yourself
  --release         without the debugger, as it is to stay on the board; its log is in the terminal
  --help            this text
`;

await main(async () => {
	const { values, positionals } = parseArgs({
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
	const settings =
		values.settings === undefined ? [] : [`settings=${readSettings(values.settings, platform)}`];
	const sdk = findSdk();
	requireIdf();
	if (settings.length > 0)
		process.stdout.write("The image holds the settings, with key and passwords: keep it to yourself.\n");
	const build: Build = { platform, flash: values.flash, debug: values.release !== true, more: settings };
	const built = await buildFor(sdk, build);
	process.stdout.write(`The firmware has ${describeSize(built)}.\n`);
	readyToFlash(sdk);
	await make(built.sdk, build);
});

/** The settings of a file as the image carries them: JSON in UTF-8, two hexadecimal digits a byte. */
function readSettings(file: string, platform: Platform): string {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		throw new Error(`${file} cannot be read: ${errorMessage(error)}`);
	}
	const { given, problems: ofFile } = parseSettingsFile(text);
	const problems = [...ofFile, ...checkSettings(given, defaultPinsOn(platform)).problems];
	if (problems.length > 0)
		throw new Error(problems.map(({ key, problem }) => `${file}: ${key}: ${problem}`).join("\n"));
	return Buffer.from(JSON.stringify(given)).toString("hex");
}
