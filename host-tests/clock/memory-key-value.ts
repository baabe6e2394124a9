import type { KeyValue } from "../../src/boards/ecma419";

/** Key-value storage of a board under test: it outlives the clocks, can lose its power, and counts its writes. */
export class MemoryKeyValue implements KeyValue {
	values = new Map<string, Uint8Array>();
	writes = 0;
	/** What the next operations meet. */
	failure: Error | undefined;

	read(key: string): ArrayBuffer | undefined {
		if (this.failure !== undefined) throw this.failure;
		const value = this.values.get(key);
		return value === undefined ? undefined : new Uint8Array(value).buffer;
	}

	write(key: string, value: Uint8Array): void {
		if (this.failure !== undefined) throw this.failure;
		this.writes++;
		this.values.set(key, new Uint8Array(value));
	}

	delete(key: string): void {
		this.values.delete(key);
	}

	close(): void {}
}
