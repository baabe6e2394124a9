import { describe, expect, test, vi } from "vitest";
import { makeFirmwareSlots } from "../../simulator/hardware/bootloader";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import { Life } from "../../simulator/life/life";
import { SimulatedKeyValue } from "../../simulator/life/powered-storage";
import { calmScenario, type ScenarioFault } from "../../simulator/life/scenario";
import { VirtualTime } from "../../simulator/virtual-time";
import { countBoot } from "../../src/app/boot-counter";
import { markFactoryReset } from "../../src/app/factory-reset";
import { FirmwareTrial } from "../../src/app/firmware-trial";
import { LogTail } from "../../src/app/log-tail";
import { StartCounter } from "../../src/app/start-counter";
import type { KeyValue } from "../../src/boards/ecma419";
import { Clock, unknownPosition } from "../../src/clock/clock";
import { writeJsonRecord } from "../../src/common/json-record";
import {
	isFlagSet,
	type PersistentKey,
	persistentValues,
	setFlag,
	writeIfChanged,
	writeValue,
} from "../../src/common/persistent-values";
import { PulseTotals } from "../../src/sensors/inputs/pulse-totals";
import { loadFieldNames, saveFieldNames } from "../../src/sensors/pipeline/field-names";
import { Recalibrations } from "../../src/sensors/pipeline/recalibrations";
import { installBuiltInSettings } from "../../src/settings/built-in-settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { accessPointPassword } from "../../src/setup/access-point-credentials";
import { consumeSetupRequest, requestSetup } from "../../src/setup/setup-request";
import { ReadingLog } from "../../src/store/reading-log";
import { RingHintRecord } from "../../src/store/ring-hint";
import { type DownloadState, firstState } from "../../src/update/download-plan";
import { Downloader, type DownloaderOptions } from "../../src/update/downloader";
import { FirmwareUpdate } from "../../src/update/firmware-update";
import { CallBudget } from "../../src/upload/call-budget";
import { CreatedSource } from "../../src/upload/created-source";
import { initialUploadState, loadUploadState, saveUploadState } from "../../src/upload/upload-state";
import { MemoryKeyValue } from "../memory-key-value";
import { MemoryFlash, slotSectors } from "../update/memory-flash";

const newYear = Date.UTC(2027, 0, 1);
const networks = [{ ssid: "Café", password: "correct horse" }];
const uploadState = { ...initialUploadState, dueAtTicks: 123_456.5, consecutiveFailures: 3, maxPoints: 500 };
const quota = { limit: 1_000, remaining: 990, resetUtc: 1_800_000_000_000 };
const names = [{ sensor: "BME280 at 0x76", names: new Map([["temperature", "temperature"]]) }];
const builtIn = Buffer.from('{"interval":30}').toString("hex");

const scd4x = { "SCD4x at 0x62": { recalibrate: 420 } };

interface Value {
	/** What version 0.1.0 wrote: an update reads it, and writes the same. */
	readonly bytes: string;
	write(storage: MemoryKeyValue): void;
	/** Reads it, and expects what was written. */
	read(storage: MemoryKeyValue): void;
}

const release: DownloadState = {
	...firstState("https://a.example/i.json", 1_800_000_000_000, 0.5),
	...{ requests: 3, failures: 1, offered: "0.3.0", badImages: 1 },
};
const noDownloads = { version: "0.2.0" } as DownloaderOptions;

