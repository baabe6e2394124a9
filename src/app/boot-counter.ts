import type { KeyValue } from "../boards/ecma419";
import { type ResetReason, resetReasons } from "../boards/reset-reason";

export const bootsKey = "boots";
/** The number of the boot, how often each reason was the one, and 1 more than the boot's own until it was told. */
const unreportedOffset = 4 + 2 * resetReasons.length;
const recordBytes = unreportedOffset + 1;
const maxCount = 0xffff;

/** What is known of this board's starts. */
export interface BootInfo {
	/** Of this boot: 1 for the first. */
	readonly boot: number;
	/** Whether this boot was going on before a deep sleep. */
	readonly resumed: boolean;
	/** How often it started for which reason, up to 65,535; without deep sleep, which begins no boot. */
	readonly resetCounts: readonly (readonly [ResetReason, number])[];
	/** Why this boot began, until a reading has told it. */
	readonly unreportedReason: ResetReason | undefined;
}

/**
 * Counts this start of the board, durably. Its number is always more than `before`, the newest boot that is known
 * from elsewhere (a reading on flash, when the storage was erased and the flash not). A board that wakes from deep
 * sleep is still in the boot that it fell asleep in.
 */
export function countBoot(storage: KeyValue, before: number, reason: ResetReason): BootInfo {
	const bytes = new Uint8Array(recordBytes);
	const kept = storage.read(bootsKey);
	if (kept !== undefined) bytes.set(new Uint8Array(kept, 0, Math.min(kept.byteLength, recordBytes)));
	const view = new DataView(bytes.buffer);
	const counted = view.getUint32(0);
	// Without a count the storage was lost in its sleep, and with it what the boot has been.
	const resumed = reason === "deep sleep" && counted > 0 && counted >= before;
	const boot = resumed ? counted : Math.max(counted, before) + 1;
	if (!resumed) {
		const at = 4 + 2 * resetReasons.indexOf(reason);
		view.setUint16(at, Math.min(maxCount, view.getUint16(at) + 1));
		// mutation: write-boot-number
		view.setUint32(0, boot);
		view.setUint8(unreportedOffset, resetReasons.indexOf(reason) + 1);
		try {
			// mutation: store-boot-count
			storage.write(bootsKey, bytes);
		} catch {
			// A storage that fails must not keep the board from measuring. What is on flash keeps the numbers apart.
		}
	}
	const resetCounts = resetReasons
		.map((each, index) => [each, view.getUint16(4 + 2 * index)] as const)
		.filter(([, count]) => count > 0);
	return { boot, resumed, resetCounts, unreportedReason: resetReasons[view.getUint8(unreportedOffset) - 1] };
}

/** The boot's reason was told with a reading that is on flash. */
export function markReasonReported(storage: KeyValue): void {
	const kept = storage.read(bootsKey);
	if (kept === undefined || kept.byteLength < recordBytes) return;
	const bytes = new Uint8Array(kept);
	bytes[unreportedOffset] = 0;
	storage.write(bootsKey, bytes);
}

/**
 * Begins a boot in the middle of one: a board that sleeps tells the ticks before a measurement of the time from those
 * after it, which the slow oscillator counts in another way.
 */
export function incrementBoot(storage: KeyValue): void {
	const kept = storage.read(bootsKey);
	if (kept === undefined) return;
	const view = new DataView(kept);
	view.setUint32(0, view.getUint32(0) + 1);
	storage.write(bootsKey, new Uint8Array(kept));
}
