import type { I2CBus } from "../boards/ecma419";
import type { SensorKind } from "./kind";

/** A chip that answers as one of its kind does. */
export interface FoundChip {
	readonly kind: SensorKind;
	readonly address: number;
}

/** What was found on a bus. */
export interface Found {
	readonly chips: readonly FoundChip[];
	/** Something answered, and nobody knows it: where, and a sentence. */
	readonly strange: readonly { readonly address: number; readonly problem: string }[];
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
	const strange: Found["strange"][number][] = [];
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
			strange.push({ address, problem: `${at(address)}: a chip that this firmware does not know.` });
	}
	return { chips, strange };
}

/** Looks at all the other addresses, and tells at which something answers, as sentences. Never throws. */
export function findStrangers(bus: I2CBus, kinds: readonly SensorKind[]): readonly string[] {
	const known = claimed(kinds);
	const strangers: string[] = [];
	for (let address = firstAddress; address <= lastAddress; address++) {
		if (!known.has(address) && answers(bus, address))
			strangers.push(`${at(address)}: something answers, but it is no sensor that this firmware knows.`);
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
