import { configDefaults, defineConfig } from "vitest/config";

/** Mutants of the firmware, and months of its life: minutes of CPU time. Run by `npm run test:slow`. */
const slow = ["host-tests/life/{invariants,local-page,memory,mutants,pacing,regressions}.test.ts"];

export default defineConfig(({ mode }) => ({
	test: {
		// The tests are CPU-bound.
		maxWorkers: "100%",
		// Only ends a test that hangs, however busy the computer is.
		testTimeout: mode === "long" ? 10 * 3_600_000 : 600_000,
		hookTimeout: 600_000,
		projects: [
			{
				extends: true,
				mode,
				test: {
					name: "fast",
					include: ["host-tests/**/*.test.ts"],
					exclude: [...configDefaults.exclude, ...slow],
				},
			},
			{ extends: true, mode, test: { name: "slow", include: slow } },
		],
	},
}));
