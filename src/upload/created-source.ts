import type { KeyValue } from "../boards/ecma419";
import { crc32 } from "../common/crc32";
import { type PersistentKey, writeIfChanged } from "../common/persistent-values";
import { encodeUtf8 } from "../common/utf8";

const createdKey: PersistentKey = "source";

/**
 * The data source that the service confirmed without an id. It may take long to be listed, or be on a later page: another
 * one is not created. Kept over each start.
 */
export class CreatedSource {
	private readonly storage: Pick<KeyValue, "read" | "write">;
	/** Of this start, also if the storage did not take it. */
	private recorded: number | undefined;

	constructor(storage: Pick<KeyValue, "read" | "write">) {
		this.storage = storage;
	}

	/** Whether it is the one of this name in this bucket. */
	is(bucketId: string, name: string): boolean {
		return (this.recorded ?? this.load()) === checksumOf(bucketId, name);
	}

	record(bucketId: string, name: string): void {
		const checksum = checksumOf(bucketId, name);
		this.recorded = checksum;
		const bytes = new Uint8Array(4);
		new DataView(bytes.buffer).setUint32(0, checksum);
		try {
			writeIfChanged(this.storage, createdKey, bytes);
		} catch {
			// It is known until the next start.
		}
	}

	private load(): number | undefined {
		const kept = this.storage.read(createdKey);
		return kept?.byteLength === 4 ? new DataView(kept).getUint32(0) : undefined;
	}
}

function checksumOf(bucketId: string, name: string): number {
	return crc32(encodeUtf8(`${bucketId} ${name}`));
}
