import type { Connectivity, Moment } from "./history";
import type { LifeReport } from "./life";
import { duration, grouped } from "./report";
import type { Scenario, Trouble } from "./scenario";
import { element, escaped, line, steps, text } from "./svg";

/** What is drawn. */
export interface Plotted {
	readonly scenario: Scenario;
	readonly report: LifeReport;
	readonly moments: readonly Moment[];
}

const width = 1600;
const margin = { left: 150, right: 40, top: 118 } as const;
const inner = width - margin.left - margin.right;
const day = 86_400_000;

const ink = "#1b2733";
const faint = "#6b7885";
const grid = "#e4e9ee";
const blue = "#2f6fb5";
const red = "#c8402f";

/** Troubles in rows: what a person would look for together. */
const lanes: readonly {
	readonly name: string;
	readonly colour: string;
	readonly kinds: readonly Trouble["kind"][];
}[] = [
	{ name: "radio", colour: "#7a5aa8", kinds: ["radio", "fading", "password", "away"] },
	{ name: "internet", colour: "#4b6cb7", kinds: ["internet", "names"] },
	{ name: "time servers", colour: "#2b8a8a", kinds: ["time servers", "service clock"] },
	{ name: "service", colour: "#c77d1e", kinds: ["service", "quota"] },
	{ name: "sensor", colour: "#5b8c3a", kinds: ["sensor"] },
	{ name: "flash", colour: "#8a6d3b", kinds: ["wear", "flips", "forgotten"] },
	{ name: "power", colour: "#c8402f", kinds: ["power", "outage", "brown-out"] },
	{ name: "person", colour: "#b0447f", kinds: ["press", "settings"] },
];

/** From bad to good. */
const states: readonly (readonly [Connectivity, string])[] = [
	["off", "#3b4048"],
	["no network", "#d98b5f"],
	["no internet", "#ecc77f"],
	["asleep", "#c9d3e6"],
	["online", "#7fb58a"],
];

/** A picture of a life: what went wrong, how it was connected, what it measured, sent, kept and called. */
export function plot(plotted: Plotted): string {
	const { scenario, moments } = plotted;
	const perDay = moments.length / (scenario.length / day);
	const daily = (of: (moment: Moment) => number) =>
		smooth(moments.map(of), Math.ceil(perDay)).map((n) => n * perDay);
	let y = margin.top;
	const parts: string[] = [];
	const place = (height: number, draw: (top: number) => string) => {
		parts.push(draw(y));
		y += height + 34;
	};
	place(lanes.length * 22, (top) => faults(scenario, top));
	place(64, (top) => connectivity(moments, top));
	place(120, (top) =>
		chart({
			top,
			height: 120,
			title: "a day",
			name: "readings",
			series: [
				{ name: "measured", colour: "#9cc0e6", values: daily(({ readings }) => readings) },
				{
					name: "delivered",
					colour: blue,
					line: true,
					values: daily(({ delivered }) => delivered),
					cap: true,
				},
			],
		}),
	);
	place(120, (top) =>
		chart({
			top,
			height: 120,
			title: "at most",
			name: "waiting",
			series: [
				{ name: "readings on flash", colour: "#8f7cc0", values: moments.map(({ waiting }) => waiting) },
			],
		}),
	);
	place(100, (top) =>
		chart({
			top,
			height: 100,
			title: "a day",
			name: "calls",
			series: [
				{ name: "calls", colour: "#8cbf9f", values: daily(({ calls }) => calls) },
				{ name: "answered 429", colour: red, values: daily(({ limited }) => limited) },
			],
		}),
	);
	const bottom = y - 34;
	const axis = timeAxis(scenario, margin.top, bottom);
	const height = bottom + 56;
	return `${element(
		"svg",
		{
			xmlns: "http://www.w3.org/2000/svg",
			viewBox: `0 0 ${width} ${height}`,
			width,
			height,
			"font-family": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif",
			"font-size": 13,
			fill: ink,
		},
		element("title", {}, escaped(titleOf(scenario))),
		element("rect", { width, height, fill: "#fff" }),
		heading(plotted),
		axis,
		...parts,
	)}\n`;
}

function titleOf({ seed, startedAt, length }: Scenario): string {
	return `The life of board ${seed}: ${duration(length)}, ${date(startedAt)} to ${date(startedAt + length)}`;
}

