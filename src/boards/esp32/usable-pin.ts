import config from "mc/config";
import FFI from "mc/ffi";
import { type PinRole, pinProblem } from "../pin-problem";

/**
 * ESP32s with flash or PSRAM in the package use two more pins for it: D2WD, U4WDH, PICO-D4, PICO-V3-02, D0WDR2-V3
 * (EFUSE_RD_CHIP_VER_PKG in ESP-IDF).
 */
const packagesWithMemory: readonly number[] = Object.freeze([2, 4, 5, 6, 7]);
const memoryPins: readonly number[] = Object.freeze([16, 17]);

/** Why this chip cannot use a pin, as a phrase; `undefined`: it can. */
export function usablePinProblem(pin: number, role: PinRole): string | undefined {
	return isMemoryInside(pin) ? "the flash memory is at this pin" : pinProblem(config.pins, pin, role);
}

/**
 * Throws for a pin that this chip does not have, or that its flash uses: driving it would stop the chip on every boot.
 */
export function assertUsablePin(pin: number, role: PinRole = "input"): void {
	const problem = usablePinProblem(pin, role);
	if (problem !== undefined) throw new RangeError(problem);
}

function isMemoryInside(pin: number): boolean {
	return (
		config.chip === "esp32" &&
		memoryPins.includes(pin) &&
		packagesWithMemory.includes(new FFI().esp_efuse_get_pkg_ver())
	);
}
