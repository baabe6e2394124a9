import { expect, test } from "vitest";
import { hasXs, howToGetXs, XsEngine } from "../../bench/xs-engine";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";

test.skipIf(!hasXs())(
	`every driver with its chip on XS: found, measured, failing, recovered (needs ${howToGetXs})`,
	async () => {
		const engine = await XsEngine.start("host-tests/sensors/xs-program.ts");
		try {
			await engine.run("work.run()");
			// One check for each chip, and one for the bus.
			await engine.run(`work.expectPassed(${Object.keys(chipCatalogue).length + 1})`);
			await expect(engine.run("work.expectPassed(0)")).rejects.toThrow("XS");
		} finally {
			engine.stop();
		}
	},
);
