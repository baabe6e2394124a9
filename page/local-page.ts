import type { LocalStatus } from "../src/local-page/local-status";
import { element, replaceContent, setAttributes } from "./dom";
import { fieldNames, unitSymbols } from "./value-text";

/** The page on the home network; polls the board. */

/** The course of a field; `null`: not measured. */
interface FieldHistory {
	readonly name: string;
	readonly unit: string;
	readonly values: readonly (number | null)[];
}

interface HistoryResponse {
	readonly stepMs: number;
	readonly fields: readonly FieldHistory[];
}

const statusPauseMs = 5_000;
const historyPauseMs = 60_000;
const timeoutMs = 15_000;
const busyPauseMs = 1_000;
/** Busy responses in a row before the page shows it: serving a few pages takes fewer. */
const reportedBusyResponses = 5;
const vector = "http://www.w3.org/2000/svg";

const title = element("h1", {}, "Board");
const subtitle = element("p");
const notice = element("p", { role: "status" }, "Connecting to the board…");
const cards = element("div", { class: "cards" });
const facts = element("dl");
const log = element("pre", { tabindex: 0, "aria-label": "Log" });
const details = element("details", {}, element("summary", {}, "Log"), log);
const sections = element(
	"div",
	{ hidden: true },
	element("h2", {}, "Values"),
	cards,
	element("h2", {}, "State"),
	facts,
	details,
);
document.body.append(element("main", {}, title, subtitle, notice, sections));

let history: HistoryResponse = { stepMs: 0, fields: [] };
let historyAt = Number.NEGATIVE_INFINITY;
let bootUtc: number | undefined;
details.addEventListener("toggle", () => void showLog().catch(() => {}));
void run();

/** One request at a time, because the board is a small server. */
async function run(): Promise<void> {
	for (;;) {
		if (!document.hidden) await refresh();
		await new Promise((resolve) => setTimeout(resolve, statusPauseMs));
	}
}

async function refresh(): Promise<void> {
	try {
		const status: LocalStatus = JSON.parse(await load("/api/status"));
		if (Date.now() - historyAt > historyPauseMs) {
			history = JSON.parse(await load("/api/history"));
			historyAt = Date.now();
		}
		show(status);
		await showLog();
		notify("");
	} catch {
		notify("No response from the board. Trying again…");
	}
}

/** An unchanged text is not announced again. */
function notify(text: string): void {
	if (text !== notice.textContent) replaceContent(notice, text);
	setAttributes(notice, { class: text === "" ? undefined : "bad" });
}

async function load(path: string, busy = 1): Promise<string> {
	const abort = new AbortController();
	const timer = setTimeout(() => abort.abort(), timeoutMs);
	try {
		const response = await fetch(path, { signal: abort.signal });
		if (response.ok) return await response.text();
		if (response.status !== 503) throw new Error(String(response.status));
	} finally {
		clearTimeout(timer);
	}
	// The board is busy with another page.
	if (busy === reportedBusyResponses)
		notify("The board is busy with other pages or programs. Close some that you do not need. Trying again…");
	await new Promise((resolve) => setTimeout(resolve, busyPauseMs));
	return load(path, busy + 1);
}

function show(status: LocalStatus): void {
	const { device, sample, utc, boot } = status;
	bootUtc = utc === null ? undefined : utc - boot.uptimeMs;
	document.title = device.id;
	replaceContent(title, device.id);
	replaceContent(subtitle, device.location);
	const values = sample?.values ?? [];
	replaceContent(
		cards,
		...(values.length === 0
			? [element("div", { class: "card" }, "No sensor has been measured yet.")]
			: values.map(card)),
	);
	replaceContent(
		facts,
		...factsOf(status).map(([name, text, bad]) =>
			element("div", {}, element("dt", {}, name), element("dd", { class: bad === true && "bad" }, text)),
		),
	);
	sections.hidden = false;
}

function card({ name, unit, value }: NonNullable<LocalStatus["sample"]>["values"][number]): HTMLElement {
	const course = history.fields.find((field) => field.name === name);
	return element(
		"div",
		{ class: "card" },
		element("h3", {}, fieldText(name)),
		element("p", { class: "value" }, value === null ? "not measured" : valueText(value, unit)),
		course === undefined ? undefined : figure(course),
	);
}

