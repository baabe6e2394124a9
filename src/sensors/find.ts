import type { I2CBus } from "../boards/ecma419";
import type { SensorKind } from "./kind";
import { SensorError } from "./sensor-error";

/** A chip that answers as one of its kind does. */
export interface FoundChip {
	readonly kind: SensorKind;
	readonly address: number;
}

/** What was found on a bus. */
export interface Found {
	/** In the order of the kinds, then of their addresses. */
	readonly chips: readonly FoundChip[];
	/** Something answered, and nobody knows it. */
	readonly problems: readonly SensorError[];
}

/** Seven-bit addresses that are nobody's but a chip's (I2C specification, section 3.1.12). */
const firstAddress = 0x08;
const lastAddress = 0x77;

/**
 * Looks at every address that a kind claims, but not at those to be skipped: an open sensor must not be disturbed. At
 * each, the first kind that knows the chip has it. Never throws.
 */
export function findChips(
	bus: I2CBus,
	kinds: readonly SensorKind[],
	skip: (address: number) => boolean,
): Found {
	const chips: FoundChip[] = [];
	const problems: SensorError[] = [];
	for (const address of claimed(kinds)) {
		if (skip(address)) continue;
		let answered = false;
		const kind = kinds.find((candidate) => {
			if (!candidate.addresses.includes(address)) return false;
			const identity = identify(candidate, bus, address);
			answered ||= identity !== "absent";
			return identity === "this";
		});
		if (kind !== undefined) chips.push({ kind, address });
		else if (answered)
			problems.push(new SensorError(at(address), "a chip that this firmware does not know."));
	}
	const order = ({ kind, address }: FoundChip) => 128 * kinds.indexOf(kind) + kind.addresses.indexOf(address);
	return { chips: chips.sort((one, other) => order(one) - order(other)), problems };
}

/** Looks at all the other addresses, and tells those at which something answers. Never throws. */
export function findStrangers(bus: I2CBus, kinds: readonly SensorKind[]): readonly SensorError[] {
	const known = claimed(kinds);
	const strangers: SensorError[] = [];
	for (let address = firstAddress; address <= lastAddress; address++) {
		if (!known.has(address) && answers(bus, address))
			strangers.push(
				new SensorError(at(address), "something answers, but it is no sensor that this firmware knows."),
			);
	}
	return strangers;
}

function claimed(kinds: readonly SensorKind[]): ReadonlySet<number> {
	return new Set(kinds.flatMap(({ addresses }) => addresses));
}

/** A kind that fails to tell has not recognized its chip. */
function identify(kind: SensorKind, bus: I2CBus, address: number) {
	try {
		return kind.identify(bus, address);
	} catch {
		return "absent";
	}
}

/** A read is what disturbs an unknown chip least. */
function answers(bus: I2CBus, address: number): boolean {
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

function at(address: number): string {
	return `I2C address 0x${address.toString(16).padStart(2, "0")}`;
}
