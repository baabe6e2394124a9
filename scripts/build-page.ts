import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPage, compressPage, localPageSource, pageModule, setupPageSource } from "./page-bundle";
import { mainWithoutOptions, root } from "./sdk";

const help = `Builds each page of the folder page into the one document that the board serves.

npm run build:page
`;

await mainWithoutOptions(help, async () => {
	for (const source of [setupPageSource, localPageSource]) {
		const page = await buildPage(source);
		const gzip = await compressPage(page.html);
		writeFileSync(join(root, source.module), pageModule(source, page, gzip));
		process.stdout.write(
			`The ${source.title}: ${page.html.length} characters, ${gzip.length} bytes compressed.\n`,
		);
	}
});