/** The last day, from left to right. A gap in the values is a gap in the line. */
function figure({ unit, values }: FieldHistory): HTMLElement | undefined {
	const known = values.filter((value) => value !== null);
	if (known.length === 0) return undefined;
	const [min, max] = [Math.min(...known), Math.max(...known)];
	const y = (value: number) => (max === min ? 20 : 40 - (40 * (value - min)) / (max - min));
	let path = "";
	let isGap = true;
	for (const [index, value] of values.entries()) {
		// A line of no length shows a single value as a dot.
		if (value !== null) path += `${isGap ? `M${index} ${y(value)}h0` : ""}L${index} ${y(value)}`;
		isGap = value === null;
	}
	const drawing = document.createElementNS(vector, "svg");
	const line = document.createElementNS(vector, "path");
	const range = `${valueText(min, unit)} to ${valueText(max, unit)}`;
	setAttributes(drawing, {
		viewBox: `0 0 ${values.length - 1} 40`,
		preserveAspectRatio: "none",
		role: "img",
		"aria-label": `The last 24 hours: ${range}`,
	});
	setAttributes(line, { d: path, "vector-effect": "non-scaling-stroke" });
	drawing.append(line);
	return element(
		"figure",
		{},
		drawing,
		element("figcaption", {}, element("span", {}, "24 hours"), element("span", {}, range)),
	);
}

type Fact = readonly [name: string, text: string, bad?: boolean];

function factsOf({
	sample,
	upload,
	readings,
	calls,
	boot,
	device,
	update,
	damagedFlashBytes,
	...status
}: LocalStatus): readonly Fact[] {
	const { last, state } = upload;
	const failure = last?.failure ?? (state === "settings incomplete" ? "Some settings are missing." : null);
	const counts = Object.entries(boot.resetCounts).map(([reason, count]) => `${count} ${reason}`);
	return [
		["Measured", sample === null ? "not yet" : ago(sample.ageMs)],
		["Pending readings", `${number(readings.pending)} of at most ${number(readings.capacity)}`],
		["Last upload", last === null ? "not yet" : ago(last.ageMs), last !== null && failure !== null],
		...fact("Not sent", failure, true),
		...fact("Overwritten readings", readings.overwritten || null, true),
		...fact("Refused readings", readings.quarantined || null, true),
		["Calls this month", `${number(calls.limit - calls.remaining)} of ${number(calls.limit)}`],
		...fact("Wi-Fi signal", status.signalStrength, false, " dBm"),
		...fact("Battery", status.batteryLevel, false, " %"),
		["Clock", status.utc === null ? "not set" : new Date(status.utc).toLocaleString()],
		["Running for", duration(boot.uptimeMs)],
		["Boot", `${boot.number}, after ${boot.resetReason}`],
		["Starts", counts.join(", ")],
		...fact("Free memory", status.freeMemoryBytes && Math.floor(status.freeMemoryBytes / 1024), false, " KB"),
		...fact("Damaged flash", damagedFlashBytes || null, true, " bytes"),
		["Firmware", `${device.firmwareVersion}${update.isOnTrial ? ", on trial," : ""} on ${device.chip}`],
		...fact("Update there", update.offered),
		...fact("Update that failed", update.failed, true),
	];
}

function number(value: number): string {
	return value.toLocaleString("en");
}

function fact(name: string, value: number | string | null, bad = false, unit = ""): readonly Fact[] {
	return value === null ? [] : [[name, `${value}${unit}`.replace(/^-/, "−"), bad]];
}

async function showLog(): Promise<void> {
	if (!details.open) return;
	const text = (await load("/api/log")).replace(/^\d+/gm, (seconds) => momentText(Number(seconds) * 1000));
	// Redrawing unchanged content would disturb a reader.
	if (text === log.textContent) return;
	replaceContent(log, text);
	log.scrollTop = log.scrollHeight;
}

/** `milliseconds`: since the boot began. */
function momentText(milliseconds: number): string {
	return bootUtc === undefined
		? `after ${duration(milliseconds)}`
		: new Date(bootUtc + milliseconds).toLocaleTimeString();
}

function ago(milliseconds: number): string {
	return `${duration(milliseconds)} ago`;
}

/** `3 d 4 h`, `25 min`, `12 s`. */
function duration(milliseconds: number): string {
	const minutes = Math.floor(milliseconds / 60_000);
	const hours = Math.floor(minutes / 60);
	if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
	if (hours > 0) return `${hours} h ${minutes % 60} min`;
	return minutes > 0 ? `${minutes} min` : `${Math.floor(milliseconds / 1000)} s`;
}

/** `dew_point` as `dew point`. */
function fieldText(name: string): string {
	return fieldNames[name] ?? name.replace(/_/g, " ");
}

function valueText(value: number | boolean | string, unit: string): string {
	const text = typeof value === "number" ? String(value).replace("-", "−") : String(value);
	return unit === "" ? text : `${text} ${unitSymbols[unit] ?? unit}`;
}
