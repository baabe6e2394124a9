import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHttpDate } from "../../src/common/http-date";

const now = Date.UTC(2026, 10, 24);
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

test("the three forms of RFC 9110 section 5.6.7 are the same moment", () => {
	const moment = Date.UTC(1994, 10, 6, 8, 49, 37);
	expect(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", now)).toBe(moment);
	expect(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", now)).toBe(moment);
	expect(parseHttpDate("Sun Nov  6 08:49:37 1994", now)).toBe(moment);
});

test("any second of the years 1980 to 2075 in any form", () => {
	const seconds = fc.integer({ min: Date.UTC(1980, 0) / 1000, max: Date.UTC(2075, 11, 31) / 1000 });
	fc.assert(
		fc.property(seconds, (second) => {
			const utc = second * 1000;
			const fixed = new Date(utc).toUTCString();
			const [, day = "", month = "", year = "", time = ""] = fixed.replace(",", "").split(" ");
			const weekday = days[new Date(utc).getUTCDay()] ?? "";
			expect(parseHttpDate(fixed, now)).toBe(utc);
			expect(parseHttpDate(`${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`, now)).toBe(utc);
			const padded = day.replace(/^0/, " ");
			expect(parseHttpDate(`${weekday.slice(0, 3)} ${month} ${padded} ${time} ${year}`, now)).toBe(utc);
		}),
	);
});

test("a two-digit year that would be more than 50 years ahead is in the past", () => {
	expect(parseHttpDate("Friday, 06-Nov-76 08:49:37 GMT", now)).toBe(Date.UTC(2076, 10, 6, 8, 49, 37));
	expect(parseHttpDate("Sunday, 06-Nov-77 08:49:37 GMT", now)).toBe(Date.UTC(1977, 10, 6, 8, 49, 37));
});

test("a leap second is the second after, and a leap day exists in leap years only", () => {
	expect(parseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT", now)).toBe(Date.UTC(2017, 0));
	expect(parseHttpDate("Tue, 29 Feb 2028 00:00:00 GMT", now)).toBe(Date.UTC(2028, 1, 29));
	expect(parseHttpDate("Mon, 29 Feb 2027 00:00:00 GMT", now)).toBeUndefined();
	expect(parseHttpDate("Thu, 00 Dec 2026 00:00:00 GMT", now)).toBeUndefined();
});

test("any other text is invalid, and no text throws", () => {
	fc.assert(
		fc.property(fc.string(), fc.integer({ min: 0, max: 28 }), (text, at) => {
			const fixed = "Sun, 06 Nov 1994 08:49:37 GMT";
			expect(parseHttpDate(text, now)).toBeUndefined();
			if (text !== "")
				expect(parseHttpDate(fixed.slice(0, at) + text + fixed.slice(at), now)).toBeUndefined();
		}),
	);
});
