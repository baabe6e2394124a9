import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { defaultPinsOn, platforms } from "../scripts/platforms";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Manifest {
	readonly modules: Readonly<Record<string, string | readonly string[]>>;
	readonly preload: readonly string[];
	readonly creation?: { readonly main?: string };
}

const paths = [
	"manifest.json",
	"src/boards/esp32/manifest.json",
	"src/boards/esp32/sdk/manifest.json",
	"src/boards/esp32/tls/manifest.json",
	"boards/lin/manifest.json",
	"boards/qemu/manifest.json",
];
const manifests = paths.map((path) => {
	const manifest: Manifest = JSON.parse(readFileSync(join(root, path), "utf8"));
	return { path, manifest };
});

/** The names by which the project's own modules are imported. */
const modules = manifests.flatMap(({ path, manifest }) =>
	Object.entries(manifest.modules).flatMap(([name, sources]) =>
		// A platform replaces what is listed there.
		(name === "~" ? [] : [sources])
			.flat()
			.filter((source) => source.startsWith("."))
			.flatMap((source) => files(join(root, dirname(path), source)))
			.map((file) => name.replace("*", basename(file, ".ts"))),
	),
);

function files(source: string): string[] {
	if (!source.endsWith("*")) return existsSync(`${source}.ts`) ? [source] : [];
	return readdirSync(dirname(source)).filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
}

test("each module is preloaded, so that it is in the chip's flash and not in its memory", () => {
	// The SDK's tools expand a star in `preload` for JavaScript only, and silently skip TypeScript.
	const preloaded = manifests.flatMap(({ manifest }) => manifest.preload);
	const mains = manifests.map(({ manifest }) => manifest.creation?.main);
	const missing = modules.filter((name) => !preloaded.includes(name) && !mains.includes(name));
	expect(missing).toEqual([]);
});

test("flags of the C compiler have tabs between them: the SDK makes one word of what has spaces", () => {
	const flags = readFileSync(join(root, "src/boards/esp32/manifest.json"), "utf8").match(
		/(?<="C_FLAGS_SUBPLATFORM": )".*"/g,
	);
	expect(flags).toHaveLength(4);
	expect(flags?.filter((line) => line.includes(" "))).toEqual([]);
});

test("each preloaded module exists and is listed once", () => {
	const own = manifests.flatMap(({ manifest }) => manifest.preload.filter((name) => name.startsWith("src/")));
	expect(own.filter((name) => !modules.includes(name))).toEqual([]);
	expect(own.filter((name, at) => own.indexOf(name) !== at)).toEqual([]);
});

test("settings are checked against the pins that the firmware has on each chip", () => {
	expect(platforms.map((platform) => defaultPinsOn(platform))).toMatchObject([
		{ data: 21, clock: 22, led: 2, button: 0 },
		{ data: 8, clock: 9, led: undefined, button: undefined },
		{ data: 6, clock: 7, led: undefined, button: 9 },
		{ data: 8, clock: 9, led: undefined, button: 0 },
	]);
});
