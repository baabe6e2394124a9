import type { I2CBus } from "../../boards/ecma419";
import type { I2CDriver } from "../drivers/all-drivers";
import { I2CDevice } from "../drivers/i2c-device";

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

/**
 * Which driver may find its chip where, ascending by address, then in the order of the drivers: the address in the upper
 * byte, the index of the driver in the lower one. It takes some two hundred bytes, where a map takes kilobytes.
 */
export function planProbes(drivers: readonly I2CDriver[]): Uint16Array {
	const probes: number[] = [];
	drivers.forEach(({ addresses }, index) => {
		for (const address of addresses) probes.push((address << 8) | index);
	});
	return Uint16Array.from(probes).sort();
}

/** {@link planProbes} of a few addresses: of one, as a board that wakes up probes, it is a sixth of the work. */
export function planProbesAt(addresses: readonly number[], drivers: readonly I2CDriver[]): Uint16Array {
	const probes: number[] = [];
	const count = drivers.length;
	for (const address of addresses)
		for (let index = 0; index < count; index++)
			if (drivers[index]?.addresses.includes(address)) probes.push((address << 8) | index);
	return Uint16Array.from(probes).sort();
}

/**
 * Probes addresses, none of an open sensor. The first driver that recognizes the chip at one gets it. Never
 * throws. `probes`: of {@link planProbes}; `skipped`: addresses that are not probed.
 */
export function scanDriverAddresses(
	bus: I2CBus,
	drivers: readonly I2CDriver[],
	probes: Uint16Array,
	skipped: readonly number[] = [],
): I2CScanResult {
	const chips: DetectedChip[] = [];
	const unknown: I2CScanResult["unknown"][number][] = [];
	const count = probes.length;
	for (let start = 0, end = 0; start < count; start = end) {
		const address = (probes[start] ?? 0) >> 8;
		while ((probes[end] ?? 0) >> 8 === address) end++;
		if (skipped.includes(address)) continue;
		const found = identifyChip(bus, address, drivers, probes, start, end);
		if (typeof found === "object") chips.push({ driver: found, address });
		else if (found === "other")
			unknown.push({
				address,
				problem: `${describeAddress(address)}: a chip that this firmware does not support.`,
			});
	}
	return { chips, unknown };
}

/**
 * The first driver, of those of the probes from `start` up to, not including, `end`, whose chip is at the address;
 * otherwise, whether another one is there. Must not be called for an address that is open: the SDK's I2C allows one object per address.
 */
function identifyChip(
	bus: I2CBus,
	address: number,
	drivers: readonly I2CDriver[],
	probes: Uint16Array,
	start: number,
	end: number,
): I2CDriver | "other" | "absent" {
	let chip: I2CDevice;
	try {
		chip = new I2CDevice(bus, address);
	} catch {
		return "absent";
	}
	let found: I2CDriver | undefined;
	let isSilent = false;
	for (let next = start; next < end && found === undefined; next++) {
		const driver = drivers[(probes[next] ?? 0) & 0xff];
		if (isSilent && driver?.hasRegisters) continue;
		try {
			if (driver?.matches?.(chip)) found = driver;
		} catch {
			// Any chip with registers would have acknowledged.
			if (driver?.hasRegisters) isSilent = !chip.hasAcknowledged;
		}
	}
	chip.close();
	return found ?? (chip.hasAcknowledged ? "other" : "absent");
}

/** Probes all other addresses; returns a sentence for each at which a chip answers. Never throws. */
export function scanOtherAddresses(bus: I2CBus, drivers: readonly I2CDriver[]): readonly string[] {
	const problems: string[] = [];
	for (let address = minI2CAddress; address <= maxI2CAddress; address++) {
		const isKnown = drivers.some(({ addresses }) => addresses.includes(address));
		if (!isKnown && acknowledges(bus, address))
			problems.push(`${describeAddress(address)}: a chip answers, but it is not a supported sensor.`);
	}
	return problems;
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
