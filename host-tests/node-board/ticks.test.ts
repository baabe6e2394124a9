import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unwrapTicks } from "../../boards/shared/unwrap-ticks";

const minute = 60_000;
const day = 24 * 60 * minute;

/** A platform's counter in 32 bits, signed or not, that starts anywhere. */
function counter(startsAt: number, signed: boolean) {
	let milliseconds = startsAt;
	return {
		pass: (time: number) => {
			milliseconds += time;
		},
		read: () => (signed ? milliseconds | 0 : milliseconds >>> 0),
	};
}

describe("ticks never wrap", () => {
	test.each([
		["signed, from 0 over 24.8 days", true, 0],
		["signed, from just before the turn", true, 2 ** 31 - 5],
		["unsigned, over 49.7 days", false, 0],
		["unsigned, from just before the turn", false, 2 ** 32 - 5],
	])("%s", (_, signed, startsAt) => {
		const platform = counter(startsAt, signed);
		const clock = unwrapTicks(platform.read);
		for (let i = 1; i <= 120; i++) {
			platform.pass(day);
			expect(clock()).toBe(i * day);
		}
	});
});

test("ticks never go back, and never count a time twice", () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: -1000, max: 20 * day })), fc.boolean(), (steps, signed) => {
			const platform = counter(12_345, signed);
			const clock = unwrapTicks(platform.read);
			let truth = 0;
			let furthest = 0;
			for (const step of steps) {
				platform.pass(step);
				truth += step;
				furthest = Math.max(furthest, truth);
				expect(clock()).toBe(furthest);
			}
		}),
	);
});
