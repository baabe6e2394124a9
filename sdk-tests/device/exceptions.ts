import Timer from "timer";
import { expectedErrorMark } from "../test-plan";
import { check, expectSame } from "./report";

/** Milliseconds until what is thrown has come through. */
const settleMs = 200;

/** The net below all callbacks: what `surviveExceptions` has put up. */
export async function checkExceptions(): Promise<void> {
	await check(
		"an exception and a rejection that nobody takes are told, and the machine goes on",
		async () => {
			const told: string[] = [];
			const { abort } = globalThis;
			globalThis.abort = (status, error) => {
				told.push(status);
				return abort?.(status, error);
			};
			Timer.set(() => {
				throw new Error(expectedErrorMark);
			}, 0);
			void Promise.reject(new Error(expectedErrorMark));
			await new Promise<void>((resolve) => Timer.set(() => resolve(), settleMs));
			globalThis.abort = abort;
			expectSame([...new Set(told)].sort(), ["unhandled exception", "unhandled rejection"]);
		},
	);
}
