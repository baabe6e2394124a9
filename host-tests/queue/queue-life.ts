import { NorFlash, type Tear } from "../../simulator/hardware/nor-flash";
import type { Flash } from "../../src/boards/ecma419";
import { RecordTooLargeError } from "../../src/queue/errors";
import { maxRecords, parseSectorHeader, type Sector, sectorHeaderBytes } from "../../src/queue/flash-format";
import { FlashQueue, type RingHint, type RingHintStorage } from "../../src/queue/flash-queue";
import { below, pick } from "./seeded-random";

/** What a life has to survive, besides pushes, reads, acknowledgements and remounts. */
interface Troubles {
	/** Power is cut, at any step of a program or an erase. */
	readonly cuts: boolean;
	/** The flash driver throws, before or after an operation took effect, or in the middle of it. */
	readonly throws: "never" | "writes" | "all";
	/** Bytes on flash change while the power is off. */
	readonly damage: "never" | "bytes" | "headers";
	/** Where the newest sector is kept besides. */
	readonly hints: "none" | "kept" | "stale" | "wrong";
}

/** A queue in its life broke a promise. */
export class BrokenPromise extends Error {
	override name = "BrokenPromise";
}

/** Throws at random: before an operation, after it, or after a part of a write. */
class ThrowingFlash implements Flash {
	private readonly flash: NorFlash;
	private readonly random: () => number;
	/** The share of operations that fail. */
	share = 0;
	/** A supply that is too weak for writes may do for an erase. */
	erases = false;
	readsFail = false;
	failures = 0;

	constructor(flash: NorFlash, random: () => number) {
		this.flash = flash;
		this.random = random;
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		if (this.readsFail && this.fails()) throw new Error("the flash driver failed to read");
		return this.flash.read(buffer, byteOffset);
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		const fails = this.fails();
		const part = pick([0, buffer.length, below(buffer.length + 1, this.random)], this.random);
		const written = fails ? part : buffer.length;
		if (written > 0) this.flash.write(buffer.subarray(0, written), byteOffset);
		if (fails) throw new Error("the flash driver failed to write");
	}

	eraseBlock(start: number, end: number): void {
		const fails = this.fails();
		if (!fails || this.erases || this.random() < 0.5) this.flash.eraseBlock(start, end);
		if (fails && !this.erases) throw new Error("the flash driver failed to erase");
	}

	status() {
		return this.flash.status();
	}

	close(): void {
		this.flash.close();
	}

	private fails(): boolean {
		const fails = this.share > 0 && this.random() < this.share;
		if (fails) this.failures++;
		return fails;
	}
}

interface Entry {
	readonly bytes: Uint8Array;
	/** Where it was written. */
	readonly block: number;
	/** Whether `push` returned. */
	readonly returned: boolean;
	acknowledged: "no" | "tried" | "durably";
}

/** One life of a queue: random geometry, operations and troubles, against a ledger of what was pushed. */
export class QueueLife {
	private readonly random: () => number;
	private readonly flash: NorFlash;
	private readonly driver: ThrowingFlash;
	/** Whether each record is acknowledged at once, so that no pending one keeps a block from being erased. */
	private readonly isUploading: boolean;
	private readonly troubles: Troubles;
	/** A supply may be weak for long, or flicker: then few writes succeed here and there. */
	private readonly flickers: boolean;
	private readonly ledger = new Map<number, Entry>();
	private readonly hintHistory: RingHint[] = [];
	private queue: FlashQueue;
	private highest = 0;
	private writtenBlock = 0;
	/** Cuts, failures and damages: each may cost numbers. */
	private incidents = 0;
	/** Damaged bytes of headers. */
	private damagedHeaders = 0;
	/** The newest one, at the last damage. */
	private damagedSector = 0;
	private attempts = 0;
	/** Whether an incident may have hidden records from readers. */
	private mayMiss = false;
	/** Numbers up to here are of before the last reset. */
	private resetAt = 0;
	readonly description: string;

