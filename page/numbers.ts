import { texts } from "./texts";

/** A number as typed, with a comma or a real minus, too; other text stays text; `undefined`: nothing. */
export function parseDecimal(text: string): number | string | undefined {
	const plain = text.trim().replace(",", ".").replace("−", "-");
	if (plain === "") return undefined;
	return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : text;
}

/** As it is typed, with a real minus. */
export function decimalText(value: unknown): string {
	return String(value).replace("-", "−");
}

/** With its unit, a real minus, and `decimals` if given. */
export function valueText(value: unknown, unit: string, decimals?: number): string {
	if (value === undefined) return texts.board.noValue;
	const text = typeof value === "number" && decimals !== undefined ? value.toFixed(decimals) : String(value);
	return unit === "" ? decimalText(text) : `${decimalText(text)}\u00a0${texts.units[unit] ?? unit}`;
}
