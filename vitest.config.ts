import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
	test: {
		include: ["host-tests/**/*.test.ts"],
		// Most of a test's time is its own computing, so each core may take one.
		maxWorkers: "100%",
		// A test that hangs ends; a busy computer may take three times as long. `npm run test:long` runs what has a long form in it.
		testTimeout: mode === "long" ? 3_600_000 : 60_000,
	},
}));
