import { parseArgs } from "node:util";
import { buildFor, readPlatform, requireIdf } from "./platforms";
import { findSdk, main } from "./sdk";

const help = `Builds the firmware for a chip.

npm run build:esp32 -- [PLATFORM] [options]

  PLATFORM     esp32 (the default), esp32/esp32c3 or esp32/esp32s3
  --flash MB   size of the board's flash: 4 (the default), 8 or 16
  --help       this text
`;

await main(async () => {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { flash: { type: "string" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) {
		process.stdout.write(help);
		return;
	}
	const platform = readPlatform(positionals);
	const sdk = findSdk();
	requireIdf();
	const { size, place } = await buildFor(sdk, { platform, flash: values.flash });
	process.stdout.write(`Built for ${platform} in ${sdk.output}: ${size} bytes, of ${place} for it\n`);
});
