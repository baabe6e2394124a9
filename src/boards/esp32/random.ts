import RNG from "rng";

/** Fills `bytes` from `rng`: the hardware's random number generator. */
export function fillRandom(bytes: Uint8Array): void {
	bytes.set(new Uint8Array(RNG.get(bytes.length)));
}
