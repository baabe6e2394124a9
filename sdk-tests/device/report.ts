import { errorMessage } from "../../src/common/error-message";
import { type Report, reportMark } from "../test-plan";

/** Tells the computer. */
export function report(what: Report): void {
	trace(`${reportMark}${JSON.stringify(what)}\n`);
}

/** Runs a check that throws what it finds wrong. */
export async function check(name: string, run: () => void | Promise<void>): Promise<void> {
	try {
		await run();
		report({ suite: "check", name });
	} catch (error) {
		report({ suite: "check", name, problem: errorMessage(error) });
	}
}

/** Throws unless both are the same as JSON has them. */
export function expectSame(found: unknown, expected: unknown, what = "it"): void {
	const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
	if (a !== b) throw new Error(`${what} is ${a}, expected ${b}`);
}
