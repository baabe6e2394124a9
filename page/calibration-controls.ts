import { type CalibrationPoint, calibrate } from "./calibration";
import { button, element } from "./dom";
import { labelledControl, type MemberControls, numberInput } from "./form-field";
import { decimalText, parseDecimal, valueText } from "./numbers";
import { texts } from "./texts";

const words = texts.calibration;

/** A calibration as entered; the board reports text that is not a number. */
interface CalibrationDraft {
	scale?: unknown;
	offset?: unknown;
}

export interface CalibrationOptions {
	readonly draft: CalibrationDraft;
	/** Unit of the value before calibration. */
	readonly measuredUnit: string;
	/** The controls of scale and offset are added to it. */
	readonly controls: MemberControls;
	/** After a change. */
	onChange(): void;
	announce(text: string): void;
}

/** Scale and offset, typed or calculated from what the value should be now. */
export class CalibrationControls {
	readonly element: HTMLElement;
	readonly #options: CalibrationOptions;
	readonly #scale = numberInput(true);
	readonly #offset = numberInput(true);
	readonly #actual = numberInput(true);
	readonly #status = element("p", { class: "help", hidden: true });
	readonly #addButton: HTMLButtonElement;
	#measured: number | undefined;
	#points: readonly CalibrationPoint[] = [];

	constructor(options: CalibrationOptions) {
		this.#options = options;
		const { draft, controls, onChange } = options;
		for (const [input, key] of [
			[this.#scale, "scale"],
			[this.#offset, "offset"],
		] as const)
			input.addEventListener("input", () => {
				draft[key] = parseDecimal(input.value);
				onChange();
			});
		this.#addButton = button(words.second, () => this.#setPoint(this.#points.slice(0, 1)), { hidden: true });
		const addControl = (key: "scale" | "offset", input: HTMLInputElement) => {
			const control = labelledControl(words[key], input);
			controls.set(key, control);
			return control.element;
		};
		this.element = element(
			"fieldset",
			{ class: "field" },
			element("legend", {}, words.title),
			labelledControl(words.actual, this.#actual, {
				beside: button(words.set, () => this.#setPoint([])),
				help: words.help,
			}).element,
			this.#addButton,
			this.#status,
			element("div", { class: "pair" }, addControl("scale", this.#scale), addControl("offset", this.#offset)),
		);
		this.#write();
	}

	/** The value before calibration, now. */
	show(measured: number | undefined): void {
		this.#measured = measured;
	}

	#write(): void {
		const { scale, offset } = this.#options.draft;
		this.#scale.value = decimalText(scale ?? 1);
		this.#offset.value = decimalText(offset ?? 0);
	}

	/** Calibrates with the points `before` and the current one, and shows the result. */
	#setPoint(before: readonly CalibrationPoint[]): void {
		const text = this.#calibrate(before);
		this.#status.hidden = false;
		this.#status.textContent = text;
		this.#options.announce(text);
	}

	#calibrate(before: readonly CalibrationPoint[]): string {
		const { draft, measuredUnit, onChange } = this.#options;
		const measured = this.#measured;
		const actual = parseDecimal(this.#actual.value);
		if (measured === undefined) return words.noValue;
		if (typeof actual !== "number") return words.noNumber;
		const points = [...before, { measured, actual }];
		const result = calibrate(points, typeof draft.scale === "number" ? draft.scale : 1);
		if (result === undefined) return words.same;
		this.#points = points;
		draft.scale = result.scale;
		draft.offset = result.offset;
		this.#write();
		this.#addButton.hidden = false;
		onChange();
		return points
			.map((point) =>
				words.point(
					valueText(Number(point.measured.toPrecision(5)), measuredUnit),
					decimalText(point.actual),
				),
			)
			.join(" ");
	}
}
