import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArguments } from "../simulator/command-line";
import { readInputFile } from "../simulator/input-file";
import { errorMessage } from "../src/common/error-message";
import { readRootSource, rootsModule, rootsPem, selectRoots } from "./root-store";
import { main, root } from "./sdk";

const help = `The root certificates that boards trust: src/boards/esp32/tls/bundled-roots.ts.

npm run build:roots
npm run build:roots -- --bundle FILE --source "PACKAGE VERSION" --date DATE

Without options, the module is generated from scripts/root-certificates.pem. --bundle first replaces that file with roots
from a PEM bundle of Mozilla's root programme, such as /etc/ssl/certs/ca-certificates.crt of Debian's ca-certificates.
scripts/root-store.ts lists the roots that are included.

  --bundle FILE     PEM bundle to take the roots from
  --source NAME     the package and version that the bundle comes from, for the file's header
  --date DATE       its date, for the file's header
  --help            this text
`;

const stored = join(root, "scripts", "root-certificates.pem");

function readBundle(file: string): string {
	try {
		return new TextDecoder().decode(readInputFile(file, 16 * 2 ** 20));
	} catch (error) {
		throw new Error(`${file} cannot be read: ${errorMessage(error)}`);
	}
}

await main(async () => {
	const { values } = parseArguments({
		options: {
			bundle: { type: "string" },
			source: { type: "string" },
			date: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) {
		process.stdout.write(help);
		return;
	}
	const { bundle, source: name, date } = values;
	if (bundle !== undefined) {
		if (name === undefined || date === undefined) throw new Error("A bundle needs --source and --date.");
		writeFileSync(stored, rootsPem(selectRoots(readBundle(bundle)), { name, date }));
	}
	const pem = readFileSync(stored, "utf8");
	const roots = selectRoots(pem);
	writeFileSync(
		join(root, "src", "boards", "esp32", "tls", "bundled-roots.ts"),
		rootsModule(roots, readRootSource(pem)),
	);
	process.stdout.write(`${roots.length} roots\n`);
});
