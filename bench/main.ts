import * as queue from "./queue";
import * as readings from "./readings";
import { hasXs, howToGetXs } from "./xs";
import { measureXs } from "./xs-figures";

/** One line of the table. All figures are counts that repeat to the digit. */
interface Row {
	readonly work: string;
	readonly ours: number;
	/** What ours must reach. */
	readonly limit: { readonly most: number } | { readonly least: number };
	/** The best that others were measured at, on the same work; as told. */
	readonly elsewhere?: string;
	/** A ring of plain records, JSON where readings are stored, on the same flash. */
	readonly plain?: number;
}

const rows = [...queueRows(), ...readingRows(), ...(hasXs() ? await xsRows() : [])];
print(rows);
if (!hasXs()) process.stdout.write(`The figures in XS were left out; they need: ${howToGetXs}\n`);
const missed = rows.filter((row) => !reaches(row));
for (const { work } of missed) process.stderr.write(`missed: ${work}\n`);
process.exitCode = missed.length > 0 ? 1 : 0;

function queueRows(): Row[] {
	const ours = queue.measureOurs();
	const plain = queue.measureJson();
	const row = (work: string, key: keyof queue.QueueFigures, most: number, elsewhere: string): Row => ({
		work,
		ours: ours[key],
		limit: { most },
		elsewhere,
		plain: plain[key],
	});
	return [
		row("96-byte record, a batch of 50: bytes programmed", "programmedBytes", 105.6, "111.6 (FlashDB)"),
		row("  program operations", "programs", 1.1, "3.05 (sequential-storage)"),
		row("  erases per 1,000", "erases", 25.7, "25.7 (sequential-storage)"),
		row("  bytes read, reading each once included", "readBytes", 110, "104"),
		row("mount 1 MiB, 5,000 waiting, oldest read: bytes", "mountBytes", 2300, "2312 (sequential-storage)"),
		row("  read operations", "mountReads", 64, "534 (sequential-storage)"),
	];
}

function readingRows(): Row[] {
	const ours = readings.measureOurs();
	const plain = readings.measureJson();
	return [
		{
			work: "reading of 3 values, battery, signal: flash bytes",
			ours: ours.bytes,
			limit: { most: 12 },
			elsewhere: "288 as JSON",
			plain: plain.bytes,
		},
		{
			work: "  such readings that 1 MiB holds",
			ours: ours.held,
			limit: { least: 85_000 },
			elsewhere: "3640",
			plain: plain.held,
		},
	];
}

async function xsRows(): Promise<Row[]> {
	const ours = await measureXs();
	return [
		{ work: "XS computrons: push of 96 bytes", ours: ours.push, limit: { most: 5_500 } },
		{ work: "  record read back", ours: ours.read, limit: { most: 5_050 } },
		{ work: "  mount 1 MiB, 10,000 waiting, oldest read", ours: ours.mount, limit: { most: 110_000 } },
		{ work: "  reading stored", ours: ours.append, limit: { most: 6_900 } },
		{ work: "  reading read back and written as JSON", ours: ours.tell, limit: { most: 4_000 } },
		{ work: "XS heap: slots (16 bytes) for a batch of 1,000", ours: ours.batch, limit: { most: 256 } },
		{ work: "XS heap: slots more after 10,000 records", ours: ours.growth, limit: { most: 8 } },
	];
}

function reaches({ ours, limit }: Row): boolean {
	return "most" in limit ? ours <= limit.most : ours >= limit.least;
}

function print(table: readonly Row[]): void {
	const lines = [
		["", "ours", "limit", "best elsewhere", "plain ring"],
		...table.map(({ work, ours, limit, elsewhere, plain }) => [
			work,
			number(ours),
			"most" in limit ? `≤ ${number(limit.most)}` : `≥ ${number(limit.least)}`,
			elsewhere ?? "",
			plain === undefined ? "" : number(plain),
		]),
	];
	const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
	for (const line of lines) {
		const cells = line.map((cell, column) =>
			column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
		);
		process.stdout.write(`${cells.join("  ")}\n`);
	}
}

function number(value: number): string {
	return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1);
}
