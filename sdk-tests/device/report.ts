import { errorMessage } from "../../src/common/error-message";
import { type Report, reportMark } from "../test-plan";

/** Sends a report to the computer. */
export function report(what: Report): void {
	trace(`${reportMark}${JSON.stringify(what)}\n`);
}

/** Runs a check, which throws if it fails. */
export async function check(name: string, run: () => void | Promise<void>): Promise<void> {
	try {
		await run();
		report({ suite: "check", name });
	} catch (error) {
		report({ suite: "check", name, problem: errorMessage(error) });
	}
}

/** Throws unless both have the same JSON. */
export function expectSame(found: unknown, expected: unknown, what = "it"): void {
	const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
	if (a !== b) throw new Error(`${what} is ${a}, expected ${b}`);
}
