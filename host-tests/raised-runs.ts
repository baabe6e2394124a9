import type { IRawProperty, Parameters } from "fast-check";
import { vi } from "vitest";

/** With `RUNS=20` each property is run 20 times as often, also where a test says how often. */
const factor = Number(process.env.RUNS);
const defaultRuns = 100;

vi.mock("fast-check", async (importOriginal) => {
	const original = await importOriginal<typeof import("fast-check")>();
	function assert<Ts>(property: IRawProperty<Ts>, parameters?: Parameters<Ts>): void | Promise<void> {
		const numRuns = (parameters?.numRuns ?? defaultRuns) * factor;
		return original.assert(property, { ...parameters, numRuns });
	}
	return { ...original, assert, default: { ...original.default, assert } };
});
