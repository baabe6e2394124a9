import type { I2CBus } from "../../boards/ecma419";
import type { Driver } from "../drivers/driver";

/** A chip that answers as one of its kind does. */
export interface DetectedChip {
	readonly driver: Driver;
	readonly address: number;
}

/** What was found on a bus. */
export interface I2CScanResult {
	readonly chips: readonly DetectedChip[];
	/** Something answered, and nobody knows it: where, and a sentence. */
	readonly unknown: readonly { readonly address: number; readonly problem: string }[];
}

/** Seven-bit addresses that are nobody's but a chip's (I2C specification, section 3.1.12). */
const minI2CAddress = 0x08;
const maxI2CAddress = 0x77;

/**
 * Looks at every address that a kind claims, but not at those to be skipped: an open sensor must not be disturbed. At
 * each, the first kind that knows the chip has it. Never throws.
 */
export function scanDriverAddresses(
	bus: I2CBus,
	drivers: readonly Driver[],
	skip: (address: number) => boolean,
): I2CScanResult {
	const chips: DetectedChip[] = [];
	const unknown: I2CScanResult["unknown"][number][] = [];
	for (const address of driverAddresses(drivers)) {
		if (skip(address)) continue;
		let answered = false;
		const driver = drivers.find((candidate) => {
			if (!candidate.addresses.includes(address)) return false;
			const identity = identifySafely(candidate, bus, address);
			answered ||= identity !== "absent";
			return identity === "this";
		});
		if (driver !== undefined) chips.push({ driver, address });
		else if (answered)
			unknown.push({
				address,
				problem: `${describeAddress(address)}: a chip that this firmware does not know.`,
			});
	}
	return { chips, unknown };
}

/** Looks at all the other addresses, and tells at which something answers, as sentences. Never throws. */
export function scanOtherAddresses(bus: I2CBus, kinds: readonly Driver[]): readonly string[] {
	const known = driverAddresses(kinds);
	const unknownDevices: string[] = [];
	for (let address = minI2CAddress; address <= maxI2CAddress; address++) {
		if (!known.has(address) && acknowledges(bus, address))
			unknownDevices.push(
				`${describeAddress(address)}: something answers, but it is no sensor that this firmware knows.`,
			);
	}
	return unknownDevices;
}

function driverAddresses(kinds: readonly Driver[]): ReadonlySet<number> {
	return new Set(kinds.flatMap(({ addresses }) => addresses));
}

/** A kind that fails to tell has not recognized its chip. */
function identifySafely(kind: Driver, bus: I2CBus, address: number) {
	try {
		return kind.identify(bus, address);
	} catch {
		return "absent";
	}
}

/** A read is what disturbs an unknown chip least. */
function acknowledges(bus: I2CBus, address: number): boolean {
	try {
		const chip = new bus.io({ ...bus, address });
		try {
			chip.read(new Uint8Array(1));
			return true;
		} finally {
			chip.close();
		}
	} catch {
		return false;
	}
}

function describeAddress(address: number): string {
	return `I2C address 0x${address.toString(16).padStart(2, "0")}`;
}