	constructor(random: () => number) {
		this.random = random;
		const blocks = pick([2, 2, 3, 3, 4, 5, 8, 10, 12, 16], random);
		const blockLength = pick([128, 256, 512], random);
		this.isUploading = random() < 0.2;
		this.flickers = random() < 0.3;
		this.troubles = {
			cuts: random() < 0.5,
			throws: pick(["never", "never", "writes", "writes", "all"] as const, random),
			damage: pick(["never", "never", "bytes", "headers"] as const, random),
			hints: pick(["none", "kept", "kept", "stale", "wrong"] as const, random),
		};
		const { cuts, throws, damage, hints } = this.troubles;
		this.description = `${blocks} × ${blockLength}, cuts ${cuts}, throws ${throws}, damage ${damage}, hints ${hints}`;
		// What the partition held before.
		const foreign = random() < 0.2 ? random() : 0;
		this.flash = new NorFlash({
			blocks,
			blockLength,
			programsOnce: true,
			image: Uint8Array.from({ length: blocks * blockLength }, () =>
				foreign > 0 && random() < foreign ? below(256, random) : 0xff,
			),
			onChange: (at) => {
				this.writtenBlock = Math.floor(at / blockLength);
			},
		});
		this.driver = new ThrowingFlash(this.flash, random);
		this.queue = this.mount();
	}

	live(operations: number): void {
		for (let i = 0; i < operations; i++) {
			this.trouble();
			const { powered } = this.flash;
			this.operate();
			if (powered && !this.flash.powered) {
				this.flash.powerUp();
				this.incidents++;
				this.remount();
			}
			this.checkCounts();
		}
		this.driver.share = 0;
		this.flash.schedulePowerCut(undefined);
		this.remount();
		this.push(below(20, this.random));
		this.remount();
	}

	/** Whether the highest number is known besides the ring. */
	private get hasWitness(): boolean {
		return this.troubles.hints === "kept" || this.troubles.hints === "wrong";
	}

	/** Whether each write succeeds. */
	private get isCalm(): boolean {
		return !this.troubles.cuts && this.troubles.throws === "never";
	}

	private get isPlain(): boolean {
		return this.isCalm && this.troubles.damage === "never";
	}

	private trouble(): void {
		const { random, troubles } = this;
		const chance = random();
		if (troubles.throws !== "never" && random() < (this.flickers ? 0.7 : 0.06)) {
			if (this.flickers) this.driver.share = pick([0, 0.7, 0.9], random);
			else this.driver.share = this.driver.share > 0 ? 0 : pick([0.05, 0.3, 0.8, 1], random);
			this.driver.readsFail = troubles.throws === "all";
			this.driver.erases = random() < 0.3;
			if (troubles.throws === "all") this.mayMiss = true;
		}
		if (troubles.cuts && chance > 0.9) {
			const tear = pick<Tear>(["prefix", "scattered", "first half", "last half", "almost"], random);
			const { blockLength } = this.flash.status();
			const atStarts = random() < 0.5;
			this.flash.schedulePowerCut({
				...{ step: below(atStarts ? 60 : 400, random), tear, random },
				counts: (kind, at) => !atStarts || kind === "erase" || at % blockLength === 0,
			});
		}
		if (troubles.damage !== "never" && chance > 0.06 && chance < 0.09) this.damage();
	}

	/** Changes bytes anywhere, or of a header, and mounts. */
	private damage(): void {
		const { random, flash } = this;
		const { blocks, blockLength } = flash.status();
		const inHeader = this.troubles.damage === "headers";
		// Without a hint, the number is known by the sector before. Where writes fail as well, only one damaged byte is survived.
		const { sectorNumber = 0, block: newest = 0 } = newestSector(this.flash) ?? {};
		const survives = this.hasWitness || (this.isCalm && sectorNumber >= this.damagedSector + 2);
		if (!survives && this.damagedHeaders > 0) return;
		this.damagedSector = sectorNumber;
		const block = random() < 0.3 ? newest : below(blocks, random);
		if (inHeader) this.damageHeader(block, survives);
		else this.damageByte(block * blockLength + below(blockLength, random), survives);
		this.incidents++;
		this.mayMiss = true;
		this.remount();
	}

