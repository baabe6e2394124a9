import type { I2CBus } from "../../boards/ecma419";
import type { I2CDriver } from "../drivers/all-drivers";
import { I2CDevice } from "../drivers/i2c-device";

/** The chip at an address: the driver's, another one, or none. */
export type IdentifyResult = "this" | "other" | "absent";

export interface DetectedChip {
	readonly driver: I2CDriver;
	readonly address: number;
}

export interface I2CScanResult {
	readonly chips: readonly DetectedChip[];
	/** Chips that no driver recognizes, each with a sentence. */
	readonly unknown: readonly { readonly address: number; readonly problem: string }[];
}

/** Seven-bit addresses that are not reserved (I2C specification, section 3.1.12). */
const minI2CAddress = 0x08;
const maxI2CAddress = 0x77;

const maxSingleAddresses = 3;

/**
 * Probes addresses, none of an open sensor. The first driver that recognizes the chip at one gets it. Never
 * throws. `driversAt`: {@link driversByAddress}, if the caller has it.
 */
export function scanDriverAddresses(
	bus: I2CBus,
	drivers: readonly I2CDriver[],
	addresses: readonly number[],
	// Of a known sensor's address only, which a board that wakes up has, the drivers are found sooner one by one.
	driversAt = addresses.length > maxSingleAddresses ? driversByAddress(drivers) : undefined,
): I2CScanResult {
	const chips: DetectedChip[] = [];
	const unknown: I2CScanResult["unknown"][number][] = [];
	for (const address of addresses) {
		let answered = false;
		const candidates =
			driversAt?.get(address) ?? drivers.filter((driver) => driver.addresses.includes(address));
		const found = candidates.find((driver) => {
			const identity = identify(driver, bus, address);
			answered ||= identity !== "absent";
			return identity === "this";
		});
		if (found !== undefined) chips.push({ driver: found, address });
		else if (answered)
			unknown.push({
				address,
				problem: `${describeAddress(address)}: a chip that this firmware does not support.`,
			});
	}
	return { chips, unknown };
}

/** Probes all other addresses; returns a sentence for each at which a chip answers. Never throws. */
export function scanOtherAddresses(bus: I2CBus, drivers: readonly I2CDriver[]): readonly string[] {
	const known = driverAddresses(drivers);
	const problems: string[] = [];
	for (let address = minI2CAddress; address <= maxI2CAddress; address++) {
		if (!known.includes(address) && acknowledges(bus, address))
			problems.push(`${describeAddress(address)}: a chip answers, but it is not a supported sensor.`);
	}
	return problems;
}

/**
 * Whether the chip at an address is the driver's. Never throws. Must not be called for an address that is
 * open: the SDK's I2C allows one object per address.
 */
export function identify(driver: I2CDriver, bus: I2CBus, address: number): IdentifyResult {
	let chip: I2CDevice | undefined;
	try {
		chip = new I2CDevice(bus, address);
		return driver.matches?.(chip) === true ? "this" : "other";
	} catch {
		return chip?.hasAcknowledged === true ? "other" : "absent";
	} finally {
		chip?.close();
	}
}

/** All addresses at which these drivers may find their chip, each once. */
export function driverAddresses(drivers: readonly I2CDriver[]): readonly number[] {
	return [...driversByAddress(drivers).keys()];
}

/** In the order of the drivers; not kept, because it takes some kilobytes. */
export function driversByAddress(drivers: readonly I2CDriver[]): ReadonlyMap<number, readonly I2CDriver[]> {
	const found = new Map<number, I2CDriver[]>();
	for (const driver of drivers) {
		const { addresses } = driver;
		for (let index = 0; index < addresses.length; index++) {
			const address = addresses[index] ?? 0;
			const others = found.get(address);
			if (others === undefined) found.set(address, [driver]);
			else others.push(driver);
		}
	}
	return found;
}

/** Of all transfers, a write could change the state of an unknown chip. */
function acknowledges(bus: I2CBus, address: number): boolean {
	try {
		const chip = new I2CDevice(bus, address);
		try {
			chip.read(1);
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
