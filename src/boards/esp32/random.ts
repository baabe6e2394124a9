import RNG from "rng";

/** Fills `bytes` from the source that `rng` stands for: the hardware's. */
export function fillRandom(bytes: Uint8Array): void {
	bytes.set(new Uint8Array(RNG.get(bytes.length)));
}