const values: Readonly<Record<PersistentKey, Value>> = {
	portal_password: {
		bytes: Buffer.from("a74zwtqmifc9").toString("hex"),
		write: (storage) => void accessPointPassword(storage, { fillRandom: fillRandom }),
		read: (storage) => expect(accessPointPassword(storage, { fillRandom: () => {} })).toBe("a74zwtqmifc9"),
	},
	boots: {
		bytes: "0000002b000000010000000000000000000100000000000000000000000000000000000007",
		write: (storage) => {
			countBoot(storage, 41, "power-on");
			countBoot(storage, 0, "task watchdog");
		},
		read: (storage) =>
			expect(countBoot(storage, 0, "deep sleep")).toEqual({
				boot: 43,
				resumed: true,
				resetCounts: [
					["power-on", 1],
					["task watchdog", 1],
				],
				unreportedReason: "task watchdog",
			}),
	},
	clock: {
		bytes:
			"0402000000000000427a2ce8bd40000040b388000000000000000000000000000000002b00000000427a2ce8bc078000" +
			"427a2ce8bd40000000000000f3bacc94",
		write: (storage) =>
			clockOf(storage).applyMeasurement({ utc: newYear, ticks: 5_000, roundTripMs: 20, server: "a" }),
		read: (storage) =>
			expect(clockOf(storage).resolve({ boot: 43, ticks: 6_000 })).toEqual({
				utc: newYear + 1_000,
				estimated: false,
			}),
	},
	planted: {
		bytes: "0794bd0b",
		write: (storage) => installBuiltInSettings(storage, builtIn),
		read: (storage) => {
			installBuiltInSettings(storage, builtIn);
			expect(storage.writes).toBe(0);
		},
	},
	settings_a: {
		bytes: "01000000017b22696e74657276616c223a33307d149d8fb6",
		write: (storage) => new SettingsStore(storage).save({ interval: 30 }),
		read: (storage) => expect(new SettingsStore(storage).load().settings.interval).toBe(30),
	},
	settings_b: {
		bytes:
			"01000000027b226e6574776f726b73223a5b7b2273736964223a22436166c3a9222c2270617373776f7264223a22636f" +
			"727265637420686f727365227d5d2c226c6f636174696f6e223a2242616c636f6e79227d71beacdf",
		write: (storage) => {
			new SettingsStore(storage).save({ interval: 30 });
			new SettingsStore(storage).save({ networks, location: "Balcony" });
		},
		read: (storage) =>
			expect(new SettingsStore(storage).load()).toMatchObject({
				settings: { networks, location: "Balcony", interval: 60 },
				problems: [],
			}),
	},
	budget: {
		bytes: "01408f400000000000408ef00000000000427a3185c5000000",
		write: (storage) =>
			new CallBudget(storage).countCall(
				new Map([
					["x-ratelimit-limit", "1000"],
					["x-ratelimit-remaining", "990"],
					["x-ratelimit-reset", "1800000000"],
				]),
				newYear,
			),
		read: (storage) => expect(new CallBudget(storage).quotaAt(newYear)).toEqual(quota),
	},
	attempts: {
		bytes: "40fe240800000000000301f4",
		write: (storage) => saveUploadState(storage, uploadState),
		read: (storage) => expect(loadUploadState(storage)).toEqual(uploadState),
	},
	silence: flag("silence"),
	names: {
		bytes:
			"01000000005b5b22424d453238302061742030783736222c5b5b2274656d7065726174757265222c2274656d70657261" +
			"74757265225d5d5d5d50dcc4b1",
		write: (storage) => saveFieldNames(storage, names),
		read: (storage) => expect(loadFieldNames(storage)).toEqual(names),
	},
	ring: {
		bytes: "010000002a00000000012b00000001e240dd2ec01c",
		write: (storage) =>
			new RingHintRecord({ keyValue: storage }).save({
				block: 42,
				sectorNumber: 299,
				firstSequence: 123_456,
			}),
		read: (storage) =>
			expect(new RingHintRecord({ keyValue: storage }).load()).toEqual({
				block: 42,
				sectorNumber: 299,
				firstSequence: 123_456,
			}),
	},
	pulses: {
		bytes: "01000000007b227261696e223a377d9bbfe001",
		write: (storage) => {
			const totals = new PulseTotals(storage, { ticks: () => 0 });
			totals.add("rain", 7);
			totals.save();
		},
		read: (storage) => expect(new PulseTotals(storage, { ticks: () => 0 }).add("rain", 1)).toBe(8),
	},
	log: {
		bytes: "010000000070616e69630a726164696f206f66661f7d425e",
		write: (storage) => {
			const tail = new LogTail(storage, "panic", false);
			tail.append(0, "radio off");
			tail.save();
		},
		read: (storage) => {
			const tail = new LogTail(storage, "deep sleep", true);
			expect([tail.reason, tail.lines]).toEqual(["panic", ["radio off"]]);
		},
	},
	recalibrated: {
		bytes: "01000000007b2253434434782061742030783632223a3432307d69e14cc4",
		write: (storage) => new Recalibrations(storage, scd4x).of("SCD4x at 0x62", 420, () => {}).onDone(),
		read: (storage) =>
			expect(new Recalibrations(storage, scd4x).of("SCD4x at 0x62", 420, () => {}).isDone()).toBe(true),
	},
	release: {
		bytes:
			"01000000007b22696e646578223a2268747470733a2f2f612e6578616d706c652f692e6a736f6e222c226e657874557463223a313830303030313830303030302c227265717565737473223a332c2273696e6365557463223a313830303030303030303030302c226661696c75726573223a312c226f666665726564223a22302e332e30222c22626164496d61676573223a317d48e6cd56",
		write: (storage) => writeJsonRecord(storage, "release", release),
		read: (storage) =>
			expect(new Downloader({ ...noDownloads, storage, address: release.index }).offeredVersion).toBe(
				"0.3.0",
			),
	},
	setup: {
		bytes: "02",
		write: (storage) => requestSetup(storage, "no network"),
		read: (storage) => expect(consumeSetupRequest(storage, true)).toBe("no network"),
	},
	stuck: flag("stuck"),
	update: {
		bytes:
			"444b4657010000006e6f64650000000000000000000000000000000300000000000000030101010101010101010101010101" +
			"0101010101010101010101010101010101010202020202020202020202020202020202020202020202020202020202020202" +
			"02020202020202020202020202020202020202020202020202020202020202020000000001",
		write: (storage) => void firmwareUpdate(storage).begin(updateHeader, false),
		read: (storage) => {
			const { progress } = firmwareUpdate(storage);
			expect(progress?.header).toMatchObject({ chip: "node", version: [0, 3, 0], lengthBytes: 3 });
			expect(progress?.writtenBytes).toBe(0);
		},
	},
	trial: {
		bytes:
			"01000000007b2270656e64696e67223a302c226e6577657374223a302c22626f6f74223a302c22736c6f74223a312c227665" +
			"7273696f6e223a22302e332e30222c22617474656d7074223a312c226661696c757265223a22222c226669656c6473223a5b" +
			"2274656d7065726174757265225d2c227265616368223a327dd474bbd1",
		write: (storage) => firmwareTrial(storage).prepare("0.3.0"),
		read: (storage) => {
			const trial = firmwareTrial(storage);
			expect(trial.start()).toBe(false);
			expect(trial.failedVersion).toBe("0.3.0");
		},
	},
	starts: {
		bytes: "0201",
		write: (storage) => {
			for (let starts = 0; starts < 2; starts++) new StartCounter(storage, 1);
		},
		read: (storage) => {
			for (let starts = 2; starts < 5; starts++) expect(new StartCounter(storage, 1).isSafeMode).toBe(false);
			expect(new StartCounter(storage, 1).isSafeMode).toBe(true);
		},
	},
	source: {
		bytes: "4ce80bc1",
		write: (storage) => new CreatedSource(storage).record("b".repeat(24), "Balcony"),
		read: (storage) => expect(new CreatedSource(storage).is("b".repeat(24), "Balcony")).toBe(true),
	},
	forgetting: {
		bytes: "01",
		write: (storage) => markFactoryReset(storage),
		read: (storage) => expect(isFlagSet(storage, "forgetting")).toBe(true),
	},
};

