import { expect, test } from "vitest";
import { makeScenario } from "../../simulator/life/generate";
import { Life } from "../../simulator/life/life";

const long = process.env.MODE === "long";
const lives = long ? 1_000 : 16;
const days = 7;
const day = 86_400_000;

/** A failure names the seed; `npm run simulate -- --seed N --days 7` replays it. */
test(
	`${lives} made-up weeks with failing radio, network, service, sensor and power: every promise is kept`,
	async () => {
		for (let seed = 1; seed <= lives; seed++) {
			try {
				await new Life({ scenario: makeScenario(seed, days * day) }).run();
			} catch (error) {
				throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
			}
		}
	},
	120_000 * (long ? 60 : 1),
);

test("the same seed gives the same life, line by line", async () => {
	const log = async () => {
		const lines: string[] = [];
		const scenario = makeScenario(17, 2 * day);
		await new Life({ scenario, log: (utc, line) => lines.push(`${utc} ${line}`) }).run();
		return lines;
	};
	const once = await log();
	expect(once.length).toBeGreaterThan(100);
	expect(await log()).toEqual(once);
});
