/**
 * Consecutive points that uploads pass over while older ones are pending: stored by the service or quarantined
 * (`strikes` 0), or one point that is held: refused so often while the service took others.
 */
export interface PassedOver {
	readonly first: number;
	readonly last: number;
	readonly strikes: number;
}

/** Points that are not passed over. */
export interface Gap {
	readonly from: number;
	/** The first sequence number that is left out. */
	readonly before: number;
}

/** The first points from `start` on that are not in `ranges`, which are in order. */
export function gapFrom(ranges: readonly PassedOver[], start: number): Gap {
	let from = start;
	for (const { first, last } of ranges) {
		if (from < first) return { from, before: first };
		from = Math.max(from, last + 1);
	}
	return { from, before: Number.POSITIVE_INFINITY };
}

/** Adds a range in place of what it covers, and joins it with those next to it; each held point stays by itself. */
export function addRange(ranges: readonly PassedOver[], { first, last, strikes }: PassedOver): PassedOver[] {
	let range = { first, last, strikes };
	const others: PassedOver[] = [];
	for (const each of ranges) {
		if (each.first >= first && each.last <= last) continue;
		const touches = each.last + 1 >= range.first && each.first <= range.last + 1;
		if (strikes > 0 || each.strikes > 0 || !touches) others.push(each);
		else range = { first: Math.min(each.first, range.first), last: Math.max(each.last, range.last), strikes };
	}
	return [...others, range].sort((one, other) => one.first - other.first);
}

/** Splits the range that has this point. */
export function removePoint(ranges: readonly PassedOver[], sequence: number): PassedOver[] {
	return ranges
		.flatMap((range) =>
			sequence < range.first || sequence > range.last
				? [range]
				: [
						{ ...range, last: sequence - 1 },
						{ ...range, first: sequence + 1 },
					],
		)
		.filter(({ first, last }) => first <= last);
}