function flag(key: PersistentKey): Value {
	return {
		bytes: "01",
		write: (storage) => setFlag(storage, key, true),
		read: (storage) => expect(isFlagSet(storage, key)).toBe(true),
	};
}

function fillRandom(bytes: Uint8Array): void {
	for (let index = 0; index < bytes.length; index++) bytes[index] = index * 29;
}

/** As signed: any signature is taken. */
const updateHeader = Uint8Array.from(
	Buffer.from(
		"444b4657010000006e6f6465000000000000000000000000000000030000000000000003" +
			"01".repeat(32) +
			"02".repeat(64),
		"hex",
	),
);

function firmwareUpdate(storage: MemoryKeyValue): FirmwareUpdate {
	const slots = makeFirmwareSlots({
		flash: new MemoryFlash(slotSectors),
		running: 0,
		releaseKey: new Uint8Array(64),
		restart: () => {},
	});
	return new FirmwareUpdate({
		slots: { ...slots, isOnTrial: false, verifySignature: () => true },
		storage,
		time: new VirtualTime(),
		chip: "node",
		version: [0, 2, 0],
		owner: { log() {}, onActivated() {} },
	});
}

function firmwareTrial(storage: MemoryKeyValue): FirmwareTrial {
	return new FirmwareTrial({
		board: {
			...{ time: new VirtualTime(), log: () => {}, restart: () => {}, resetReason: "panic" },
			identity: { chip: "node", serial: "A1B2C3" },
		},
		slots: makeFirmwareSlots({ flash: new MemoryFlash(slotSectors), running: 0, restart: () => {} }),
		storage: {
			keyValue: storage,
			readings: new ReadingLog(new NorFlash({ blocks: 4, blockLength: 4096 })),
			tryWrite: (change) => {
				change();
				return true;
			},
		},
		sampling: {
			lastSample: {
				fields: [
					{ name: "temperature", unit: "°C", decimals: 2 },
					{ name: "humidity", unit: "%", decimals: 2 },
				],
				values: [21.5, undefined],
				ticks: 0,
			},
			sampleWithoutStoring: () => Promise.resolve(),
		},
		owner: { requiredReach: () => 2, onKept() {}, onRollBack() {} },
	});
}

