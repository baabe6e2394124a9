import { describe, expect, test } from "vitest";
import { arduinoDay, firmwareDay, requestBytes } from "../../bench/days";
import { describeRadioModel, type RadioDay, radioModel, radioSeconds } from "../../bench/radio-model";

const idle: RadioDay = { joins: 0, handshakes: 0, calls: 0, timeQueries: 0, bytes: 0 };

describe("the model's seconds", () => {
	const { scan, association, address, roundTrip, handshake, answer, throughput } = radioModel;
	const cases: readonly (readonly [what: string, day: Partial<RadioDay>, seconds: number])[] = [
		["nothing", {}, 0],
		["a join", { joins: 1 }, scan + association + address],
		["a connection: a name, TCP, TLS in two round trips", { handshakes: 1 }, 4 * roundTrip + handshake],
		["a request and its answer", { calls: 1 }, roundTrip + answer],
		["a time query, and its name", { timeQueries: 1 }, 2 * roundTrip],
		["bytes", { bytes: throughput }, 1],
	];
	test.each(cases)("%s", (_, day, seconds) => {
		expect(radioSeconds({ ...idle, ...day })).toBeCloseTo(seconds, 9);
		const twice = Object.fromEntries(Object.entries(day).map(([key, value]) => [key, 2 * value]));
		expect(radioSeconds({ ...idle, ...twice })).toBeCloseTo(2 * seconds, 9);
	});

	test("every constant is documented", () => {
		for (const value of [scan.toFixed(2), association, address, 1000 * roundTrip, handshake, 1000 * answer])
			expect(describeRadioModel()).toContain(` ${value} `);
		expect(describeRadioModel()).toContain(throughput.toLocaleString("en"));
	});
});

test("the cost of a request and of a point follows from uploads of 1,000 and of 12", () => {
	const carrying = (uploads: number) => ({
		bytes: uploads * (1_850 + 600) + 1_000 * 288,
		handshakes: uploads,
		handshake: 1_850,
		application: 600 + (1_000 * 288) / uploads,
	});
	const { handshake, request, point } = requestBytes(carrying(1), carrying(84), 1_000);
	expect(handshake).toBe(1_850);
	expect(request).toBeCloseTo(600, 6);
	expect(point).toBeCloseTo(288, 6);
});

test("the Arduino example connects for each point, and on battery joins for each", () => {
	const wire = { bytes: 3_000_000, handshakes: 1_000, handshake: 1_850, application: 1_150 };
	const mains = arduinoDay({ power: "mains", interval: 60 }, wire);
	expect(mains).toEqual({ joins: 0, handshakes: 1440, calls: 1440, timeQueries: 0, bytes: 1440 * 3_000 });
	expect(arduinoDay({ power: "battery", interval: 3600 }, wire).joins).toBe(24);
});

test("a quiet day on battery joins, connects and queries the time once an hour", async () => {
	const day = await firmwareDay(
		{ power: "battery", interval: 1800 },
		{ handshake: 1_850, request: 600, point: 288 },
	);
	expect(day).toEqual({
		joins: 24,
		handshakes: 24,
		calls: 24,
		timeQueries: 24,
		bytes: 24 * (1_850 + 600) + 48 * 288,
	});
});
