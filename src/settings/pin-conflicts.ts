import type { Board } from "../boards/board";
import type { InputSettings } from "./input-settings";
import type { PartProblem } from "./rules";

/** The board's pins for settings of `auto` (`undefined`: none, or unknown), and which pins cannot be used. */
export interface DefaultPins {
	/** As of the {@link Board}'s pins. */
	readonly problemOf?: Board["pins"]["problemOf"];
	readonly data?: number | undefined;
	readonly clock?: number | undefined;
	readonly led?: number | undefined;
	readonly button?: number | undefined;
}

export function defaultPinsOf({ i2c, pins }: Pick<Board, "i2c" | "pins">): DefaultPins {
	const { led, button, problemOf } = pins;
	return { data: i2c.data, clock: i2c.clock, led, button, problemOf };
}

/** All settings that occupy pins. */
export interface PinSettings {
	readonly batteryPin: number | "none";
	readonly ledPin: number | "auto" | "none";
	readonly buttonPin: number | "auto" | "none";
	readonly dataPin: number | "auto";
	readonly clockPin: number | "auto";
	readonly inputs: readonly InputSettings[];
	readonly oneWirePin: number | "none";
	readonly serialPin: number | "none";
}

/** One use of a pin. */
export interface PinUse {
	readonly key: keyof PinSettings;
	readonly pin: number;
	readonly label: string;
	/** The setting is `auto`. */
	readonly isAuto?: boolean;
	/** Of an input: its position in the list, from 1. */
	readonly inputNumber?: number;
	readonly isOutput?: boolean;
	/** Occupies the pin only while it reads a voltage. */
	readonly isAnalog?: boolean;
}

/**
 * Problems of settings that use the same pin as another, or a pin that the board cannot use. Settings with `invalidKeys` are
 * ignored. Analog inputs can share a pin.
 */
export function findPinConflicts(
	settings: PinSettings,
	defaults: DefaultPins,
	invalidKeys: ReadonlySet<string>,
): readonly PartProblem[] {
	const uses = pinUses(settings, defaults).filter(({ key }) => !invalidKeys.has(key));
	const conflicts = new Map<string, string[]>();
	const unusable: PartProblem[] = [];
	for (const use of uses) {
		const { key, pin, isAuto, isOutput, isAnalog } = use;
		const role = isOutput === true ? "output" : isAnalog === true ? "analog" : "input";
		const reason = isAuto === true ? undefined : defaults.problemOf?.(pin, role);
		if (reason !== undefined)
			unusable.push({ path: key, problem: `${numberOf(use)}Pin ${pin} cannot be used: ${reason}.` });
		const others = uses.filter((other) => other !== use && other.pin === use.pin && !canSharePin(use, other));
		if (others.length > 0)
			conflicts.set(use.key, [...(conflicts.get(use.key) ?? []), describeConflict(use, others)]);
	}
	const shared = [...conflicts].map(([path, problems]) => ({
		path,
		problem: `${problems.join(" ")} Each needs a pin of its own.`,
	}));
	return [...unusable, ...shared];
}

/** All uses of pins; `defaults`: the board's pins. */
export function pinUses(settings: PinSettings, defaults: DefaultPins): readonly PinUse[] {
	const { batteryPin, ledPin, buttonPin, dataPin, clockPin, inputs, oneWirePin, serialPin } = settings;
	return [
		...pinUse("batteryPin", "the battery", batteryPin).map((battery) => ({ ...battery, isAnalog: true })),
		...pinUse("ledPin", "the status light", ledPin, defaults.led),
		...pinUse("buttonPin", "the button", buttonPin, defaults.button),
		...pinUse("dataPin", "the I²C data line", dataPin, defaults.data),
		...pinUse("clockPin", "the I²C clock line", clockPin, defaults.clock),
		...inputs.map(({ kind, pin, name }, index) => ({
			key: "inputs" as const,
			pin,
			label: `the input ${name}`,
			inputNumber: index + 1,
			isAnalog: kind === "analog",
		})),
		...pinUse("oneWirePin", "the 1-Wire bus", oneWirePin),
		...pinUse("serialPin", "the serial sensor", serialPin),
	];
}

/** Settings whose pins the board drives. */
const outputs: readonly string[] = Object.freeze(["ledPin", "dataPin", "clockPin", "oneWirePin"]);

/** One use, or none. */
function pinUse(key: PinUse["key"], label: string, set: number | "auto" | "none", usual?: number): PinUse[] {
	const pin = set === "auto" ? usual : set;
	return pin === undefined || pin === "none"
		? []
		: [{ key, label, pin, isAuto: set === "auto", isOutput: outputs.includes(key) }];
}

function canSharePin(one: PinUse, other: PinUse): boolean {
	return one.isAnalog === true && other.isAnalog === true;
}

function numberOf({ inputNumber }: PinUse): string {
	return inputNumber === undefined ? "" : `Number ${inputNumber}: `;
}

function describeConflict(use: PinUse, others: readonly PinUse[]): string {
	const { pin, isAuto } = use;
	const own = isAuto === true ? "The default pin" : "Pin";
	const whose = others.map((other) => `${other.label}${other.isAuto === true ? " (by default)" : ""}`);
	return `${numberOf(use)}${own} ${pin} is also for ${whose.join(" and ")}.`;
}
