import { describe, expect, test } from "vitest";
import { NorFlash, type Wear } from "../../simulator/hardware/nor-flash";
import { DeviceStorage } from "../../src/app/device-storage";
import { factoryReset } from "../../src/app/factory-reset";
import type { Storage } from "../../src/boards/board";
import { SettingsStore } from "../../src/settings/settings-store";
import { MemoryKeyValue } from "../memory-key-value";
import { context } from "../upload/uploader-fixture";

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

/** What a board stores, over its starts. */
class StoredBoard {
	readonly log: string[] = [];
	readonly flash = {
		queue: new NorFlash({ blocks: 8, blockLength: 4096 }),
		quarantine: new NorFlash({ blocks: 2, blockLength: 4096 }),
	};
	readonly memory: MemoryKeyValue;

	constructor(memory: MemoryKeyValue) {
		this.memory = memory;
	}

	start(): DeviceStorage {
		const { flash, memory, log } = this;
		for (const partition of Object.values(flash)) partition.powerUp();
		log.length = 0;
		return new DeviceStorage({
			storage: {
				...storageOf(memory),
				flash: { open: ({ path }) => (path === "queue" ? flash.queue : flash.quarantine) },
			},
			log: (line) => log.push(line),
		});
	}

	wearOut(partition: NorFlash, wear: Wear | undefined): void {
		for (let block = 0; block < partition.status().blocks; block++) partition.wearOut(block, wear);
	}
}

/** Readings pending, one of them refused. */
function fill({ readings, quarantine }: DeviceStorage): void {
	for (let index = 0; index < 500; index++)
		readings.append({ time: { utc: start + index * 60_000 }, values: [20] }, context);
	const [reading] = readings.pending();
	if (reading === undefined) throw new Error("no reading");
	const destination = { bucketId: "b".repeat(24), dataSourceId: "c".repeat(24) };
	quarantine.add({ reading, utc: start, estimated: false }, destination, "400");
}

const start = Date.UTC(2027, 4, 3);
const counts = ({ readings, quarantine }: DeviceStorage) => [readings.length, quarantine.length];
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
			const board = new StoredBoard(memory);
			const storage = board.start().keyValue;
			expect(secrets(memory), `after ${changes} changes`).toEqual([]);
			expect(new SettingsStore(storage).isEmpty).toBe(true);
		}
	});

	test("does not begin by itself", () => {
		const board = new StoredBoard(used());
		fill(board.start());
		const { changeCount } = board.memory;
		expect(counts(board.start())).toEqual([500, 1]);
		expect(board.memory.changeCount).toBe(changeCount);
	});
});

describe("a factory reset whose flash cannot be written", () => {
	for (const wear of ["program throws", "program does nothing"] as const) {
		test(`keeps the readings from the next user until they are erased: ${wear}`, () => {
			const board = new StoredBoard(used());
			const before = board.start();
			fill(before);
			board.wearOut(board.flash.queue, wear);
			before.factoryReset();
			expect(before.quarantine.length).toBe(0);
			expect(board.log).toEqual([
				"factory reset: readings not erased: flash cannot be written; replace the board, or try again if its " +
					"supply was weak; each start tries it again",
			]);
			const failed = board.start();
			expect(failed.isResetIncomplete).toBe(true);
			expect(board.log).toHaveLength(1);
			expect(new SettingsStore(failed.keyValue).isEmpty).toBe(true);
			expect(secrets(board.memory)).toEqual([]);
			// The next user sets it up in the meantime.
			new SettingsStore(failed.keyValue).save({ networks: [{ ssid: "New", password: "new password" }] });
			board.wearOut(board.flash.queue, undefined);
			const mended = board.start();
			expect([mended.isResetIncomplete, ...counts(mended)]).toEqual([false, 0, 0]);
			expect(board.log).toEqual([]);
			expect(new SettingsStore(mended.keyValue).load().settings.networks[0]?.ssid).toBe("New");
			fill(mended);
			expect(counts(board.start())).toEqual([500, 1]);
		});
	}

	test("erases the readings although the quarantine stays, and the board works", () => {
		const board = new StoredBoard(used());
		const before = board.start();
		fill(before);
		board.wearOut(board.flash.quarantine, "program throws");
		before.factoryReset();
		const after = board.start();
		expect([after.isResetIncomplete, ...counts(after)]).toEqual([false, 0, 1]);
		expect(board.log).toHaveLength(1);
		after.readings.append({ time: { utc: start }, values: [20] }, context);
		board.wearOut(board.flash.quarantine, undefined);
		expect(counts(board.start())).toEqual([1, 0]);
		board.start();
		expect(board.memory.values.has("forgetting")).toBe(false);
	});

	test("erases the readings although the settings stay, and goes on with those at the next start", () => {
		const board = new StoredBoard(used());
		const before = board.start();
		fill(before);
		// The mark is written, and nothing more.
		board.memory.changesUntilPowerCut = 2;
		before.factoryReset();
		board.memory.changesUntilPowerCut = 0;
		const failed = board.start();
		expect([failed.isResetIncomplete, ...counts(failed)]).toEqual([true, 0, 0]);
		board.memory.changesUntilPowerCut = Number.POSITIVE_INFINITY;
		expect(board.start().isResetIncomplete).toBe(false);
		expect(secrets(board.memory)).toEqual([]);
	});

	test("loses no mark to a power cut at any write, but while the storage is empty", () => {
		const begin = () => {
			const board = new StoredBoard(used());
			const storage = board.start();
			fill(storage);
			board.wearOut(board.flash.queue, "program throws");
			return { board, storage };
		};
		const whole = begin();
		const already = whole.board.memory.changeCount;
		whole.storage.factoryReset();
		for (let changes = 1; changes < whole.board.memory.changeCount - already; changes++) {
			const { board, storage } = begin();
			board.memory.changesUntilPowerCut = changes;
			storage.factoryReset();
			board.memory.changesUntilPowerCut = Number.POSITIVE_INFINITY;
			const next = board.start();
			if (board.memory.flashHistory.length > 0) expect(next.isResetIncomplete, `${changes}`).toBe(true);
		}
	});
});
