import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { makeUpdateFile, rawPublicKey } from "../../scripts/update-file";
import {
	flashOverCable,
	inspectSlots,
	makeFirmwareSlots,
	runBootloader,
} from "../../simulator/hardware/bootloader";
import { makeFirmwareImage } from "../../simulator/hardware/firmware-image";
import { VirtualTime } from "../../simulator/virtual-time";
import { FirmwareUpdate, type UpdateProblem } from "../../src/update/firmware-update";
import { headerBytes, type Version } from "../../src/update/image-header";
import { MemoryKeyValue } from "../memory-key-value";
import { MemoryFlash, slotSectors } from "./memory-flash";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const releaseKey = rawPublicKey(publicKey);
const works = { version: "0.2.0", behaviour: "works" } as const;
const next = { version: "0.3.0", behaviour: "works" } as const;

function updateFile(image: Uint8Array, version: Version = [0, 3, 0], chip = "node"): Uint8Array {
	return makeUpdateFile(image, { chip, version }, privateKey);
}

const image = makeFirmwareImage(next, 10_000);
const file = updateFile(image);

/** A board whose flash and key-value storage survive {@link start}. */
class TestBoard {
	readonly flash = new MemoryFlash(slotSectors);
	readonly keyValue = new MemoryKeyValue();
	readonly time = new VirtualTime();
	readonly logged: string[] = [];
	readonly activated: string[] = [];
	runs = "";
	update!: FirmwareUpdate;

	constructor() {
		flashOverCable(this.flash, makeFirmwareImage(works));
		this.start();
	}

	start(): void {
		for (const partition of this.flash.partitions.values()) partition.powerUp();
		const started = runBootloader(this.flash);
		if (started === undefined) throw new Error("the board does not start");
		this.runs = started.image.version;
		this.update = new FirmwareUpdate({
			slots: makeFirmwareSlots({
				flash: this.flash,
				running: started.slot,
				releaseKey,
				restart: () => this.start(),
			}),
			storage: this.keyValue,
			time: this.time,
			chip: "node",
			version: [0, 2, 0],
			owner: {
				log: (line) => this.logged.push(line),
				onActivated: (version) => this.activated.push(version),
			},
		});
	}

	/** Sends an update in pieces, from where the board is; returns the first problem. */
	send(from = file, pieceLength = 1000): UpdateProblem | undefined {
		const { update } = this;
		const problem = update.begin(from.subarray(0, headerBytes), false);
		if (problem !== undefined) return problem;
		const content = from.subarray(headerBytes);
		for (;;) {
			const at = update.progress?.writtenBytes ?? content.length;
			if (at >= content.length) return undefined;
			const stopped = update.write(content.subarray(at, at + pieceLength), at);
			if (stopped !== undefined) return stopped;
		}
	}

	async install(): Promise<UpdateProblem | undefined> {
		const result = this.update.install();
		await this.time.advance(1);
		return result;
	}
}

let board: TestBoard;
beforeEach(() => {
	board = new TestBoard();
});

