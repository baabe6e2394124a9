/** Of xsnap: sets the limit (0: none) and the count of the meter; returns the count so far. */
declare function resetMeter(limit: number, count: number): number;

/**
 * A function that stands in for one in C, as a chip has it: the meter counts a call of it as a call of one of XS's own
 * functions with as many arguments, whatever it does.
 */
export function native<This, Args extends readonly unknown[], Result>(
	work: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => Result {
	return function (...args) {
		const before = resetMeter(0, 0);
		try {
			return Reflect.apply(work, this, args);
		} finally {
			resetMeter(0, before - (wrapperCounts[args.length] ?? 0));
		}
	};
}

/** Makes methods of a prototype {@link native}. */
export function makeNative<Name extends string>(
	prototype: Record<Name, (...args: never[]) => unknown>,
	...names: readonly Name[]
): void {
	for (const name of names) prototype[name] = native(prototype[name]);
}

function count(call: () => unknown): number {
	resetMeter(0, 0);
	call();
	return resetMeter(0, 0);
}

/** What the wrapper takes besides the call, by the number of arguments; 0 while it is measured. */
const wrapperCounts: number[] = [];

const { max } = Math;
const wrapped = native(max);
const nothing = 0;
wrapperCounts.push(
	count(() => wrapped()) - count(() => max()),
	count(() => wrapped(nothing)) - count(() => max(nothing)),
	count(() => wrapped(nothing, nothing)) - count(() => max(nothing, nothing)),
	count(() => wrapped(nothing, nothing, nothing)) - count(() => max(nothing, nothing, nothing)),
	count(() => wrapped(nothing, nothing, nothing, nothing)) -
		count(() => max(nothing, nothing, nothing, nothing)),
);
