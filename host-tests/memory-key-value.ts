import type { KeyValue } from "../src/boards/ecma419";

/**
 * Key-value storage in memory. It outlives a board's restarts and can lose power at a change. As with NVS, overwritten and
 * deleted values stay in flash until everything is erased.
 */
export class MemoryKeyValue implements KeyValue {
	values = new Map<string, Uint8Array>();
	/** Every value written since the last erase: what an attacker could read out of the flash chip. */
	readonly flashHistory: Buffer[] = [];
	writes = 0;
	/** Writes and deletions. */
	changeCount = 0;
	/** Each change throws once this many have been made. */
	changesUntilPowerCut = Number.POSITIVE_INFINITY;
	/** Worn or protected flash: writes change nothing, and say nothing. */
	isProtected = false;
	/** Each read and write throws it. */
	failure: Error | undefined;
	private eraseCount = 0;

	read(key: string): ArrayBuffer | undefined {
		if (this.failure !== undefined) throw this.failure;
		return this.values.get(key)?.slice().buffer;
	}

	write(key: string, value: Uint8Array): void {
		if (this.failure !== undefined) throw this.failure;
		this.change();
		this.writes++;
		if (this.isProtected) return;
		this.values.set(key, Uint8Array.from(value));
		this.flashHistory.push(Buffer.from(value));
	}

	delete(key: string): void {
		this.change();
		this.values.delete(key);
	}

	/** Invalidates all handles from {@link open}. */
	erase(): void {
		this.change();
		this.values.clear();
		this.flashHistory.length = 0;
		this.eraseCount++;
	}

	open(): KeyValue {
		const openedAt = this.eraseCount;
		const storage = () => {
			if (openedAt !== this.eraseCount) throw new Error("this storage is closed");
			return this;
		};
		return {
			read: (key) => storage().read(key),
			write: (key, value) => storage().write(key, value),
			delete: (key) => storage().delete(key),
			close: () => {},
		};
	}

	close(): void {}

	private change(): void {
		if (this.changesUntilPowerCut-- <= 0) throw new Error("power is off");
		this.changeCount++;
	}
}
