import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { commandCode, commandWithArgument, SensirionChip } from "./sensirion-chip";

type Air = "particles";

/** Commands (SPS30 data sheet, section 6.3). */
const start = 0x0010;
const stop = 0x0104;
const readDataReady = 0x0202;
const readValues = 0x0300;
const sleep = 0x1001;
const wakeUp = 0x1103;
const cleanFan = 0x5607;
const readProductType = 0xd002;
const readStatus = 0xd206;
const softReset = 0xd304;
const float = 0x0300;
const whole = 0x0500;

const productType = [0x3030, 0x3038, 0x3030, 0x3030] as const;
const measurementMs = 1000;
const resetMs = 100;

/** Sensirion SPS30, by commands. */
export class SPS30Chip extends SensirionChip<Air> {
	private asleep = false;
	private running: { readonly startedAt: number; readonly format: number; read: number } | undefined;
	/** Of the fan or the laser, as a status of 32 bits. */
	status = 0;

	/** Whether its fan turns. */
	get isRunning(): boolean {
		return this.running !== undefined;
	}

	protected override onCommand(bytes: Bytes): void {
		const command = commandCode(bytes);
		if (this.asleep) {
			if (command === wakeUp) this.asleep = false;
			throw new NotAcknowledgedError();
		}
		const [startCode, format = 0] = commandWithArgument(bytes) ?? [];
		if (startCode === start && (format === float || format === whole)) this.begin(format);
		else if (command === stop) this.running = undefined;
		else if (command === readDataReady) this.respond(this.measured > (this.running?.read ?? 0) ? 1 : 0);
		else if (command === readValues && this.running !== undefined) this.respond(...this.values(this.running));
		else if (command === readProductType) this.respond(...productType);
		else if (command === readStatus) this.respond(this.status >>> 16, this.status & 0xffff);
		else if (command === softReset) this.reset();
		else if (command === sleep && this.running === undefined) this.asleep = true;
		else if (command !== wakeUp && command !== cleanFan) throw new NotAcknowledgedError();
	}

	/** Every read answers a command. */
	protected override get measurement(): undefined {
		return undefined;
	}

	private begin(format: number): void {
		if (this.running !== undefined) throw new NotAcknowledgedError();
		this.running = { startedAt: this.now, format, read: 0 };
	}

	private reset(): void {
		this.running = undefined;
		this.becomeBusy(resetMs);
	}

	private get measured(): number {
		if (this.running === undefined || !this.hasEnded(this.running.startedAt, measurementMs)) return 0;
		return Math.floor((this.now - this.running.startedAt) / measurementMs);
	}

	/** Four masses, five numbers, and the typical size. */
	private values(running: { readonly format: number; read: number }): number[] {
		running.read = this.measured;
		const { particles } = this.environmentAt(this.now);
		const masses = this.fault === "out of range" ? [-1, -1, -1, -1] : particles;
		const all = [...masses, ...masses.map((mass) => 7 * mass), 8 * (masses[3] ?? 0), 0.5];
		if (running.format === whole) return all.map((value) => Math.round(value) & 0xffff);
		const view = new DataView(new ArrayBuffer(4));
		return all.flatMap((value) => {
			view.setFloat32(0, value);
			return [view.getUint16(0), view.getUint16(2)];
		});
	}
}
