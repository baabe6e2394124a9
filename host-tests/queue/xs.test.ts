import { describe, expect, test } from "vitest";
import { hasXs, howToGetXs, XsEngine } from "../../bench/xs-engine";
import { measureHeap } from "../../bench/xs-figures";

describe.skipIf(!hasXs())(`on XS (needs ${howToGetXs})`, () => {
	test("the heap does not grow over 10,000 records pushed, read and acknowledged", async () => {
		const { growth } = await measureHeap();
		expect(growth).toBeLessThanOrEqual(8);
	});

	test("a batch of 1,000 points that is being sent holds less than 10 KB", async () => {
		const { batch } = await measureHeap();
		// On 64 bits; on the chip slots and arrays have half as many bytes.
		expect(batch.bytes).toBeLessThan(10 * 1024);
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