function heading({ scenario, report }: Plotted): string {
	const { interval, uploadInterval, plan, power, sectors } = scenario;
	const upload =
		uploadInterval === "auto" ? "uploads as the plan allows" : `an upload each ${uploadInterval} s`;
	const board = `${power}, a reading each ${interval} s, ${upload}, ${grouped(plan)} calls a month, ${sectors * 4} KiB of flash`;
	const { readings, delivered, duplicates, overwritten, estimated, calls, boots, wakes, cuts } = report;
	const figures = [
		`${grouped(readings)} readings`,
		`${grouped(delivered)} delivered`,
		`${grouped(duplicates)} twice`,
		`${grouped(overwritten)} overwritten`,
		`${grouped(estimated)} with an estimated time`,
		`${grouped(calls)} calls`,
		`${grouped(boots)} boots`,
		...(wakes === 0 ? [] : [`${grouped(wakes)} wakes`]),
		`${grouped(cuts)} power cuts`,
		`longest delay ${duration(report.longestDelay)}`,
	];
	return [
		text(40, 42, titleOf(scenario), { "font-size": 24, "font-weight": 600 }),
		text(40, 66, board, { fill: faint, "font-size": 14 }),
		text(40, 88, figures.join("  ·  "), { "font-size": 14 }),
	].join("");
}

function faults({ troubles, length }: Scenario, top: number): string {
	const scale = (at: number) => margin.left + (at / length) * inner;
	const rows = lanes.map(({ name, colour, kinds }, lane) => {
		const y = top + lane * 22;
		const marks = troubles
			.filter(({ kind }) => kinds.includes(kind))
			.map((trouble) => {
				const x = scale(trouble.from);
				const long = Math.max(2.5, scale(Math.min(length, trouble.to)) - x);
				const rect = { x, y: y + 3, width: long, height: 15, rx: Math.min(2, long / 2), fill: colour };
				return element("rect", { ...rect, "fill-opacity": 0.85 }, element("title", {}, tip(trouble)));
			});
		return [
			element("rect", {
				x: margin.left,
				y: y + 1,
				width: inner,
				height: 19,
				fill: lane % 2 === 0 ? "#f6f8fa" : "#fbfcfd",
			}),
			text(margin.left - 12, y + 15, name, { "text-anchor": "end", fill: colour, "font-weight": 600 }),
			...marks,
		].join("");
	});
	return rows.join("");
}

