import type { Body } from "../http/stream";
import { decodeBase64 } from "../text/base64";

/** Characters that are decoded at a time: whole groups of four, few enough for a chip's memory. */
const portion = 512;

/** Bytes that are written as base64, decoded piecewise: they stay in the chip's flash as the text that they are. */
export function base64Body(base64: string): Body {
	const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
	let at = 0;
	let rest = new Uint8Array(0);
	return {
		length: (base64.length / 4) * 3 - padding,
		read(into) {
			if (rest.length === 0) {
				rest = Uint8Array.from(decodeBase64(base64.slice(at, at + portion)) ?? []);
				at += portion;
			}
			const count = Math.min(rest.length, into.length);
			into.set(rest.subarray(0, count));
			rest = rest.subarray(count);
			return count;
		},
	};
}