	private damageHeader(block: number, survives: boolean): void {
		const { random, flash } = this;
		const { blocks, blockLength } = flash.status();
		const start = block * blockLength;
		const lowestOfNumber = start + 9;
		const chance = random();
		if (survives && chance < 0.5)
			for (let count = 1 + below(40, random); count > 0; count--) this.damageByte(start + count - 1, true);
		else if (chance < 0.6) {
			// It gets the number that an older one would have there. Where the checksum restores it, it cannot restore another byte.
			const number = flash.image[lowestOfNumber] ?? 0;
			this.flip(lowestOfNumber, number ^ ((number - blocks) & 0xff));
			this.damagedHeaders++;
		} else this.damageByte(start + below(40, random), survives);
	}

	/** Unless it `survives` it, not the version, which makes another format, and not the byte that shows a write that a cut ended. */
	private damageByte(place: number, survives: boolean): void {
		const at = place % this.flash.status().blockLength;
		if (at < 40) this.damagedHeaders++;
		if (survives || (at !== 3 && at !== 39)) this.flip(place, below(256, this.random));
	}

	private flip(place: number, bits: number): void {
		for (let bit = 0; bit < 8; bit++) if (bits & (1 << bit)) this.flash.flipBit(place, bit);
	}

	private operate(): void {
		const { random } = this;
		const chance = random();
		try {
			if (chance < 0.62) {
				this.push(this.recordLength());
				if (this.isUploading) this.acknowledge(this.highest);
			} else if (chance < 0.74) this.acknowledge(this.someSequence());
			else if (chance < 0.84) this.drain(1 + below(6, random));
			else if (chance < 0.88) this.read();
			else if (chance < 0.99) this.remount();
			else this.reset();
		} catch (error) {
			if (error instanceof BrokenPromise) throw error;
			const isExcused = !this.flash.powered || this.driver.share > 0;
			if (!isExcused) throw error;
			this.incidents++;
			this.mayMiss = true;
		}
	}

	private recordLength(): number {
		const { maxRecordBytes, newestSectorUsage } = this.queue;
		const chance = this.random();
		if (chance < 0.06) {
			// Little space is left for the next record, or none.
			const { blockLength } = this.flash.status();
			const space = blockLength - sectorHeaderBytes - newestSectorUsage.bytes;
			return Math.max(0, Math.min(maxRecordBytes, space - 4 - below(12, this.random)));
		}
		if (chance < 0.6) return below(Math.min(24, maxRecordBytes) + 1, this.random);
		if (chance < 0.9) return below(maxRecordBytes + 1, this.random);
		return maxRecordBytes - below(Math.min(20, maxRecordBytes), this.random);
	}

	private someSequence(): number {
		const { random, queue } = this;
		const oldest = queue.oldestSequence ?? this.highest;
		if (random() < 0.1) return this.highest + below(1000, random);
		return oldest - 3 + below(Math.max(4, this.highest - oldest + 5), random);
	}

