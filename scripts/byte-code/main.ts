import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSdk, main } from "../sdk";
import { readOperations } from "./instructions";
import { optimizeModule } from "./optimize";

/** Shortens the byte code of compiled modules (`.xsb`), in place. */
await main(async () => {
	const table = readOperations(readFileSync(join(findSdk().path, "xs", "sources", "xsCommon.c"), "utf8"));
	for (const path of process.argv.slice(2)) {
		const before = readFileSync(path);
		const after = optimizeModule(before, table);
		if (!after.equals(before)) writeFileSync(path, after);
	}
});
