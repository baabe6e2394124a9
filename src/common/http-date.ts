const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

/**
 * Milliseconds of Unix time of an HTTP date (RFC 9110 section 5.6.7): IMF-fixdate, or one of the two obsolete forms, of
 * RFC 850 and of asctime; `undefined` for anything else. Of two-digit years, none is more than 50 years after `now`.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
	const fixed = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) ([\d:]{8}) GMT$/.exec(text);
	if (fixed !== null) return toUtc(Number(fixed[3]), fixed[2], fixed[1], fixed[4]);
	const asctime = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) ([\d:]{8}) (\d{4})$/.exec(text);
	if (asctime !== null) return toUtc(Number(asctime[4]), asctime[1], asctime[2], asctime[3]);
	const rfc850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) ([\d:]{8}) GMT$/;
	const old = rfc850.exec(text);
	if (old === null) return undefined;
	const thisYear = new Date(now).getUTCFullYear();
	const year = thisYear - (thisYear % 100) + Number(old[3]);
	return toUtc(year > thisYear + 50 ? year - 100 : year, old[2], old[1], old[4]);
}

function toUtc(year: number, monthName = "", dayText = "", time = ""): number | undefined {
	const month = months.indexOf(monthName);
	const clock = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)$/.exec(time);
	if (month % 3 !== 0 || clock === null) return undefined;
	const day = Number(dayText);
	const midnight = Date.UTC(year, month / 3, day);
	if (new Date(midnight).getUTCDate() !== day) return undefined;
	return midnight + ((Number(clock[1]) * 60 + Number(clock[2])) * 60 + Number(clock[3])) * 1000;
}
