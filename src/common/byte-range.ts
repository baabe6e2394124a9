// A native function checks many bytes in the time that JavaScript takes for one.

/** Arguments of one native call: each takes a slot of XS's stack. */
const maxArguments = 64;

/** The lowest of the bytes from `start` up to, not including, `end`; infinite if there are none. */
export function lowestByte(bytes: Uint8Array, start = 0, end = bytes.length): number {
	let lowest = Number.POSITIVE_INFINITY;
	for (let at = start; at < end; at += maxArguments) {
		const part = bytes.subarray(at, Math.min(at + maxArguments, end));
		lowest = Math.min(lowest, Reflect.apply(Math.min, undefined, part));
	}
	return lowest;
}
