import { describe, expect, test } from "vitest";
import { hasXs, howToGetXs, XsEngine } from "../../bench/xs-engine";

test.skipIf(!hasXs())(
	`calls of the bare board on XS count as calls of its own functions (needs ${howToGetXs})`,
	async () => {
		const engine = await XsEngine.start();
		try {
			for (const length of [0, 1, 1000]) {
				const { compute } = await engine.call("nativeRead", length);
				expect((await engine.call("boardRead", length)).compute, `${length} bytes`).toBe(compute);
			}
		} finally {
			engine.stop();
		}
	},
);

describe.skipIf(!hasXs())(`checksums on XS (needs ${howToGetXs})`, () => {
	test("count as calls of its own functions, of however many bytes", async () => {
		const engine = await XsEngine.start();
		try {
			const { compute } = await engine.call("nativeCalls", 0);
			for (const length of [0, 1, 1000])
				expect((await engine.call("checksums", length)).compute, `${length} bytes`).toBe(compute);
		} finally {
			engine.stop();
		}
	});

	test("are counted in bytes, and right", async () => {
		const engine = await XsEngine.start();
		try {
			const before = await engine.numberOf("checksummedBytes()");
			await engine.call("checksums", 1000);
			expect((await engine.numberOf("checksummedBytes()")) - before).toBe(2000);
			await engine.call("roundTrip");
		} finally {
			engine.stop();
		}
	});
});
