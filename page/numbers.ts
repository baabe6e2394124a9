import { texts } from "./texts";

/**
 * Parses a number as typed, also with a decimal comma or U+2212; `undefined` for nothing. Other text is returned for the board
 * to report, also `1,500`, which may be 1.5 or 1500. The board has the same rule (src/settings/rules.ts).
 */
export function parseDecimal(text: string): number | string | undefined {
	const plain = text.trim().replace("−", "-");
	if (plain === "") return undefined;
	const isNumber = /^[-+]?(\d+[.,]?\d*|[.,]\d+)$/.test(plain) && !/^[-+]?[1-9]\d{0,2},\d{3}$/.test(plain);
	return isNumber ? Number(plain.replace(",", ".")) : text;
}

/** Formats a value for an input, with U+2212. */
export function decimalText(value: unknown): string {
	return String(value).replace("-", "−");
}

/** With its unit, a real minus, and `decimals` if given. */
export function valueText(value: unknown, unit: string, decimals?: number): string {
	if (value === undefined) return texts.board.noValue;
	const text = typeof value === "number" && decimals !== undefined ? value.toFixed(decimals) : String(value);
	return unit === "" ? decimalText(text) : `${decimalText(text)}\u00a0${texts.units[unit] ?? unit}`;
}
