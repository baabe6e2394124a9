import type { OneWireChip } from "../hardware/one-wire";

export interface DS18B20Options {
	/** Unique. */
	readonly serial: readonly [number, number, number, number, number, number];
	/** Default 0x28; other families are other chips. */
	readonly family?: number;
	/** Powered by the data line. */
	readonly parasite?: boolean;
	/** Milliseconds, monotonic. */
	ticks(): number;
	/** Degrees Celsius at a time. */
	temperature(ticks: number): number;
}

/** Unplugged belongs to the line: `detach`. */
export type DS18B20Fault =
	/** Bits are read wrong: long line, loose contact. */
	| "wrong checksum"
	/** Conversions never end, and the value does not change. */
	| "frozen"
	/** Its line is shorted to ground. */
	| "shorted";

/** Commands (data sheet 19-7487, "ROM commands" and "DS18B20 function commands"). */
const command = {
	searchRom: 0xf0,
	readRom: 0x33,
	matchRom: 0x55,
	skipRom: 0xcc,
	convert: 0x44,
	writeScratchpad: 0x4e,
	readScratchpad: 0xbe,
	readPowerSupply: 0xb4,
} as const;

/** 85 °C: in the scratchpad until the first conversion. */
const powerOnCounts = 0x0550;
/** With 12 bits; each bit less halves it (table 2). */
const conversionMs = 750;

/** What the chip does in the next time slots. */
type State =
	/** Nothing until a reset. */
	| { readonly kind: "idle" }
	/** Receives bytes. */
	| {
			readonly kind: "receive";
			bits: number;
			bytes: number[];
			next(bytes: readonly number[]): State | undefined;
	  }
	/** Sends bytes, then ones. */
	| { readonly kind: "send"; at: number; readonly bytes: readonly number[] }
	| { readonly kind: "search"; place: number; step: 0 | 1 | 2 }
	/** Sends 0 until the conversion has ended. */
	| { readonly kind: "busy" };

const idle: State = { kind: "idle" };

/** Analog Devices (formerly Dallas) DS18B20, bit by bit. */
export class DS18B20Chip implements OneWireChip {
	readonly rom: Uint8Array;
	fault: DS18B20Fault | undefined;
	private readonly options: DS18B20Options;
	private state: State = idle;
	private raw = powerOnCounts;
	private hasConverted = false;
	private alarms: [number, number] = [0x4b, 0x46];
	private configuration = 0x7f;
	/** Ticks of the end of the conversion in progress. */
	private convertedAt: number | undefined;
	private convertedBy = 0;

	constructor(options: DS18B20Options) {
		const code = [options.family ?? 0x28, ...options.serial];
		this.rom = Uint8Array.from([...code, crc8(code)]);
		this.options = options;
	}

	/** For a moment. */
	losePower(): void {
		this.raw = powerOnCounts;
		this.hasConverted = false;
		this.convertedAt = undefined;
		this.state = idle;
	}

	reset(): boolean {
		this.state = receiveByte((code) => this.romCommand(code));
		// On a shorted line there is no presence pulse.
		return this.fault !== "shorted";
	}

	writeBit(bit: 0 | 1): void {
		const state = this.state;
		if (state.kind === "search") {
			if (state.step === 2) this.searched(state, bit);
			return;
		}
		if (state.kind !== "receive") return;
		const at = state.bits >> 3;
		state.bytes[at] = (state.bytes[at] ?? 0) | (bit << (state.bits & 7));
		state.bits++;
		if ((state.bits & 7) !== 0) return;
		const next = state.next(state.bytes);
		if (next !== undefined) this.state = next;
	}

	readBit(): 0 | 1 {
		if (this.fault === "shorted") return 0;
		const state = this.state;
		switch (state.kind) {
			case "send": {
				const sent = bit(state.bytes[state.at >> 3] ?? 0xff, state.at & 7);
				state.at++;
				return sent;
			}
			case "search":
				return this.searchBit(state);
			case "busy":
				return this.busy ? 0 : 1;
			default:
				return 1;
		}
	}

