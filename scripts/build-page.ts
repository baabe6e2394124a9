import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPage, compressPage, pageModule } from "./page-bundle";
import { root } from "./sdk";

const page = await buildPage();
writeFileSync(join(root, "src", "setup", "page-data.ts"), pageModule(page));
process.stdout.write(
	`The setup page: ${page.html.length} characters, ${compressPage(page.html).length} bytes compressed.\n`,
);
