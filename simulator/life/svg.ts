/** An SVG document, written as text. */

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with what is in it. */
export function element(name: string, attributes: Attributes = {}, ...content: readonly string[]): string {
	const told = Object.entries(attributes)
		.filter(([, value]) => value !== undefined)
		.map(([key, value]) => ` ${key}="${escaped(typeof value === "number" ? short(value) : String(value))}"`)
		.join("");
	return content.length === 0 ? `<${name}${told}/>` : `<${name}${told}>${content.join("")}</${name}>`;
}

export function text(x: number, y: number, words: string, attributes: Attributes = {}): string {
	return element("text", { x, y, ...attributes }, escaped(words));
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
	return element("line", { x1, y1, x2, y2, ...attributes });
}

/** The area between a base line and values, drawn in steps; `undefined` values leave a gap. */
export function steps(
	values: readonly number[],
	{ x, width, base, height }: { x: number; width: number; base: number; height: (value: number) => number },
	attributes: Attributes,
): string {
	const step = width / values.length;
	let path = `M${short(x)} ${short(base)}`;
	let before = Number.NaN;
	values.forEach((value, index) => {
		const y = base - height(value);
		if (y !== before) path += `H${short(x + index * step)}V${short(y)}`;
		before = y;
	});
	return element("path", { d: `${path}H${short(x + width)}V${short(base)}Z`, ...attributes });
}

export function escaped(words: string): string {
	return words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** Two decimals at most. */
export function short(value: number): string {
	return String(Math.round(value * 100) / 100);
}
