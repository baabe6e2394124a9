import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeNtpRequest, type NtpResponse, parseNtpResponse } from "../../src/clock/ntp-packet";
import { type NtpResponseFields, nonce, ntpResponseBytes } from "./ntp-responses";

const minUtc = Date.UTC(2026, 10, 24);
const truth = Date.UTC(2027, 5, 1, 12, 0, 0, 250);

/** The question went out at tick 1000, the answer came 80 ms later. */
function read(fields: NtpResponseFields, times = { sentTicks: 1_000, receivedTicks: 1_080 }): NtpResponse {
	const good = { receive: truth, transmit: truth };
	return parseNtpResponse(ntpResponseBytes({ ...good, ...fields }), { nonce, minUtc, ...times });
}

test("a request reveals only that it is a client of version 4", () => {
	const bytes = encodeNtpRequest(nonce);
	expect(bytes.length).toBe(48);
	expect(bytes[0]).toBe(0x23);
	expect(bytes.subarray(1, 40)).toEqual(new Uint8Array(39));
	expect(bytes.subarray(40)).toEqual(nonce);
});

describe("an answer that is used", () => {
	test("gives the time of its arrival: half of the round trip after it was sent", () => {
		const answer = read({});
		expect(answer).toMatchObject({ kind: "time", roundTripMs: 80 });
		expect(answer.kind === "time" && answer.utc).toBeCloseTo(truth + 40, 3);
	});

	test("does not count the time that it spent in the server as travel", () => {
		const answer = read({ receive: truth - 60, transmit: truth });
		expect(answer.kind === "time" && answer.utc).toBeCloseTo(truth + 10, 3);
	});

	test("has fractions of a second to the microsecond", () => {
		const answer = read({ transmit: truth + 0.123, receive: truth + 0.123 });
		expect(answer.kind === "time" && answer.utc - truth).toBeCloseTo(40.123, 3);
	});

	test("has a root distance: half the root delay plus the root dispersion", () => {
		const answer = read({ rootDelay: 500, rootDispersion: 125 });
		expect(answer.kind === "time" && answer.rootDistanceMs).toBeCloseTo(375, 1);
	});

	test.each([
		["of version 3", { version: 3 }],
		["of a primary server", { stratum: 1 }],
		["of stratum 15", { stratum: 15 }],
		["before a leap second is added", { leap: 1 }],
		["before a leap second is left out", { leap: 2 }],
		["with a message authentication code", { length: 68 }],
		["of a server with a coarse clock", { receive: truth + 9 }],
	] as const)("may be %s", (_, fields) => {
		expect(read(fields).kind).toBe("time");
	});
});

test.each([
	["shorter than a packet", { length: 47 }, /^47 bytes/],
	["empty", { length: 0 }, /^0 bytes/],
	["for another request", { originate: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9) }, /originate timestamp/],
	["for no request", { originate: new Uint8Array(8) }, /originate timestamp/],
] as const)("what is %s is ignored", (_, fields, reason) => {
	expect(read(fields)).toEqual({ kind: "unrelated", reason: expect.stringMatching(reason) });
});

const year = 365.25 * 86_400_000;
const cannotBeUsed: readonly (readonly [string, NtpResponseFields, RegExp])[] = [
	["from a client", { mode: 3 }, /mode is 3/],
	["broadcast", { mode: 5 }, /mode is 5/],
	["from a symmetric peer", { mode: 2 }, /mode is 2/],
	["of version 2", { version: 2 }, /version is 2/],
	["of version 5", { version: 5 }, /version is 5/],
	["of a server without a time", { leap: 3 }, /not synchronized/],
	["of stratum 16", { stratum: 16 }, /stratum is 16/],
	["of stratum 255", { stratum: 255 }, /stratum is 255/],
	["without a transmit timestamp", { transmit: undefined }, /no transmit timestamp/],
	["without a receive timestamp", { receive: undefined }, /no receive timestamp/],
	["of a server too far from its source", { rootDelay: 2_010 }, /distance is 1010 ms/],
	["of a server that lost its source", { rootDispersion: 1_100 }, /distance is 1105 ms/],
	["longer in the server than under way", { receive: truth - 91 }, /contradict/],
	["sent before the request arrived", { receive: truth + 11 }, /contradict/],
	["from before the release", { receive: minUtc - 1, transmit: minUtc - 1 }, /before this firmware/],
	["from 1970", { receive: 0, transmit: 0 }, /before this firmware/],
	[
		"from too far in the future",
		{ receive: minUtc + 20.1 * year, transmit: minUtc + 20.1 * year },
		/more than 20 years/,
	],
];
test.each(cannotBeUsed)("a response %s is unusable, with a reason", (_, fields, reason) => {
	expect(read(fields)).toEqual({ kind: "unusable", reason: expect.stringMatching(reason) });
});

