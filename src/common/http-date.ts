import { hasShape } from "./text-pattern";

const weekdays = ["Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"];
const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

/**
 * Milliseconds of Unix time of an HTTP date (RFC 9110 section 5.6.7): IMF-fixdate, or one of the two obsolete forms, of
 * RFC 850 and of asctime; `undefined` for anything else. A two-digit year is at most 50 years after `now`.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
	if (hasShape(text, "Aaa, 00 Aaa 0000 00:00:00 GMT") && isWeekday(text.slice(0, 3)))
		return toUtc(Number(text.slice(12, 16)), text.slice(8, 11), text.slice(5, 7), text.slice(17, 25));
	if (hasShape(text.replace("  ", " 0"), "Aaa Aaa 00 00:00:00 0000") && isWeekday(text.slice(0, 3)))
		return toUtc(Number(text.slice(20)), text.slice(4, 7), text.slice(8, 10), text.slice(11, 19));
	const comma = text.indexOf(",");
	const old = text.slice(comma);
	if (
		!hasShape(old, ", 00-Aaa-00 00:00:00 GMT") ||
		!weekdays.some((day) => `${day}day` === text.slice(0, comma))
	)
		return undefined;
	const thisYear = new Date(now).getUTCFullYear();
	const year = thisYear - (thisYear % 100) + Number(old.slice(9, 11));
	return toUtc(year > thisYear + 50 ? year - 100 : year, old.slice(5, 8), old.slice(2, 4), old.slice(12, 20));
}

function isWeekday(text: string): boolean {
	return weekdays.some((day) => day.slice(0, 3) === text);
}

function toUtc(year: number, monthName: string, dayText: string, time: string): number | undefined {
	const month = months.indexOf(monthName);
	const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
	if (month % 3 !== 0 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
	const day = Number(dayText);
	const midnight = Date.UTC(year, month / 3, day);
	if (new Date(midnight).getUTCDate() !== day) return undefined;
	return midnight + ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
