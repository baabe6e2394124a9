import type {
	Bytes,
	Flash,
	FlashStatus,
	FlashStorage,
	KeyValue,
	KeyValueStorage,
} from "../../src/boards/ecma419";
import { type NorFlash, PowerLossError } from "../hardware/nor-flash";

/** How a start of the board ends: by a power cut, at the firmware's request, or as the firmware fails. */
export type PowerLoss = "cut" | "restart" | "sleep" | "crash";

/** One start of a board, until it loses power. */
export class PowerCycle {
	private _isOn = true;
	private readonly onLost: (why: PowerLoss) => void;

	constructor(onLost: (why: PowerLoss) => void) {
		this.onLost = onLost;
	}

	get isOn(): boolean {
		return this._isOn;
	}

	/** From now on, nothing that this start does has an effect. */
	lose(why: PowerLoss = "cut"): void {
		if (!this._isOn) return;
		this._isOn = false;
		this.onLost(why);
	}
}

/** Flash partitions during one start. The operation during which power fails is the last one. */
export function poweredStorage(
	partitions: Readonly<Record<string, NorFlash | undefined>>,
	power: PowerCycle,
	onOpen: (change: 1 | -1) => void,
): FlashStorage {
	return {
		open: ({ path }) => {
			const flash = partitions[path];
			if (flash === undefined) throw new RangeError(`there is no flash partition "${path}"`);
			onOpen(1);
			return new PoweredFlash(flash, power, onOpen);
		},
	};
}

class PoweredFlash implements Flash {
	private readonly flash: NorFlash;
	private readonly power: PowerCycle;
	private readonly onOpen: (change: 1 | -1) => void;
	private closed = false;

	constructor(flash: NorFlash, power: PowerCycle, onOpen: (change: 1 | -1) => void) {
		this.flash = flash;
		this.power = power;
		this.onOpen = onOpen;
	}

	read(buffer: Bytes, byteOffset: number): number {
		if (!this.power.isOn) throw new PowerLossError();
		return this.flash.read(buffer, byteOffset);
	}

	write(buffer: Bytes, byteOffset: number): void {
		this.change(() => this.flash.write(buffer, byteOffset));
	}

	eraseBlock(start: number, end: number): void {
		this.change(() => this.flash.eraseBlock(start, end));
	}

	status(): FlashStatus {
		return this.flash.status();
	}

	close(): void {
		if (!this.closed && this.power.isOn) this.onOpen(-1);
		this.closed = true;
	}

	private change(operation: () => void): void {
		if (!this.power.isOn) throw new PowerLossError();
		try {
			operation();
		} finally {
			if (!this.flash.powered) this.power.lose();
		}
	}
}

/** Key-value storage that survives starts. As in NVS, a write is atomic. */
export class SimulatedKeyValue {
	private readonly values = new Map<string, Uint8Array>();
	/** Writes until power fails; `done`: the last one takes effect. */
	private plannedCut: { writes: number; readonly done: boolean } | undefined;
	private _openCount = 0;

	/** Writes and deletions: they wear the storage. */
	writes = 0;
	/** Each change fails. */
	isRefusing = false;

	/** Open domains during the current start. */
	get openCount(): number {
		return this._openCount;
	}

	get keyCount(): number {
		return this.values.size;
	}

	get maxValueBytes(): number {
		let largest = 0;
		for (const { length } of this.values.values()) largest = Math.max(largest, length);
		return largest;
	}

	/** `name`: `domain/key`. */
	has(name: string): boolean {
		return this.values.has(name);
	}

	/** `name`: `domain/key`. */
	loseKey(name: string): void {
		this.values.delete(name);
	}

	/** `name`: `domain/key`. */
	copyOf(name: string): Uint8Array | undefined {
		return this.values.get(name)?.slice();
	}

	/** Puts a value there whatever the firmware does. */
	replace(name: string, value: Uint8Array | undefined): void {
		if (value === undefined) this.values.delete(name);
		else this.values.set(name, value);
	}

	/** Whether any value contains this text. */
	containsText(text: string): boolean {
		const bytes = Buffer.from(text);
		for (const value of this.values.values()) if (Buffer.from(value).includes(bytes)) return true;
		return false;
	}

	/** The storage without power cuts, for the user. */
	get unpowered(): KeyValue {
		const cut = this.plannedCut;
		return this.make("dakkio", new PowerCycle(() => {}), (change) => {
			this.plannedCut = undefined;
			change();
			this.plannedCut = cut;
		});
	}

	cutPower(writes: number, done: boolean): void {
		this.plannedCut = { writes, done };
	}

	powerUp(): void {
		this.plannedCut = undefined;
		this._openCount = 0;
	}

	/** The storage during one start. */
	storage(power: PowerCycle): KeyValueStorage {
		return {
			open: ({ path }) => {
				this._openCount++;
				return this.make(path, power, (change) => this.change(power, change));
			},
		};
	}

	private make(path: string, power: PowerCycle, doing: (change: () => void) => void): KeyValue {
		const name = (key: string) => `${path}/${key}`;
		return {
			read: (key) => {
				if (!power.isOn) throw new PowerLossError();
				return this.values.get(name(key))?.slice().buffer;
			},
			write: (key, value) => doing(() => this.values.set(name(key), value.slice())),
			delete: (key) => doing(() => this.values.delete(name(key))),
			close: () => {
				if (power.isOn) this._openCount--;
			},
		};
	}

	private change(power: PowerCycle, change: () => void): void {
		if (!power.isOn) throw new PowerLossError();
		if (this.isRefusing) throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
		this.writes++;
		const cut = this.plannedCut;
		const goes = cut !== undefined && cut.writes-- <= 0;
		if (!goes || cut.done) change();
		if (!goes) return;
		power.lose();
		throw new PowerLossError();
	}
}
