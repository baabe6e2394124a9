import type { KeyValue } from "../boards/ecma419";
import { decodeCheckedRecord, encodeCheckedRecord } from "../common/checked-record";
import { type PersistentKey, writeValue } from "../common/persistent-values";
import { getUint, putUint } from "../queue/flash-format";
import type { RingHint, RingHintStorage } from "../queue/flash-queue";

/** A checked record: the block as its counter; sector number and first sequence number, 6 bytes each. */
const ringKey: PersistentKey = "ring";
const bodyBytes = 12;

/** Records the newest sector of readings in key-value storage. One write per opened sector. */
export class RingHintRecord implements RingHintStorage {
	private readonly owner: { readonly keyValue: Pick<KeyValue, "read" | "write"> };

	/** `owner`: holds the storage; a factory reset replaces it. */
	constructor(owner: { readonly keyValue: Pick<KeyValue, "read" | "write"> }) {
		this.owner = owner;
	}

	load(): RingHint | undefined {
		const stored = this.owner.keyValue.read(ringKey);
		const record = stored && decodeCheckedRecord(new Uint8Array(stored));
		if (record?.body.length !== bodyBytes) return undefined;
		const { body, counter } = record;
		return { block: counter, sectorNumber: getUint(body, 0, 6), firstSequence: getUint(body, 6, 6) };
	}

	save({ block, sectorNumber, firstSequence }: RingHint): void {
		const body = new Uint8Array(bodyBytes);
		putUint(body, 0, 6, sectorNumber);
		putUint(body, 6, 6, firstSequence);
		try {
			writeValue(this.owner.keyValue, ringKey, encodeCheckedRecord({ counter: block, body }));
		} catch {
			// Without the hint, the whole ring is searched.
		}
	}
}
