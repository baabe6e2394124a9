import type { InvariantName } from "../../simulator/life/invariants";
import type { ScenarioFault } from "../../simulator/life/scenario";
import { insertBefore, remove, replace } from "../../simulator/mutation/operations";
import type { LifeMutant } from "./expect-killed";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A bug of this firmware that a life has found. */
interface RegressionMutant extends LifeMutant {
	readonly violates: InvariantName;
}

/** All readings are damaged: a block at random each time, one of which is the only one with readings. */
function lostFlash(from: number): readonly ScenarioFault[] {
	return Array.from({ length: 600 }, (_, i) => ({
		from: from + i,
		to: from + i,
		kind: "flips",
		bits: 10_000,
	}));
}

/** A block of readings that were not sent in time cannot be read until then. */
function unreadBlock(to: number): readonly ScenarioFault[] {
	return [
		{ from: 2.2 * day, to: 3 * day, kind: "service", fault: { kind: "refused" } },
		{ from: 2.8 * day, to, kind: "wear", block: 1, how: "read throws" },
	];
}

/** Fixed bugs, each in the smallest life that shows it. */
export const regressionMutants: readonly RegressionMutant[] = [
	{
		name: "looks for the network on the channel of last time only",
		violates: "delivered",
		at: "search-all-channels",
		mutate: replace("$1", "true"),
		life: { power: "battery", interval: 900, length: 4 * day },
	},
	{
		name: "takes an old sector for the newest, because an old hint says so",
		violates: "numbered",
		at: "check-hinted-sector",
		mutate: replace("$0", "false"),
		life: {
			...{ interval: 60, length: 3 * day },
			faults: [
				{ from: 12 * hour, to: 36 * hour, kind: "outdated" },
				{ from: 36 * hour, to: 36 * hour + minute, kind: "outage" },
			],
		},
	},
	{
		name: "takes ticks of the crystal for ticks of the slow oscillator",
		violates: "timed",
		at: "correct-sleep-drift",
		mutate: replace("$0", "$3"),
		life: {
			...{ power: "battery", interval: 900, panel: true, sleepDrift: 10_000, length: 3 * day },
			faults: [
				{ from: 30 * hour, to: 35.2 * hour, kind: "time servers", fault: { kind: "silent" }, all: true },
				{ from: 30 * hour, to: 35.2 * hour, kind: "service", fault: { kind: "drip" } },
			],
		},
	},
	{
		name: "reports times long before the first time response as exact",
		violates: "timed",
		at: "estimate-before-first-sync",
		mutate: replace("$0", "0"),
		life: {
			...{ interval: 3600, drift: 60, length: 4 * day },
			faults: [{ from: 0, to: 3 * day, kind: "time servers", fault: { kind: "silent" }, all: true }],
		},
	},
	{
		name: "reports times long after the last time response as exact",
		violates: "timed",
		at: "estimate-after-last-sync",
		mutate: replace("$2", "false"),
		life: {
			...{ interval: 900, drift: 5, length: 4 * day },
			faults: [{ from: hour + 25 * minute, to: 3.9 * day, kind: "radio" }],
		},
	},
	{
		name: "never queries a time server again after a kiss-o'-death from all of them",
		violates: "delivered",
		at: "max-kiss-wait",
		mutate: replace("$0", "Number.POSITIVE_INFINITY"),
		life: {
			...{ interval: 900, length: 4 * day },
			faults: [
				{
					from: 2 * hour,
					to: 21 * hour,
					kind: "time servers",
					fault: { kind: "kiss", code: "DENY" },
					all: true,
				},
				{ from: 16 * hour, to: 16.1 * hour, kind: "outage" },
			],
		},
	},
	{
		name: "erases readings but keeps settings if power fails during a factory reset",
		violates: "kept",
		at: "begin-factory-reset",
		mutate: remove(),
		life: {
			...{ seed: 4, panel: true, interval: 900, length: 2 * day },
			faults: [
				{ from: 3 * hour, to: 7 * hour, kind: "internet" },
				{ from: 5 * hour, to: 5 * hour + 12_000, kind: "press", setUpAfter: hour },
				{
					...{ from: 5 * hour + 12_000, to: 5 * hour + 17_000, kind: "power" },
					...{ where: "key-value", step: 0 },
				},
			],
		},
	},
	{
		name: "reads a replaced BME280 with the calibration of the previous one",
		violates: "genuine",
		at: "detect-sensor-swap",
		// It sets up whatever chip is there.
		mutate: insertBefore(
			"chip.writeUint8(register.configuration, markerConfiguration), humidityCalibration && chip.writeUint8(register.controlHumidity, measureHumidityOnce)",
		),
		life: {
			...{ interval: 900, length: day },
			faults: [5, 9.03, 15.03].map((at) => ({
				...{ from: at * hour, to: at * hour + 1_000, kind: "sensor", how: "swapped" },
			})),
		},
	},
	{
		name: "reads a BME280 with the trimming words that a brown-out has damaged",
		violates: "genuine",
		at: "reset-after-brown-out",
		mutate: remove(),
		life: {
			...{ interval: 900, length: day },
			faults: [{ from: 5 * hour, to: 5 * hour + minute, kind: "brown-out", each: 20_000 }],
		},
	},
	{
		name: "loses a 2xx behind an invalid interim response",
		violates: "once",
		at: "skip-invalid-interim",
		mutate: remove(),
		life: {
			...{ interval: 900, length: day },
			faults: [{ from: 3 * hour, to: 9 * hour, kind: "service", fault: { kind: "odd", how: "odd interim" } }],
		},
	},
	{
		name: "goes on after a sleep from what another sleep kept",
		violates: "timed",
		at: "check-kept-state",
		mutate: replace("$2", "false"),
		life: {
			...{ power: "battery", interval: 900, length: day },
			faults: Array.from({ length: 20 }, (_, i) => ({
				...{
					from: (i + 0.6) * hour,
					to: (i + 0.6) * hour,
					kind: "sleep memory" as const,
					how: "old" as const,
				},
			})),
		},
	},
	{
		name: "starts the sequence numbers again when the only sector of the flash is lost",
		violates: "numbered",
		at: "number-after-lost-sector",
		mutate: replace("$0", "$1"),
		life: {
			...{ interval: 900, length: day },
			faults: [{ from: 5 * hour, to: 5.2 * hour, kind: "outage" }, ...lostFlash(5.1 * hour)],
		},
	},
	{
		name: "repeats the number of a boot whose time it has saved, when all readings and the count are lost",
		violates: "timed",
		at: "number-after-anchors",
		mutate: replace("$3.1.3", "0"),
		life: {
			...{ interval: 900, length: 2 * day },
			faults: [
				{ from: 5 * hour, to: 10 * hour, kind: "radio" },
				{ from: 5 * hour, to: 5.2 * hour, kind: "outage" },
				{ from: 5.1 * hour, to: 5.1 * hour, kind: "forgotten", key: "boots" },
				...lostFlash(5.1 * hour),
			],
		},
	},
	{
		name: "uses up the plan where each point needs a call",
		violates: "budget",
		at: "bound-search",
		mutate: replace("$0", "false"),
		life: {
			...{ interval: 60, plan: 2_000, length: 5 * day },
			faults: [
				{ from: hour, to: 3 * day, kind: "radio" },
				{ from: 3 * day, to: 4.5 * day, kind: "service", fault: { kind: "too large", bytes: 600 } },
			],
		},
	},
	{
		name: "does not try a held point again where newer ones have no time",
		violates: "delivered",
		at: "try-held-without-newer",
		mutate: replace("$0", "$2.1"),
		life: {
			...{ power: "battery", interval: 1800, length: 13 * day },
			faults: [
				// Point 12 is held, and with it the anchors of all boots since: there is no room for those of newer ones.
				{ from: hour, to: 10 * hour, kind: "service", fault: { kind: "poison", every: 12, status: 403 } },
				{ from: 10 * hour, to: 10 * day, kind: "service", fault: { kind: "status", status: 429 } },
			],
		},
	},
	{
		name: "discards the clock's anchors of readings that cannot be read for some hours",
		violates: "timed",
		at: "keep-anchors-of-unread",
		mutate: replace("$0", "false"),
		life: {
			...{ power: "battery", interval: 600, sectors: 16, length: 4 * day },
			faults: unreadBlock(3.4 * day),
		},
	},
	{
		name: "keeps the clock's anchors of readings that were sent, where the oldest cannot be read",
		violates: "delivered",
		at: "make-room-of-sent",
		mutate: replace("$0", "[]"),
		life: {
			...{ power: "battery", interval: 600, sectors: 16, length: 9 * day },
			faults: unreadBlock(8 * day),
		},
	},
	{
		name: "learns the slow oscillator's drift from two measurements within seconds",
		violates: "timed",
		at: "ignore-close-measurements",
		mutate: replace("$0", "false"),
		life: {
			...{ seed: 961128095, startedAt: 2136310920000, power: "battery", interval: 900, plan: 1_000_000 },
			...{ sectors: 16, drift: 0, sleepDrift: -8_917, updates: true, length: 1_588_562_860 },
			faults: [
				{ from: 60_143_342, to: 103_343_342, kind: "power", where: "key-value", step: 2 },
				{ from: 1_514_909_884, to: 1_533_323_128, kind: "power", where: "ota_0", step: 6 },
				{ from: 1_514_909_884, to: 1_514_909_884, kind: "update", by: "index", file: "works" },
			],
		},
	},
];
