import { formatInteger } from "../format-integer";
import type { DataPoint } from "./api";
import type { QuotaStatus } from "./quota";

export interface StatusPageContent {
	readonly organization: string;
	/** Number of stored points. */
	readonly stored: number;
	readonly duplicates: number;
	readonly allowance: QuotaStatus;
	/** Oldest first. */
	readonly latest: readonly DataPoint[];
}

/** No scripts, no external resources, no framing. */
export const statusPageHeaders = Object.freeze({
	"Content-Type": "text/html; charset=utf-8",
	"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
	"X-Content-Type-Options": "nosniff",
	"Cache-Control": "no-store",
});

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem }
dd { margin: 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; border-bottom: 1px solid #8884; white-space: nowrap }
`;

/** The status page, which reloads itself. Escapes all texts, because they come from the network. */
export function statusPageHtml({
	organization,
	stored,
	duplicates,
	allowance,
	latest,
}: StatusPageContent): string {
	const calls = allowance.limit - allowance.remaining;
	const fields = [...new Set(latest.flatMap(({ values }) => Object.keys(values)))];
	const heads = ["Time", "Device", "Number", ...fields].map(
		(name) => `<th scope="col">${escapeHtml(name)}</th>`,
	);
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Dakkio, embedded</title>
<style>${style}</style>
</head>
<body>
<h1>Dakkio, embedded</h1>
<dl>
<dt>Organization</dt><dd>${escapeHtml(organization)}</dd>
<dt>Points</dt><dd>${formatInteger(stored)}${duplicates > 0 ? `, ${formatInteger(duplicates)} of them more than once` : ""}</dd>
<dt>Calls this month</dt><dd>${formatInteger(calls)} of ${formatInteger(allowance.limit)}</dd>
</dl>
<h2>Latest points</h2>
${
	latest.length === 0
		? "<p>None yet.</p>"
		: `<div class="wide" tabindex="0" role="region" aria-label="Latest points">
<table>
<thead><tr>${heads.join("")}</tr></thead>
<tbody>
${latest
	.map((point) => row(point, fields))
	.reverse()
	.join("\n")}
</tbody>
</table>
</div>`
}
</body>
</html>
`;
}

function row({ timestamp, values, metadata }: DataPoint, fields: readonly string[]): string {
	const measured = fields.map((field) => (Object.hasOwn(values, field) ? values[field] : undefined));
	const cells = [timestamp, metadata.deviceId, metadata.seq, ...measured];
	return `<tr>${cells.map((cell) => `<td>${escapeHtml(cellText(cell))}</td>`).join("")}</tr>`;
}

function cellText(value: unknown): string {
	if (value === undefined || value === null) return "–";
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
