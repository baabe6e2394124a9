import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");

/** A program in one JavaScript file. */
export interface ProgramBundle {
	readonly path: string;
	/** The sources in it, by their paths in the repository. */
	readonly sources: ReadonlySet<string>;
	remove(): void;
}

/** Also when the program ends before it removes them. */
const unremoved = new Set<() => void>();
process.once("exit", () => {
	for (const remove of unremoved) remove();
});

/** Bundles a program of the repository, which then starts and runs faster than sources compiled at run time. */
export async function bundleProgram(source: string, plugins: Plugin[] = []): Promise<ProgramBundle> {
	const directory = mkdtempSync(join(tmpdir(), "program-"));
	const path = join(directory, "program.mjs");
	const remove = () => {
		unremoved.delete(remove);
		rmSync(directory, { recursive: true, force: true });
	};
	unremoved.add(remove);
	try {
		const { metafile } = await build({
			entryPoints: [join(root, source)],
			bundle: true,
			outfile: path,
			platform: "node",
			format: "esm",
			target: "node20",
			logLevel: "silent",
			metafile: true,
			absWorkingDir: root,
			plugins,
		});
		return { path, sources: new Set(Object.keys(metafile.inputs)), remove };
	} catch (error) {
		remove();
		throw error;
	}
}
