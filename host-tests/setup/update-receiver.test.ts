import { expect, test } from "vitest";
import { sendUpdate, type UpdateClient } from "../../page/send-update";
import { rawPublicKey } from "../../scripts/update-file";
import {
	flashOverCable,
	inspectSlots,
	makeFirmwareSlots,
	runBootloader,
} from "../../simulator/hardware/bootloader";
import { makeFirmwareImage } from "../../simulator/hardware/firmware-image";
import { VirtualTime } from "../../simulator/virtual-time";
import type { UpdateState } from "../../src/setup/api";
import { UpdateReceiver } from "../../src/setup/update-receiver";
import { FirmwareUpdate } from "../../src/update/firmware-update";
import { headerBytes } from "../../src/update/image-header";
import { MemoryKeyValue } from "../memory-key-value";
import { imageBytes, publicKey, updateFile } from "../update/download-fixture";
import { MemoryFlash } from "../update/memory-flash";

/** A board with firmware 0.2.0 in setup, and a client that speaks to it. */
class Bench implements UpdateClient {
	readonly time = new VirtualTime();
	readonly flash = new MemoryFlash({ ota_0: 32, ota_1: 32, otadata: 2 });
	readonly storage = new MemoryKeyValue();
	releaseKey: Uint8Array | undefined = rawPublicKey(publicKey);
	receiver: UpdateReceiver;
	restarts = 0;
	/** Whether the image is verified. */
	questions = 0;
	/** Offsets of the pieces that the board was sent. */
	readonly pieces: number[] = [];
	/** The board restarts before it takes the piece of this number. */
	restartAt: number | undefined;

	constructor() {
		flashOverCable(this.flash, makeFirmwareImage({ version: "0.2.0", behaviour: "works" }));
		this.receiver = this.boot();
	}

	boot(): UpdateReceiver {
		const { flash, storage, time, releaseKey } = this;
		const started = runBootloader(flash);
		if (started === undefined) throw new Error("the board does not start");
		const slots = makeFirmwareSlots({ flash, running: started.slot, releaseKey, restart: () => {} });
		const update = new FirmwareUpdate({
			...{ slots, storage, time, chip: "node", version: [0, 2, 0] },
			owner: { log() {}, onActivated() {} },
		});
		this.receiver = new UpdateReceiver({ slots, update, onInstalled: () => this.restarts++ });
		return this.receiver;
	}

	async update(step: Parameters<UpdateClient["update"]>[0]): Promise<UpdateState> {
		if (step.at !== undefined) this.pieces.push(step.at);
		if (step.at !== undefined && this.pieces.length === this.restartAt) this.boot();
		return this.receiver.take(JSON.parse(JSON.stringify(step)));
	}

	async updateState(): Promise<UpdateState> {
		this.questions++;
		return this.receiver.state;
	}

	async pause(): Promise<void> {
		await this.time.advance(1_000);
	}

	get versions(): readonly (string | undefined)[] {
		return inspectSlots(this.flash).map((image) => image?.version);
	}
}

test("a file is sent in pieces, verified and installed, with progress", async () => {
	const bench = new Bench();
	const shares: number[] = [];
	expect(await sendUpdate(bench, updateFile(), false, (share) => shares.push(share))).toBeUndefined();
	expect([bench.versions, bench.restarts]).toEqual([["0.2.0", "0.3.0"], 1]);
	expect(bench.questions).toBe(1);
	expect(shares).toEqual([...shares].sort((a, b) => a - b));
	expect([shares[0], shares.at(-1)]).toEqual([0, 1]);
	expect(bench.receiver.state).toMatchObject({ phase: "installed" });
	expect(bench.receiver.take({ header: "" })).toMatchObject({ phase: "installed" });
});

test("a board that restarts into the update during a pause, and is in setup again, has installed it", async () => {
	const bench = new Bench();
	const pause = bench.pause.bind(bench);
	bench.pause = async () => {
		await pause();
		expect(bench.restarts).toBe(1);
		bench.boot();
	};
	expect(await sendUpdate(bench, updateFile(), false, () => {})).toBeUndefined();
	expect(bench.receiver.state.problem).toBe("trial");
});

