import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { parseArguments } from "../simulator/command-line";
import { driverNames, readLeftOutDrivers } from "./left-out-drivers";
import {
	flashSizes,
	forFlashSize,
	hasIdf,
	makeWithIdf,
	type Platform,
	platforms,
	readPlatform,
} from "./platforms";
import { findSdk, main, mcconfig, root, run, type Sdk } from "./sdk";
import { type Compiled, compileTypeScript } from "./typescript";

const help = `The JavaScript stage of the chips' builds: type check against the SDK's own typings, compile, link with preloads. It
needs only the Moddable SDK; with ESP-IDF it also compiles the C of the SDK and its modules.

npm run check:esp32 -- [PLATFORM] [options]

  PLATFORM    one chip: ${platforms.join(", ")} (default: all of them, and the partitions)
  --drivers   print the size of each driver
  --help      this text
`;

/**
 * Maximum bytes of linked JavaScript in a chip's flash: slightly above the current size, so that growth is noticed. Only a
 * build with ESP-IDF shows what the SDK, lwIP and the Wi-Fi driver add.
 */
const maxArchiveBytes = 692 * 1024;

/** What a driver may take on average, shared parts included, bytes. */
const maxDriverBytes = 2700;

/** A slot of the XS heap on a 32-bit machine, bytes; preloaded ones stay in flash. */
const slotBytes = 16;

/** What is left open for a chip's build to find: the JavaScript stage does not use it. */
const withoutIdf = ["IDF_PATH=/none", "IDF_VERSION=none"];

await main(async () => {
	const { values, positionals: given } = parseArguments({
		allowPositionals: true,
		options: { drivers: { type: "boolean" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) {
		process.stdout.write(help);
		return;
	}
	const checked = given.length === 0 ? platforms : [readPlatform(given)];
	await check(findSdk(), checked, values.drivers === true);
	if (given.length > 0) return;
	for (const size of flashSizes) await checkPartitions(forFlashSize(findSdk(), size));
});

async function check(sdk: Sdk, checked: readonly Platform[], listsDrivers: boolean): Promise<void> {
	let compiled: Compiled = new Map();
	for (const platform of checked) {
		const directory = await configure(sdk, platform);
		compiled = await compileTypeScript(sdk, directory, compiled);
		checkHeaders(directory);
		const { code, slots } = await link(sdk, platform, directory);
		const size = code + slots * slotBytes;
		if (platform === checked[0]) await checkDrivers(sdk, platform, compiled, { total: size, listsDrivers });
		process.stdout.write(
			`${platform.padEnd(14)} type-checked, compiled, linked: ${kilobytes(size)} of flash ` +
				`(${kilobytes(code)} of byte code, ${slots} slots); at most ${kilobytes(maxArchiveBytes)}\n`,
		);
		if (size > maxArchiveBytes)
			throw new Error(`${platform}: the firmware's JavaScript has become too large.`);
		if (!hasIdf()) continue;
		// Everything but ESP-IDF itself, and the program that is linked of it all.
		await makeWithIdf(sdk, directory, "buildArchive", false);
		process.stdout.write(`${platform.padEnd(14)} its C compiled\n`);
	}
}

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

/**
 * Prints what the drivers take together, and with `listsDrivers` what each adds to the others; shared parts count for none
 * of them then. `total`: with all drivers that the manifest does not leave out.
 */
async function checkDrivers(
	sdk: Sdk,
	platform: string,
	compiled: Compiled,
	{ total, listsDrivers }: { readonly total: number; readonly listsDrivers: boolean },
): Promise<void> {
	const leftOut = readLeftOutDrivers();
	const names = listDrivers().filter((name) => !leftOut.includes(name));
	const without = async (omitted: readonly string[]) => {
		const directory = await configure(sdk, platform);
		await compileTypeScript(sdk, directory, compiled, [...leftOut, ...omitted]);
		const { code, slots } = await link(sdk, platform, directory);
		return total - code - slots * slotBytes;
	};
	if (listsDrivers)
		for (const name of names) process.stdout.write(`  ${name.padEnd(12)} ${await without([name])} bytes\n`);
	const all = await without(names);
	const average = Math.round(all / names.length);
	process.stdout.write(
		`${names.length} drivers take ${kilobytes(all)}, ${average} bytes each; at most ${maxDriverBytes}\n`,
	);
	if (average > maxDriverBytes) throw new Error("The drivers have become too large.");
}

/** The names of the I2C drivers, as in the manifest's `leftOutDrivers`. */
function listDrivers(): readonly string[] {
	const path = join(root, "src", "sensors", "drivers", "all-drivers.ts");
	return driverNames([
		{
			specifier: "src/sensors/drivers/all-drivers",
			javascript: readFileSync(path, "utf8").replace(/: readonly I2CDriver\[\]/, ""),
		},
	]);
}

/** Writes the makefile of a chip's release; the folder where it builds. */
async function configure(sdk: Sdk, platform: string): Promise<string> {
	const [, subplatform = platform] = platform.split("/");
	const output = join(sdk.output, "check", subplatform);
	rmSync(output, { recursive: true, force: true });
	makeDirectory(output);
	// Without -m it writes the makefile and leaves it at that.
	await mcconfig({ ...sdk, output }, ["-p", platform]);
	return join(output, "tmp", ...platform.split("/"), "release", sdk.name);
}

async function link(sdk: Sdk, platform: string, directory: string): Promise<{ code: number; slots: number }> {
	const [, subplatform = platform] = platform.split("/");
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

/**
 * Every header of the SDK's modules (`mod….h`) that a C file of the makefile includes must be in one of its folders: the
 * compiler would say so, but it comes with ESP-IDF.
 */
function checkHeaders(directory: string): void {
	const makefile = readFileSync(join(directory, "makefile"), "utf8");
	const variables = new Map(
		[...makefile.matchAll(/^(\w+) = (.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
	);
	const resolve = (path: string) =>
		path.replace(/\$\((\w+)\)/g, (_, name: string) => variables.get(name) ?? "");
	const listed = /^DIRECTORIES =((?:\\?\n?\s*-I\S+)*)/m.exec(makefile)?.[1] ?? "";
	const folders = [...listed.matchAll(/-I([^\s\\]+)/g)].map(([, path = ""]) => resolve(path));
	const sources = [...makefile.matchAll(/^\$\(TMP_DIR\)\/\S+\.c\.o: (\/\S+\.c) /gm)].map(
		([, path = ""]) => path,
	);
	if (folders.length === 0 || sources.length === 0)
		throw new Error("The makefile is not as this script knows it.");
	for (const source of sources)
		for (const [, header = ""] of readFileSync(source, "utf8").matchAll(/^\s*#include "(mod\w+\.h)"/gm))
			if (![dirname(source), ...folders].some((folder) => existsSync(join(folder, header))))
				throw new Error(`${source} includes ${header}, which is in no folder of the makefile.`);
}
