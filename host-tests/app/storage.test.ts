import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { World } from "../../simulator/world";
import type { KeyValue } from "../../src/boards/ecma419";
import { requestSetup } from "../../src/setup/setup-request";
import { AppFixture } from "./app-fixture";

/** Writes to key-value storage fail: it is full, or worn out. */

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
	const directory = mkdtempSync(join(tmpdir(), "storage-"));
	const world = await World.start({ directory, speed: 500 });
	try {
		await run(world);
	} finally {
		await world.close();
		rmSync(directory, { recursive: true });
	}
}

function refuse(): never {
	throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
}

/** Values written by `prepare` can be read, but not changed. */
function withFullStorage(world: World, prepare: (storage: KeyValue) => void = () => {}): AppFixture {
	return new AppFixture(world, {}, undefined, (board) => {
		const { storage } = board;
		const open: typeof storage.keyValue.open = (options) => {
			const domain = storage.keyValue.open(options);
			return {
				read: (key) => domain.read(key),
				write: refuse,
				delete: refuse,
				close: () => domain.close(),
			};
		};
		const before = storage.keyValue.open({ path: "dakkio", format: "buffer" });
		prepare(before);
		before.close();
		Object.defineProperty(board, "storage", { value: { ...storage, keyValue: { open } } });
	});
}

/** Without saved measurements of the clock, nothing is sent for an hour: they wait for it at the same time. */
describe.concurrent("with full storage", () => {
	test("it samples, synchronizes the clock, and sends each reading once", () =>
		inWorld(async (world) => {
			const board = withFullStorage(world);
			const points = await world.dakkio.waitForPoints(5);
			await board.app.stop();
			expect(points.slice(0, 5).map(({ metadata }) => metadata?.seq)).toEqual([1, 2, 3, 4, 5]);
			expect(world.dakkio.duplicates).toBe(0);
			expect(board.requestedStart).toBeUndefined();
		}));

	test("a setup request that cannot be deleted does not open setup on every boot", () =>
		inWorld(async (world) => {
			const board = withFullStorage(world, (storage) => requestSetup(storage, "no network"));
			expect(board.app.isWithoutNetwork).toBe(false);
			await world.dakkio.waitForPoints(2);
			await board.app.stop();
			expect(board.requestedStart).toBeUndefined();
		}));

	test("setup is not opened if the request cannot be stored: this is logged, and operation continues", () =>
		inWorld(async (world) => {
			const board = withFullStorage(world);
			await board.waitForLine(/^sent/);
			board.app.openSetup();
			await board.waitForLine(/^storage: write failed/);
			await world.dakkio.waitForPoints(3);
			await board.app.stop();
			expect(board.requestedStart).toBeUndefined();
		}));
});
