import type { Board } from "../boards/board";
import type { InputSettings } from "./input-settings";
import type { PartProblem } from "./rules";

/** Where a board has what the settings leave to it (`auto`); `undefined`: nowhere, or nobody knows. */
export interface UsualPins {
	readonly data?: number | undefined;
	readonly clock?: number | undefined;
	readonly led?: number | undefined;
	readonly button?: number | undefined;
}

export function usualPinsOf({ i2c, pins }: Pick<Board, "i2c" | "pins">): UsualPins {
	return { data: i2c.data, clock: i2c.clock, led: pins.led, button: pins.button };
}

/** Every setting that names a pin, or leaves one to the board. */
export interface PinSettings {
	readonly batteryPin: number | "none";
	readonly ledPin: number | "auto" | "none";
	readonly buttonPin: number | "auto" | "none";
	readonly dataPin: number | "auto";
	readonly clockPin: number | "auto";
	readonly inputs: readonly InputSettings[];
	readonly oneWirePin: number | "none";
}

/** What a pin is for. */
interface Use {
	readonly key: keyof PinSettings;
	readonly pin: number;
	readonly what: string;
	/** The setting left it to the board. */
	readonly auto?: boolean;
	/** Of an input: its place in the list. */
	readonly number?: number;
	/** It has the pin for the moment in which it reads a voltage. */
	readonly analog?: boolean;
}

/**
 * What is wrong where two are at one pin: at each of them. Settings that are `wrong` by themselves are left out. Two
 * that read a voltage can be at the same.
 */
export function checkPins(
	settings: PinSettings,
	usual: UsualPins,
	wrong: ReadonlySet<string>,
): readonly PartProblem[] {
	const uses = usesOf(settings, usual).filter(({ key }) => !wrong.has(key));
	const clashes = new Map<string, string[]>();
	for (const use of uses) {
		const others = uses.filter((other) => other !== use && other.pin === use.pin && !shared(use, other));
		if (others.length > 0) clashes.set(use.key, [...(clashes.get(use.key) ?? []), clash(use, others)]);
	}
	return [...clashes].map(([at, told]) => ({
		at,
		problem: `${told.join(" ")} Each needs a pin of its own.`,
	}));
}

function usesOf(settings: PinSettings, usual: UsualPins): readonly Use[] {
	const { batteryPin, ledPin, buttonPin, dataPin, clockPin, inputs, oneWirePin } = settings;
	return [
		...use("batteryPin", "the battery", batteryPin).map((battery) => ({ ...battery, analog: true })),
		...use("ledPin", "the status light", ledPin, usual.led),
		...use("buttonPin", "the button", buttonPin, usual.button),
		...use("dataPin", "the I²C data line", dataPin, usual.data),
		...use("clockPin", "the I²C clock line", clockPin, usual.clock),
		...inputs.map(({ kind, pin, name }, index) => ({
			key: "inputs" as const,
			pin,
			what: `the input ${name}`,
			number: index + 1,
			analog: kind === "analog",
		})),
		...use("oneWirePin", "the 1-Wire bus", oneWirePin),
	];
}

/** One, or none where no pin is used. */
function use(key: Use["key"], what: string, set: number | "auto" | "none", usual?: number): Use[] {
	const pin = set === "auto" ? usual : set;
	return pin === undefined || pin === "none" ? [] : [{ key, what, pin, auto: set === "auto" }];
}

function shared(one: Use, other: Use): boolean {
	return one.analog === true && other.analog === true;
}

function clash({ pin, auto, number }: Use, others: readonly Use[]): string {
	const own = auto === true ? `auto is pin ${pin} here, which` : `Pin ${pin}`;
	const whose = others.map((other) => `${other.what}${other.auto === true ? " (auto)" : ""}`);
	return `${number === undefined ? "" : `Number ${number}: `}${own} is also for ${whose.join(" and ")}.`;
}
