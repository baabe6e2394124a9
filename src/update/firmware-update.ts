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
 * Why an update is not installed, in addition to {@link HeaderProblem}. `trial`: the running firmware is on trial, and a
 * rollback needs the other slot. `busy`: an update is being verified. `offset`: not the next bytes; continue at `progress`.
 * `hash`: not the signed image. `image`: ESP-IDF rejects it. `storage`: the flash failed.
 */
export type UpdateProblem = HeaderProblem | "trial" | "busy" | "offset" | "hash" | "image" | "storage";

export interface UpdateProgress {
	readonly header: ImageHeader;
	readonly headerBytes: Uint8Array;
	/** Bytes of the image that need not be sent again. */
	readonly writtenBytes: number;
}

export interface FirmwareUpdateOptions {
	readonly slots: FirmwareSlots;
	readonly storage: Pick<KeyValue, "read" | "write" | "delete">;
	readonly time: Pick<Time, "set">;
	readonly chip: string;
	/** Version of the running firmware. */
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
/** Progress is stored at multiples of this; a restart loses less than one. */
const saveIntervalBytes = 0x10000;
/** First byte of an ESP-IDF image. */
const imageMagic = 0xe9;

/**
 * Writes an update into the other slot, in any number of pieces, resuming after interruptions and restarts. The first byte of
 * an image is always the same; it is written last, after the hash is verified: until then the bootloader finds no image in
 * the slot.
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

	/** The update in progress; `undefined`: none. */
	get progress(): UpdateProgress | undefined {
		this.current ??= this.load() ?? null;
		return this.current ?? undefined;
	}

	/** Begins an update, or resumes it at `progress.writtenBytes`. */
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

	/** Writes the next bytes of the image, from `offset` on. */
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
			// Retry from the beginning of the sector.
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
			// Once activated, the slot must not be touched.
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
			// No further write would save it once the image is complete.
			this.save(progress);
			slot.write(Uint8Array.of(imageMagic), 0);
			try {
				slots.activate();
			} catch (error) {
				return this.discard(slot, "image", errorMessage(error));
			}
			this.forget();
			const version = formatVersion(header.version);
			owner.log(`update: ${version} written; starts on the next boot`);
			owner.onActivated(version);
			return undefined;
		} catch (error) {
			return this.fail(error);
		}
	}

	/** Hashes the image in the slot, one sector per turn of the event loop. */
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
			// The image is verified again before it is started.
		}
	}
}
