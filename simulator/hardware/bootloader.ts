import { firmwareCrypto } from "../../boards/node/firmware-crypto";
import type { FirmwareSlots } from "../../src/boards/board";
import type { Flash, FlashStorage } from "../../src/boards/ecma419";
import { type ImageContent, readFirmwareImage } from "./firmware-image";
import { OtaData, OtaState, slotOf } from "./ota-data";

/** The partitions that flash storage must have. */
export const slotPartitions = Object.freeze(["ota_0", "ota_1"] as const);
export const otaDataPartition = "otadata";

/** What the bootloader starts. */
export interface StartedSlot {
	readonly slot: 0 | 1;
	readonly image: ImageContent;
}

/**
 * ESP-IDF's second-stage bootloader with `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE` (`bootloader_utility.c`): chooses the
 * slot and changes the states in `otadata`. `undefined`: neither slot has a sound image, the board does not start.
 */
export function runBootloader(flash: FlashStorage): StartedSlot | undefined {
	return withOtaData(flash, (otaData) => {
		for (const index of [0, 1] as const) {
			const entry = otaData.read(index);
			if (entry.isIntact && entry.state === OtaState.pendingVerify)
				otaData.write(index, { ...entry, state: OtaState.aborted });
		}
		if (!otaData.read(0).isIntact && !otaData.read(1).isIntact)
			otaData.write(0, { sequence: 1, state: OtaState.valid });
		const { active } = otaData;
		const entry = active === undefined ? undefined : otaData.read(active);
		if (active !== undefined && entry?.state === OtaState.new)
			otaData.write(active, { ...entry, state: OtaState.pendingVerify });
		const selected = entry === undefined ? 0 : slotOf(entry);
		for (const slot of [selected, 1 - selected] as (0 | 1)[]) {
			const image = withSlot(flash, slot, readFirmwareImage);
			if (image !== undefined) return { slot, image };
		}
		return undefined;
	});
}

export interface SlotsOptions {
	readonly flash: FlashStorage;
	/** The slot that the bootloader has started. */
	readonly running: 0 | 1;
	readonly releaseKey?: Uint8Array | undefined;
	restart(): void;
}

/** The slots as ESP-IDF's `esp_ota_*` functions give them to the firmware. */
export function makeFirmwareSlots({ flash, running, releaseKey, restart }: SlotsOptions): FirmwareSlots {
	const other = running === 0 ? 1 : 0;
	const isOnTrial = () =>
		withOtaData(flash, (otaData) => {
			const { active } = otaData;
			if (active === undefined) return false;
			const entry = otaData.read(active);
			return slotOf(entry) === running && entry.state === OtaState.pendingVerify;
		});
	/** `esp_ota_current_ota_is_workable`. */
	const decide = (state: number) =>
		withOtaData(flash, (otaData) => {
			const { active } = otaData;
			if (active === undefined) return;
			const entry = otaData.read(active);
			if (slotOf(entry) === running && entry.state !== state) otaData.write(active, { ...entry, state });
		});
	return {
		...firmwareCrypto,
		releaseKey,
		running,
		get isOnTrial() {
			return isOnTrial();
		},
		openOther() {
			if (isOnTrial()) throw new Error("the other slot holds what a rollback starts");
			return flash.open({ path: slotPartitions[other] });
		},
		activate() {
			if (withSlot(flash, other, readFirmwareImage) === undefined)
				throw new Error("there is no sound image in the slot");
			withOtaData(flash, (otaData) => {
				const { active } = otaData;
				const sequence = active === undefined ? 0 : otaData.read(active).sequence;
				const next = sequence + 1;
				const index = active === 0 ? 1 : 0;
				otaData.write(index, {
					sequence: slotOf({ sequence: next }) === other ? next : next + 1,
					state: OtaState.new,
				});
			});
		},
		keep: () => decide(OtaState.valid),
		rollBack() {
			decide(OtaState.invalid);
			restart();
		},
	};
}

/** Puts an image into slot 0 of a flash that has none there, as flashing over the cable does. */
export function flashOverCable(flash: FlashStorage, image: Uint8Array): void {
	withSlot(flash, 0, (slot) => {
		if (readFirmwareImage(slot) !== undefined) return;
		slot.eraseBlock(0, slot.status().blocks);
		slot.write(image, 0);
	});
}

/** The image in each slot; `undefined`: none, or a damaged one. */
export function inspectSlots(flash: FlashStorage): readonly (ImageContent | undefined)[] {
	return ([0, 1] as const).map((slot) => withSlot(flash, slot, readFirmwareImage));
}

function withSlot<T>(flash: FlashStorage, slot: 0 | 1, use: (slot: Flash) => T): T {
	return withPartition(flash, slotPartitions[slot], use);
}

function withOtaData<T>(flash: FlashStorage, use: (otaData: OtaData) => T): T {
	return withPartition(flash, otaDataPartition, (partition) => use(new OtaData(partition)));
}

function withPartition<T>(flash: FlashStorage, path: string, use: (partition: Flash) => T): T {
	const partition = flash.open({ path });
	try {
		return use(partition);
	} finally {
		partition.close();
	}
}