describe("an update", () => {
	test("is written in pieces of any length, verified, and started on trial", async () => {
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 12_000 }), async (pieceLength) => {
				const each = new TestBoard();
				expect(each.send(file, pieceLength)).toBeUndefined();
				expect(inspectSlots(each.flash)[1]).toBeUndefined();
				expect(await each.install()).toBeUndefined();
				expect(each.activated).toEqual(["0.3.0"]);
				each.start();
				expect(each.runs).toBe("0.3.0");
				expect(each.update.progress).toBeUndefined();
				for (const partition of each.flash.partitions.values()) expect(partition.violations).toEqual([]);
			}),
			{ numRuns: 20 },
		);
	});

	test("resumes after a restart to within 64 KiB", () => {
		const large = new TestBoard();
		const content = updateFile(makeFirmwareImage(next, 65_536));
		const begin = () => large.update.begin(content.subarray(0, headerBytes), false);
		expect(begin()).toBeUndefined();
		const sent = content.subarray(headerBytes);
		large.update.write(sent.subarray(0, 60_000), 0);
		large.start();
		expect(large.update.progress?.writtenBytes).toBe(0);
		expect(begin()).toBeUndefined();
		large.update.write(sent, 0);
		large.start();
		expect(large.update.progress?.writtenBytes).toBe(65_536);
		expect(large.update.progress?.header.version).toEqual([0, 3, 0]);
	});

	test("starts over with another header, and resumes with the same", () => {
		const begin = (of: Uint8Array) => board.update.begin(of.subarray(0, headerBytes), false);
		begin(file);
		board.update.write(image.subarray(0, 5000), 0);
		expect(begin(file)).toBeUndefined();
		expect(board.update.progress?.writtenBytes).toBe(5000);
		expect(begin(updateFile(image, [0, 4, 0]))).toBeUndefined();
		expect(board.update.progress?.writtenBytes).toBe(0);
	});

	test("may be asked to be installed twice, as a client repeats what was not answered", async () => {
		board.send();
		expect(await board.install()).toBeUndefined();
		expect(await board.install()).toBeUndefined();
		expect(board.update.begin(file.subarray(0, headerBytes), false)).toBe("busy");
		expect(board.update.write(image.subarray(0, 1), 0)).toBe("busy");
	});
});

describe("what is refused", () => {
	test("bytes that are not the next ones", () => {
		expect(board.update.write(image.subarray(0, 10), 0)).toBe("offset");
		board.update.begin(file.subarray(0, headerBytes), false);
		expect(board.update.write(image.subarray(1, 10), 1)).toBe("offset");
		expect(board.update.write(image.subarray(0, 10), 0)).toBeUndefined();
		expect(board.update.write(image.subarray(0, 10), 0)).toBe("offset");
	});

	test("more bytes than the header says", () => {
		board.update.begin(file.subarray(0, headerBytes), false);
		expect(board.update.write(Uint8Array.of(...image, 0), 0)).toBe("size");
	});

	test("what does not begin as an image of ESP-IDF", () => {
		expect(board.send(updateFile(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)))).toBe("image");
	});

	test("a part of an image", async () => {
		expect(await board.install()).toBe("offset");
		board.update.begin(file.subarray(0, headerBytes), false);
		board.update.write(image.subarray(0, 9_999), 0);
		expect(await board.install()).toBe("offset");
	});

	test("a signed image that ESP-IDF does not accept, and it is not started later either", async () => {
		const damaged = image.slice();
		damaged[6000] = (damaged[6000] ?? 0) ^ 1;
		board.send(updateFile(damaged));
		expect(await board.install()).toBe("image");
		board.start();
		expect(board.runs).toBe("0.2.0");
		expect(inspectSlots(board.flash)[1]).toBeUndefined();
		expect(board.update.progress).toBeUndefined();
	});

	test("an image with any bit changed", async () => {
		await fc.assert(
			fc.asyncProperty(fc.nat(image.length * 8 - 1), async (bit) => {
				const each = new TestBoard();
				const changed = file.slice();
				const at = headerBytes + (bit >> 3);
				changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
				const problem = each.send(changed) ?? (await each.install());
				expect(problem).toBe(bit < 8 ? "image" : "hash");
				each.start();
				expect(each.runs).toBe("0.2.0");
			}),
			{ numRuns: 50 },
		);
	});

	test("another image that ESP-IDF accepts, under the header of a signed one: never in the slot as a whole", async () => {
		const other = makeFirmwareImage({ version: "6.6.6", behaviour: "works" }, 10_000);
		board.send(Buffer.concat([file.subarray(0, headerBytes), other]));
		expect(inspectSlots(board.flash)[1]).toBeUndefined();
		// What runs is damaged now: the bootloader looks for another image.
		const both = new TestBoard();
		both.send(Buffer.concat([file.subarray(0, headerBytes), other]));
		both.flash.partitions.get("ota_0")?.flipBit(300, 1);
		expect(runBootloader(both.flash)).toBeUndefined();
		expect(await board.install()).toBe("hash");
	});

	test("everything, on trial", async () => {
		board.send();
		await board.install();
		board.start();
		const [, running] = inspectSlots(board.flash);
		expect(running?.version).toBe("0.3.0");
		expect(board.update.begin(file.subarray(0, headerBytes), true)).toBe("trial");
		board.start();
		expect(board.runs).toBe("0.2.0");
	});

	test("while it is verified, everything else", async () => {
		board.send();
		const installed = board.update.install();
		expect(board.update.begin(file.subarray(0, headerBytes), false)).toBe("busy");
		await board.install();
		expect(await installed).toBeUndefined();
	});
});

