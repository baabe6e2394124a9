/**
 * A class whose instances a function creates, for classes that need more than the options of the standard. A subclass per
 * start of a board would give the engine a new object shape each time, and slow down all code that uses the instances.
 */
export function constructorOf<Options, Instance>(
	make: (options: Options) => Instance,
): new (
	options: Options,
) => Instance {
	// A constructor may return another object (ECMA-262 section 10.2.2).
	function Made(options: Options): Instance {
		return make(options);
	}
	return Made as unknown as new (
		options: Options,
	) => Instance;
}
