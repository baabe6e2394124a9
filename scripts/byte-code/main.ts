import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSdk, main } from "../sdk";
import { readOperations } from "./instructions";
import { optimizeModule } from "./optimize";
import { readInPlace } from "./read-in-place";
import { shareSlots } from "./share-slots";

/** Shortens, in place, the byte code of compiled modules (`.xsb`), and the machine that was linked of them (`.c`). */
await main(async () => {
	const table = readOperations(readFileSync(join(findSdk().path, "xs", "sources", "xsCommon.c"), "utf8"));
	for (const path of process.argv.slice(2)) {
		const before = readFileSync(path);
		const after = path.endsWith(".c")
			? Buffer.from(readInPlace(shareSlots(before.toString("latin1")), table), "latin1")
			: optimizeModule(before, table);
		if (!after.equals(before)) writeFileSync(path, after);
	}
});
