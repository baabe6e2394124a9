/**
 * A class whose instances are made by a function. For classes that have to know more than the options that the
 * standard gives them: a subclass for each start of a board would be a new shape to the engine each time, and make
 * everything that touches its instances slow.
 */
export function constructorOf<Options, Instance>(
	make: (options: Options) => Instance,
): new (
	options: Options,
) => Instance {
	// A constructor that returns an object makes that object (ECMA-262, section 10.2.2).
	function Made(options: Options): Instance {
		return make(options);
	}
	return Made as unknown as new (
		options: Options,
	) => Instance;
}
