import type { InvariantName } from "../../simulator/life/invariants";
import type { ScenarioFault } from "../../simulator/life/scenario";
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
const short = { interval: 900, length: day, panel: true };
const outages = [3, 9].map((at): ScenarioFault => ({ from: at * hour, to: (at + 1) * hour, kind: "outage" }));

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
			name: "keeps a key for each boot",
			at: "store-boot-count",
			mutate: insertBefore("$0.callee($1 + $write-boot-number.2, $2)"),
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
			name: "reserves no calls of the plan for faults",
			at: "regular-request-share",
			mutate: replace("$0", "1.1"),
			life: { length: 32 * day, interval: 300, plan: 1_000 },
		},
	],
};
