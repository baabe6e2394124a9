import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..", "..");

/** A change of a source as it is read, which stays as it is. */
export interface Patch {
	/** From the project's root on. */
	readonly file: string;
	/** Stands in it once. */
	readonly find: string;
	readonly replace: string;
}

/** A program for a process of its own, in one file. */
export interface Bundle {
	readonly path: string;
	remove(): void;
}

/**
 * The worker that plays lives, as one file of plain JavaScript: it starts at once, and runs faster than what is
 * translated for debugging. Rejects when a patch does not fit.
 */
export async function bundleWorker(patches: readonly Patch[] = []): Promise<Bundle> {
	const directory = mkdtempSync(join(tmpdir(), "life-"));
	const path = join(directory, "worker.mjs");
	const remove = () => rmSync(directory, { recursive: true, force: true });
	const applied = new Set<Patch>();
	try {
		await build({
			entryPoints: [join(import.meta.dirname, "worker.ts")],
			bundle: true,
			outfile: path,
			platform: "node",
			format: "esm",
			target: "node20",
			logLevel: "silent",
			plugins: [patching(patches, applied)],
		});
		const missed = patches.find((patch) => !applied.has(patch));
		if (missed !== undefined) throw new Error(`${missed.file} is no part of the worker`);
	} catch (error) {
		remove();
		throw error;
	}
	return { path, remove };
}

function patching(patches: readonly Patch[], applied: Set<Patch>): Plugin {
	return {
		name: "patches",
		setup({ onLoad }) {
			onLoad({ filter: /\.ts$/ }, ({ path }) => {
				const own = patches.filter(({ file }) => join(root, file) === path);
				if (own.length === 0) return undefined;
				let contents = readFileSync(path, "utf8");
				for (const patch of own) {
					contents = apply(patch, contents);
					applied.add(patch);
				}
				return { contents, loader: "ts" };
			});
		},
	};
}

function apply({ file, find, replace }: Patch, source: string): string {
	const parts = source.split(find);
	if (parts.length !== 2)
		throw new Error(`${relative(".", file)} has ${parts.length - 1} times, not once: ${find}`);
	return parts.join(replace);
}
