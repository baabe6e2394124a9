/** Which pins a chip has. */
export interface ChipPins {
	readonly last: number;
	/** Numbers below the last one that no pin has, separated by spaces. (The SDK would merge lists of two manifests.) */
	readonly absent: string;
	/** First and last pin of the flash memory. */
	readonly flash: readonly [number, number];
	/** Pins above it can only be inputs. */
	readonly lastOutput: number;
	/** First and last pin of the first converter: only these can be measured while the Wi-Fi is on. */
	readonly analog: readonly [number, number];
}

/** How a pin is used. */
export type PinRole = "input" | "output" | "analog";

/** Why a pin cannot be used, as a phrase; `undefined`: it can. */
export function pinProblem(
	{ last, absent, flash, lastOutput, analog }: ChipPins,
	pin: number,
	role: PinRole,
): string | undefined {
	if (pin > last || absent.split(" ").includes(String(pin))) return "this chip does not have it";
	if (pin >= flash[0] && pin <= flash[1]) return "the flash memory is at this pin";
	if (role === "output" && pin > lastOutput) return "it can only be an input";
	return role === "analog" && (pin < analog[0] || pin > analog[1])
		? `while the Wi-Fi is on, only pins ${analog[0]} to ${analog[1]} measure a voltage`
		: undefined;
}
