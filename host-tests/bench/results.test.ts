import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseResults } from "../../bench/results-table";

const root = join(import.meta.dirname, "..", "..");
const recorded = parseResults(readFileSync(join(root, "bench", "RESULTS.md"), "utf8"));

const flash = "Flash: readings";
const wire = "On the wire, for 1,000 points";
const xs = "XS compute";
const app = "XS compute: the whole app";
const charge = "Charge: days on 2,000 mAh";
const radio = "Radio, seconds a day";
const images = ["Flash: the image of an ESP32", "Flash: the image of an ESP32-C3"];

test("the file has every section, with a figure in every row", () => {
	expect([...recorded.keys()]).toEqual([
		"Flash: the queue",
		flash,
		wire,
		xs,
		app,
		"Memory",
		"Instructions on an emulated ESP32-C3",
		...images,
		charge,
		radio,
	]);
	for (const [title, rows] of recorded) {
		expect(rows.size, title).toBeGreaterThan(1);
		for (const [what, { firmware }] of rows) expect(firmware, `${title}: ${what}`).toBeDefined();
	}
});

test("the README's figures are those of the file, rounded", () => {
	const readme = readFileSync(join(root, "README.md"), "utf8");
	const figures = (title: string, what: string) => {
		const { firmware = Number.NaN, baseline = Number.NaN } = recorded.get(title)?.get(what) ?? {};
		return [firmware, baseline] as const;
	};
	const round = (value: number, to: number) => (Math.round(value / to) * to).toLocaleString("en");
	const row = (name: string, ours: string, baseline: string) => `| ${name} | ${ours} | ${baseline} |`;
	const [bytes, json] = figures(flash, "bytes of flash for a reading");
	const [held, heldAsJson] = figures(flash, "readings that 1 MiB holds");
	const [batch, objects] = figures("Memory", "bytes for a batch of 1,000");
	const onTheWire = (name: string, what: string) => {
		const sizes = figures(wire, `${what}: bytes`).map((size) => `${round(size / 1000, 1)} KB`);
		const [ours, baseline] = figures(wire, `${what}: TLS handshakes`).map((count) =>
			count.toLocaleString("en"),
		);
		return row(name, `${sizes[0]}, TLS handshakes: ${ours}`, `${sizes[1]}, TLS handshakes: ${baseline}`);
	};
	const computed = (name: string, what: string) => {
		const [ours = "", baseline = ""] = figures(xs, what).map((count) => `${round(count, 100)} computrons`);
		return row(name, ours, baseline);
	};
	const aDay = (what: string) => {
		const [ours = "", baseline = ""] = figures(radio, what).map((seconds) => `${round(seconds, 1)} s`);
		return row(`radio a day, ${what}`, ours, baseline);
	};
	const days = (what: string) => {
		const [ours = "", baseline = ""] = figures(charge, `days, ${what}`).map((count) => round(count, 1));
		return row(`days on 2,000 mAh, ${what}, by a model`, ours, baseline);
	};
	const table = [
		row("flash for a reading", `${bytes.toFixed(1)} bytes`, `${round(json, 1)} bytes, as JSON`),
		row("readings that 1 MiB holds", round(held, 1000), round(heldAsJson, 100)),
		onTheWire("1,000 points after an outage", "a backlog in one upload"),
		onTheWire("1,000 points, 12 at a time", "uploads of 12 (each 5 min, sent each hour)"),
		computed("a point uploaded, of a large batch", "point uploaded, 1,000 in a batch"),
		computed("a reading sampled and stored", "reading sampled and stored"),
		row(
			"memory for a batch of 1,000, on 64 bits",
			`${(batch / 1000).toFixed(1)} KB`,
			`${round(objects / 1000, 1)} KB`,
		),
		aDay("mains, a reading each minute"),
		aDay("battery, each 10 minutes"),
		days("a reading each minute"),
	];
	const [, section = ""] = readme.split("## What it costs");
	const [, ...shown] = section.split("|---|---:|---:|\n");
	expect(shown.join("").split("\n\n")[0]).toBe(table.join("\n"));
});
