import type { InvariantName } from "../../simulator/life/invariants";
import type { Scenario, ScenarioFault, UpdateFileKind } from "../../simulator/life/scenario";
import { insertBefore, onlyIf, remove, replace } from "../../simulator/mutation/operations";
import type { LifeMutant } from "./expect-killed";

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;

const offline: ScenarioFault = { from: 6 * hour, to: 20 * hour, kind: "internet" };
const silence: ScenarioFault = { from: 0, to: 6 * hour, kind: "service", fault: { kind: "silent" } };
const noTime: ScenarioFault = {
	...{ from: 0, to: 6 * hour, kind: "time servers" },
	...{ fault: { kind: "silent" }, all: true },
};
/** Held for twelve seconds: a factory reset. */
const held: ScenarioFault = { from: 16 * hour, to: 16 * hour + 12 * second, kind: "press", setUpAfter: hour };
const offlineForDays: ScenarioFault = { from: hour, to: 24 * hour, kind: "internet" };
const backlog = { interval: 60, length: 4 * day };
const failing = { from: 24 * hour, to: 3 * day, kind: "service" } as const;
const storing = { kind: "status", stored: true } as const;
const short = { interval: 900, length: day, panel: true };
const outages = [3, 9].map((at): ScenarioFault => ({ from: at * hour, to: (at + 1) * hour, kind: "outage" }));

/** A service that stores everything fails, and then confirms some requests, and so on, after an outage of a day. */
const flapping = (
	failures: number,
	successes: number,
	others: readonly ScenarioFault[] = [],
): Partial<Scenario> => ({
	...{ ...backlog, plan: 1_000_000 },
	faults: [
		offlineForDays,
		{ ...failing, fault: { kind: "flapping", failures, successes, status: 500, stored: true } },
		...others,
	],
});

/** The user gives the board such a file. */
const updatedBy = (file: UpdateFileKind): Partial<Scenario> => ({
	...{ interval: 900, length: day },
	faults: [{ from: 2 * hour, to: 2 * hour, kind: "update", by: "user", file }],
});

