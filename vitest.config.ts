import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Mutants, lives of the queue, days to months of virtual time, thousands of random faults, the app in each fault, the page on
 * the home network in a browser, and on the setup page inputs, maintenance, updates and what can go wrong, state by state:
 * minutes of CPU time. Run by `npm run test:slow`.
 */
export const slow: readonly string[] = [
	"host-tests/app/faults.test.ts",
	"host-tests/browser/{exactness,failures,inputs,local-page,maintenance,reopen,update}.test.ts",
	"host-tests/queue/{failing-reads,lives,planted-bugs,power-cut,read-lives,xs}.test.ts",
	"host-tests/sensors/bad-states.test.ts",
	"host-tests/upload/{exhausted-plan,failing-flash,outages,refusals}.test.ts",
	"host-tests/life/{battery,faults,invariants,life,local-page,memory,mutants,pacing,regressions,update,update-faults}.test.ts",
];

/** Each in a process of its own: they replace modules or globals. The others share processes: modules load once. */
export const alone: readonly string[] = [
	"host-tests/app/persistent-values.test.ts",
	"host-tests/esp32/*.test.ts",
	"host-tests/node-board/time.test.ts",
	"host-tests/scripts/{command-lines,update-command}.test.ts",
	"host-tests/tls/{flights,public-key}.test.ts",
];

/** They start first, in this order: they wait longest for sockets, a browser or `npm start`, or compute longest. */
export const longest: readonly string[] = [
	"host-tests/start/start-commands.test.ts",
	"host-tests/browser/sensors.test.ts",
	"host-tests/browser/form.test.ts",
	"host-tests/scripts/flash.test.ts",
	"host-tests/browser/setup-flow.test.ts",
	"host-tests/app/data-source.test.ts",
	"host-tests/app/storage.test.ts",
	"host-tests/tls/certificate-path.test.ts",
	"host-tests/upload/hostile-service.test.ts",
	"host-tests/start/directory-lock.test.ts",
	"host-tests/nginx/nginx.test.ts",
	"host-tests/browser/first-user.test.ts",
	"host-tests/http/parser.test.ts",
	"host-tests/queue/damage.test.ts",
	"host-tests/setup/setup-flow.test.ts",
	"host-tests/app/backlog.test.ts",
	"host-tests/reading/codec.test.ts",
	"host-tests/tls/public-key.test.ts",
	"host-tests/scripts/command-lines.test.ts",
];

/** Files in processes of their own come last: before them, a process would not be shared any longer. */
class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const rank = ({ moduleId, project }: TestSpecification) => {
			const index = longest.findIndex((path) => moduleId.endsWith(path));
			const place = index < 0 ? longest.length : index;
			return project.name === "alone" ? longest.length + 1 + place : place;
		};
		return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
	}
}

export default defineConfig(({ mode }) => ({
	test: {
		// Some tests wait for sockets, a browser or `npm start` in real time: others use the processors meanwhile.
		maxWorkers: 2 * availableParallelism(),
		sequence: { sequencer: LongestFirst },
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
