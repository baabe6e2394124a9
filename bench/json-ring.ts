import type { Flash } from "../src/boards/ecma419";

/**
 * A straightforward queue, for comparison: each record has a header (length and state), written after the body so that a
 * power cut leaves no half record; an acknowledgement clears a bit in each header; mounting reads all headers.
 */
export class JsonRing {
	private readonly flash: Flash;
	private readonly blockLength: number;
	private readonly blocks: number;
	private block = 0;
	private offset = 0;
	/** Offsets of the pending records, oldest first. */
	private readonly pending: { readonly at: number; readonly length: number }[] = [];

	constructor(flash: Flash) {
		const { blocks, blockLength } = flash.status();
		this.flash = flash;
		this.blocks = blocks;
		this.blockLength = blockLength;
		this.mount();
	}

	get length(): number {
		return this.pending.length;
	}

	push(record: Uint8Array): void {
		if (this.offset + headBytes + record.length > this.blockLength) this.next();
		if (this.offset === 0) this.erase();
		const at = this.block * this.blockLength + this.offset;
		this.flash.write(record, at + headBytes);
		this.flash.write(Uint8Array.of(record.length >> 8, record.length & 0xff, 0xff, 0x00), at);
		this.pending.push({ at, length: record.length });
		this.offset += headBytes + record.length;
	}

	/** Reads the oldest `count` records, then acknowledges them. */
	drain(count: number): void {
		for (const { at, length } of this.pending.slice(0, count))
			this.flash.read(new Uint8Array(length), at + headBytes);
		for (const { at } of this.pending.splice(0, count)) this.flash.write(Uint8Array.of(0), at + 2);
	}

	private next(): void {
		this.block = (this.block + 1) % this.blocks;
		this.offset = 0;
	}

	private erase(): void {
		this.flash.eraseBlock(this.block, this.block + 1);
		const from = this.block * this.blockLength;
		while ((this.pending[0]?.at ?? -1) >= from && (this.pending[0]?.at ?? 0) < from + this.blockLength)
			this.pending.shift();
	}

	private mount(): void {
		const head = new Uint8Array(headBytes);
		for (let block = 0; block < this.blocks; block++) {
			for (let offset = 0; offset + headBytes <= this.blockLength; ) {
				const at = block * this.blockLength + offset;
				this.flash.read(head, at);
				const [high = 0xff, low = 0xff, waits = 0, whole = 0xff] = head;
				if (whole !== 0) break;
				const length = high * 256 + low;
				if (waits === 0xff) this.pending.push({ at, length });
				offset += headBytes + length;
				this.block = block;
				this.offset = offset;
			}
		}
	}
}

const headBytes = 4;
