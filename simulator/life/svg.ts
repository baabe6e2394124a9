/** Generates SVG as text. */

export type SvgAttributes = Readonly<Record<string, string | number | undefined>>;

/** An element with its content. */
export function svgElement(
	name: string,
	attributes: SvgAttributes = {},
	...content: readonly string[]
): string {
	const list = Object.entries(attributes)
		.filter(([, value]) => value !== undefined)
		.map(
			([key, value]) =>
				` ${key}="${escapeXml(typeof value === "number" ? formatNumber(value) : String(value))}"`,
		)
		.join("");
	return content.length === 0 ? `<${name}${list}/>` : `<${name}${list}>${content.join("")}</${name}>`;
}

export function svgText(x: number, y: number, words: string, attributes: SvgAttributes = {}): string {
	return svgElement("text", { x, y, ...attributes }, escapeXml(words));
}

export function svgLine(
	x1: number,
	y1: number,
	x2: number,
	y2: number,
	attributes: SvgAttributes = {},
): string {
	return svgElement("line", { x1, y1, x2, y2, ...attributes });
}

/** The area between a base line and values, as a step function. */
export function svgSteps(
	values: readonly number[],
	{ x, width, base, height }: { x: number; width: number; base: number; height: (value: number) => number },
	attributes: SvgAttributes,
): string {
	const step = width / values.length;
	let path = `M${formatNumber(x)} ${formatNumber(base)}`;
	let before = Number.NaN;
	values.forEach((value, index) => {
		const y = base - height(value);
		if (y !== before) path += `H${formatNumber(x + index * step)}V${formatNumber(y)}`;
		before = y;
	});
	return svgElement("path", {
		d: `${path}H${formatNumber(x + width)}V${formatNumber(base)}Z`,
		...attributes,
	});
}

export function escapeXml(words: string): string {
	return words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** With at most two decimals. */
export function formatNumber(value: number): string {
	return String(Math.round(value * 100) / 100);
}
