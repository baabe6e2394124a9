import { expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { StartCounter } from "../../src/app/start-counter";
import { MemoryKeyValue } from "../memory-key-value";

function shortStarts(storage: MemoryKeyValue, count: number, slot = 0): void {
	for (let starts = 0; starts < count; starts++) new StartCounter(storage, slot);
}

test("the start after five that did not live a minute is in safe mode, and so are those after it", () => {
	const storage = new MemoryKeyValue();
	for (let start = 1; start <= 5; start++) expect(new StartCounter(storage, 0).isSafeMode).toBe(false);
	const { writes } = storage;
	for (let start = 6; start <= 300; start++) expect(new StartCounter(storage, 0).isSafeMode).toBe(true);
	expect(storage.writes).toBe(writes);
});

test("a start that lives a minute ends the row, in safe mode, too", async () => {
	for (const count of [4, 5]) {
		const storage = new MemoryKeyValue();
		const time = new VirtualTime();
		shortStarts(storage, count);
		new StartCounter(storage, 0).start(time);
		await time.advance(59_999);
		expect(storage.values.size).toBe(1);
		await time.advance(1);
		expect(storage.values.size).toBe(0);
	}
});

test("a restart that the firmware asks for ends the row", () => {
	const storage = new MemoryKeyValue();
	shortStarts(storage, 4);
	new StartCounter(storage, 0).reset();
	expect(new StartCounter(storage, 0).isSafeMode).toBe(false);
	expect(new StartCounter(storage, 0).isSafeMode).toBe(false);
});

test("new firmware ends the row", () => {
	const storage = new MemoryKeyValue();
	shortStarts(storage, 7, 0);
	expect(new StartCounter(storage, 1).isSafeMode).toBe(false);
	shortStarts(storage, 4, 1);
	expect(new StartCounter(storage, 1).isSafeMode).toBe(true);
});

test("failing storage does not prevent a normal start", () => {
	const storage = new MemoryKeyValue();
	storage.changesUntilPowerCut = 0;
	const counter = new StartCounter(storage, 0);
	expect(counter.isSafeMode).toBe(false);
	counter.reset();
});

test("what is not written is not written twice: at most two changes for each start", () => {
	const storage = new MemoryKeyValue();
	const counter = new StartCounter(storage, 0);
	counter.reset();
	counter.reset();
	expect(storage.changeCount).toBe(2);
});
