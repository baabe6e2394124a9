import { readPlatform, requireIdf } from "./chips";
import { findSdk, main, mcconfig } from "./sdk";

/** Builds the firmware for a chip: `npm run build:esp32 [-- PLATFORM]`. */
await main(async () => {
	const platform = readPlatform(process.argv.slice(2));
	const sdk = findSdk();
	requireIdf();
	await mcconfig(sdk, ["-m", "-p", platform, "-t", "build"], true);
	process.stdout.write(`Built for ${platform} in ${sdk.output}\n`);
});
