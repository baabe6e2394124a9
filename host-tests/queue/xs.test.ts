import { describe, expect, test } from "vitest";
import { hasXs, howToGetXs, XsEngine } from "../../bench/xs";
import { measureXs } from "../../bench/xs-figures";

describe.skipIf(!hasXs())(`on XS (needs ${howToGetXs})`, () => {
	test("the heap does not grow over 10,000 records pushed, read and acknowledged", async () => {
		const { growth } = await measureXs();
		expect(growth).toBeLessThanOrEqual(8);
	});

	test("a batch of 1,000 points that is being sent holds less than 8 KB", async () => {
		const { batch } = await measureXs();
		// A slot has 16 bytes on the chip; besides there are the buffers of body, socket and flash reader.
		expect(batch * 16 + 512 + 1024 + 256).toBeLessThan(8 * 1024);
	});

	test("a reading comes back as it was stored, text in any script included", async () => {
		const engine = await XsEngine.start();
		try {
			await engine.call("roundTrip");
		} finally {
			engine.stop();
		}
	});
});