test("after an interruption it resumes where it stopped, also from a new page", async () => {
	const bench = new Bench();
	const file = updateFile();
	bench.restartAt = 30;
	expect(await sendUpdate(bench, file, false, () => {})).toBeUndefined();
	expect(bench.pieces.filter((at) => at === 0)).toHaveLength(1);
	const again = new Bench();
	const header = Buffer.from(file.subarray(0, headerBytes)).toString("base64");
	await again.update({ header });
	await again.update({
		at: 0,
		data: Buffer.from(file.subarray(headerBytes, headerBytes + 50_000)).toString("base64"),
	});
	again.pieces.length = 0;
	expect(await sendUpdate(again, file, false, () => {})).toBeUndefined();
	expect(again.pieces[0]).toBe(50_000);
});

test("an older version is installed only after it was confirmed", async () => {
	const bench = new Bench();
	const file = updateFile({ version: "0.1.0" });
	expect(await sendUpdate(bench, file, false, () => {})).toBe("older");
	expect([bench.pieces, bench.versions]).toEqual([[], ["0.2.0", undefined]]);
	expect(await sendUpdate(bench, file, true, () => {})).toBeUndefined();
	expect(bench.versions).toEqual(["0.2.0", "0.1.0"]);
});

const good = updateFile();
const changed = Uint8Array.from(good);
changed[headerBytes + 5_000] = (changed[headerBytes + 5_000] ?? 0) ^ 1;
const forgedLength = Uint8Array.from(good);
forgedLength[35] = (forgedLength[35] ?? 0) ^ 1;

test.each<[string, Uint8Array, UpdateState["problem"], boolean]>([
	["an empty file", new Uint8Array(0), "format", false],
	["a text", new TextEncoder().encode("x".repeat(5_000)), "format", false],
	["half a header", good.subarray(0, 100), "format", false],
	["an image without its header", good.subarray(headerBytes), "format", false],
	["another key's signature", updateFile({ forged: true }), "signature", false],
	["a changed header", forgedLength, "signature", false],
	["another chip's", updateFile({ chip: "esp32" }), "chip", false],
	["one larger than the slot", updateFile({ lengthBytes: 33 * 4096 }), "size", false],
	["one that is cut off", good.subarray(0, 60_000), "hash", false],
	["one with something after it", Buffer.concat([good, Buffer.from("x")]), "hash", false],
	["a changed image", changed, "hash", true],
])("%s is refused", async (_, file, problem, isSent) => {
	const bench = new Bench();
	expect(await sendUpdate(bench, file, true, () => {})).toBe(problem);
	expect([bench.pieces.length > 0, bench.versions, bench.restarts]).toEqual([
		isSent,
		["0.2.0", undefined],
		0,
	]);
	// The next file finds nothing of it.
	expect(await sendUpdate(bench, good, false, () => {})).toBeUndefined();
});

test("a build without a key, a trial and a flash with one slot take nothing, and say why", async () => {
	const bench = new Bench();
	bench.releaseKey = undefined;
	bench.boot();
	expect(bench.receiver.state).toEqual({ phase: "open", problem: "no key" });
	expect(await sendUpdate(bench, good, false, () => {})).toBe("no key");
	const none = new UpdateReceiver({ slots: undefined, update: undefined, onInstalled: () => {} });
	expect([none.state.problem, none.take({ header: "" }).problem]).toEqual(["one slot", "one slot"]);
	const trial = new UpdateReceiver({
		slots: { releaseKey: rawPublicKey(publicKey), isOnTrial: true },
		update: undefined,
		onInstalled: () => {},
	});
	expect(trial.take({ header: "" }).problem).toBe("trial");
});

test.each([
	{},
	{ install: "true" },
	{ header: 5 },
	{ data: "AAAA" },
	{ at: 0 },
	{ at: "0", data: "AAAA" },
	{ at: -1, data: "AAAA" },
	{ at: 0.5, data: "AAAA" },
	{ at: 0, data: "%" },
	{ at: 1e300, data: "AAAA" },
])("a step that is none changes nothing: %j", async (step) => {
	const bench = new Bench();
	const header = Buffer.from(good.subarray(0, headerBytes)).toString("base64");
	await bench.update({ header });
	bench.receiver.take(step);
	await bench.time.advance(1_000);
	expect(bench.receiver.state).toEqual({ phase: "open", version: "0.3.0", writtenBytes: 0 });
});

test("installing before all pieces have arrived is refused without effect", async () => {
	const bench = new Bench();
	const header = Buffer.from(good.subarray(0, headerBytes)).toString("base64");
	await bench.update({ header });
	await bench.update({ install: true });
	await bench.time.advance(1);
	expect(bench.receiver.state).toMatchObject({ phase: "open", problem: "offset" });
	expect(await sendUpdate(bench, good, false, () => {})).toBeUndefined();
	expect(imageBytes).toBeGreaterThan(0);
});
