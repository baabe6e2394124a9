import type { texts } from "./texts";

/** The pins of a chip as lists of numbers and ranges: `0-5,12`. */
interface ChipPins {
	/** Pins that can be inputs, without those of the flash memory. */
	readonly inputs: string;
	/** Pins whose voltage can be measured while the Wi-Fi is on. */
	readonly analog: string;
	/** Pins that need care, by reason. */
	readonly care: Readonly<Partial<Record<CareReason, string>>>;
}

type CareReason = keyof typeof texts.pins.care;

/** By the name of the chip (data sheets, "Strapping Pins", "ADC", "IO_MUX"; module data sheets for the PSRAM). */
const chips: Readonly<Record<string, ChipPins>> = {
	esp32: {
		inputs: "0-5,12-19,21-23,25-27,32-39",
		analog: "32-39",
		care: { boot: "0,2,5,12,15", serial: "1,3", psram: "16,17", noPull: "34-39" },
	},
	esp32c3: {
		inputs: "0-10,18-21",
		analog: "0-4",
		care: { boot: "2,8,9", usb: "18,19", serial: "20,21" },
	},
	esp32c6: {
		inputs: "0-23",
		analog: "0-6",
		care: { boot: "4,5,8,9,15", usb: "12,13", serial: "16,17" },
	},
	esp32s3: {
		inputs: "0-21,33-48",
		analog: "1-10",
		care: { boot: "0,3,45,46", usb: "19,20", serial: "43,44", psram: "33-37" },
	},
};

/** The simulated boards have the pins of an ESP32. */
function pinsOf(chip: string): ChipPins {
	return chips[chip] ?? chips.esp32 ?? { inputs: "", analog: "", care: {} };
}

function parseRanges(ranges: string): readonly number[] {
	return ranges.split(",").flatMap((range) => {
		const [first = 0, last = first] = range.split("-").map(Number);
		return Array.from({ length: last - first + 1 }, (_, index) => first + index);
	});
}

/** Pins for an input: `analog`: whose voltage can be measured. */
export function inputPins(chip: string, analog: boolean): readonly number[] {
	const { inputs, analog: measured } = pinsOf(chip);
	return parseRanges(analog ? measured : inputs);
}

/** Why a pin needs care; `undefined`: it does not. A pull resistor does not matter for `analog`. */
export function pinCare(chip: string, pin: number, analog: boolean): CareReason | undefined {
	const reasons = Object.entries(pinsOf(chip).care) as [CareReason, string][];
	return reasons.find(
		([reason, ranges]) => !(analog && reason === "noPull") && parseRanges(ranges).includes(pin),
	)?.[0];
}
