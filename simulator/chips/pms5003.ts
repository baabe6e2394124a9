import type { ChipOptions } from "./simulated-chip";

/** Faults of a sensor at a serial port. */
export type PMS5003Fault = "silent" | "wrong sum" | "noise" | "idle";

const frameMs = 1000;
/** Of the hardware; what comes when it is full is lost. */
const bufferBytes = 128;

/** Plantower PMS5003 (data manual, appendix I): a frame each second, and the port that receives it. */
export class PMS5003Port {
	fault: PMS5003Fault | undefined;
	private readonly options: ChipOptions<"particles">;
	private readUntilTicks: number;

	constructor(options: ChipOptions<"particles">) {
		this.options = options;
		this.readUntilTicks = options.ticks();
	}

	/** What the port has buffered since the last call. */
	read(): ArrayBuffer | undefined {
		const now = this.options.ticks();
		const bytes: number[] = [];
		for (
			let frame = Math.floor(this.readUntilTicks / frameMs) + 1;
			frame * frameMs <= now && bytes.length < bufferBytes;
			frame++
		)
			bytes.push(...this.frameAt(frame * frameMs));
		this.readUntilTicks = now;
		const buffered = bytes.slice(0, bufferBytes);
		return buffered.length === 0 ? undefined : Uint8Array.from(buffered).buffer;
	}

	close(): void {}

	private frameAt(ticks: number): readonly number[] {
		if (this.fault === "silent") return [];
		if (this.fault === "idle") return new Array<number>(32).fill(0xff);
		const [pm1, pm2_5, , pm10] = this.options.environment(ticks).particles.map(Math.round);
		const words = [pm1 ?? 0, pm2_5 ?? 0, pm10 ?? 0];
		// Factory and air, then numbers of particles per 0.1 litre, then version and error code.
		const data = [28, ...words, ...words, 1200, 300, 40, 6, 2, 1, 0x9700];
		const bytes = [0x42, 0x4d, ...data.flatMap((word) => [word >> 8, word & 0xff])];
		const sum = bytes.reduce((total, byte) => total + byte, 0) + (this.fault === "wrong sum" ? 1 : 0);
		const frame = [...bytes, sum >> 8, sum & 0xff];
		return this.fault === "noise" ? frame.map((byte, at) => byte ^ (at % 3)) : frame;
	}
}
