import { join } from "node:path";
import type { Plugin } from "esbuild";
import { type MutatedSource, type Mutation, mutateSource } from "../mutation/mutation";
import { bundleProgram, type ProgramBundle } from "../program-bundle";

const root = join(import.meta.dirname, "..", "..");

/** The worker that plays lives. Rejects if the mutation does not apply. */
export function bundleWorker(mutation?: Mutation): Promise<ProgramBundle> {
	return bundleMutated("simulator/life/worker.ts", mutation);
}

/** Bundles a program (its path from the project's root), mutated. Rejects if the mutation does not apply. */
export async function bundleMutated(path: string, mutation?: Mutation): Promise<ProgramBundle> {
	const mutated = mutation && mutateSource(mutation);
	const bundle = await bundleProgram(path, mutated ? [inPlaceOf(mutated)] : []);
	if (mutated && !bundle.sources.has(mutated.path)) {
		bundle.remove();
		throw new Error(`${mutated.path} with the marker ${mutation?.at} is not part of ${path}`);
	}
	return bundle;
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