	private romCommand(code: number): State {
		switch (code) {
			case command.searchRom:
				return { kind: "search", place: 0, step: 0 };
			case command.readRom:
				return { kind: "send", at: 0, bytes: [...this.rom] };
			case command.matchRom:
				return receiveBytes(8, (bytes) =>
					bytes.every((byte, index) => byte === this.rom[index]) ? this.awaitFunction() : idle,
				);
			case command.skipRom:
				return this.awaitFunction();
			default:
				return idle;
		}
	}

	private awaitFunction(): State {
		return receiveByte((code) => this.functionCommand(code));
	}

	private functionCommand(code: number): State {
		switch (code) {
			case command.convert:
				this.convert();
				return { kind: "busy" };
			case command.writeScratchpad:
				return receiveBytes(3, ([high = 0, low = 0, configuration = 0]) => {
					this.alarms = [high, low];
					// Only the two resolution bits are writable.
					this.configuration = (configuration & 0x60) | 0x1f;
					return idle;
				});
			case command.readScratchpad:
				return { kind: "send", at: 0, bytes: this.scratchpad() };
			case command.readPowerSupply:
				return { kind: "send", at: 0, bytes: [this.options.parasite === true ? 0x00 : 0xff] };
			default:
				return idle;
		}
	}

	private convert(): void {
		const now = this.options.ticks();
		const bits = 9 + (this.configuration >> 5);
		this.convertedAt = now + conversionMs / 2 ** (12 - bits);
		this.convertedBy = bits;
	}

	private get busy(): boolean {
		if (this.convertedAt === undefined) return false;
		if (this.fault === "frozen") return true;
		return this.options.ticks() < this.convertedAt;
	}

	private scratchpad(): number[] {
		if (this.convertedAt !== undefined && !this.busy) {
			const sixteenths = Math.round(this.options.temperature(this.convertedAt) * 16);
			const mask = -1 << (12 - this.convertedBy);
			this.raw = Math.min(2000, Math.max(-880, sixteenths)) & mask;
			this.convertedAt = undefined;
			this.hasConverted = true;
		}
		const raw = this.raw & 0xffff;
		const reserved = [0xff, this.hasConverted ? 0x10 - (raw & 0x0f) : 0x0c, 0x10];
		const bytes = [raw & 0xff, raw >> 8, ...this.alarms, this.configuration, ...reserved];
		const check = crc8(bytes);
		return [...bytes, this.fault === "wrong checksum" ? check ^ 0x04 : check];
	}

	private searchBit(state: State & { kind: "search" }): 0 | 1 {
		if (state.step === 2) return 1;
		const own = this.romBit(state.place);
		const sent = state.step === 0 ? own : own === 1 ? 0 : 1;
		state.step = state.step === 0 ? 1 : 2;
		return sent;
	}

	/** The master has chosen a direction; chips with the other bit leave the search. */
	private searched(state: State & { kind: "search" }, direction: 0 | 1): void {
		if (this.romBit(state.place) !== direction) {
			this.state = idle;
			return;
		}
		state.place++;
		state.step = 0;
		if (state.place === 64) this.state = this.awaitFunction();
	}

	private romBit(place: number): 0 | 1 {
		return bit(this.rom[place >> 3] ?? 0, place & 7);
	}
}

function receiveByte(next: (byte: number) => State): State {
	return receiveBytes(1, ([byte = 0]) => next(byte));
}

function receiveBytes(count: number, next: (bytes: readonly number[]) => State): State {
	return {
		kind: "receive",
		bits: 0,
		bytes: [],
		next: (bytes) => (bytes.length === count ? next(bytes) : undefined),
	};
}

/** CRC-8/MAXIM-DOW as a shift register with feedback into stages 4, 5 and 8 (figure 11). */
function crc8(bytes: readonly number[]): number {
	let stages = 0;
	for (const byte of bytes) {
		for (let i = 0; i < 8; i++) {
			const feedback = (stages & 1) ^ bit(byte, i);
			stages >>= 1;
			if (feedback === 1) stages ^= 0b1000_1100;
		}
	}
	return stages;
}

function bit(byte: number, place: number): 0 | 1 {
	return ((byte >> place) & 1) === 1 ? 1 : 0;
}
