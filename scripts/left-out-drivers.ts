import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { CompiledModule } from "./bundle-modules";
import { root } from "./sdk";

const driversFolder = "src/sensors/drivers/";
const driverList = `${driversFolder}all-drivers`;

/** Names of the drivers that the manifest leaves out: `"config": { "leftOutDrivers": ["bme680", "sgp41"] }`. */
export function readLeftOutDrivers(): readonly string[] {
	const manifest: { config?: { leftOutDrivers?: readonly string[] } } = JSON.parse(
		readFileSync(join(root, "manifest.json"), "utf8"),
	);
	return manifest.config?.leftOutDrivers ?? [];
}

/** The names that {@link leaveOutDrivers} takes, in the order of the list. */
export function driverNames(modules: readonly CompiledModule[]): readonly string[] {
	return listedNames(modules.find(({ specifier }) => specifier === driverList)?.javascript ?? "");
}

/**
 * Removes drivers from the list of all, and modules that are then no longer imported. Throws for a name that is not in
 * the list.
 */
export function leaveOutDrivers(
	modules: readonly CompiledModule[],
	names: readonly string[],
): readonly CompiledModule[] {
	if (names.length === 0) return modules;
	const known = driverNames(modules);
	const unknown = names.filter((name) => !known.includes(name));
	if (unknown.length > 0)
		throw new Error(`leftOutDrivers: there is no ${unknown.join(", ")}; there is ${known.join(", ")}.`);
	const remaining = modules.map((module) =>
		module.specifier === driverList
			? { ...module, javascript: removeNames(module.javascript, names) }
			: module,
	);
	const used = reachable(remaining);
	return remaining.filter(({ specifier }) => used.has(specifier));
}

const listPattern = /(allDrivers = Object\.freeze\(\[)([^\]]*)(\]\))/;

function listedNames(javascript: string): readonly string[] {
	const [, , list = ""] = listPattern.exec(javascript) ?? [];
	return list.match(/\w+/g) ?? [];
}

function removeNames(javascript: string, names: readonly string[]): string {
	const kept = (text: string) =>
		(text.match(/\w+/g) ?? []).filter((name) => !names.includes(name)).join(", ");
	return javascript
		.replace(
			listPattern,
			(_, before: string, list: string, after: string) => `${before}${kept(list)}${after}`,
		)
		.replace(/^import \{([^}]*)\} from ("[^"]+");$/gm, (_, list: string, from: string) =>
			kept(list) === "" ? "" : `import { ${kept(list)} } from ${from};`,
		);
}

/** All modules outside of the drivers' folder, and what they import, directly or not. */
function reachable(modules: readonly CompiledModule[]): ReadonlySet<string> {
	const bySpecifier = new Map(modules.map((module) => [module.specifier, module.javascript]));
	const found = new Set<string>();
	const visit = (specifier: string) => {
		if (found.has(specifier)) return;
		found.add(specifier);
		for (const [, request = ""] of (bySpecifier.get(specifier) ?? "").matchAll(/\bfrom "([^"]+)"/g))
			visit(request.startsWith(".") ? posix.join(posix.dirname(specifier), request) : request);
	};
	for (const { specifier } of modules) if (!specifier.startsWith(driversFolder)) visit(specifier);
	return found;
}
