import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** Mutants of the firmware, and weeks and months of its life: minutes of CPU time. Run by `npm run test:slow`. */
export const slow: readonly string[] = [
	"host-tests/upload/exhausted-plan.test.ts",
	"host-tests/life/{battery,faults,invariants,life,local-page,memory,mutants,pacing,regressions,update,update-faults}.test.ts",
];

/**
 * Each in a process of its own: they replace modules or globals, or wait for sockets, a browser or `npm start` in real time.
 * They start first. The others share processes, which saves a quarter of their time.
 */
export const alone: readonly string[] = [
	"host-tests/{app,browser,esp32,nginx,node-board,start}/**/*.test.ts",
	"host-tests/clock/{chrony,real-sockets}.test.ts",
	"host-tests/scripts/{command-lines,update-command}.test.ts",
	"host-tests/tls/{flights,public-key}.test.ts",
];

export default defineConfig(({ mode }) => ({
	test: {
		// Some tests wait for sockets, a browser or `npm start` in real time: others use the processors meanwhile.
		maxWorkers: 2 * availableParallelism(),
		// Only ends a test that hangs, however busy the computer is.
		testTimeout: mode === "long" ? 10 * 3_600_000 : 600_000,
		hookTimeout: 600_000,
		setupFiles: process.env.RUNS === undefined ? [] : ["host-tests/raised-runs.ts"],
		projects: [
			{
				extends: true,
				mode,
				test: {
					name: "fast",
					include: ["host-tests/**/*.test.ts"],
					exclude: [...configDefaults.exclude, ...slow, ...alone],
					// Raised runs replace fast-check.
					isolate: process.env.RUNS !== undefined,
				},
			},
			{ extends: true, mode, test: { name: "alone", include: [...alone] } },
			{ extends: true, mode, test: { name: "slow", include: [...slow] } },
		],
	},
}));
