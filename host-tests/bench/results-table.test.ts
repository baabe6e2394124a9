import { describe, expect, test } from "vitest";
import {
	compareResults,
	completed,
	parseResults,
	type Row,
	type Section,
	toMarkdown,
	toText,
} from "../../bench/results-table";

const row: Row = { what: "bytes for a record", firmware: 100, baseline: 250, limit: 110 };

function section(...rows: readonly Row[]): Section {
	return { title: "Flash", text: ["What was measured."], baseline: "plain ring", rows };
}

function recordOf(...rows: readonly Row[]) {
	return parseResults(toMarkdown("Costs", "Written by a machine.", [section(...rows)]));
}

describe("a figure is compared with the file", () => {
	const cases: readonly (readonly [
		name: string,
		before: Partial<Row>,
		now: Partial<Row>,
		finding: string | undefined,
		fails: boolean,
	])[] = [
		["the same", {}, {}, undefined, false],
		["2 % more", {}, { firmware: 102 }, undefined, false],
		["more than that", {}, { firmware: 102.1 }, "worse: 100 before, 102.1 now (+2.1 %)", true],
		["2 % less", {}, { firmware: 98 }, undefined, false],
		["less than that", {}, { firmware: 97 }, "better: 100 before, 97 now (−3.0 %)", false],
		["less where more is better", { better: "more" }, { firmware: 111 }, "better: 100 before", false],
		[
			"worse where more is better",
			{ better: "more", limit: 90 },
			{ firmware: 97 },
			"worse: 100 before",
			true,
		],
		["within 2 % where more is better", { better: "more", limit: 90 }, { firmware: 98 }, undefined, false],
		["something where there was nothing", { firmware: 0 }, { firmware: 1 }, "worse: 0 before, 1 now", true],
		["one more of two", { firmware: 2 }, { firmware: 3 }, "worse: 2 before, 3 now (+50.0 %)", true],
		["always over the limit", { firmware: 111 }, { firmware: 111 }, "111 misses the limit of 110", true],
		["under a lower limit", { better: "more", limit: 120 }, {}, "100 misses the limit of 120", true],
		["not measured", {}, { firmware: undefined, baseline: undefined }, undefined, false],
		["measured for the first time", { firmware: undefined }, {}, "not in the file yet", true],
		["the straightforward implementation got worse", {}, { baseline: 900 }, undefined, false],
	];
	test.each(cases)("%s", (_, before, now, finding, fails) => {
		const base = { ...row, ...(before.better && { better: before.better }), limit: before.limit ?? 110 };
		const findings = compareResults([section({ ...base, ...now })], recordOf({ ...base, ...before }));
		expect(findings).toHaveLength(finding === undefined ? 0 : 1);
		if (finding === undefined) return;
		expect(findings[0]?.sentence).toContain(`Flash: bytes for a record: ${finding}`);
		expect(findings[0]?.fails).toBe(fails);
	});

	test("a row that the file lacks fails", () => {
		const findings = compareResults([section(row, { what: "erases", firmware: 3 })], recordOf(row));
		expect(findings).toEqual([{ fails: true, sentence: "Flash: erases: not in the file yet" }]);
	});

	test("a row or section that is no longer measured fails", () => {
		const recorded = recordOf(row, { what: "erases", firmware: 3 });
		expect(compareResults([section(row)], recorded).map(({ sentence }) => sentence)).toEqual([
			"Flash: erases: in the file, but no longer measured",
		]);
		expect(compareResults([], recorded).filter(({ fails }) => fails)).toHaveLength(2);
	});
});

describe("the file", () => {
	const rows: readonly Row[] = [
		{ what: "large", firmware: 3_073_098, baseline: 1_277_782.25 },
		{ what: "small", firmware: 1.0449, limit: 1.1, elsewhere: "3.05 (example)" },
		{ what: "more", better: "more", firmware: 141_447, limit: 85_000 },
		{ what: "nothing", firmware: 0 },
		{ what: "not here", firmware: undefined },
	];

	test("shows what was measured, to the displayed digits", () => {
		const figures = recordOf(...rows).get("Flash");
		expect(figures?.get("large")).toEqual({ firmware: 3_073_098, baseline: 1_277_782.3 });
		expect(figures?.get("small")).toEqual({ firmware: 1.045, baseline: undefined });
		expect(figures?.get("nothing")?.firmware).toBe(0);
		expect(figures?.get("not here")?.firmware).toBeUndefined();
	});

	test("shows limits in their direction, and omits empty columns", () => {
		const markdown = toMarkdown("Costs", "", [section(...rows)]);
		expect(markdown).toContain("| small | 1.045 |  | ≤ 1.1 | 3.05 (example) |");
		expect(markdown).toContain("| more | 141,447 |  | ≥ 85,000 |  |");
		expect(toMarkdown("Costs", "", [section(row)])).toContain("| bytes for a record | 100 | 250 | ≤ 110 |\n");
	});

	test("keeps figures that could not be measured this time", () => {
		const recorded = recordOf(row);
		const unmeasured = section({ ...row, firmware: undefined, baseline: undefined });
		const [kept] = completed([unmeasured], recorded);
		expect(kept?.rows).toEqual([row]);
		expect(compareResults([unmeasured], recorded)).toEqual([]);
		expect(completed([section({ ...row, firmware: 90 })], recorded)[0]?.rows[0]?.firmware).toBe(90);
	});

	test("is rejected if edited by hand", () => {
		expect(() => parseResults("## Flash\n\n|  | ours |\n| --- | ---: |\n| bytes | many |\n")).toThrow(
			'"many" at "bytes" is no number',
		);
		expect(() => parseResults("| bytes | 1 |\n")).toThrow("in no section");
		expect(() => parseResults("## Flash\n\n| bytes | 1 |\n| bytes | 2 |\n")).toThrow("twice");
	});

	test("is empty if it does not exist, and then every row is missing", () => {
		expect(compareResults([section(row)], parseResults("")).map(({ fails }) => fails)).toEqual([true]);
	});
});

test("columns are aligned on a terminal", () => {
	const [head = "", first = "", second = ""] = toText([section(row, { what: "erases", firmware: 3 })]).split(
		"\n",
	);
	const end = head.indexOf("ours") + "ours".length;
	expect(first.slice(0, end)).toMatch(/ 100$/);
	expect(second.slice(0, end)).toMatch(/ 3$/);
});
