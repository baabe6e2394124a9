import type { FirmwareSlots, Time } from "../boards/board";
import type { Flash, KeyValue } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import { type PersistentKey, writeValue } from "../common/persistent-values";
import {
	checkHeader,
	formatVersion,
	type HeaderProblem,
	headerBytes,
	type ImageHeader,
	parseHeader,
	type Version,
} from "./image-header";

/**
 * Why an update is not installed, besides {@link HeaderProblem}. `trial`: the running firmware is on trial, and the other
 * slot is what a rollback starts. `busy`: an update is being verified. `offset`: not the next bytes; go on at `progress`.
 * `hash`: not the image that was signed. `image`: ESP-IDF does not accept it. `storage`: the flash failed.
 */
export type UpdateProblem = HeaderProblem | "trial" | "busy" | "offset" | "hash" | "image" | "storage";

export interface UpdateProgress {
	readonly header: ImageHeader;
	readonly headerBytes: Uint8Array;
	/** Of the image; all of these need not be sent again. */
	readonly writtenBytes: number;
}

export interface FirmwareUpdateOptions {
	readonly slots: FirmwareSlots;
	readonly storage: Pick<KeyValue, "read" | "write" | "delete">;
	readonly time: Pick<Time, "set">;
	readonly chip: string;
	/** Of the running firmware. */
	readonly version: Version;
	readonly owner: FirmwareUpdateOwner;
}

export interface FirmwareUpdateOwner {
	log(line: string): void;
	/** The next start is on trial. */
	onActivated(version: string): void;
}

/** The stored progress: header, bytes written (32 bits), slot (8 bits). */
const updateKey: PersistentKey = "update";
/** Progress is stored at multiples of this: a restart loses less. */
const saveIntervalBytes = 0x10000;
/** First byte of an image of ESP-IDF. */
const imageMagic = 0xe9;

/**
 * Writes an update into the slot that does not run, in any number of pieces, over breaks and restarts. The first byte of
 * the image is always the same; it is written last, when the hash of all others is right: until then the bootloader finds
 * no image in the slot, whatever happens.
 */
export class FirmwareUpdate {
	private readonly options: FirmwareUpdateOptions;
	/** `undefined` until it was read from storage; `null`: no update. */
	private current: UpdateProgress | null | undefined;
	private slot: Flash | undefined;
	private installing: Promise<UpdateProblem | undefined> | undefined;

	constructor(options: FirmwareUpdateOptions) {
		this.options = options;
	}

	/** The update that is being written; `undefined`: none. */
	get progress(): UpdateProgress | undefined {
		this.current ??= this.load() ?? null;
		return this.current ?? undefined;
	}

	/** Begins an update, or goes on with it at `progress.writtenBytes`. */
	begin(bytes: Uint8Array, allowOlder: boolean): UpdateProblem | undefined {
		const { slots, chip, version } = this.options;
		if (slots.isOnTrial) return "trial";
		if (this.installing !== undefined) return "busy";
		try {
			this.slot ??= slots.openOther();
			const slotBytes = this.slot.status().size;
			const header = checkHeader(bytes, { chip, version, slotBytes, allowOlder, slots });
			if (typeof header === "string") return header;
			if (this.progress?.headerBytes.join() !== bytes.join()) {
				this.save({ header, headerBytes: bytes.slice(), writtenBytes: 0 });
				this.options.owner.log(
					`update: ${formatVersion(header.version)} begins, ${header.lengthBytes} bytes`,
				);
			}
			return undefined;
		} catch (error) {
			return this.fail(error);
		}
	}

	/** Writes the next bytes of the image; `offset`: of the first one. */
	write(bytes: Uint8Array, offset: number): UpdateProblem | undefined {
		if (this.installing !== undefined) return "busy";
		const { progress, slot } = this;
		if (progress === undefined || slot === undefined || offset !== progress.writtenBytes) return "offset";
		const end = offset + bytes.length;
		if (end > progress.header.lengthBytes) return "size";
		if (offset === 0 && bytes.length > 0 && bytes[0] !== imageMagic) return "image";
		const { blockLength } = slot.status();
		try {
			for (let at = offset; at < end; ) {
				const block = Math.floor(at / blockLength);
				const pieceEnd = Math.min(end, (block + 1) * blockLength);
				if (at % blockLength === 0) slot.eraseBlock(block, block + 1);
				const from = Math.max(at, 1);
				if (pieceEnd > from) slot.write(bytes.subarray(from - offset, pieceEnd - offset), from);
				at = pieceEnd;
			}
			const next = { ...progress, writtenBytes: end };
			const isDue = Math.floor(end / saveIntervalBytes) > Math.floor(offset / saveIntervalBytes);
			if (isDue) this.save({ ...next, writtenBytes: end - (end % saveIntervalBytes) });
			this.current = next;
			return undefined;
		} catch (error) {
			// The sector is written again from its beginning.
			this.current = { ...progress, writtenBytes: offset - (offset % blockLength) };
			return this.fail(error);
		}
	}