	private push(length: number): void {
		const { queue, random } = this;
		const bytes = new Uint8Array(length);
		for (let i = 0; i < length; i++) bytes[i] = below(256, random);
		const before = { length: queue.length, oldest: queue.oldestSequence, dropped: queue.droppedRecords };
		const pending = [...this.ledger].filter(([sequence]) => sequence >= (before.oldest ?? Infinity));
		const failures = this.driver.failures;
		this.attempts++;
		// A record that is too long is refused before anything is dropped.
		if (random() < 0.02) {
			const tooLong = new Uint8Array(queue.maxRecordBytes + 1 + below(100, random));
			const error = caught(() => queue.push(tooLong));
			equal("a record that is too long", error instanceof RecordTooLargeError, true);
			equal("length after a refusal", queue.length, before.length);
			equal("dropped by a refusal", queue.droppedRecords, before.dropped);
		}
		this.everPushed.push(bytes);
		let sequence = 0;
		try {
			sequence = queue.push(bytes);
		} catch (error) {
			this.candidates.push(bytes);
			throw error;
		}
		if (!this.flash.powered) throw new BrokenPromise("push returned although power was off");
		// Not where reading headers failed, nor, without a witness, where a lost header and a failed attempt to replace it met.
		const isKnown =
			this.troubles.throws !== "all" && (this.hasWitness || this.isCalm || this.damagedHeaders === 0);
		if (isKnown && !(sequence > this.highest))
			throw new BrokenPromise(`${sequence} given after ${this.highest}`);
		const given = this.attempts + (this.incidents + this.driver.failures + 1) * this.maxJump;
		if (sequence > given) throw new BrokenPromise(`number ${sequence} after ${this.attempts} records`);
		this.highest = sequence;
		this.ledger.set(sequence, { bytes, block: this.writtenBlock, returned: true, acknowledged: "no" });
		if (this.mayMiss) return;
		const oldest = queue.oldestSequence ?? 0;
		const gone = pending.filter(([each]) => each < oldest);
		const sectors = new Set(gone.map(([, { block }]) => block)).size;
		if (sectors > 2 + (this.driver.failures - failures) + (this.troubles.cuts ? 1 : 0))
			throw new BrokenPromise(`${gone.length} records of ${sectors} sectors dropped by one push`);
		if (this.isPlain) equal("dropped", queue.droppedRecords - before.dropped, gone.length);
	}

	/** Of all records. */
	private readonly everPushed: Uint8Array[] = [];
	/** What was pushed without success: it may be there. */
	private candidates: Uint8Array[] = [];

	private get maxJump(): number {
		const { blocks, blockLength } = this.flash.status();
		return maxRecords(blockLength) * blocks;
	}

	private acknowledge(upTo: number): void {
		const { queue } = this;
		const oldest = queue.oldestSequence ?? Number.POSITIVE_INFINITY;
		const reach = [...this.ledger].filter(([sequence]) => sequence >= oldest && sequence <= upTo);
		for (const [, entry] of reach) if (entry.acknowledged === "no") entry.acknowledged = "tried";
		const before = queue.length;
		const { failures } = this.driver;
		queue.acknowledge(upTo);
		if (!this.flash.powered) return;
		const { oldestSequence, length } = queue;
		if (oldestSequence !== undefined && oldestSequence <= upTo)
			throw new BrokenPromise(`${oldestSequence} pending after everything up to ${upTo} was acknowledged`);
		if (length > before && this.troubles.throws !== "all")
			throw new BrokenPromise(`${length} pending after an acknowledgement, ${before} before`);
		if (this.mayMiss || this.driver.readsFail) return;
		// Durable, unless damage left no place for it.
		const again = this.mountCopy();
		const isDurable = again.oldestSequence === undefined || again.oldestSequence > upTo;
		if (!isDurable && this.isPlain) throw new BrokenPromise("an acknowledgement was not written");
		// One that failed to open a sector may have erased its records; then they count as dropped.
		if (isDurable && this.driver.failures === failures)
			for (const [, entry] of reach) entry.acknowledged = "durably";
	}

	private drain(count: number): void {
		let last: number | undefined;
		let taken = 0;
		for (const { sequence, bytes } of this.queue.records()) {
			this.checkRecord(sequence, bytes);
			last = sequence;
			if (++taken >= count) break;
		}
		if (last !== undefined) this.acknowledge(last);
	}

