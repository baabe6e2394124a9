import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
	test: {
		include: ["host-tests/**/*.test.ts"],
		// `npm run test:long` runs what has a long form in it.
		testTimeout: mode === "long" ? 3_600_000 : 20_000,
	},
}));