describe("flash that fails", () => {
	test("stops the update at the sector, which is written again once it works", async () => {
		const slot = board.flash.partitions.get("ota_1");
		slot?.wearOut(1, "program throws");
		expect(board.send()).toBe("storage");
		expect(board.update.progress?.writtenBytes).toBe(0);
		expect(board.update.begin(file.subarray(0, headerBytes), false)).toBeUndefined();
		expect(board.update.write(image.subarray(0, 4096), 0)).toBeUndefined();
		expect(board.send()).toBe("storage");
		expect(board.update.progress?.writtenBytes).toBe(4096);
		slot?.wearOut(1, undefined);
		expect(board.send()).toBeUndefined();
		expect(await board.install()).toBeUndefined();
	});

	test("without an error is found by the hash", async () => {
		board.flash.partitions.get("ota_1")?.wearOut(1, "bits stay cleared");
		board.send();
		expect(await board.install()).toBe("hash");
	});

	test("on reading ends the verification", async () => {
		board.send();
		const slot = board.flash.partitions.get("ota_1");
		slot?.wearOut(1, "read throws");
		expect(await board.install()).toBe("storage");
		slot?.wearOut(1, undefined);
		expect(await board.install()).toBeUndefined();
	});
});

describe("a power cut", () => {
	/** Cuts power in a step of one partition, from the first byte sent to the activation. */
	async function cut(partition: string, step: number, tear: "prefix" | "scattered"): Promise<boolean> {
		const each = new TestBoard();
		const flash = each.flash.partitions.get(partition);
		flash?.schedulePowerCut({ step, tear, random: () => 0.5 });
		each.send();
		await each.install();
		const wasCut = flash?.powered === false;
		const before = each.flash.partitions.get("ota_1")?.violations ?? [];
		expect(before).toEqual([]);
		each.start();
		if (each.runs === "0.2.0") {
			expect(inspectSlots(each.flash)[0]).toEqual(works);
			expect(each.send()).toBeUndefined();
			expect(await each.install()).toBeUndefined();
			each.start();
		}
		expect(each.runs).toBe("0.3.0");
		return wasCut;
	}

	/** Each byte, and three sectors. */
	const stepCount = image.length + 3;
	const long = process.env.MODE === "long";
	const someSteps = [0, 1, 2, 4094, 4095, 4096, 4097, 4098, 8191, 8192, 8193, 8194, 10_001, 10_002];

	test.each(["prefix", "scattered"] as const)(
		"while the slot is written (%s) loses nothing",
		async (tear) => {
			const steps = long ? Array.from({ length: stepCount }, (_, step) => step) : someSteps;
			for (const step of steps) expect(await cut("ota_1", step, tear)).toBe(true);
			await fc.assert(
				fc.asyncProperty(fc.nat(10_002), async (step) => {
					expect(await cut("ota_1", step, tear)).toBe(true);
				}),
				{ numRuns: 30 },
			);
			expect(await cut("ota_1", stepCount, tear)).toBe(false);
		},
	);

	test.each(["prefix", "scattered"] as const)(
		"while the slot is activated (%s) loses nothing",
		async (tear) => {
			let step = 0;
			while (await cut("otadata", step, tear)) step++;
			expect(step).toBe(33);
		},
	);

	test("between the verification and the activation leaves an update that is whole", async () => {
		board.send();
		const otaData = board.flash.partitions.get("otadata");
		otaData?.schedulePowerCut({ step: 0, random: () => 0.5 });
		await board.install();
		board.start();
		expect(board.runs).toBe("0.2.0");
		expect(board.send()).toBeUndefined();
		expect(await board.install()).toBeUndefined();
	});
});
