import { describe, expect, test } from "vitest";
import {
	idleTimeoutMs,
	nextSetupAction,
	type OpenSetup,
	rejoinIntervalMs,
} from "../../src/setup/setup-lifecycle";
import { consumeSetupRequest, requestSetup } from "../../src/setup/setup-request";
import { MemoryKeyValue } from "../memory-key-value";

const minute = 60_000;

describe("an open setup", () => {
	const quiet: OpenSetup = {
		now: 0,
		reason: "no network",
		hasNetworks: true,
		stationCount: 0,
		lastVisit: 0,
		lastJoinAttempt: 0,
		busy: false,
	};
	const wait = (until?: number) => ({ kind: "wait", until });
	test.each<[string, Partial<OpenSetup>, object]>([
		["tries the saved networks two minutes after it was opened", {}, wait(rejoinIntervalMs)],
		["tries them now", { now: rejoinIntervalMs }, { kind: "try networks" }],
		[
			"tries them again after a pause",
			{ now: 3 * minute, lastJoinAttempt: 2.5 * minute },
			wait(4.5 * minute),
		],
		[
			"does not try them while a client is active",
			{ now: 5 * minute, lastVisit: 4 * minute },
			wait(6 * minute),
		],
		["does not try them while a phone is joined", { now: 5 * minute, stationCount: 1 }, wait()],
		["does not close while a phone is joined", { now: 60 * minute, stationCount: 1 }, wait()],
		["does not close in a test", { now: 60 * minute, busy: true }, wait()],
		["closes ten minutes after the last visit", { now: idleTimeoutMs }, { kind: "close" }],
		[
			"looks again when it has to close",
			{ now: 9 * minute, lastJoinAttempt: 9 * minute },
			wait(idleTimeoutMs),
		],
		[
			"that was asked for leaves the networks alone",
			{ now: 5 * minute, reason: "asked for" },
			wait(idleTimeoutMs),
		],
		["that was asked for closes, too", { now: idleTimeoutMs, reason: "asked for" }, { kind: "close" }],
		[
			"stays when there are no settings",
			{ now: 60 * minute, reason: "no settings", hasNetworks: false },
			wait(),
		],
		[
			"closes when settings were saved and no client has finished",
			{ now: idleTimeoutMs, reason: "no settings" },
			{ kind: "close" },
		],
		["does not try what was just saved", { now: 5 * minute, reason: "no settings" }, wait(idleTimeoutMs)],
	])("%s", (_, situation, expected) => {
		expect(nextSetupAction({ ...quiet, ...situation })).toEqual(expected);
	});
});

describe("a start", () => {
	test("is a normal one unless setup was requested, and a request counts once", () => {
		const kept = new MemoryKeyValue();
		expect(consumeSetupRequest(kept, true)).toBeUndefined();
		for (const reason of ["asked for", "no network"] as const) {
			requestSetup(kept, reason);
			expect(consumeSetupRequest(kept, true)).toBe(reason);
			expect(consumeSetupRequest(kept, true)).toBeUndefined();
		}
	});

	test("without any network to join is for setup", () => {
		const kept = new MemoryKeyValue();
		expect(consumeSetupRequest(kept, false)).toBe("no settings");
		expect(consumeSetupRequest(kept, false)).toBe("no settings");
		requestSetup(kept, "asked for");
		expect(consumeSetupRequest(kept, false)).toBe("no settings");
		expect(kept.values.size).toBe(0);
	});

	test("with nonsense in the storage is a usual one", () => {
		const kept = new MemoryKeyValue();
		kept.write("setup", Uint8Array.of(77));
		expect(consumeSetupRequest(kept, true)).toBeUndefined();
		kept.write("setup", new Uint8Array(0));
		expect(consumeSetupRequest(kept, true)).toBeUndefined();
	});
});
