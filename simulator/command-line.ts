import { type ParseArgsConfig, parseArgs } from "node:util";
import { errorMessage } from "../src/common/error-message";

/** A command line: a request for help, an error in one sentence, or the options of a run. */
export type Command<Options> =
	| { readonly kind: "help" }
	| { readonly kind: "problem"; readonly problem: string }
	| { readonly kind: "run"; readonly run: Options };

export const text = { type: "string" } as const;
export const flag = { type: "boolean" } as const;

/**
 * Ends the program without an error when the reader of its output, like `head`, has closed the pipe. Without it, Node
 * ends it with a stack. What cannot be written for another reason, like a full disk, ends it with status 1.
 */
export function endWithReader(end: () => void = () => process.exit()): void {
	for (const stream of [process.stdout, process.stderr])
		stream.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "EPIPE") end();
			else process.exit(1);
		});
}

type OptionTypes = NonNullable<ParseArgsConfig["options"]>;

export type ParsedOptions<Types extends OptionTypes> = {
	[Name in keyof Types]?: Types[Name]["type"] extends "boolean" ? boolean : string;
};

/** The options by name, or an error in one sentence that refers to the help of `command`. */
export function parseOptions<Types extends OptionTypes>(
	args: readonly string[],
	options: Types,
	command: string,
): ParsedOptions<Types> | string {
	try {
		const { values } = parseArguments({ args: [...args], options });
		return values as ParsedOptions<Types>;
	} catch (error) {
		return usageProblem(error, command);
	}
}

/** Node's `parseArgs`, except that an empty value, such as of an unset variable in a shell, is an error, too. */
export function parseArguments<Config extends ParseArgsConfig>(
	config: Config,
): ReturnType<typeof parseArgs<Config>> {
	const parsed = parseArgs(config);
	const empty = Object.entries(parsed.values).find(([, value]) => value === "");
	if (empty === undefined) return parsed;
	const error = new TypeError(`Option '--${empty[0]}' must not be empty`);
	throw Object.assign(error, { code: "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" });
}

/** An error of Node's `parseArgs` in one sentence that refers to the help of `command`. */
export function usageProblem(error: unknown, command: string): string {
	const [sentence] = errorMessage(error).split(/\.\s|\n/);
	return `${sentence}. ${command} -- --help lists the options.`;
}