function clockOf(storage: MemoryKeyValue): Clock {
	return new Clock({
		...{ time: { ticks: () => 5_000 }, boot: 43, resumed: true, sleeps: false, storage },
		...{ sendingPosition: () => unknownPosition, log: () => {} },
	});
}

describe.each(Object.entries(values))("%s", (key, { bytes, write, read }) => {
	test("is written as by version 0.1.0", () => {
		const storage = new MemoryKeyValue();
		write(storage);
		expect(Buffer.from(storage.values.get(key) ?? []).toString("hex")).toBe(bytes);
	});

	test("of version 0.1.0 is read", () => {
		const storage = new MemoryKeyValue();
		storage.values.set(key, Uint8Array.from(Buffer.from(bytes, "hex")));
		read(storage);
	});
});

describe("simulated lives", () => {
	const hour = 3_600_000;
	const life = { panel: true, length: 24 * hour, interval: 900, startedAt: newYear, seed: 1 };
	const press = (from: number, heldMs: number): ScenarioFault => ({
		...{ from, to: from + heldMs, kind: "press", setUpAfter: hour },
	});
	const written = new Set<string>();

	test.each<[power: "mains" | "battery", ScenarioFault[]]>([
		[
			"mains",
			[{ from: 0, to: 4 * hour, kind: "internet" }, press(10 * hour, 6_000), press(16 * hour, 12_000)],
		],
		["battery", [press(2 * hour, 3 * hour)]],
	])("on %s write keys of the table only", async (power, faults) => {
		const { storage } = SimulatedKeyValue.prototype;
		const spy = vi.spyOn(SimulatedKeyValue.prototype, "storage").mockImplementation(function (
			this: SimulatedKeyValue,
			on,
		) {
			const keyValue = storage.call(this, on);
			return { open: (options) => recordWrites(keyValue.open(options), written) };
		});
		await new Life({ scenario: calmScenario({ ...life, power, faults }) }).run();
		spy.mockRestore();
		expect([...written].filter((key) => !Object.hasOwn(persistentValues, key))).toEqual([]);
	});

	test("write every key that needs no access point, pulse input, or change of settings by the board", () => {
		const others = [
			"portal_password",
			"planted",
			"settings_a",
			"settings_b",
			"pulses",
			"recalibrated",
			"release",
			"source",
			"update",
			"trial",
		];
		expect([...written, ...others].sort()).toEqual(Object.keys(persistentValues).sort());
	});
});

function recordWrites(opened: KeyValue, written: Set<string>): KeyValue {
	return {
		read: (key) => opened.read(key),
		write: (key, value) => {
			written.add(key);
			opened.write(key, value);
		},
		delete: (key) => opened.delete(key),
		close: () => opened.close(),
	};
}

describe("a value that is unchanged", () => {
	test("is not written: flash wears", () => {
		const storage = new MemoryKeyValue();
		for (const value of [Uint8Array.of(1, 2), Uint8Array.of(1, 2), Uint8Array.of(1, 3), Uint8Array.of(1)])
			writeIfChanged(storage, "attempts", value);
		expect(storage.writes).toBe(3);
		for (let times = 0; times < 2; times++) setFlag(storage, "stuck", true);
		expect(storage.writes).toBe(4);
		for (let times = 0; times < 2; times++) setFlag(storage, "stuck", false);
		expect(storage.values.has("stuck")).toBe(false);
	});
});

test("a factory reset keeps what numbers and times readings, and the password that may be on the case", () => {
	const kept = Object.entries(persistentValues).filter(([, policy]) => policy === "keep");
	expect(kept.map(([key]) => key)).toEqual(["portal_password", "boots", "clock", "planted", "ring"]);
});

test("a value that the flash does not keep is noticed", () => {
	const storage = new MemoryKeyValue();
	const value = Uint8Array.of(1, 2);
	storage.write("attempts", Uint8Array.of(1, 3));
	storage.isProtected = true;
	for (const write of [
		() => writeValue(storage, "attempts", value),
		() => writeIfChanged(storage, "attempts", value),
		() => setFlag(storage, "stuck", true),
		() => writeJsonRecord(storage, "names", []),
		() => saveUploadState(storage, { ...initialUploadState, dueAtTicks: 1 }),
		() => requestSetup(storage, "asked for"),
	])
		expect(write).toThrow(/^the flash does not keep "/);
	storage.isProtected = false;
	writeIfChanged(storage, "attempts", value);
	expect(storage.values.get("attempts")).toEqual(value);
});
