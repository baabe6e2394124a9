import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { flashSizes, forFlashSize, platforms, readPlatform } from "./platforms";
import { findSdk, main, mcconfig, root, run, type Sdk } from "./sdk";

/**
 * The JavaScript stage of the chips' builds: type check against the SDK's own typings, compile, link with preloads.
 * It needs the Moddable SDK only; what comes after it, in C, needs ESP-IDF. `npm run check:esp32 -- esp32/esp32c3`
 * checks one chip.
 */

/**
 * What the linked JavaScript may take of a chip's flash, bytes: what it takes, and a little more, so that it does not
 * grow unseen. How much the SDK, lwIP and the Wi-Fi driver add to it, only a build with ESP-IDF can tell.
 */
const maxArchiveBytes = 832 * 1024;

/** A slot of the XS heap on a 32-bit machine, bytes; preloaded ones stay in flash. */
const slotBytes = 16;

/** What is left open for a chip's build to find: the JavaScript stage does not use it. */
const withoutIdf = ["IDF_PATH=/none", "IDF_VERSION=none"];

await main(async () => {
	const sdk = findSdk();
	const given = process.argv.slice(2);
	const checked = given.length === 0 ? platforms : [readPlatform(given)];
	for (const platform of checked) {
		const { code, slots } = await link(sdk, platform);
		const size = code + slots * slotBytes;
		process.stdout.write(
			`${platform.padEnd(14)} type-checked, compiled, linked: ${kilobytes(size)} of flash ` +
				`(${kilobytes(code)} of byte code, ${slots} slots); at most ${kilobytes(maxArchiveBytes)}\n`,
		);
		if (size > maxArchiveBytes)
			throw new Error(`${platform}: the firmware's JavaScript has become too large.`);
	}
	if (given.length > 0) return;
	for (const size of flashSizes) await checkPartitions(forFlashSize(sdk, size));
});

/** The SDK must take the partitions of the flash size, and not those of another that a manifest names, too. */
async function checkPartitions(sdk: Sdk): Promise<void> {
	const output = join(sdk.output, "check", "partitions");
	rmSync(output, { recursive: true, force: true });
	await mcconfig({ ...sdk, output }, ["-p", "esp32"]);
	const makefile = readFileSync(join(output, "tmp", "esp32", "release", sdk.name, "makefile"), "utf8");
	const wanted = sdk.environment.PARTITIONS_FILE ?? "";
	if (!makefile.includes(`\nPARTITIONS_FILE = ${wanted}\n`))
		throw new Error(`The build would not take ${wanted}.`);
	process.stdout.write(`${relative(root, wanted).padEnd(24)} is what the build takes\n`);
}

async function link(sdk: Sdk, platform: string): Promise<{ code: number; slots: number }> {
	const [, subplatform = platform] = platform.split("/");
	const output = join(sdk.output, "check", subplatform);
	rmSync(output, { recursive: true, force: true });
	mkdirSync(output, { recursive: true });
	const own = { ...sdk, output };
	// Without -m it writes the makefile and leaves it at that.
	await mcconfig(own, ["-p", platform]);
	const directory = join(output, "tmp", ...platform.split("/"), "release", sdk.name);
	const linked = join(directory, "mc.xs.c");
	const configuration = join(directory, `xsProj-${subplatform}`, "build", "config", "sdkconfig.h");
	// ESP-IDF makes this header, for the C compiler: taken as made (-o).
	await run(sdk, "make", ["--jobs=2", "-o", configuration, ...withoutIdf, linked], { directory });
	return measure(readFileSync(linked, "utf8"));
}

/** Bytes of code and constant data, and number of slots, that `xsl` has put into flash. */
function measure(source: string): { code: number; slots: number } {
	let code = 0;
	// Modules that are not preloaded are whole arrays; what preloaded ones hold are literals within the slots.
	for (const [, length] of source.matchAll(/^static const txU1 gxCode\d+\[(\d+)\] = /gm))
		code += Number(length);
	for (const [, literal = ""] of source.matchAll(/"((?:[^"\\\n]|\\.)*)"/g))
		code += literal.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)/g, ".").length;
	const [, slots = "0"] = /^#define mxHeapCount (\d+)$/m.exec(source) ?? [];
	if (code === 0 || slots === "0") throw new Error("The linker's output is not as this script knows it.");
	return { code, slots: Number(slots) };
}

function kilobytes(bytes: number): string {
	return `${Math.ceil(bytes / 1024)} KiB`;
}
