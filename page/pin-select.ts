import type { PinUse } from "../src/settings/pin-conflicts";
import { element, replaceContent } from "./dom";
import { inputPins, pinCare } from "./pins";
import { texts } from "./texts";

const words = texts.pins;

export interface PinSelectOptions {
	readonly chip: string;
	readonly analog: boolean;
}

/** Offers the free pins of a chip, those that need care with the reason, and shows what the others are used for. */
export class PinSelect {
	readonly control = element("select", {});
	readonly #options: PinSelectOptions;
	#drawn = "";

	constructor(options: PinSelectOptions) {
		this.#options = options;
	}

	get value(): number | undefined {
		return this.control.value === "" ? undefined : Number(this.control.value);
	}

	/** `uses`: pin uses of all other settings. */
	draw(uses: readonly PinUse[], chosen: number | undefined): void {
		const { chip, analog } = this.#options;
		const drawn = JSON.stringify([uses, chosen]);
		if (drawn === this.#drawn) return;
		this.#drawn = drawn;
		const pins = inputPins(chip, analog);
		const groups: readonly [label: string, options: HTMLOptionElement[]][] = [
			[words.free, []],
			[words.careful, []],
			[words.used, []],
		];
		const all = chosen === undefined || pins.includes(chosen) ? pins : [...pins, chosen];
		for (const pin of all) {
			const use = uses.find((one) => one.pin === pin && !(analog && one.isAnalog === true));
			const care = pinCare(chip, pin, analog);
			const note = use?.label ?? (care && words.care[care]);
			const option = new Option(`GPIO ${pin}${note === undefined ? "" : ` – ${note}`}`, String(pin));
			option.disabled = use !== undefined && pin !== chosen;
			groups[use !== undefined ? 2 : care !== undefined ? 1 : 0]?.[1].push(option);
		}
		replaceContent(
			this.control,
			new Option(words.choose, ""),
			...groups
				.filter(([, options]) => options.length > 0)
				.map(([label, options]) => element("optgroup", { label }, ...options)),
		);
		this.control.value = chosen === undefined ? "" : String(chosen);
	}
}
