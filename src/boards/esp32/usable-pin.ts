import config from "mc/config";

/**
 * Throws for a pin that this chip does not have, or that its flash uses: driving it would stop the chip at once, at each
 * start.
 */
export function assertUsablePin(pin: number): void {
	const { last, flash } = config.pins;
	const [first, end] = flash;
	if (pin > last) throw new RangeError(`this chip has pins up to ${last}`);
	if (pin >= first && pin <= end) throw new RangeError("the flash memory is at this pin");
}
