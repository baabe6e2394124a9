import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Size of the heap after a garbage collection, bytes. */
export function collectedHeapBytes(): number {
	collect();
	return process.memoryUsage().heapUsed;
}
