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

/** Section 5.4, where a measurement takes at most 80 ms. */
const measurementMs = 76;
const initialisationMs = 10;
const resetMs = 20;

export interface AHT20Options extends ChipOptions<Air> {
	/** Whether it loaded its calibration at power-up; default true. */
	readonly calibrated?: boolean;
	/** Bits of its status that the data sheet does not name; default 0x10. */
	readonly reservedBits?: number;
	/** Those of them that differ while it measures; default none. */
	readonly changingBits?: number;
	/** Whether its answer has a right checksum before the first measurement; default true. */
	readonly hasFirstChecksum?: boolean;
}

/** Aosong AHT20 and AHT21, by commands. */
export class AHT20Chip extends SimulatedChip<Air> {
	private calibrated: boolean;
	/** Until then it is being initialised or reset, and acknowledges nothing. */
	private readyAtTicks = Number.NEGATIVE_INFINITY;
	private measuringSince: number | undefined;
	/** It answers this status, and measures nothing, until it is reset. */
	stuckStatus: number | undefined;
	/** It answers this byte instead of everything else, as long as its status is stuck. */
	stuckData: number | undefined;
	private readonly reservedBits: number;
	private readonly busyBits: number;
	private hasChecksum: boolean;
	private data: readonly [humidity: number, temperature: number] = [0, 0];

	constructor(options: AHT20Options) {
		super(options);
		this.calibrated = options.calibrated ?? true;
		this.reservedBits = options.reservedBits ?? 0x10;
		this.hasChecksum = options.hasFirstChecksum ?? true;
		this.busyBits = 0x80 ^ (options.changingBits ?? 0);
	}

	protected override onWrite(bytes: Bytes): void {
		if (this.now < this.readyAtTicks) throw new NotAcknowledgedError();
		const command = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
		if (command === measure) this.measuringSince = this.now;
		else if (command === initialise) {
			this.readyAtTicks = this.now + initialisationMs;
			this.calibrated = true;
		} else if (command === softReset) {
			this.readyAtTicks = this.now + resetMs;
			this.measuringSince = undefined;
			this.stuckStatus = undefined;
			this.data = [0, 0];
		} else if (command !== readStatus) throw new NotAcknowledgedError();
	}

	/** The status, two times twenty bits, and the checksum (section 5.4). */
	protected override onRead(into: Bytes): void {
		if (this.now < this.readyAtTicks) throw new NotAcknowledgedError();
		this.update();
		const [humidity, temperature] = this.data;
		const bytes = [
			this.stuckStatus ??
				(this.reservedBits | (this.calibrated ? 0x0c : 0)) ^
					(this.measuringSince === undefined ? 0 : this.busyBits),
			humidity >> 12,
			(humidity >> 4) & 0xff,
			((humidity & 15) << 4) | (temperature >> 16),
			(temperature >> 8) & 0xff,
			temperature & 0xff,
		];
		bytes.push(this.hasChecksum ? this.sentChecksum(crc8ByDivision(bytes)) : 0);
		const stuck = this.stuckStatus === undefined ? undefined : this.stuckData;
		for (let i = 0; i < into.length; i++) into[i] = stuck ?? bytes[i] ?? 0xff;
	}

	private update(): void {
		const since = this.measuringSince;
		if (since === undefined || !this.hasEnded(since, measurementMs)) return;
		this.measuringSince = undefined;
		this.hasChecksum = true;
		const { temperature, humidity } = this.environmentAt(since + measurementMs);
		const share = (value: number) => Math.min(2 ** 20 - 1, Math.max(0, Math.round(value * 2 ** 20)));
		this.data =
			this.fault === "out of range" ? [0, 0] : [share(humidity / 100), share((temperature + 50) / 200)];
	}
}
