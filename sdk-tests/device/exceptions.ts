import Timer from "timer";
import { expectedErrorMark } from "../test-plan";
import { check, expectSame } from "./report";

/** Milliseconds until a thrown exception has been handled. */
const settleMs = 200;

/** Tests `surviveExceptions`. */
export async function checkExceptions(): Promise<void> {
	await check("unhandled exceptions and rejections are logged, and the machine continues", async () => {
		const statuses: string[] = [];
		const { abort } = globalThis;
		globalThis.abort = (status, error) => {
			statuses.push(status);
			return abort?.(status, error);
		};
		Timer.set(() => {
			throw new Error(expectedErrorMark);
		}, 0);
		void Promise.reject(new Error(expectedErrorMark));
		await new Promise<void>((resolve) => Timer.set(() => resolve(), settleMs));
		globalThis.abort = abort;
		expectSame([...new Set(statuses)].sort(), ["unhandled exception", "unhandled rejection"]);
	});
}