test.each([
	[1_999, "time"],
	[2_000, "unusable"],
	[86_400_000, "unusable"],
])("a round trip of %i ms: %s", (roundTrip, kind) => {
	expect(read({}, { sentTicks: 0, receivedTicks: roundTrip }).kind).toBe(kind);
});

describe("stratum 0", () => {
	const stratum0 = { stratum: 0, leap: 3, receive: undefined, transmit: undefined };

	test.each(["RATE", "DENY", "RSTR", "INIT", "X"])("with the code %s is a kiss of death", (reference) => {
		expect(read({ ...stratum0, reference })).toEqual({ kind: "kiss-o'-death", code: reference });
	});

	test.each(["", "\x1b[2J", "\n\n\n\n", "rate", "\xff\xfe\xfd\xfc"])(
		"with %j, which is no code, is a server without a time",
		(reference) => {
			const answer = read({ ...stratum0, reference });
			expect(answer).toEqual({ kind: "unusable", reason: "the server's clock is not synchronized" });
		},
	);
});

describe("the second era", () => {
	const rollover = Date.UTC(2036, 1, 7, 6, 28, 16);
	const at = (transmit: number, receive = transmit) =>
		read({ transmit, receive }, { sentTicks: 1_000, receivedTicks: 1_000 + Math.max(0, transmit - receive) });

	test.each([
		["just before NTP's seconds run over", rollover - 1],
		["just after", rollover + 1],
		["when 32-bit Unix time ends", Date.UTC(2038, 0, 19, 3, 14, 7)],
		["after that", Date.UTC(2038, 0, 19, 3, 14, 9)],
		["ten years on", Date.UTC(2046, 0, 1)],
	])("%s the time is right", (_, utc) => {
		const answer = at(utc);
		expect(answer.kind === "time" && Math.round(answer.utc)).toBe(utc);
	});

	test("a question that arrived in one era and was answered in the next", () => {
		const answer = at(rollover + 20, rollover - 30);
		expect(answer.kind === "time" && Math.round(answer.utc)).toBe(rollover + 20);
	});

	test("a coarse server clock that stepped back over the end of the era", () => {
		const answer = at(rollover - 3, rollover + 3);
		expect(answer.kind === "time" && Math.round(answer.utc)).toBe(rollover - 3);
	});

	test("firmware that was released in the second era reads it too", () => {
		const released = Date.UTC(2040, 0, 1);
		const bytes = ntpResponseBytes({ transmit: released + year, receive: released + year });
		const answer = parseNtpResponse(bytes, { nonce, sentTicks: 0, receivedTicks: 0, minUtc: released });
		expect(answer.kind === "time" && Math.round(answer.utc)).toBe(released + year);
	});
});

describe("whatever the bytes", () => {
	const question = { nonce, sentTicks: 0, receivedTicks: 30, minUtc };
	const check = (bytes: Uint8Array) => {
		const answer = parseNtpResponse(bytes, question);
		if (answer.kind !== "time") return;
		expect(answer.utc).toBeGreaterThanOrEqual(minUtc);
		expect(answer.utc).toBeLessThanOrEqual(minUtc + 20 * year + 30);
		expect(answer.rootDistanceMs).toBeLessThanOrEqual(1_000);
	};

	test("nothing is thrown", () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), check));
	});

	test("a time is within the twenty years", () => {
		const answer = fc.uint8Array({ minLength: 48, maxLength: 60 }).map((bytes) => {
			bytes[0] = 0x24;
			bytes.set(nonce, 24);
			// Small root delay and dispersion, and the same time twice, so that most of them reach the last checks.
			bytes.fill(0, 4, 12);
			bytes.copyWithin(32, 40, 48);
			return bytes;
		});
		fc.assert(fc.property(answer, check), { numRuns: 1_000 });
	});

	test("one damaged byte of a good answer never moves the time out of them", () => {
		fc.assert(
			fc.property(fc.nat(47), fc.nat(255), (index, value) => {
				const bytes = ntpResponseBytes({ receive: truth, transmit: truth });
				bytes[index] = value;
				check(bytes);
			}),
			{ numRuns: 1_000 },
		);
	});

	test("a view into a larger buffer is read where it lies", () => {
		const bytes = ntpResponseBytes({ receive: truth, transmit: truth });
		const larger = new Uint8Array(100);
		larger.set(bytes, 7);
		expect(parseNtpResponse(larger.subarray(7, 55), question)).toEqual(parseNtpResponse(bytes, question));
	});
});
