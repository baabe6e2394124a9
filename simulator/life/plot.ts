import { formatInteger } from "../format-integer";
import type { Connectivity, HistoryInterval } from "./history";
import type { LifeReport } from "./life";
import { formatLifeDuration } from "./life-report";
import type { Scenario, ScenarioFault } from "./scenario";
import { escapeXml, svgElement, svgLine, svgSteps, svgText } from "./svg";

export interface PlotInput {
	readonly scenario: Scenario;
	readonly report: LifeReport;
	readonly intervals: readonly HistoryInterval[];
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

/** Fault kinds by lane. */
const lanes: readonly {
	readonly name: string;
	readonly colour: string;
	readonly kinds: readonly ScenarioFault["kind"][];
}[] = [
	{ name: "radio", colour: "#7a5aa8", kinds: ["radio", "fading", "password", "away"] },
	{ name: "internet", colour: "#4b6cb7", kinds: ["internet", "names"] },
	{ name: "time servers", colour: "#2b8a8a", kinds: ["time servers", "service clock"] },
	{ name: "service", colour: "#c77d1e", kinds: ["service", "quota"] },
	{ name: "sensor", colour: "#5b8c3a", kinds: ["sensor"] },
	{ name: "flash", colour: "#8a6d3b", kinds: ["wear", "flips", "forgotten", "outdated"] },
	{ name: "power", colour: "#c8402f", kinds: ["power", "outage", "brown-out"] },
	{ name: "user", colour: "#b0447f", kinds: ["press", "settings"] },
];

/** From worst to best. */
const states: readonly (readonly [Connectivity, string])[] = [
	["off", "#3b4048"],
	["no network", "#d98b5f"],
	["no internet", "#ecc77f"],
	["asleep", "#c9d3e6"],
	["online", "#7fb58a"],
];

/** An SVG picture of a life: its faults, connectivity, readings, pending readings and API calls. */
export function plot(plotted: PlotInput): string {
	const { scenario, intervals } = plotted;
	const perDay = intervals.length / (scenario.length / day);
	const daily = (of: (moment: HistoryInterval) => number) =>
		smooth(intervals.map(of), Math.ceil(perDay)).map((n) => n * perDay);
	let y = margin.top;
	const parts: string[] = [];
	const place = (height: number, draw: (top: number) => string) => {
		parts.push(draw(y));
		y += height + 34;
	};
	place(lanes.length * 22, (top) => faults(scenario, top));
	place(64, (top) => connectivity(intervals, top));
	place(120, (top) =>
		chart({
			top,
			height: 120,
			title: "per day",
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
			title: "maximum",
			name: "pending",
			series: [
				{ name: "readings in flash", colour: "#8f7cc0", values: intervals.map(({ pending }) => pending) },
			],
		}),
	);
	place(100, (top) =>
		chart({
			top,
			height: 100,
			title: "per day",
			name: "calls",
			series: [
				{ name: "calls", colour: "#8cbf9f", values: daily(({ calls }) => calls) },
				{ name: "answered 429", colour: red, values: daily(({ rateLimited }) => rateLimited) },
			],
		}),
	);
	const bottom = y - 34;
	const axis = timeAxis(scenario, margin.top, bottom);
	const height = bottom + 56;
	return `${svgElement(
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
		svgElement("title", {}, escapeXml(titleOf(scenario))),
		svgElement("rect", { width, height, fill: "#fff" }),
		heading(plotted),
		axis,
		...parts,
	)}\n`;
}

function titleOf({ seed, startedAt, length }: Scenario): string {
	return `The life of board ${seed}: ${formatLifeDuration(length)}, ${date(startedAt)} to ${date(startedAt + length)}`;
}

function heading({ scenario, report }: PlotInput): string {
	const { interval, uploadInterval, plan, power, sectors } = scenario;
	const upload =
		uploadInterval === "auto" ? "uploads as the plan allows" : `an upload every ${uploadInterval} s`;
	const board = `${power}, a reading every ${interval} s, ${upload}, ${formatInteger(plan)} calls a month, ${sectors * 4} KiB of flash`;
	const { readings, delivered, duplicates, overwritten, estimated, calls, boots, wakes, powerCuts } = report;
	const figures = [
		`${formatInteger(readings)} readings`,
		`${formatInteger(delivered)} delivered`,
		`${formatInteger(duplicates)} duplicates`,
		`${formatInteger(overwritten)} overwritten`,
		`${formatInteger(estimated)} with an estimated time`,
		`${formatInteger(calls)} calls`,
		`${formatInteger(boots)} boots`,
		...(wakes === 0 ? [] : [`${formatInteger(wakes)} wakes`]),
		`${formatInteger(powerCuts)} power cuts`,
		`longest delay ${formatLifeDuration(report.maxDelayMs)}`,
	];
	return [
		svgText(40, 42, titleOf(scenario), { "font-size": 24, "font-weight": 600 }),
		svgText(40, 66, board, { fill: faint, "font-size": 14 }),
		svgText(40, 88, figures.join("  ·  "), { "font-size": 14 }),
	].join("");
}

function faults({ faults, length }: Scenario, top: number): string {
	const scale = (at: number) => margin.left + (at / length) * inner;
	const rows = lanes.map(({ name, colour, kinds }, lane) => {
		const y = top + lane * 22;
		const marks = faults
			.filter(({ kind }) => kinds.includes(kind))
			.map((fault) => {
				const x = scale(fault.from);
				const long = Math.max(2.5, scale(Math.min(length, fault.to)) - x);
				const rect = { x, y: y + 3, width: long, height: 15, rx: Math.min(2, long / 2), fill: colour };
				return svgElement("rect", { ...rect, "fill-opacity": 0.85 }, svgElement("title", {}, tip(fault)));
			});
		return [
			svgElement("rect", {
				x: margin.left,
				y: y + 1,
				width: inner,
				height: 19,
				fill: lane % 2 === 0 ? "#f6f8fa" : "#fbfcfd",
			}),
			svgText(margin.left - 12, y + 15, name, { "text-anchor": "end", fill: colour, "font-weight": 600 }),
			...marks,
		].join("");
	});
	return rows.join("");
}

function tip({ from, to, ...what }: ScenarioFault): string {
	const lasting = to > from ? `, ${formatLifeDuration(to - from)}` : "";
	return JSON.stringify(what).replace(/[{}"]/g, "").replace(/&/g, "") + lasting;
}

/** The share of each state per interval, the best at the bottom. */
function connectivity(moments: readonly HistoryInterval[], top: number): string {
	const height = 64;
	const whole = moments.map(
		({ connectivity: of }) => states.reduce((sum, [state]) => sum + of[state], 0) || 1,
	);
	const layers = states.map(([state, colour], index) => {
		const upTo = moments.map((moment, at) => {
			const below = states.slice(index).reduce((sum, [each]) => sum + moment.connectivity[each], 0);
			return below / (whole[at] ?? 1);
		});
		return svgSteps(
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
	/** May exceed the chart: a backlog that is caught up would flatten the rest. */
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
	const max = niceTop(Math.max(1, ...measured));
	const base = top + height;
	const scale = (value: number) => (Math.min(value, max * 1.06) / max) * height;
	const lines = [0, 0.5, 1].map((part) => {
		const y = base - part * height;
		return [
			svgLine(margin.left, y, margin.left + inner, y, { stroke: grid, "stroke-width": 1 }),
			svgText(margin.left - 8, y + 4, formatInteger(max * part), {
				"text-anchor": "end",
				fill: faint,
				"font-size": 11,
			}),
		].join("");
	});
	const drawn = series.map(({ colour, values, line: outline }) => {
		const look = outline === true ? { fill: "none", stroke: colour, "stroke-width": 1.2 } : { fill: colour };
		return svgSteps(values, { x: margin.left, width: inner, base, height: scale }, look);
	});
	return [label(name, title, top), ...lines, ...drawn, legend(series, top - 8)].join("");
}

function label(name: string, more: string, top: number): string {
	return [
		svgText(40, top + 14, name, { "font-weight": 600 }),
		svgText(40, top + 31, more, { fill: faint, "font-size": 12 }),
	].join("");
}

function legend(items: readonly { readonly name: string; readonly colour: string }[], y: number): string {
	let x = margin.left;
	const entries = items.map(({ name, colour }) => {
		const at = x;
		x += 26 + name.length * 7;
		return [
			svgElement("rect", { x: at, y: y - 9, width: 10, height: 10, rx: 2, fill: colour }),
			svgText(at + 15, y, name, { fill: faint, "font-size": 12 }),
		].join("");
	});
	return entries.join("");
}

/** Vertical lines at the start of days, months or years, as many as stay distinguishable. */
function timeAxis({ startedAt, length }: Scenario, top: number, bottom: number): string {
	const ends = startedAt + length;
	const marks: string[] = [];
	for (const { at, words, strong } of calendar(startedAt, ends)) {
		const x = margin.left + ((at - startedAt) / length) * inner;
		marks.push(
			svgLine(x, top, x, bottom + (strong ? 10 : 5), {
				stroke: strong ? "#b9c3cd" : grid,
				"stroke-width": 1,
			}),
		);
		if (words !== "")
			marks.push(
				svgText(x, bottom + 26, words, {
					"text-anchor": "middle",
					fill: strong ? ink : faint,
					"font-size": 12,
				}),
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
			const dayOfMonth = new Date(at).getUTCDate();
			const every = months > 0.7 ? 2 : 1;
			yield {
				at,
				words: dayOfMonth % every === 1 || every === 1 ? dayMonth(at) : "",
				strong: dayOfMonth === 1,
			};
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
	const time = new Date(at);
	return `${time.getUTCDate()} ${monthNames[time.getUTCMonth()] ?? ""}`;
}

function date(utc: number): string {
	return `${dayMonth(utc)} ${new Date(utc).getUTCFullYear()}`;
}

/** Moving average, so that batches become visible. */
function smooth(values: readonly number[], over: number): number[] {
	if (over <= 1) return [...values];
	const half = Math.floor(over / 2);
	return values.map((_, index) => {
		const near = values.slice(Math.max(0, index - half), index + half + 1);
		return near.reduce((sum, value) => sum + value, 0) / near.length;
	});
}

/** A round number that is not below `value`. */
function niceTop(value: number): number {
	const power = 10 ** Math.floor(Math.log10(value));
	for (const step of [1, 1.5, 2, 2.5, 4, 5, 10]) if (step * power >= value) return step * power;
	return 10 * power;
}
