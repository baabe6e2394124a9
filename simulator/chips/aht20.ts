import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { crc8ByDivision } from "./crc8";
import { type ChipOptions, SimulatedChip } from "./simulated-chip";

type Air = "temperature" | "humidity";

/** Commands, with their parameters (AHT20 data sheet, sections 5.3 to 5.5). */
const measure = "ac3300";
const initialise = "be0800";
const readStatus = "71";
const softReset = "ba";

/** Milliseconds; a measurement takes at most 80 of them (section 5.4). */
const measurementMs = 76;
const initialisationMs = 10;
const resetMs = 20;

export interface AHT20Options extends ChipOptions<Air> {
	/** Whether it loaded its calibration when it got its supply; `true` when left out. */
	readonly calibrated?: boolean;
}

/** Aosong's AHT20 and AHT21, by commands. */
export class AHT20Chip extends SimulatedChip<Air> {
	private calibrated: boolean;
	/** Ticks until which it is initialised or reset, and acknowledges nothing. */
	private readyAtTicks = Number.NEGATIVE_INFINITY;
	private measuringSince: number | undefined;
	private data: readonly [humidity: number, temperature: number] = [0, 0];

	constructor(options: AHT20Options) {
		super(options);
		this.calibrated = options.calibrated ?? true;
	}

	protected override onWrite(bytes: Bytes): void {
		if (this.now < this.readyAtTicks) throw new NotAcknowledgedError();
		const given = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
		if (given === measure) this.measuringSince = this.now;
		else if (given === initialise) {
			this.readyAtTicks = this.now + initialisationMs;
			this.calibrated = true;
		} else if (given === softReset) {
			this.readyAtTicks = this.now + resetMs;
			this.measuringSince = undefined;
			this.data = [0, 0];
		} else if (given !== readStatus) throw new NotAcknowledgedError();
	}

	/** The status, twice twenty bits, and the checksum of both (section 5.4); fewer when fewer are read. */
	protected override onRead(into: Bytes): void {
		if (this.now < this.readyAtTicks) throw new NotAcknowledgedError();
		this.update();
		const [humidity, temperature] = this.data;
		const bytes = [
			0x10 | (this.measuringSince === undefined ? 0 : 0x80) | (this.calibrated ? 0x0c : 0),
			humidity >> 12,
			(humidity >> 4) & 0xff,
			((humidity & 15) << 4) | (temperature >> 16),
			(temperature >> 8) & 0xff,
			temperature & 0xff,
		];
		bytes.push(this.sentChecksum(crc8ByDivision(bytes)));
		for (let i = 0; i < into.length; i++) into[i] = bytes[i] ?? 0xff;
	}

	private update(): void {
		const since = this.measuringSince;
		if (since === undefined || !this.hasEnded(since, measurementMs)) return;
		this.measuringSince = undefined;
		const { temperature, humidity } = this.environmentAt(since + measurementMs);
		const share = (value: number) => Math.min(2 ** 20 - 1, Math.max(0, Math.round(value * 2 ** 20)));
		this.data =
			this.fault === "out of range" ? [0, 0] : [share(humidity / 100), share((temperature + 50) / 200)];
	}
}
