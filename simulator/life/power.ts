import type {
	Bytes,
	Flash,
	FlashStatus,
	FlashStorage,
	KeyValue,
	KeyValueStorage,
} from "../../src/boards/ecma419";
import { type NorFlash, PowerLossError } from "../flash";

/** How a start of the board ends: power fails, or the firmware asks for it. */
export type Loss = "cut" | "restart" | "sleep";

/** One start of a board, from power to its loss. */
export class Power {
	#on = true;
	readonly #onLost: (why: Loss) => void;

	constructor(onLost: (why: Loss) => void) {
		this.#onLost = onLost;
	}

	get on(): boolean {
		return this.#on;
	}

	/** Nothing that this boot does has any effect from now on. */
	lose(why: Loss = "cut"): void {
		if (!this.#on) return;
		this.#on = false;
		this.#onLost(why);
	}
}

/** Flash partitions as one boot has them: an operation in which power goes is the boot's last. */
export function poweredStorage(partitions: ReadonlyMap<string, NorFlash>, power: Power): FlashStorage {
	return {
		open: ({ path }) => {
			const flash = partitions.get(path);
			if (flash === undefined) throw new RangeError(`there is no flash partition "${path}"`);
			return new PoweredFlash(flash, power);
		},
	};
}

class PoweredFlash implements Flash {
	readonly #flash: NorFlash;
	readonly #power: Power;

	constructor(flash: NorFlash, power: Power) {
		this.#flash = flash;
		this.#power = power;
	}

	read(buffer: Bytes, byteOffset: number): number {
		return this.#do(() => this.#flash.read(buffer, byteOffset));
	}

	write(buffer: Bytes, byteOffset: number): void {
		this.#do(() => this.#flash.write(buffer, byteOffset));
	}

	eraseBlock(start: number, end: number): void {
		this.#do(() => this.#flash.eraseBlock(start, end));
	}

	status(): FlashStatus {
		return this.#flash.status();
	}

	close(): void {}

	#do<T>(operation: () => T): T {
		if (!this.#power.on) throw new PowerLossError();
		try {
			return operation();
		} finally {
			if (!this.#flash.powered) this.#power.lose();
		}
	}
}

/** Key-value storage that outlives boots. A write is whole or did not happen, as NVS has it. */
export class MemoryKeyValue {
	readonly #values = new Map<string, Uint8Array>();
	/** Writes until power goes; whether that last one is still done. */
	#cut: { writes: number; readonly done: boolean } | undefined;

	cutPower(writes: number, done: boolean): void {
		this.#cut = { writes, done };
	}

	powerUp(): void {
		this.#cut = undefined;
	}

	/** The storage as one boot has it. */
	storage(power: Power): KeyValueStorage {
		return { open: ({ path }) => this.#open(path, power) };
	}

	#open(path: string, power: Power): KeyValue {
		const name = (key: string) => `${path}/${key}`;
		return {
			read: (key) => {
				if (!power.on) throw new PowerLossError();
				return this.#values.get(name(key))?.slice().buffer;
			},
			write: (key, value) => this.#change(power, () => this.#values.set(name(key), value.slice())),
			delete: (key) => this.#change(power, () => this.#values.delete(name(key))),
			close: () => {},
		};
	}

	#change(power: Power, change: () => void): void {
		if (!power.on) throw new PowerLossError();
		const cut = this.#cut;
		const goes = cut !== undefined && cut.writes-- <= 0;
		if (!goes || cut.done) change();
		if (!goes) return;
		power.lose();
		throw new PowerLossError();
	}
}
