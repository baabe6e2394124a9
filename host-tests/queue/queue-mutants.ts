import type { Mutation } from "../../simulator/mutation/mutation";
import { remove, replace } from "../../simulator/mutation/operations";

/** A bug planted into the queue, which its random lives must find. */
interface QueueMutant extends Mutation {
	readonly name: string;
	/** One of the lives that find it. */
	readonly seed: number;
}

export const queueMutants: readonly QueueMutant[] = [
	{
		name: "takes whatever sector is where the hint says for the newest",
		seed: 1,
		at: "check-hinted-sector",
		mutate: replace("$0", "false"),
	},
	{
		name: "trusts a hint before a blank block, whatever is behind it",
		seed: 13_150,
		at: "check-behind-blank",
		mutate: remove(),
	},
	{
		name: "writes before a sector that was opened in vain for an acknowledgement",
		seed: 12,
		at: "close-tail-before-attempt",
		mutate: remove(),
	},
];