/** Each violates one invariant and no other, in the smallest life in which it can. */
export const invariantMutants: Readonly<Partial<Record<InvariantName, readonly LifeMutant[]>>> = {
	delivered: [
		{
			name: "waits for more readings before sending",
			at: "require-pending-readings",
			mutate: replace("$1", "$1.1 < 100"),
			life: { interval: 3_600, length: 3 * day },
		},
		{
			name: "never joins again after three rounds through its networks",
			at: "schedule-join",
			mutate: onlyIf("$reset-join-backoff.target < 4"),
			life: { interval: 900, length: 4 * day, faults: [{ ...offline, kind: "radio" }] },
		},
		{
			name: "uses only one of its networks",
			at: "join-next-network",
			mutate: replace("$0", "$pause-after-last-network"),
			life: {
				...{ interval: 900, length: 4 * day, networks: 2 },
				faults: [{ from: hour, to: 3.5 * day, kind: "away" }],
			},
		},
	],
	kept: [
		{
			name: "counts a success that comes before the whole request was sent",
			at: "early-response",
			mutate: remove(),
			life: {
				...{ ...short, length: 2 * day, interval: 60 },
				faults: [
					offline,
					{ from: 20 * hour, to: 30 * hour, kind: "service", fault: { kind: "early", status: 201 } },
				],
			},
		},
	],
	proven: [
		{
			name: "quarantines a point as soon as it is refused",
			at: "test-refusal",
			mutate: insertBefore(
				"if ($1.pointCount === 1) this.points.quarantine({ sequence: $1.firstSequence, cause: $2.cause })",
			),
			life: {
				...short,
				faults: [{ from: hour, to: 20 * hour, kind: "service", fault: { kind: "status", status: 400 } }],
			},
		},
		{
			name: "quarantines a point that the service refuses for another reason at once",
			at: "count-strike",
			mutate: replace("$0", "$0 || true"),
			life: {
				...{ ...short, interval: 60 },
				faults: [
					{
						...{ from: 0, to: 11 * hour, kind: "service" },
						fault: { kind: "poison", every: 500, status: 403 },
					},
				],
			},
		},
	],
	few: [
		{
			name: "sends whole batches to a service that stores them and answers 500",
			at: "send-less-after-failure",
			mutate: remove(),
			life: { ...backlog, faults: [offlineForDays, { ...failing, fault: { ...storing, status: 500 } }] },
		},
		{
			name: "asks a service that stores and answers 500 as often as one that is unreachable",
			at: "retry-backoff",
			mutate: replace("$3", "900_000"),
			life: { ...backlog, faults: [{ ...failing, fault: { ...storing, status: 500 } }] },
		},
		{
			name: "takes each 2xx for the end of an outage, and lets batches grow back to 1,000 points",
			at: "end-outage",
			mutate: insertBefore("this.repeatLimit.repeats = { count: 0, upTo: 0, ticks: 0 }"),
			life: flapping(2, 2),
		},
		{
			name: "repeats points without a wait to a service that stores them and fails every second time",
			at: "wait-for-repeats",
			mutate: replace("$0", "0"),
			life: flapping(1, 1),
		},
		{
			name: "forgets at a restart how many points it has repeated",
			at: "resume-repeats",
			mutate: remove(),
			life: flapping(
				2,
				2,
				Array.from({ length: 12 }, (_, index): ScenarioFault => {
					const from = (25 + index) * hour;
					return { from, to: from + second, kind: "outage" };
				}),
			),
		},
		{
			name: "tries at once after each of many restarts",
			at: "keep-wait-over-restarts",
			mutate: replace("$0", "0"),
			life: {
				...{ ...short, length: 4 * day, interval: 900 },
				faults: [
					{ from: hour, to: 2 * day, kind: "service", fault: { ...storing, status: 500 } },
					...Array.from({ length: 96 }, (_, index): ScenarioFault => {
						const from = (2 + index / 4) * hour;
						return { from, to: from + second, kind: "outage" };
					}),
				],
			},
		},
	],
	once: [
		{
			name: "forgets at a restart which points it has sent ahead",
			at: "keep-sent-ahead",
			mutate: remove(),
			life: {
				...{ ...short, length: 4 * day, interval: 60 },
				faults: [
					{
						...{ from: 0, to: 3 * day, kind: "service" },
						fault: { kind: "poison", every: 500, status: 403 },
					},
					...Array.from({ length: 20 }, (_, index): ScenarioFault => {
						const from = (10 + 2.5 * index) * hour;
						return { from, to: from + second, kind: "outage" };
					}),
				],
			},
		},
	],
	paced: [
		{
			name: "sends the next request right after a refusal",
			at: "pause-after-refusal",
			mutate: remove(),
			life: {
				...short,
				faults: [
					{ ...{ from: 0, to: day, kind: "service" }, fault: { kind: "poison", every: 7, status: 409 } },
				],
			},
		},
	],
	numbered: [
		{
			name: "skips a sequence number now and then",
			at: "assign-sequence-number",
			mutate: replace("$0", "($1 += $1 % 7 === 0 ? 2 : 1) - 1"),
			life: short,
		},
	],
	forgotten: [
		{
			name: "keeps the readings at a factory reset",
			at: "erase-readings",
			mutate: remove(),
			life: { ...short, length: 2 * day, faults: [offline, held] },
		},
		{
			name: "keeps the quarantine at a factory reset",
			at: "erase-quarantine",
			mutate: remove(),
			life: {
				...{ ...short, length: 2 * day },
				faults: [
					{ from: 0, to: 9 * hour, kind: "service", fault: { kind: "poison", every: 7, status: 400 } },
					held,
				],
			},
		},
		{
			name: "keeps one slot of the settings at a factory reset",
			at: "first-settings-slot",
			mutate: replace("$0", '"keep"'),
			life: {
				...{ ...short, length: 2 * day },
				faults: [{ from: hour, to: hour, kind: "settings", change: { location: "Cellar" } }, held],
			},
		},
	],
	secret: [
		{
			name: "logs the password of a network that it cannot join",
			at: "log-join-failure",
			mutate: insertBefore("$0.callee(Object.values($quote-network-name.1.1.1 ?? {}).join())"),
			life: { ...short, faults: [{ ...offline, kind: "password" }] },
		},
	],
	page: [
		{
			name: "shows at most 20 pending readings on its page",
			at: "shown-pending-readings",
			mutate: replace("$0", "Math.min(20, $0)"),
			life: { ...short, faults: [{ ...offline, to: 40 * hour }], length: 2 * day },
		},
	],
	status: [
		{
			name: "reports the uptime of its last reading",
			at: "status-uptime",
			mutate: replace("$0", "$status-battery-level.1.$record-sample-time.target.key"),
			life: short,
		},
		{
			name: "reports at most 20 pending readings",
			at: "status-pending-readings",
			mutate: replace("$0", "Math.min(20, $0)"),
			life: { ...short, faults: [{ ...offline, to: 40 * hour }], length: 2 * day },
		},
		{
			name: "always reports a full battery",
			at: "status-battery-level",
			mutate: replace("$0", "100"),
			life: { ...short, power: "battery", length: 40 * day, interval: 14_400 },
		},
		{
			name: "reports a wrong capacity",
			at: "status-capacity",
			mutate: replace("$0", "$0 + 1"),
			life: short,
		},
		{
			name: "always reports boot 1",
			at: "status-boots",
			mutate: replace("$0", "{ ...$0, $boot-number.key: 1 }"),
			life: { ...short, faults: outages },
		},
		{
			name: "reports nothing of what the quarantine has dropped",
			at: "status-quarantine-overwritten",
			mutate: replace("$0", "0"),
			life: {
				...{ ...short, length: 3 * day },
				faults: [
					{ ...{ from: 0, to: 3 * day, kind: "service" }, fault: { kind: "poison", every: 2, status: 400 } },
				],
			},
		},
		{
			name: "reports damage where there is none",
			at: "status-damaged-bytes",
			mutate: replace("$0", "$0 + 1"),
			life: short,
		},
	],
	light: [
		{
			name: "shows normal operation while it joins a network",
			at: "show-joining",
			mutate: remove(),
			life: { ...short, faults: [{ ...offline, kind: "radio" }] },
		},
		{
			name: "does not show that it is sending",
			at: "show-sending",
			mutate: remove(),
			life: { ...short, faults: [silence] },
		},
		{
			name: "shows normal operation on battery",
			at: "show-power-saving",
			mutate: remove(),
			life: { ...short, power: "battery", faults: [noTime] },
		},
		{
			name: "does not show an imminent factory reset",
			at: "show-factory-reset",
			mutate: remove(),
			life: { ...short, faults: [{ ...held, to: held.from + 25 * second }] },
		},
		{
			name: "does not show that the time is unknown",
			at: "show-missing-time",
			mutate: replace("$0", "$2"),
			life: { ...short, faults: [noTime] },
		},
	],
	timed: [
		{
			name: "ignores the NTP era",
			at: "ntp-era",
			mutate: replace("$0", "$1"),
			life: { ...short, startedAt: Date.UTC(2036, 1, 6, 12) },
		},
	],
	bounded: [
		{
			name: "uploads while a download has the one connection that there is memory for",
			at: "claim-network",
			mutate: remove(),
			life: {
				...{ interval: 60, length: day, uploadInterval: 0, updates: true },
				faults: [{ from: 0, to: day, kind: "releases", how: "silent" }],
			},
		},
		{
			name: "keeps a key for each boot",
			at: "store-boot-count",
			mutate: insertBefore("$0.callee($1, $2 + $write-boot-number.2, $3)"),
			life: {
				...short,
				faults: [{ from: hour, to: hour + 60 * second, kind: "brown-out", each: 700 }],
			},
		},
	],
	budget: [
		{
			name: "spends a month's remaining calls within an hour",
			at: "reserved-request-rate",
			mutate: replace("$0", "1 / 60_000"),
			life: {
				...{ length: 20 * day, interval: 300, plan: 1_000 },
				// The calls of other devices, and a temporary upload interval, are no excuse in the next month.
				faults: [
					{ from: hour, to: hour, kind: "quota" },
					{ from: 2 * hour, to: 2 * hour, kind: "settings", change: { uploadInterval: 0 } },
					{ from: 3 * hour, to: 3 * hour, kind: "settings", change: { uploadInterval: "auto" } },
				],
				startedAt: Date.UTC(2026, 11, 31),
			},
		},
		{
			name: "does not slow down for the calls of a search for refused points",
			at: "pay-for-search",
			mutate: remove(),
			life: {
				...{ length: 40 * day, interval: 300, plan: 1_000, startedAt: Date.UTC(2026, 11, 1) },
				faults: [
					{ ...{ from: 0, to: 30 * day, kind: "service" }, fault: { kind: "poison", every: 3, status: 400 } },
				],
			},
		},
		{
			name: "reserves no calls of the plan for faults",
			at: "regular-request-share",
			mutate: replace("$0", "1.1"),
			life: { length: 32 * day, interval: 300, plan: 1_000 },
		},
	],
	signed: [
		{
			name: "installs an update without looking at its signature",
			at: "check-update-signature",
			mutate: remove(),
			life: updatedBy("other key"),
		},
		{
			name: "installs an update for another chip",
			at: "check-update-chip",
			mutate: remove(),
			life: updatedBy("other chip"),
		},
		{
			name: "installs an image that is not the one that was signed",
			at: "check-update-hash",
			mutate: remove(),
			life: updatedBy("damaged"),
		},
		{
			name: "installs an older version that nobody asked for",
			at: "refuse-older-update",
			mutate: remove(),
			life: updatedBy("older"),
		},
	],
	worthy: [
		{
			name: "keeps an update that cannot join the network",
			at: "decide-trial",
			mutate: replace("$0", '"keep"'),
			life: updatedBy("cannot join"),
		},
	],
};
