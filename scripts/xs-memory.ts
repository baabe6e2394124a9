import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./sdk";

/** Pieces of XS's memory, bytes. */
export interface XsMemory {
	readonly slots: number;
	readonly chunks: number;
	readonly stack: number;
}

/** Of a chip's. */
export const slotBytes = 16;

/** What XS has on each chip: `creation` in the manifests. */
export function xsMemory(): XsMemory {
	const { stack } = creationIn("manifest.json");
	const { heap, chunk } = creationIn("src/boards/esp32/manifest.json");
	return { slots: heap.initial * slotBytes, chunks: chunk.initial, stack: stack * slotBytes };
}

interface Creation {
	/** Slots. */
	readonly stack: number;
	/** Slots. */
	readonly heap: { readonly initial: number };
	/** Bytes. */
	readonly chunk: { readonly initial: number };
}

function creationIn(manifest: string): Creation {
	const { creation }: { readonly creation: Creation } = JSON.parse(
		readFileSync(join(root, manifest), "utf8"),
	);
	return creation;
}
