/** One figure: a count or calculated from counts, exactly repeatable. */
export interface Row {
	/** What is counted, with its unit; unique within the section. */
	readonly what: string;
	/** Omitted: less is better. */
	readonly better?: "more";
	/** `undefined` if it cannot be measured on this computer. */
	readonly firmware: number | undefined;
	/** The straightforward implementation, measured with the same work. */
	readonly baseline?: number | undefined;
	/** The firmware must not be worse than this. */
	readonly limit?: number;
	/** The best published figure for the same work. */
	readonly elsewhere?: string;
}

export interface Section {
	readonly title: string;
	/** Paragraphs: what was measured, and what the straightforward implementation is. */
	readonly text: readonly string[];
	/** A short name of the straightforward implementation. */
	readonly baseline: string;
	readonly rows: readonly Row[];
}

type Figures = Pick<Row, "firmware" | "baseline">;

/** The figures of a file by section and row. */
export type Recorded = ReadonlyMap<string, ReadonlyMap<string, Figures>>;

/** A finding about a row, in one sentence. */
export interface Finding {
	readonly fails: boolean;
	readonly sentence: string;
}

/** Maximum relative change for the worse. */
export const tolerance = 0.02;

const emptyCell = "–";

export function toMarkdown(title: string, text: string, sections: readonly Section[]): string {
	const parts = sections.map((section) => {
		const [head = [], ...rows] = cells(section);
		const lines = [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows];
		return [
			`## ${section.title}`,
			...section.text,
			lines.map((line) => `| ${line.join(" | ")} |`).join("\n"),
		].join("\n\n");
	});
	return `${[`# ${title}`, text, ...parts].join("\n\n")}\n`;
}

/** For a terminal. */
export function toText(sections: readonly Section[]): string {
	const lines = sections.flatMap((section) => ["", ...aligned(section)]);
	return `${lines.join("\n").trimStart()}\n`;
}

function aligned(section: Section): string[] {
	const [[, ...head] = [], ...rows] = cells(section);
	const lines = [[section.title, ...head], ...rows];
	const widths =
		lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
	return lines.map((line) =>
		line
			.map((cell, column) =>
				column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
			)
			.join("  ")
			.trimEnd(),
	);
}

/** Header and rows, without empty columns. */
function cells({ baseline, rows }: Section): string[][] {
	const lines = [
		["", "ours", baseline, "limit", "best elsewhere"],
		...rows.map((row) => [
			row.what,
			toCell(row.firmware),
			row.baseline === undefined ? "" : toCell(row.baseline),
			row.limit === undefined ? "" : `${row.better === "more" ? "≥" : "≤"} ${toCell(row.limit)}`,
			row.elsewhere ?? "",
		]),
	];
	const used = (column: number) => column < 3 || lines.slice(1).some((line) => line[column] !== "");
	return lines.map((line) => line.filter((_, column) => used(column)));
}

function toCell(value: number | undefined): string {
	if (value === undefined) return emptyCell;
	return value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 10 ? 3 : 1 });
}

/** Throws an Error with a sentence if the file was not written by {@link toMarkdown}. */
export function parseResults(markdown: string): Recorded {
	const sections = new Map<string, Map<string, Figures>>();
	let rows: Map<string, Figures> | undefined;
	for (const line of markdown.split("\n")) {
		if (line.startsWith("## ")) {
			rows = new Map();
			sections.set(line.slice(3), rows);
		} else if (line.startsWith("| ")) {
			const [, what = "", ours = "", baseline = ""] = line.split("|").map((cell) => cell.trim());
			// The header has no name, and is followed by a line of dashes.
			if (what === "" || what === "---") continue;
			if (rows === undefined) throw new Error(`"${what}" is in no section`);
			if (rows.has(what)) throw new Error(`"${what}" occurs twice`);
			rows.set(what, { firmware: fromCell(ours, what), baseline: fromCell(baseline, what) });
		}
	}
	return sections;
}

function fromCell(cell: string, what: string): number | undefined {
	if (cell === "" || cell === emptyCell) return undefined;
	const value = /^[-\d.,]+$/.test(cell) ? Number(cell.replaceAll(",", "")) : Number.NaN;
	if (Number.isNaN(value)) throw new Error(`"${cell}" at "${what}" is no number`);
	return value;
}

/** Fills rows that could not be measured with the figures of the file. */
export function completed(sections: readonly Section[], recorded: Recorded): Section[] {
	return sections.map((section) => ({
		...section,
		rows: section.rows.map((row) =>
			row.firmware === undefined ? { ...row, ...recorded.get(section.title)?.get(row.what) } : row,
		),
	}));
}

/** Compares the measurement with the file: worse figures, missing rows, and rows no longer measured. */
export function compareResults(sections: readonly Section[], recorded: Recorded): Finding[] {
	const findings = sections.flatMap(({ title, rows }) =>
		rows.flatMap((row) => compareRow(`${title}: ${row.what}`, row, recorded.get(title)?.get(row.what))),
	);
	for (const [title, rows] of recorded) {
		const known = sections.find((section) => section.title === title)?.rows ?? [];
		for (const what of rows.keys())
			if (!known.some((row) => row.what === what))
				findings.push({ fails: true, sentence: `${title}: ${what}: in the file, but no longer measured` });
	}
	return findings;
}

function compareRow(name: string, row: Row, recorded: Figures | undefined): Finding[] {
	const { firmware, limit } = row;
	if (firmware === undefined) return [];
	const findings: Finding[] = [];
	const add = (fails: boolean, sentence: string) =>
		findings.push({ fails, sentence: `${name}: ${sentence}` });
	const sign = row.better === "more" ? -1 : 1;
	if (limit !== undefined && sign * (firmware - limit) > 0)
		add(true, `${toCell(firmware)} misses the limit of ${toCell(limit)}`);
	const before = recorded?.firmware;
	if (before === undefined) add(true, "not in the file yet");
	else if (sign * (firmware - before) > tolerance * Math.abs(before))
		add(true, `worse: ${toCell(before)} before, ${toCell(firmware)} now${percent(before, firmware)}`);
	else if (sign * (before - firmware) > tolerance * Math.abs(before))
		add(false, `better: ${toCell(before)} before, ${toCell(firmware)} now${percent(before, firmware)}`);
	return findings;
}

function percent(before: number, now: number): string {
	if (before === 0) return "";
	const change = (100 * (now - before)) / before;
	return ` (${change > 0 ? "+" : "−"}${Math.abs(change).toFixed(1)} %)`;
}