function tip({ from, to, ...what }: Trouble): string {
	const lasting = to > from ? `, ${duration(to - from)}` : "";
	return JSON.stringify(what).replace(/[{}"]/g, "").replace(/&/g, "") + lasting;
}

/** The share of each state in each part, the good ones below. */
function connectivity(moments: readonly Moment[], top: number): string {
	const height = 64;
	const whole = moments.map(
		({ connectivity: of }) => states.reduce((sum, [state]) => sum + of[state], 0) || 1,
	);
	const layers = states.map(([state, colour], index) => {
		const upTo = moments.map((moment, at) => {
			const below = states.slice(index).reduce((sum, [each]) => sum + moment.connectivity[each], 0);
			return below / (whole[at] ?? 1);
		});
		return steps(
			upTo,
			{ x: margin.left, width: inner, base: top + height, height: (part) => part * height },
			{ fill: colour, "data-state": state },
		);
	});
	const items = [...states].reverse().map(([name, colour]) => ({ name, colour }));
	return [label("connected", "share", top), ...layers, legend(items, top - 8)].join("");
}

interface Series {
	readonly name: string;
	readonly colour: string;
	readonly values: readonly number[];
	/** Drawn as an outline. */
	readonly line?: boolean;
	/** May be higher than the chart: a backlog that is caught up would leave all else flat. */
	readonly cap?: boolean;
}

function chart(of: {
	readonly top: number;
	readonly height: number;
	readonly title: string;
	readonly name: string;
	readonly series: readonly Series[];
}): string {
	const { top, height, title, name, series } = of;
	const measured = series.filter(({ cap }) => cap !== true).flatMap(({ values }) => values);
	const most = niceTop(Math.max(1, ...measured));
	const base = top + height;
	const scale = (value: number) => (Math.min(value, most * 1.06) / most) * height;
	const lines = [0, 0.5, 1].map((part) => {
		const y = base - part * height;
		return [
			line(margin.left, y, margin.left + inner, y, { stroke: grid, "stroke-width": 1 }),
			text(margin.left - 8, y + 4, grouped(most * part), {
				"text-anchor": "end",
				fill: faint,
				"font-size": 11,
			}),
		].join("");
	});
	const drawn = series.map(({ colour, values, line: outline }) => {
		const look = outline === true ? { fill: "none", stroke: colour, "stroke-width": 1.2 } : { fill: colour };
		return steps(values, { x: margin.left, width: inner, base, height: scale }, look);
	});
	return [label(name, title, top), ...lines, ...drawn, legend(series, top - 8)].join("");
}

function label(name: string, more: string, top: number): string {
	return [
		text(40, top + 14, name, { "font-weight": 600 }),
		text(40, top + 31, more, { fill: faint, "font-size": 12 }),
	].join("");
}

function legend(items: readonly { readonly name: string; readonly colour: string }[], y: number): string {
	let x = margin.left;
	const told = items.map(({ name, colour }) => {
		const at = x;
		x += 26 + name.length * 7;
		return [
			element("rect", { x: at, y: y - 9, width: 10, height: 10, rx: 2, fill: colour }),
			text(at + 15, y, name, { fill: faint, "font-size": 12 }),
		].join("");
	});
	return told.join("");
}

/** Lines through all charts at the beginnings of days, months or years, as many as can be told apart. */
function timeAxis({ startedAt, length }: Scenario, top: number, bottom: number): string {
	const ends = startedAt + length;
	const marks: string[] = [];
	for (const { at, words, strong } of calendar(startedAt, ends)) {
		const x = margin.left + ((at - startedAt) / length) * inner;
		marks.push(
			line(x, top, x, bottom + (strong ? 10 : 5), { stroke: strong ? "#b9c3cd" : grid, "stroke-width": 1 }),
		);
		if (words !== "")
			marks.push(
				text(x, bottom + 26, words, { "text-anchor": "middle", fill: strong ? ink : faint, "font-size": 12 }),
			);
	}
	return marks.join("");
}

interface Mark {
	readonly at: number;
	readonly words: string;
	readonly strong: boolean;
}

function* calendar(from: number, to: number): Generator<Mark> {
	const months = (to - from) / (30 * day);
	if (months < 1.5) {
		for (let at = Math.ceil(from / day) * day; at <= to; at += day) {
			const told = new Date(at).getUTCDate();
			const every = months > 0.7 ? 2 : 1;
			yield { at, words: told % every === 1 || every === 1 ? dayMonth(at) : "", strong: told === 1 };
		}
		return;
	}
	const first = new Date(from);
	const every = months > 60 ? 12 : months > 30 ? 6 : months > 14 ? 3 : 1;
	for (let month = 1; ; month++) {
		const at = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month);
		if (at > to) return;
		const index = new Date(at).getUTCMonth();
		if (index % Math.min(every, 12) !== 0) continue;
		const january = index === 0;
		yield {
			at,
			words: january ? String(new Date(at).getUTCFullYear()) : (monthNames[index] ?? ""),
			strong: january,
		};
	}
}

const monthNames = [
	"Jan",
	"Feb",
	"Mar",
	"Apr",
	"May",
	"Jun",
	"Jul",
	"Aug",
	"Sep",
	"Oct",
	"Nov",
	"Dec",
] as const;

function dayMonth(at: number): string {
	const told = new Date(at);
	return `${told.getUTCDate()} ${monthNames[told.getUTCMonth()] ?? ""}`;
}

function date(utc: number): string {
	return `${dayMonth(utc)} ${new Date(utc).getUTCFullYear()}`;
}

/** The mean of so many neighbours, so that what comes in batches can be seen. */
function smooth(values: readonly number[], over: number): number[] {
	if (over <= 1) return [...values];
	const half = Math.floor(over / 2);
	return values.map((_, index) => {
		const near = values.slice(Math.max(0, index - half), index + half + 1);
		return near.reduce((sum, value) => sum + value, 0) / near.length;
	});
}

/** 1, 2, 2.5 or 5 times a power of ten, and no less than a value. */
function niceTop(value: number): number {
	const power = 10 ** Math.floor(Math.log10(value));
	for (const step of [1, 1.5, 2, 2.5, 4, 5, 10]) if (step * power >= value) return step * power;
	return 10 * power;
}
