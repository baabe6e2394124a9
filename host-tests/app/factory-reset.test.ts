import { describe, expect, test, vi } from "vitest";
import { factoryReset, openStorage } from "../../src/app/factory-reset";
import type { Storage } from "../../src/boards/board";
import { SettingsStore } from "../../src/settings/settings-store";
import { MemoryKeyValue } from "../memory-key-value";

const key = "dakkio_w_0123456789abcdef";
const password = "correct horse";

type BoardStorage = Pick<Storage, "keyValue" | "eraseKeyValue">;

/** A storage with settings and state, some of them overwritten. */
function used(): MemoryKeyValue {
	const memory = new MemoryKeyValue();
	const store = new SettingsStore(memory);
	for (const location of ["Cellar", "Attic", "Roof"])
		store.save({ networks: [{ ssid: "Home", password }], key, location });
	memory.write("boots", Uint8Array.of(0, 0, 0, 7));
	memory.write("clock", Uint8Array.of(1));
	memory.write("planted", Uint8Array.of(2));
	memory.write("ring", Uint8Array.of(3));
	memory.write("portal_password", Buffer.from("abcdefghijkm"));
	for (const other of ["budget", "attempts", "names", "pulses", "silence"])
		memory.write(other, Buffer.from("the user's"));
	return memory;
}

function storageOf(memory: MemoryKeyValue, erases = true): BoardStorage {
	return {
		keyValue: { open: () => memory.open() },
		...(erases && { eraseKeyValue: () => memory.erase() }),
	};
}

const staying = ["boots", "clock", "planted", "portal_password", "ring"];
const secrets = (memory: MemoryKeyValue) =>
	[key, password, "the user's"].filter((text) => memory.flashHistory.some((bytes) => bytes.includes(text)));

describe("a factory reset", () => {
	test("erases everything from the flash itself, except boot counter, clock, and access point password", () => {
		const memory = used();
		const before = staying.map((name) => Buffer.from(memory.values.get(name) ?? []).toString("hex"));
		expect(secrets(memory)).toHaveLength(3);
		factoryReset(storageOf(memory), memory.open());
		expect(secrets(memory)).toEqual([]);
		expect([...memory.values.keys()].sort()).toEqual(staying);
		expect(staying.map((name) => Buffer.from(memory.values.get(name) ?? []).toString("hex"))).toEqual(before);
	});

	test("deletes everything where the flash cannot be erased", () => {
		const memory = used();
		factoryReset(storageOf(memory, false), memory.open());
		expect([...memory.values.keys()].sort()).toEqual(staying);
	});

	test("is completed by the next boot after a power cut at any write", () => {
		const whole = used();
		const already = whole.changeCount;
		factoryReset(storageOf(whole), whole.open());
		expect(whole.changeCount).toBeGreaterThan(already + 10);
		for (let changes = 1; changes < whole.changeCount - already; changes++) {
			const memory = used();
			memory.changesUntilPowerCut = changes;
			expect(() => factoryReset(storageOf(memory), memory.open())).toThrow("power is off");
			memory.changesUntilPowerCut = Number.POSITIVE_INFINITY;
			const eraseReadings = vi.fn();
			const isLeft = secrets(memory).length > 0;
			const storage = openStorage(storageOf(memory), eraseReadings);
			if (isLeft) expect(eraseReadings).toHaveBeenCalledOnce();
			expect(secrets(memory), `after ${changes} changes`).toEqual([]);
			expect(new SettingsStore(storage).isEmpty).toBe(true);
		}
	});

	test("does not begin by itself", () => {
		const memory = used();
		const { changeCount } = memory;
		openStorage(storageOf(memory), () => expect.unreachable());
		expect(memory.changeCount).toBe(changeCount);
	});
});