	private reset(): void {
		const oldest = this.queue.oldestSequence ?? Number.POSITIVE_INFINITY;
		for (const [sequence, entry] of this.ledger)
			if (sequence >= oldest && entry.acknowledged === "no") entry.acknowledged = "tried";
		this.queue.reset();
		if (!this.flash.powered) return;
		this.resetAt = this.highest;
		equal("length after a reset", this.queue.length, 0);
		equal("dropped after a reset", this.queue.droppedRecords, 0);
	}

	private checkRecord(sequence: number, bytes: Uint8Array): void {
		const entry = this.ledger.get(sequence);
		if (entry === undefined) {
			// A push that threw may have come through.
			if (!this.candidates.some((each) => same(each, bytes)))
				throw new BrokenPromise(`record ${sequence} was never pushed`);
			this.ledger.set(sequence, { bytes: bytes.slice(), block: -1, returned: false, acknowledged: "no" });
			return;
		}
		// The sector with the record may be lost, and a write of this number that threw have come through before.
		if (this.candidates.some((each) => same(each, bytes))) return;
		// Numbers may have been given twice where reading headers failed.
		if (this.troubles.throws === "all" && this.everPushed.some((each) => same(each, bytes))) return;
		if (!same(entry.bytes, bytes)) throw new BrokenPromise(`record ${sequence} is not what was pushed`);
		if (entry.acknowledged === "durably" && !this.mayMiss)
			throw new BrokenPromise(`record ${sequence} is back after its acknowledgement`);
	}

	private read(): void {
		const found = new Set<number>();
		let counted = 0;
		let before = 0;
		for (const { sequence, bytes } of this.queue.records()) {
			if (sequence <= before && this.troubles.throws !== "all")
				throw new BrokenPromise(`record ${sequence} after ${before}`);
			before = sequence;
			this.checkRecord(sequence, bytes);
			found.add(sequence);
			// One whose push threw may be back, uncounted, where the one that has its number is lost.
			const entry = this.ledger.get(sequence);
			if (entry?.returned && same(entry.bytes, bytes)) counted++;
		}
		const { oldestSequence = Infinity, length } = this.queue;
		if (length < counted && this.troubles.throws !== "all")
			throw new BrokenPromise(`length ${length}, but ${counted} records are there`);
		if (this.mayMiss || this.driver.readsFail) return;
		// An acknowledgement that failed may have erased its records.
		for (const [sequence, { returned, acknowledged }] of this.ledger)
			if (returned && sequence >= oldestSequence && acknowledged === "no" && !found.has(sequence))
				throw new BrokenPromise(`record ${sequence} is pending, and not there`);
	}

	private remount(): void {
		// Until the power is back the driver works.
		const { share } = this.driver;
		if (!this.driver.readsFail) this.driver.share = 0;
		const before = { ...this.flash.counts };
		this.queue = this.mount();
		equal("programs of a mount", this.flash.counts.programs, before.programs);
		equal("erases of a mount", this.flash.counts.erases, before.erases);
		this.checkCounts();
		this.read();
		this.checkDropped();
		// Where reading headers failed, an older sector may have higher numbers.
		if (this.troubles.throws !== "all" && this.random() < 0.1) this.checkHints();
		this.highest = Math.max(this.highest, ...this.ledger.keys());
		this.driver.share = share;
	}

	/** Never more than were there and are gone, without an acknowledgement; without damage never fewer. */
	private checkDropped(): void {
		if (this.mayMiss || this.driver.readsFail) return;
		const { droppedRecords, oldestSequence = Infinity } = this.queue;
		let most = this.attempts - this.ledger.size;
		let fewest = 0;
		for (const [sequence, { acknowledged, returned }] of this.ledger) {
			if (sequence <= this.resetAt || sequence >= oldestSequence || acknowledged === "durably") continue;
			most++;
			if (returned && acknowledged === "no") fewest++;
		}
		if (droppedRecords > most)
			throw new BrokenPromise(`${droppedRecords} dropped, but at most ${most} records are gone`);
		if (droppedRecords < fewest && this.queue.damagedBytes === 0)
			throw new BrokenPromise(`${droppedRecords} dropped, but ${fewest} records are gone`);
	}

