import Timer from "timer";
import { meant } from "../plan";
import { check, same } from "./report";

/** Milliseconds until what is thrown has come through. */
const through = 200;

/** The net below all callbacks: what `surviveExceptions` has put up. */
export async function checkSurvival(): Promise<void> {
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
				throw new Error(meant);
			}, 0);
			void Promise.reject(new Error(meant));
			await new Promise<void>((resolve) => Timer.set(() => resolve(), through));
			globalThis.abort = abort;
			same([...new Set(told)].sort(), ["unhandled exception", "unhandled rejection"]);
		},
	);
}
