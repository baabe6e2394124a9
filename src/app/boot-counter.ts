import type { KeyValue } from "../boards/ecma419";
import { type ResetReason, resetReasons } from "../boards/reset-reason";
import { newestAnchoredBoot } from "../clock/clock";
import { type PersistentKey, writeValue } from "../common/persistent-values";

/**
 * The stored record, big-endian: boot number (32 bits), how often each reset reason occurred (16 bits each), and 1 +
 * the index of this boot's reason until a reading has reported it, then 0 (8 bits).
 */
const bootsKey: PersistentKey = "boots";
const unreportedOffset = 4 + 2 * resetReasons.length;
const recordBytes = unreportedOffset + 1;
const maxCount = 0xffff;

/** This boot, and the boots before it. */
export interface BootInfo {
	/** 1 for the first boot. A wake from deep sleep continues the boot. */
	readonly boot: number;
	/** Whether the board woke from deep sleep. */
	readonly resumed: boolean;
	/** Boots by reset reason, up to 65,535 each; reasons that never occurred are left out. */
	readonly resetCounts: readonly (readonly [ResetReason, number])[];
	/** Why this boot began, until a reading has reported it. */
	readonly unreportedReason: ResetReason | undefined;
}

/**
 * Counts this boot and stores the count. If the count is lost, the boot number is still higher than `newestStored`, the
 * boot of the newest reading on flash, and than each whose time is saved: that would be taken for the time of this one.
 */
export function countBoot(storage: KeyValue, newestStored: number, reason: ResetReason): BootInfo {
	const view = readRecord(storage);
	const counted = view.getUint32(0);
	// Without a count the storage was lost during the sleep, and the state of the boot with it.
	const resumed = reason === "deep sleep" && counted > 0 && counted >= newestStored;
	// mutation: number-after-anchors
	const boot = resumed ? counted : Math.max(counted, newestStored, newestAnchoredBoot(storage)) + 1;
	if (!resumed) {
		const index = resetReasons.indexOf(reason);
		view.setUint16(4 + 2 * index, Math.min(maxCount, view.getUint16(4 + 2 * index) + 1));
		// mutation: write-boot-number
		view.setUint32(0, boot);
		view.setUint8(unreportedOffset, index + 1);
		const bytes = new Uint8Array(view.buffer);
		try {
			// mutation: store-boot-count
			writeValue(storage, bootsKey, bytes);
		} catch {
			// The board measures without storage, too: the readings on flash keep the boot numbers apart.
		}
	}
	const unreportedReason = resetReasons[view.getUint8(unreportedOffset) - 1];
	return { boot, resumed, resetCounts: readCounts(view), unreportedReason };
}

function readCounts(view: DataView): BootInfo["resetCounts"] {
	const counts: (readonly [ResetReason, number])[] = [];
	for (let index = 0; index < resetReasons.length; index++) {
		const count = view.getUint16(4 + 2 * index);
		const reason = resetReasons[index];
		if (count > 0 && reason !== undefined) counts.push([reason, count]);
	}
	return counts;
}

/** Call when a reading with the reset reason is on flash. Throws what the storage throws. */
export function markReasonReported(storage: KeyValue): void {
	const view = readRecord(storage);
	if (view.getUint32(0) === 0) return;
	view.setUint8(unreportedOffset, 0);
	writeValue(storage, bootsKey, new Uint8Array(view.buffer));
}

/**
 * Begins a new boot number without a reset. A sleeping board counts ticks after a time measurement at another rate than
 * before it, so the two need different boot numbers. Throws what the storage throws.
 */
export function incrementBoot(storage: KeyValue): void {
	const view = readRecord(storage);
	const boot = view.getUint32(0);
	if (boot === 0) return;
	view.setUint32(0, boot + 1);
	writeValue(storage, bootsKey, new Uint8Array(view.buffer));
}

/** All zero without a record. An early version wrote shorter ones. */
function readRecord(storage: KeyValue): DataView<ArrayBuffer> {
	const bytes = new Uint8Array(recordBytes);
	const stored = storage.read(bootsKey);
	if (stored !== undefined) bytes.set(new Uint8Array(stored, 0, Math.min(stored.byteLength, recordBytes)));
	return new DataView(bytes.buffer);
}
