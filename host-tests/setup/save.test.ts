import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSettings, type Settings, withoutDefaults } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { accessPointName, accessPointPassword } from "../../src/setup/access-point-credentials";
import { MemoryKeyValue } from "../memory-key-value";

const password = fc.string({
	unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
	minLength: 8,
	maxLength: 63,
});
const network = fc.record({ ssid: fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }), password });
const settings: fc.Arbitrary<Settings> = fc
	.record({
		networks: fc.uniqueArray(network, { maxLength: 3, selector: ({ ssid }) => ssid }),
		location: fc.string({ unit: "grapheme", maxLength: 10 }),
		interval: fc.integer({ min: 5, max: 86_400 }),
		uploadInterval: fc.oneof(fc.constant("auto"), fc.integer({ min: 0, max: 86_400 })),
		key: fc.constantFrom("", `dakkio_w_${"a".repeat(32)}`),
	})
	.map((given) => checkSettings(given))
	.filter(({ problems }) => problems.length === 0)
	.map((checked) => checked.settings);

describe("saving", () => {
	test("loads what was saved, for arbitrary settings and any number of saves", () => {
		fc.assert(
			fc.property(fc.array(settings, { minLength: 1, maxLength: 5 }), (all) => {
				const storage = new MemoryKeyValue();
				for (const each of all) {
					new SettingsStore(storage).save(withoutDefaults(each));
					const loaded = new SettingsStore(storage).load();
					expect(loaded).toMatchObject({ settings: each, problems: [] });
					// A wake that knows them need not check them again.
					expect(new SettingsStore(storage).load(undefined, loaded.stamp)).toEqual(loaded);
				}
			}),
			{ numRuns: 200 },
		);
	});

	test("with a power cut at any write keeps the old or the new settings, complete", () => {
		fc.assert(
			fc.property(settings, settings, settings, fc.nat(3), (first, old, next, left) => {
				const storage = new MemoryKeyValue();
				const store = new SettingsStore(storage);
				store.save(withoutDefaults(first));
				store.save(withoutDefaults(old));
				storage.changesUntilPowerCut = left;
				let cut = false;
				try {
					store.save(withoutDefaults(next));
				} catch {
					cut = true;
				}
				const { settings: found, problems } = new SettingsStore(storage).load();
				expect(problems).toEqual([]);
				expect(found).toEqual(cut ? old : next);
			}),
			{ numRuns: 200 },
		);
	});

	test("takes one write, so no power cut can separate two", () => {
		const storage = new MemoryKeyValue();
		new SettingsStore(storage).save({ interval: 30, location: "Balcony" });
		expect(storage.changeCount).toBe(1);
	});

	test("with a torn write the old settings remain", () => {
		fc.assert(
			fc.property(settings, settings, fc.nat(400), (old, next, length) => {
				const storage = new MemoryKeyValue();
				const store = new SettingsStore(storage);
				store.save(withoutDefaults(old));
				const before = new Map(storage.values);
				store.save(withoutDefaults(next));
				for (const [key, value] of storage.values)
					if (!before.has(key))
						storage.values.set(key, value.subarray(0, Math.min(length, value.length - 1)));
				expect(new SettingsStore(storage).load().settings).toEqual(old);
			}),
			{ numRuns: 200 },
		);
	});

	test("defaults are not stored, so that a later version's defaults apply", () => {
		expect(withoutDefaults(checkSettings({ interval: 60, location: "" }).settings)).toEqual({});
		expect(withoutDefaults(checkSettings({ interval: 61 }).settings)).toEqual({ interval: 61 });
	});
});

describe("the board's own network", () => {
	const random = (bytes: Uint8Array) => {
		for (let index = 0; index < bytes.length; index++) bytes[index] = index * 29;
	};

	test("is named after the board", () => {
		expect(accessPointName("A1B2C3")).toBe("Dakkio-B2C3");
	});

	test("has a password that is generated once from the board's randomness and stored", () => {
		const storage = new MemoryKeyValue();
		const made = accessPointPassword(storage, { fillRandom: random });
		expect(made).toMatch(/^[a-km-np-z2-9]{12}$/);
		expect(accessPointPassword(storage, { fillRandom: (bytes) => void bytes.fill(0) })).toBe(made);
		expect(storage.changeCount).toBe(1);
		const another = accessPointPassword(new MemoryKeyValue(), { fillRandom: (bytes) => void bytes.fill(1) });
		expect(another).not.toBe(made);
	});

	test("every character is equally likely", () => {
		const counts = new Map<string, number>();
		for (let value = 0; value < 256; value++) {
			const made = accessPointPassword(new MemoryKeyValue(), {
				fillRandom: (bytes) => void bytes.fill(value),
			});
			counts.set(made?.[0] ?? "", (counts.get(made?.[0] ?? "") ?? 0) + 1);
		}
		expect([...counts.values()]).toEqual(Array(32).fill(8));
	});

	test("has the build's password, or none", () => {
		const storage = new MemoryKeyValue();
		expect(accessPointPassword(storage, { fillRandom: random, setupPassword: "fixed-by-build" })).toBe(
			"fixed-by-build",
		);
		expect(accessPointPassword(storage, { fillRandom: random, setupPassword: "" })).toBeUndefined();
		expect(storage.changeCount).toBe(0);
	});

	test("generates another password if the stored one is damaged", () => {
		const storage = new MemoryKeyValue();
		storage.write("portal_password", Uint8Array.of(1, 2, 3));
		expect(accessPointPassword(storage, { fillRandom: random })).toMatch(/^[a-z2-9]{12}$/);
	});
});
