import { expect, test } from "vitest";
import {
	flashOverCable,
	inspectSlots,
	makeFirmwareSlots,
	runBootloader,
} from "../../simulator/hardware/bootloader";
import { makeFirmwareImage } from "../../simulator/hardware/firmware-image";
import type { FirmwareSlots } from "../../src/boards/board";
import { MemoryFlash, slotSectors } from "./memory-flash";

const works = { version: "0.2.0", behaviour: "works" } as const;
const next = { version: "0.3.0", behaviour: "works" } as const;

function start(flash: MemoryFlash): { version: string; slots: FirmwareSlots; restarts: number } {
	const started = runBootloader(flash);
	if (started === undefined) throw new Error("the board does not start");
	const board = {
		version: started.image.version,
		restarts: 0,
		slots: makeFirmwareSlots({ flash, running: started.slot, restart: () => board.restarts++ }),
	};
	return board;
}

function flashed(): MemoryFlash {
	const flash = new MemoryFlash(slotSectors);
	flashOverCable(flash, makeFirmwareImage(works));
	return flash;
}

function install(slots: FirmwareSlots, image = makeFirmwareImage(next)): void {
	const slot = slots.openOther();
	slot.eraseBlock(0, slot.status().blocks);
	slot.write(image, 0);
	slot.close();
	slots.activate();
}

test("a new board runs slot 0, not on trial", () => {
	const { version, slots } = start(flashed());
	expect([version, slots.running, slots.isOnTrial]).toEqual(["0.2.0", 0, false]);
});

test("an activated image is started on trial, and stays once it is kept", () => {
	const flash = flashed();
	install(start(flash).slots);
	const trial = start(flash);
	expect([trial.version, trial.slots.isOnTrial]).toEqual(["0.3.0", true]);
	expect(() => trial.slots.openOther()).toThrow();
	trial.slots.keep();
	expect(trial.slots.isOnTrial).toBe(false);
	for (let i = 0; i < 3; i++) expect(start(flash).version).toBe("0.3.0");
});

test("without keep, the next start is of the image before, and again after another attempt", () => {
	const flash = flashed();
	install(start(flash).slots);
	for (let attempt = 0; attempt < 3; attempt++) {
		expect(start(flash).version).toBe("0.3.0");
		const old = start(flash);
		expect([old.version, old.slots.isOnTrial]).toEqual(["0.2.0", false]);
		old.slots.activate();
	}
});

test("rolling back starts the image before", () => {
	const flash = flashed();
	install(start(flash).slots);
	const trial = start(flash);
	trial.slots.rollBack();
	expect(trial.restarts).toBe(1);
	expect(start(flash).version).toBe("0.2.0");
});

test("slots take turns", () => {
	const flash = flashed();
	for (let round = 1; round <= 5; round++) {
		install(start(flash).slots, makeFirmwareImage({ version: `1.0.${round}`, behaviour: "works" }));
		const { slots } = start(flash);
		slots.keep();
		expect([start(flash).version, slots.running]).toEqual([`1.0.${round}`, round % 2]);
	}
});

test("a damaged image is not activated, and not started", () => {
	const flash = flashed();
	const image = makeFirmwareImage(next);
	image[5000] = 0;
	expect(() => install(start(flash).slots, image)).toThrow();
	expect(inspectSlots(flash)).toEqual([works, undefined]);
	install(start(flash).slots);
	flash.partitions.get("ota_1")?.flipBit(9000, 3);
	expect(start(flash).version).toBe("0.2.0");
});

test("a power cut at any step of a state's change starts one of the two images", () => {
	for (const moment of ["activate", "bootloader", "keep", "aborted"] as const)
		for (let step = 0; ; step++) {
			const flash = flashed();
			const otaData = flash.partitions.get("otadata");
			if (otaData === undefined) throw new Error("no otadata");
			const cut = () => otaData.schedulePowerCut({ step, random: () => 0.5 });
			const attempt = () => {
				const { slots } = start(flash);
				if (moment === "activate") cut();
				install(slots);
				if (moment === "bootloader") cut();
				const trial = start(flash);
				if (moment === "keep") cut();
				if (moment === "aborted") {
					cut();
					start(flash);
				} else trial.slots.keep();
			};
			let interrupted = false;
			try {
				attempt();
			} catch {
				interrupted = !otaData.powered;
				if (!interrupted) throw new Error("failed without a power cut");
			}
			otaData.powerUp();
			expect(["0.2.0", "0.3.0"]).toContain(start(flash).version);
			if (!interrupted) break;
		}
});