	/**
	 * Verifies a written update and activates its slot: the next start is on trial. Takes many turns of the event loop. May
	 * be called again.
	 */
	install(): Promise<UpdateProblem | undefined> {
		this.installing ??= this.verifyAndActivate().then((problem) => {
			// Once it is activated, nothing may touch the slot any more.
			if (problem !== undefined) this.installing = undefined;
			return problem;
		});
		return this.installing;
	}

	/** May be called twice. */
	close(): void {
		this.slot?.close();
		this.slot = undefined;
	}

	private async verifyAndActivate(): Promise<UpdateProblem | undefined> {
		const { slots, owner } = this.options;
		const { progress, slot } = this;
		if (progress === undefined || slot === undefined) return "offset";
		const { header } = progress;
		if (progress.writtenBytes < header.lengthBytes) return "offset";
		try {
			const digest = await this.hashSlot(slot, header.lengthBytes);
			// mutation: check-update-hash
			if (digest.join() !== header.sha256.join()) return this.discard(slot, "hash", "wrong SHA-256");
			// Nothing is written any more once the image is complete.
			this.save(progress);
			slot.write(Uint8Array.of(imageMagic), 0);
			try {
				slots.activate();
			} catch (error) {
				return this.discard(slot, "image", errorMessage(error));
			}
			this.forget();
			const version = formatVersion(header.version);
			owner.log(`update: ${version} is written, and is started next`);
			owner.onActivated(version);
			return undefined;
		} catch (error) {
			return this.fail(error);
		}
	}

	/** Of the image in the slot, one sector in each turn of the event loop. */
	private hashSlot(slot: Flash, lengthBytes: number): Promise<Uint8Array> {
		const { slots, time } = this.options;
		const hash = slots.sha256();
		const buffer = new Uint8Array(slot.status().blockLength);
		return new Promise((resolve, reject) => {
			let at = 0;
			const next = () => {
				try {
					const piece = buffer.subarray(0, Math.min(buffer.length, lengthBytes - at));
					slot.read(piece, at);
					if (at === 0) piece[0] = imageMagic;
					hash.write(piece);
					at += piece.length;
					if (at >= lengthBytes) resolve(hash.close());
					else time.set(next, 0);
				} catch (error) {
					reject(error);
				}
			};
			next();
		});
	}

	private discard(slot: Flash, problem: UpdateProblem, why: string): UpdateProblem {
		this.options.owner.log(`update: refused: ${why}`);
		this.forget();
		slot.eraseBlock(0, 1);
		return problem;
	}

	private fail(error: unknown): UpdateProblem {
		this.options.owner.log(`update: ${errorMessage(error)}`);
		return "storage";
	}

	private load(): UpdateProgress | undefined {
		const stored = this.options.storage.read(updateKey);
		if (stored?.byteLength !== headerBytes + 5) return undefined;
		const bytes = new Uint8Array(stored, 0, headerBytes);
		const header = parseHeader(bytes);
		const view = new DataView(stored, headerBytes);
		if (header === undefined || view.getUint8(4) === this.options.slots.running) return undefined;
		return { header, headerBytes: bytes, writtenBytes: view.getUint32(0) };
	}

	private save(progress: UpdateProgress): void {
		const bytes = new Uint8Array(headerBytes + 5);
		bytes.set(progress.headerBytes);
		const view = new DataView(bytes.buffer, headerBytes);
		view.setUint32(0, progress.writtenBytes);
		view.setUint8(4, 1 - this.options.slots.running);
		writeValue(this.options.storage, updateKey, bytes);
		this.current = progress;
	}

	private forget(): void {
		this.current = null;
		try {
			this.options.storage.delete(updateKey);
		} catch {
			// It is verified again before it is started.
		}
	}
}
