import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPage, compressPage, localPageSource, pageModule, setupPageSource } from "./page-bundle";
import { root } from "./sdk";

for (const source of [setupPageSource, localPageSource]) {
	const page = await buildPage(source);
	writeFileSync(join(root, source.module), pageModule(source, page));
	process.stdout.write(
		`The ${source.title}: ${page.html.length} characters, ${compressPage(page.html).length} bytes compressed.\n`,
	);
}
