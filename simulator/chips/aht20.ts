import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledged } from "../bus";
import { checksum } from "./checksum";
import { type ChipOptions, SimulatedChip } from "./simulated-chip";

type Air = "temperature" | "humidity";

/** Commands, with their parameters (AHT20 data sheet, sections 5.3 to 5.5). */
const measure = "ac3300";
const initialise = "be0800";
const readStatus = "71";
const softReset = "ba";

/** Milliseconds; a measurement takes at most 80 of them (section 5.4). */
const measurementTime = 76;
const initialisationTime = 10;
const resetTime = 20;

export interface AHT20Options extends ChipOptions<Air> {
	/** Whether it loaded its calibration when it got its supply; `true` when left out. */
	readonly calibrated?: boolean;
}

/** Aosong's AHT20 and AHT21, by commands. */
export class AHT20Chip extends SimulatedChip<Air> {
	private calibrated: boolean;
	/** Ticks until which it is initialised or reset, and acknowledges nothing. */
	private readyAt = Number.NEGATIVE_INFINITY;
	private measuringSince: number | undefined;
	private data: readonly [humidity: number, temperature: number] = [0, 0];

	constructor(options: AHT20Options) {
		super(options);
		this.calibrated = options.calibrated ?? true;
	}

	protected override written(bytes: Bytes): void {
		if (this.now < this.readyAt) throw new NotAcknowledged();
		const given = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
		if (given === measure) this.measuringSince = this.now;
		else if (given === initialise) {
			this.readyAt = this.now + initialisationTime;
			this.calibrated = true;
		} else if (given === softReset) {
			this.readyAt = this.now + resetTime;
			this.measuringSince = undefined;
			this.data = [0, 0];
		} else if (given !== readStatus) throw new NotAcknowledged();
	}

	/** The status, twice twenty bits, and the checksum of both (section 5.4); fewer when fewer are read. */
	protected override sent(into: Bytes): void {
		if (this.now < this.readyAt) throw new NotAcknowledged();
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
		bytes.push(this.checksum(checksum(bytes)));
		for (let i = 0; i < into.length; i++) into[i] = bytes[i] ?? 0xff;
	}

	private update(): void {
		const since = this.measuringSince;
		if (since === undefined || !this.ended(since, measurementTime)) return;
		this.measuringSince = undefined;
		const { temperature, humidity } = this.around(since + measurementTime);
		const share = (value: number) => Math.min(2 ** 20 - 1, Math.max(0, Math.round(value * 2 ** 20)));
		this.data =
			this.fault === "out of range" ? [0, 0] : [share(humidity / 100), share((temperature + 50) / 200)];
	}
}
