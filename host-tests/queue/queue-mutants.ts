import type { Mutation } from "../../simulator/mutation/mutation";
import { insertBefore, remove, replace } from "../../simulator/mutation/operations";

/** A bug planted into the queue, which its random lives must find. */
export interface QueueMutant extends Mutation {
	readonly name: string;
	/** One of the lives that find it. */
	readonly seed: number;
	/** The file with the life; default: `queue-life`. */
	readonly life?:
		| "queue-life"
		| "failing-reads"
		| "failing-log"
		| "flipped-reads"
		| "hidden-sectors"
		| "lost-sectors"
		| "skipped-numbers";
}

export const queueMutants: readonly QueueMutant[] = [
	{
		name: "takes whatever sector is where the hint says for the newest",
		seed: 1,
		at: "check-hinted-sector",
		mutate: replace("$0", "false"),
	},
	{
		name: "trusts a stale hint if a damaged number makes the newest sector look like an old one",
		seed: 1_920_260_545,
		at: "check-first-sequence",
		mutate: replace("$0", "start === headerStart"),
	},
	{
		name: "trusts a hint before a blank block, whatever is behind it",
		seed: 81_693,
		at: "check-behind-blank",
		mutate: remove(),
	},
	{
		name: "leaves foreign bytes after a sector, and takes a lost one there for them",
		seed: 1_956_544_578,
		at: "clear-foreign-block",
		mutate: insertBefore('return this.sectors.readBlockHeader(block) !== "unreadable"'),
	},
	{
		name: "writes before a sector that was opened in vain for an acknowledgement",
		seed: 205,
		at: "close-tail-before-attempt",
		mutate: remove(),
	},
	{
		name: "opens a sector before a newer one that it could not read",
		seed: 16,
		life: "hidden-sectors",
		at: "count-unread-ahead",
		mutate: replace("$0", "0"),
	},
	{
		name: "takes a block for one that was passed over before where those before it cannot be read either",
		seed: 1,
		life: "hidden-sectors",
		at: "reads-before",
		mutate: replace("$0", "$2"),
	},
	{
		name: "takes a sector without a record for one that was passed over before",
		seed: 1,
		life: "hidden-sectors",
		at: "numbers-passed-over",
		mutate: replace("$1", "true"),
	},
	{
		name: "counts numbers that were skipped before the front as read, where a later block cannot be read",
		seed: 1,
		life: "skipped-numbers",
		at: "skip-before-holder",
		mutate: remove(),
	},
	{
		name: "gives the numbers of sectors that it could not read again",
		seed: 168,
		life: "failing-log",
		at: "skip-unread-numbers",
		mutate: remove(),
	},
	{
		name: "does not count records that were erased for a sector that then failed to open",
		seed: 360,
		life: "failing-reads",
		at: "find-front-again",
		mutate: remove(),
	},
	{
		name: "believes that what it has written is there",
		seed: 1,
		life: "failing-reads",
		at: "verify-write",
		mutate: insertBefore("return true"),
	},
	{
		name: "erases what it cannot read",
		seed: 1_562,
		life: "failing-reads",
		at: "erase-readable",
		mutate: replace("$0", "true"),
	},
	{
		name: "takes a flash that could not be read for a blank one",
		seed: 1_144,
		life: "failing-reads",
		at: "settle-before-push",
		mutate: replace("$0", "false"),
	},
	{
		name: "acknowledges what it could not read with what follows",
		seed: 1,
		life: "failing-log",
		at: "stop-at-failed-read",
		mutate: replace("$0", "false"),
	},
	{
		name: "takes a record for damaged after one wrong read",
		seed: 1,
		life: "flipped-reads",
		at: "read-again",
		mutate: replace("$0", "true"),
	},
	{
		name: "takes a sector for lost after one wrong read of its header",
		seed: 1_675,
		life: "flipped-reads",
		at: "read-header-again",
		mutate: replace("$1", "true"),
	},
	{
		name: "writes behind a gap after a wrong read of the last record's length",
		seed: 1_217,
		life: "flipped-reads",
		at: "verify-tail-end",
		mutate: replace("$0", "$1"),
	},
	{
		name: "takes numbers skipped before the acknowledged one off the records that are gone",
		seed: 3,
		life: "lost-sectors",
		at: "count-skipped-beyond-front",
		mutate: replace("$0", "Math.max(0, numbers - skipped)"),
	},
];