	/** Any sector as the hint leads to the same newest sector as none. */
	private checkHints(): void {
		const { blocks, blockLength } = this.flash.status();
		const image = this.flash.image.slice();
		const found = (hint?: RingHint) => {
			const flash = new NorFlash({ blocks, blockLength, image });
			const { length, oldestSequence, lastSequence } = new FlashQueue({
				flash,
				hints: { load: () => hint, save: () => {} },
			});
			return `${length} records from ${oldestSequence}, last number ${lastSequence}`;
		};
		const expected = found();
		for (let block = 0; block < blocks; block++) {
			const header = parseSectorHeader(image.subarray(block * blockLength), block);
			if (header !== undefined)
				equal(`with the hint of sector ${header.sectorNumber}`, found(header), expected);
		}
	}

	private checkCounts(): void {
		const { length, oldestSequence, newestSequence, droppedRecords, damagedBytes, newestSectorUsage } =
			this.queue;
		const counts = { length, droppedRecords, damagedBytes, ...newestSectorUsage };
		for (const [name, count] of Object.entries(counts))
			if (!(Number.isSafeInteger(count) && count >= 0)) throw new BrokenPromise(`${name} is ${count}`);
		if (length > 0 !== (oldestSequence !== undefined)) throw new BrokenPromise("oldest");
		if (oldestSequence !== undefined && newestSequence !== undefined && newestSequence < oldestSequence - 1)
			throw new BrokenPromise(`newest ${newestSequence}, oldest ${oldestSequence}`);
		equal("flash rules", this.flash.violations.join(), "");
	}

	private mount(): FlashQueue {
		return this.mountOn(this.driver);
	}

	private mountCopy(): FlashQueue {
		const { blocks, blockLength } = this.flash.status();
		const image = this.flash.image.slice();
		return this.mountOn(new NorFlash({ blocks, blockLength, programsOnce: true, image }));
	}

	private mountOn(flash: Flash): FlashQueue {
		const hints = this.troubles.hints === "none" ? undefined : this.hintStorage();
		return new FlashQueue({ flash, ...(hints && { hints }) });
	}

	/** A stale hint is of an earlier sector, a wrong one of another block. */
	private hintStorage(): RingHintStorage {
		const { hintHistory, random, troubles } = this;
		return {
			load: () => {
				const last = hintHistory.at(-1);
				if (troubles.hints === "stale")
					return hintHistory.at(-1 - below(random() < 0.5 ? 6 : hintHistory.length + 1, random));
				if (troubles.hints === "wrong" && last !== undefined && random() < 0.5)
					return { ...last, block: below(20, random) };
				return last;
			},
			save: (hint) => {
				hintHistory.push({
					block: hint.block,
					sectorNumber: hint.sectorNumber,
					firstSequence: hint.firstSequence,
				});
			},
		};
	}
}

/** The one with the highest number. */
export function newestSector(flash: NorFlash): Sector | undefined {
	const { blocks, blockLength } = flash.status();
	let newest: Sector | undefined;
	for (let block = 0; block < blocks; block++) {
		const found = parseSectorHeader(flash.image.subarray(block * blockLength), block);
		if (found !== undefined && found.sectorNumber > (newest?.sectorNumber ?? 0)) newest = found;
	}
	return newest;
}

/** One life of random troubles. */
export function live(random: () => number): void {
	new QueueLife(random).live(100);
}

function caught(work: () => unknown): unknown {
	try {
		work();
	} catch (error) {
		return error;
	}
	return undefined;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
	return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

function equal<T>(what: string, found: T, expected: T): void {
	if (found !== expected) throw new BrokenPromise(`${what}: ${found}, expected ${expected}`);
}
