import type { InvariantName } from "../../simulator/life/invariants";
import type { Mutation } from "../../simulator/mutation/mutation";
import { insertBefore, remove, replace } from "../../simulator/mutation/operations";

/** A typical bug, and the invariants that it violates. */
export interface Mutant extends Mutation {
	readonly name: string;
	/** Any of these may be violated first. */
	readonly violates: readonly InvariantName[];
	/** A seed that finds it, to make the test quick. Other seeds find it as well. */
	readonly seed: number;
}

/** Typical bugs that random lives find. */
export const mutants: readonly Mutant[] = [
	{
		name: "acknowledges a batch before its 2xx",
		at: "send-batch",
		mutate: insertBefore("this.options.readings.acknowledge(batch.lastSequence)"),
		violates: ["kept", "paced"],
		seed: 1,
	},
	{
		name: "acknowledges one too many",
		at: "acknowledge-batch",
		mutate: replace("$1", "$1 + 1"),
		violates: ["kept"],
		seed: 1,
	},
	{
		name: "acknowledges one too few",
		at: "settle-batch",
		mutate: replace("$2", "$2 - 1"),
		violates: ["once"],
		seed: 1,
	},
	{
		name: "takes a 503 for a success",
		at: "accept-success-status",
		mutate: replace("$0", "$0 || $1 === 503"),
		violates: ["kept", "paced"],
		seed: 47,
	},
	{
		name: "drops the anchor at a restart",
		at: "record-anchor",
		mutate: replace("$0", "this.anchors = $1"),
		violates: ["timed", "same"],
		seed: 1,
	},
	{
		name: "gives a reading the time of its upload",
		at: "reading-time",
		mutate: replace("$0", "$count-request.2"),
		violates: ["timed"],
		seed: 1,
	},
	{
		name: "resends with another timestamp",
		at: "reading-time",
		mutate: replace("$0", "$0 + (this.search.failures % 2)"),
		violates: ["same"],
		seed: 29,
	},
	{
		name: "does not mark an estimated time",
		at: "mark-estimated-time",
		mutate: replace("$0", "undefined"),
		violates: ["timed"],
		seed: 4,
	},
	{
		name: "marks every time as estimated after a sleep",
		at: "detect-sleep",
		mutate: replace("$0", "$1 ? $2.1 > 0 : $3.1 > 0"),
		violates: ["timed"],
		seed: 24,
	},
	{
		name: "does not learn how fast it counts asleep",
		at: "learn-sleep-rate",
		mutate: replace("$0", "0"),
		violates: ["timed"],
		seed: 8,
	},
	{
		name: "has ticks that stop during sleep",
		at: "count-sleep-ticks",
		mutate: replace("$0", "$1"),
		violates: ["timed", "sampled", "delivered", "paced"],
		seed: 4,
	},
	{
		name: "never closes a connection",
		at: "close-connection",
		mutate: remove(),
		violates: ["single"],
		seed: 1,
	},
	{
		name: "has no backoff",
		at: "retry-backoff",
		mutate: replace("$0", "$2"),
		violates: ["paced"],
		seed: 10,
	},
	{
		name: "has an unlimited backoff",
		at: "retry-backoff",
		mutate: replace("$0", "$2 * 2 ** Math.min($1 - 1, 40)"),
		violates: ["paced", "delivered"],
		seed: 10,
	},
	{
		name: "forgets failed attempts during sleep",
		at: "restore-retry-state",
		mutate: replace("$0", "undefined"),
		violates: ["paced"],
		seed: 5,
	},
	{
		name: "ignores Retry-After",
		at: "retry-after-seconds",
		mutate: replace("$0", "undefined"),
		violates: ["paced"],
		seed: 39,
	},
	{
		name: "ignores the plan's reset",
		at: "requested-wait",
		mutate: replace("$0", "$1"),
		violates: ["paced"],
		seed: 31,
	},
	{
		name: "ignores how many calls remain",
		at: "automatic-upload-interval",
		// The interval of calls is never 0, by which the firmware divides.
		mutate: replace("$0", "Math.max(1, $1)"),
		violates: ["budget"],
		seed: 14,
	},
	{
		name: "retries a settings fault every minute",
		at: "wait-after-settings-fault",
		mutate: replace("$1", "$1 / 60"),
		violates: ["paced"],
		seed: 58,
	},
	{
		name: "drops refused points instead of quarantining them",
		at: "quarantine-reading",
		mutate: remove(),
		violates: ["kept"],
		seed: 18,
	},
	{
		name: "reuses a sequence number after a restart",
		at: "restore-next-number",
		mutate: replace("$0", "$0 - ($0 > this.tail.sector.firstSequence ? 1 : 0)"),
		violates: ["numbered", "kept", "genuine", "status"],
		seed: 1,
	},
	{
		name: "does not count overwritten readings",
		at: "count-overwritten-records",
		mutate: remove(),
		violates: ["kept", "status"],
		seed: 22,
	},
	{
		name: "puts points into a batch that goes back in time",
		at: "end-batch",
		mutate: replace("$2", "$2.1"),
		violates: ["ordered"],
		seed: 39,
	},
	{
		name: "alters the battery level",
		at: "reading-battery-level",
		mutate: replace("$0", "$0 === undefined ? undefined : $0 - ($reading-number % 2)"),
		violates: ["genuine"],
		seed: 4,
	},
	{
		name: "reports a signal strength without a network",
		at: "signal-strength",
		mutate: replace("$3", "-60"),
		violates: ["genuine", "status"],
		seed: 1,
	},
	{
		name: "takes every second sample",
		at: "schedule-next-sample",
		mutate: replace("$1.2", "2"),
		violates: ["sampled"],
		seed: 1,
	},
	{
		name: "has a light that hides a settings fault",
		at: "show-settings-fault",
		mutate: remove(),
		violates: ["light"],
		seed: 54,
	},
	{
		name: "keeps the settings at a factory reset",
		at: "erase-settings",
		mutate: remove(),
		violates: ["forgotten", "kept", "genuine", "status"],
		seed: 54,
	},
	{
		name: "leaks a timer with each wait",
		at: "cancel-wait-timer",
		mutate: remove(),
		violates: ["bounded"],
		seed: 3,
	},
	{
		name: "leaks a socket with each time query",
		at: "close-time-socket",
		mutate: remove(),
		violates: ["bounded"],
		seed: 1,
	},
	{
		name: "logs the API key",
		at: "authenticate-request",
		mutate: insertBefore("$log-sent-batch.callee($2)"),
		violates: ["secret"],
		seed: 1,
	},
	{
		name: "throws into the platform",
		at: "log-join-failure",
		mutate: insertBefore("throw new Error($1.2)"),
		violates: ["sturdy"],
		seed: 1,
	},
];
