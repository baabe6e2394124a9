import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endWithReader, parseArguments } from "../simulator/command-line";
import { errorMessage } from "../src/common/error-message";
import { imageSections } from "./chip-image";
import { instructionSection } from "./chip-instructions";
import { measureDevice } from "./device-figures";
import * as queue from "./queue";
import * as readings from "./readings";
import {
	compareResults,
	completed,
	type Finding,
	parseResults,
	type Recorded,
	type Section,
	toMarkdown,
	toText,
} from "./results-table";
import {
	chargeSection,
	deviceSection,
	introduction,
	memorySection,
	queueSection,
	radioSection,
	readingSection,
	title,
	type WireSectionFigures,
	wireSection,
	xsSection,
} from "./sections";
import { openWire, uploadPoints } from "./wire";
import { hasXs, howToGetXs } from "./xs-engine";
import { measureXs } from "./xs-figures";

const help = `Measures what the device costs, and compares it with bench/RESULTS.md.

npm run bench -- [options]

  --write   writes what was measured to bench/RESULTS.md
  --help    this text

Fails when a figure has become worse by more than 2 % or misses its limit, and when the file lacks one.
`;

const path = join(import.meta.dirname, "RESULTS.md");
const howToWrite = "bench/RESULTS.md differs from the measurement: npm run bench -- --write\n";

endWithReader();
const options = parseOptions(process.argv.slice(2));
if (typeof options === "string") {
	process.stderr.write(`${options}\n${help}`);
	process.exitCode = 2;
} else if (options.help) process.stdout.write(help);
else await run(options.write);

function parseOptions(args: string[]): { readonly write: boolean; readonly help: boolean } | string {
	try {
		const { values } = parseArguments({
			args,
			options: { write: { type: "boolean" }, help: { type: "boolean", short: "h" } },
		});
		return { write: values.write === true, help: values.help === true };
	} catch (error) {
		return errorMessage(error);
	}
}

async function run(write: boolean): Promise<void> {
	const file = existsSync(path) ? readFileSync(path, "utf8") : "";
	const recorded = read(file);
	if (recorded === undefined) return;
	const measured = await measureAll();
	const sections = completed(measured, recorded);
	const markdown = toMarkdown(title, introduction, sections);
	process.stdout.write(toText(sections));
	process.stdout.write("\n");
	if (!hasXs())
		process.stdout.write(`The figures of XS are those of the file; to measure them: ${howToGetXs}\n`);
	if (write) {
		writeFileSync(path, markdown);
		process.stdout.write("bench/RESULTS.md has been written.\n");
		report(compareResults(measured, parseResults(markdown)));
	} else {
		report(compareResults(measured, recorded));
		if (markdown !== file) process.stdout.write(howToWrite);
	}
}

/** `undefined` if the file cannot be parsed; reports that. */
function read(file: string): Recorded | undefined {
	try {
		return parseResults(file);
	} catch (error) {
		const problem = errorMessage(error);
		process.stderr.write(`bench/RESULTS.md cannot be parsed: ${problem}. Revert the manual changes.\n`);
		process.exitCode = 1;
		return undefined;
	}
}

async function measureAll(): Promise<Section[]> {
	const firmware = readings.measureReadingLog();
	const wire = await measureWire();
	const xs = hasXs() ? await measureXs(firmware.image) : undefined;
	const device = hasXs() ? await measureDevice() : undefined;
	return [
		queueSection({ firmware: queue.measureFlashQueue(), baseline: queue.measureJsonRing() }),
		readingSection({ firmware, baseline: readings.measureJsonReadings() }),
		wireSection(wire),
		xsSection(xs),
		deviceSection(device),
		memorySection(xs),
		instructionSection(),
		...imageSections(),
		await chargeSection(device, wire, uploadPoints),
		await radioSection(wire, uploadPoints),
	];
}

async function measureWire(): Promise<WireSectionFigures> {
	const wire = await openWire();
	try {
		return {
			backlog: await wire.firmware(1_000),
			dozens: await wire.firmware(12),
			singles: await wire.firmware(1),
			arduino: await wire.arduino(),
		};
	} finally {
		await wire.close();
	}
}

function report(findings: readonly Finding[]): void {
	for (const { fails, sentence } of findings)
		(fails ? process.stderr : process.stdout).write(`${fails ? "FAILED  " : ""}${sentence}\n`);
	if (findings.some(({ fails }) => fails)) process.exitCode = 1;
}
