import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { type MutatedSource, type Mutation, mutateSource } from "../mutation/mutation";

const root = join(import.meta.dirname, "..", "..");

/** A bundled program in one file. */
export interface WorkerBundle {
	readonly path: string;
	remove(): void;
}

/**
 * Bundles the worker into one JavaScript file, which starts and runs faster than sources compiled at run time. Rejects if
 * the mutation does not apply.
 */
export async function bundleWorker(mutation?: Mutation): Promise<WorkerBundle> {
	const mutated = mutation && mutateSource(mutation);
	const directory = mkdtempSync(join(tmpdir(), "life-"));
	const path = join(directory, "worker.mjs");
	const remove = () => rmSync(directory, { recursive: true, force: true });
	try {
		const { metafile } = await build({
			entryPoints: [join(import.meta.dirname, "worker.ts")],
			bundle: true,
			outfile: path,
			platform: "node",
			format: "esm",
			target: "node20",
			logLevel: "silent",
			metafile: true,
			absWorkingDir: root,
			plugins: mutated ? [inPlaceOf(mutated)] : [],
		});
		if (mutated && metafile.inputs[mutated.path] === undefined)
			throw new Error(`${mutated.path} with the marker ${mutation?.at} is not part of the worker`);
	} catch (error) {
		remove();
		throw error;
	}
	return { path, remove };
}

/** Replaces the source when it is read. */
function inPlaceOf({ path, contents }: MutatedSource): Plugin {
	return {
		name: "mutation",
		setup({ onLoad }) {
			onLoad({ filter: /\.ts$/ }, (file) =>
				file.path === join(root, path) ? { contents, loader: "ts" } : undefined,
			);
		},
	};
}
