import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["host-tests/**/*.test.ts"],
		testTimeout: 20_000,
	},
});
