type Attribute = string | number | boolean | undefined | ((event: Event) => void);
type Attributes = Readonly<Record<string, Attribute>>;
/** A string becomes a text node: it is never parsed as markup. */
export type Child = Node | string | undefined;

/** Attributes: `true` sets one without a value, `false` and `undefined` omit it, a function such as `onclick` listens. */
export function element<Name extends keyof HTMLElementTagNameMap>(
	name: Name,
	attributes: Attributes = {},
	...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
	const made = document.createElement(name);
	setAttributes(made, attributes);
	made.append(...children.filter((child) => child !== undefined));
	return made;
}

export function setAttributes(target: Element, attributes: Attributes): void {
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "function") target.addEventListener(name.slice(2), value);
		else if (value === undefined || value === false) target.removeAttribute(name);
		else target.setAttribute(name, value === true ? "" : String(value));
	}
}

export function replaceContent(target: Element, ...children: readonly Child[]): void {
	target.replaceChildren(...children.filter((child) => child !== undefined));
}

let idCount = 0;

export function uniqueId(): string {
	idCount++;
	return `e${idCount}`;
}

/** Only for screen readers. */
export function visuallyHidden(text: string): HTMLElement {
	return element("span", { class: "aside" }, text);
}

export function button(label: Child, onclick: () => void, attributes: Attributes = {}): HTMLButtonElement {
	const made = element("button", { type: "button", ...attributes }, label);
	made.addEventListener("click", () => {
		if (!made.hasAttribute("aria-disabled")) onclick();
	});
	return made;
}

/** Disables a button with `aria-disabled`: the attribute `disabled` would take its focus. */
export function setDisabled(target: HTMLButtonElement, disabled: boolean): void {
	setAttributes(target, { "aria-disabled": disabled ? "true" : undefined });
}

/** A title with controls beside it. */
export function heading(title: HTMLElement, beside: HTMLElement): HTMLElement {
	return element("div", { class: "heading" }, title, beside);
}

/** A row of a list of facts. */
export function fact(name: string, text: Child): HTMLElement {
	return element("div", {}, element("dt", {}, name), element("dd", {}, text));
}

/** A check box with its label. */
export function labelledCheck(box: HTMLInputElement, label: string): HTMLElement {
	return element("label", { class: "check" }, box, element("span", {}, label));
}

const vector = "http://www.w3.org/2000/svg";

/** Strokes on a grid of 20 by 20. Hidden from screen readers: a text beside it says the same. */
export function icon(path: string, kind = ""): SVGElement {
	const drawing = document.createElementNS(vector, "svg");
	setAttributes(drawing, { viewBox: "0 0 20 20", class: `icon ${kind}`, "aria-hidden": "true" });
	const stroke = document.createElementNS(vector, "path");
	stroke.setAttribute("d", path);
	drawing.append(stroke);
	return drawing;
}

export const icons = {
	check: "M4 10.5l4 4 8-9",
	cross: "M5 5l10 10M15 5L5 15",
	warning: "M10 3L1.5 17h17zM10 8v4M10 14.5v.1",
	lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 016 0V9",
	up: "M10 16V4M5 9l5-5 5 5",
} as const;

/** A text behind an icon, to be in a row. */
export function iconText(path: string, ...text: readonly Child[]): readonly Child[] {
	return [icon(path), element("span", {}, ...text)];
}

/** Four bars, `level` of them filled. */
export function signalBars(level: number): SVGElement {
	const drawing = icon("", "bars");
	drawing.replaceChildren(
		...[1, 2, 3, 4].map((bar) => {
			const shape = document.createElementNS(vector, "rect");
			const height = 4 * bar - 1;
			setAttributes(shape, {
				x: 5 * bar - 4,
				y: 18 - height,
				width: 3.5,
				height,
				rx: 1,
				class: bar <= level ? "on" : "off",
			});
			return shape;
		}),
	);
	return drawing;
}
