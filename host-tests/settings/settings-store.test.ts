import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { decodeCheckedRecord, encodeCheckedRecord } from "../../src/common/checked-record";
import { SettingsStore } from "../../src/settings/settings-store";
import { MemoryKeyValue } from "../memory-key-value";

let storage: MemoryKeyValue;
let store: SettingsStore;
beforeEach(() => {
	storage = new MemoryKeyValue();
	store = new SettingsStore(storage);
});
const interval = () => store.load().settings.interval;

test("the settings saved last are loaded; defaults are not written", () => {
	expect(store.isEmpty).toBe(true);
	for (const seconds of [10, 20, 30, 40, 50]) {
		store.save({ interval: seconds });
		expect(interval()).toBe(seconds);
	}
	expect(store.isEmpty).toBe(false);
	expect(storage.values.size).toBe(2);
	for (const value of storage.values.values()) expect(Buffer.from(value).toString()).not.toContain("server");
});

test("checked settings are checked again only after a change of either slot, and are the same", () => {
	expect(store.load().stamp).toBeDefined();
	for (const interval of [10, 20, 30]) {
		store.save({ interval, location: "Küche", inputs: [], altitude: -12.5 });
		const { settings, stamp } = store.load();
		expect(stamp).toBeDefined();
		expect(store.load({}, stamp)).toEqual({ settings, problems: [], stamp });
		// Another save meanwhile, also of what has to be reported.
		store.save({ interval: 4 });
		expect(store.load({}, stamp).problems).toHaveLength(1);
		expect(store.load({}, stamp).settings.interval).toBe(60);
		for (const [key, bytes] of storage.values) {
			storage.values.set(
				key,
				bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
			);
			expect(store.load({}, stamp).problems[0]?.problem).toContain("damaged");
			storage.values.set(key, bytes);
		}
	}
});

test("settings that checking changes, or reports, are checked at every start", () => {
	for (const given of [
		{ interval: 4 },
		{ key: " " },
		{ colour: "green" },
		{ networks: [{ ssid: "Home" }] },
	]) {
		const body = new TextEncoder().encode(JSON.stringify(given));
		storage.write("settings_a", encodeCheckedRecord({ counter: 7, body }));
		const { settings, problems, stamp } = store.load();
		const again = store.load({}, stamp);
		expect(again.settings).toEqual(settings);
		expect(again.problems).toEqual(problems);
	}
});

test("settings of a later firmware survive a save by this one", () => {
	const later = { interval: 30, colour: "green", modes: { night: [1, 2] }, location: "Balcony" };
	const body = new TextEncoder().encode(JSON.stringify(later));
	storage.write("settings_a", encodeCheckedRecord({ counter: 7, body }));
	expect(interval()).toBe(30);
	for (let saves = 0; saves < 3; saves++) store.save({ interval: 40 });
	const newest = [...storage.values.values()]
		.map((bytes) => decodeCheckedRecord(bytes))
		.sort((a, b) => (a?.counter ?? 0) - (b?.counter ?? 0))
		.at(-1);
	expect(JSON.parse(new TextDecoder().decode(newest?.body))).toEqual({
		interval: 40,
		colour: "green",
		modes: { night: [1, 2] },
	});
});

test("a power cut at any byte of a save leaves the old settings or the new ones", () => {
	store.save({ interval: 10 });
	store.save({ interval: 20, location: "Balcony" });
	const before = new Map(storage.values);
	store.save({ interval: 30, location: "Kitchen" });
	for (const [key, whole] of storage.values)
		for (let length = 0; length <= whole.length; length++) {
			const old = before.get(key);
			if (old !== undefined && Buffer.compare(old, whole) === 0) continue;
			for (const rest of [0xff, 0x00]) {
				storage.values = new Map(before);
				storage.values.set(key, new Uint8Array(whole.length).fill(rest));
				storage.values.get(key)?.set(whole.subarray(0, length));
				const { settings } = store.load();
				expect([`20 Balcony`, `30 Kitchen`]).toContain(`${settings.interval} ${settings.location}`);
			}
			storage.values = new Map([...before, [key, whole]]);
		}
});

test("instead of a damaged record the previous one is loaded, with a problem", () => {
	store.save({ interval: 10 });
	store.save({ interval: 20 });
	storage.write("settings_b", Uint8Array.of(1, 2, 3));
	const { settings, problems } = store.load();
	expect(settings.interval).toBe(10);
	expect(problems).toEqual([
		{ key: "settings", problem: expect.stringContaining("the previous ones are used") },
	]);
	store.save({ interval: 30 });
	expect(interval()).toBe(30);
});

test("with both slots damaged, the settings have their defaults, with a problem", () => {
	storage.write("settings_a", Uint8Array.of(1));
	storage.write("settings_b", Uint8Array.of(2));
	expect(store.load()).toMatchObject({
		settings: { interval: 60, key: "" },
		problems: [{ key: "settings", problem: expect.stringContaining("set the board up again") }],
	});
	expect(store.isEmpty).toBe(false);
});

describe("a checked record", () => {
	const records = fc.record({
		counter: fc.integer({ min: 0, max: 0xffff_ffff }),
		body: fc.uint8Array({ maxLength: 200 }),
	});

	test("is decoded as it was encoded", () => {
		fc.assert(
			fc.property(records, (record) => {
				expect(decodeCheckedRecord(encodeCheckedRecord(record))).toEqual(record);
			}),
		);
	});

	test("with any bit flipped, or any byte missing, is not decoded", () => {
		fc.assert(
			fc.property(records, fc.nat(), fc.integer({ min: 0, max: 7 }), (record, where, bit) => {
				const bytes = encodeCheckedRecord(record);
				expect(decodeCheckedRecord(bytes.subarray(0, where % bytes.length))).toBeUndefined();
				const at = where % bytes.length;
				bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
				expect(decodeCheckedRecord(bytes)).toBeUndefined();
			}),
		);
	});

	test("is not decoded from arbitrary bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
				expect(decodeCheckedRecord(bytes)).toBeUndefined();
			}),
		);
	});
});

test("settings that the flash does not keep do not count as saved; those before stay", () => {
	store.save({ interval: 10 });
	store.save({ interval: 20 });
	storage.isProtected = true;
	expect(() => store.save({ interval: 30 })).toThrow("the flash does not keep the settings");
	expect(interval()).toBe(20);
	storage.isProtected = false;
	store.save({ interval: 30 });
	expect(interval()).toBe(30);
});
