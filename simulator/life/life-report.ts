import { formatInteger } from "../format-integer";
import type { LifeReport } from "./life";
import type { Scenario, ScenarioFaultKind } from "./scenario";

/** The figures in the order of the table, with their labels. */
const rows: readonly (readonly [keyof LifeReport, string])[] = [
	["readings", "readings"],
	["delivered", "delivered"],
	["duplicates", "duplicates"],
	["estimated", "estimated times"],
	["overwritten", "overwritten"],
	["quarantined", "in quarantine"],
	["calls", "calls"],
	["rateLimited", "  answered 429"],
	["handshakes", "TLS handshakes"],
	["erases", "flash erases"],
	["writes", "key-value writes"],
	["boots", "boots"],
	["wakes", "wakes from sleep"],
	["powerCuts", "power cuts"],
	["maxDelayMs", "longest delay"],
];

/** The sum of all lives. */
export function sumReports(reports: readonly LifeReport[]): LifeReport {
	const sum = Object.fromEntries(rows.map(([key]) => [key, 0])) as unknown as Record<
		keyof LifeReport,
		number
	>;
	for (const report of reports)
		for (const [key] of rows)
			sum[key] = key === "maxDelayMs" ? Math.max(sum[key], report[key]) : sum[key] + report[key];
	return sum;
}

/** A table for a terminal. */
export function formatReport(report: LifeReport): string {
	const lines = rows.map(([key, name]): readonly [string, string] => [name, formatFigure(key, report[key])]);
	const [first, second] = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
	return lines
		.map(([name, value]) => `${name.padEnd(first ?? 0)}  ${value.padStart(second ?? 0)}\n`)
		.join("");
}

function formatFigure(key: keyof LifeReport, value: number): string {
	return key === "maxDelayMs" ? formatLifeDuration(value) : formatInteger(value);
}

/** How often each kind of fault occurred. */
export function describeFaults(scenarios: readonly Scenario[]): string {
	const counts = new Map<ScenarioFaultKind, number>();
	for (const { faults } of scenarios)
		for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	return [...counts]
		.sort(([, a], [, b]) => b - a)
		.map(([kind, count]) => `${formatInteger(count)} ${kind}`)
		.join(", ");
}

/** `3.2 d`, `5.1 h`, `12 min` */
export function formatLifeDuration(milliseconds: number): string {
	const minutes = milliseconds / 60_000;
	if (minutes >= 2 * 1440) return `${(minutes / 1440).toFixed(1)} d`;
	return minutes >= 120 ? `${(minutes / 60).toFixed(1)} h` : `${Math.round(minutes)} min`;
}
