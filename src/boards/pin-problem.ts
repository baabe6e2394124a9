/** Which pins a chip has. */
export interface ChipPins {
	readonly last: number;
	/** Numbers below the last one that no pin has, separated by spaces. (The SDK would merge lists of two manifests.) */
	readonly absent: string;
	/** The first and the last one of the flash memory. */
	readonly flash: readonly [number, number];
	/** The ones above it can only be inputs. */
	readonly lastOutput: number;
}

/** Why a pin cannot be used, as a phrase; `undefined`: it can. */
export function pinProblem(
	{ last, absent, flash, lastOutput }: ChipPins,
	pin: number,
	isOutput: boolean,
): string | undefined {
	if (pin > last || absent.split(" ").includes(String(pin))) return "this chip does not have it";
	if (pin >= flash[0] && pin <= flash[1]) return "the flash memory is at this pin";
	return isOutput && pin > lastOutput ? "it can only be an input" : undefined;
}
