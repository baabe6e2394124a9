import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calibrate } from "../../page/calibration";

const measured = fc.double({ min: -2_000, max: 2_000, noNaN: true });

describe("a calibration", () => {
	test("with one point keeps the factor, and meets the point", () => {
		const scale = fc.double({ min: 0.01, max: 100, noNaN: true });
		fc.assert(
			fc.property(measured, measured, scale, (from, actual, factor) => {
				const result = calibrate([{ measured: from, actual }], factor);
				expect(result?.scale).toBeCloseTo(factor, 3);
				expect(from * (result?.scale ?? 0) + (result?.offset ?? 0)).toBeCloseTo(actual, 0);
			}),
		);
	});

	test("with two points meets both, to six digits", () => {
		expect(
			calibrate(
				[
					{ measured: 2.213, actual: 0 },
					{ measured: 1.017, actual: 100 },
				],
				1,
			),
		).toEqual({ scale: -83.612, offset: 185.033 });
	});

	test.each<[what: string, points: Parameters<typeof calibrate>[0]]>([
		["no point", []],
		[
			"the same measured value twice",
			[
				{ measured: 1, actual: 0 },
				{ measured: 1, actual: 100 },
			],
		],
		[
			"the same for both, which every value would then be",
			[
				{ measured: 1, actual: 5 },
				{ measured: 2, actual: 5 },
			],
		],
	])("with %s is none", (_, points) => {
		expect(calibrate(points, 1)).toBeUndefined();
	});
});
