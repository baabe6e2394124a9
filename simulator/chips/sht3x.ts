import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { commandCode, rangeToWord, SensirionChip } from "./sensirion-chip";

type Air = "temperature" | "humidity";

/** Commands (SHT3x-DIS data sheet, sections 4.3 to 4.11). */
const fetchData = 0xe000;
const stopPeriodic = 0x3093;
const softReset = 0x30a2;
const readStatus = 0xf32d;
const clearStatus = 0x3041;
const heaterOn = 0x306d;
const heaterOff = 0x3066;

/** Single shot commands and their typical durations in ms (table 4). */
const singleShots = [
	[0x2400, 12.5],
	[0x240b, 4.5],
	[0x2416, 2.5],
] as const;
/** First bytes of the commands for periodic mode, and the periods in ms (table 10). */
const periods = [
	[0x20, 2000],
	[0x21, 1000],
	[0x22, 500],
	[0x23, 250],
	[0x27, 100],
] as const;

const breakMs = 1;
const resetMs = 1.5;
/** Effect of the heater on the measured temperature. */
const heaterCelsius = 3;

/** Sensirion SHT30, SHT31 and SHT35, by commands. */
export class SHT3xChip extends SensirionChip<Air> {
	private heater = false;
	/** After power-up: reset detected, alert pending (table 18). */
	private flags = 0x8010;
	/** In progress, or ended and unread. */
	private single: { readonly startedAt: number; readonly duration: number } | undefined;
	private periodic: { readonly startedAt: number; readonly period: number; fetched: number } | undefined;

	protected override onCommand(bytes: Bytes): void {
		// A single byte is not a command, and ignored.
		if (bytes.length === 1) return;
		if (this.single !== undefined && !this.hasEnded(this.single.startedAt, this.single.duration))
			throw new NotAcknowledgedError();
		const command = commandCode(bytes);
		if (command === stopPeriodic) this.stop(breakMs);
		else if (command === softReset) this.reset();
		else if (command === readStatus) this.respond(this.flags | (this.heater ? 0x2000 : 0));
		else if (command === clearStatus) this.flags = 0;
		else if (command === heaterOn || command === heaterOff) this.heater = command === heaterOn;
		else if (command === fetchData && this.periodic !== undefined) this.fetch(this.periodic);
		else this.measure(command ?? 0);
	}

	protected override get measurement(): readonly number[] | undefined {
		const single = this.single;
		if (single === undefined || !this.hasEnded(single.startedAt, single.duration)) return undefined;
		this.single = undefined;
		return this.words(single.startedAt + single.duration);
	}

	/** In periodic mode it accepts no measurement command until it is stopped. */
	private measure(command: number): void {
		const [, duration] = singleShots.find(([each]) => each === command) ?? [];
		const [, period] = periods.find(([each]) => each === command >> 8) ?? [];
		if (this.periodic !== undefined) throw new NotAcknowledgedError();
		if (duration !== undefined) this.single = { startedAt: this.now, duration };
		else if (period !== undefined) this.periodic = { startedAt: this.now, period, fetched: 0 };
		else throw new NotAcknowledgedError();
	}

	private fetch(periodic: { readonly startedAt: number; readonly period: number; fetched: number }): void {
		const count = Math.floor((this.now - periodic.startedAt) / periodic.period);
		if (count <= periodic.fetched) return;
		periodic.fetched = count;
		this.respond(...this.words(periodic.startedAt + count * periodic.period));
	}

	private words(ticks: number): readonly [number, number] {
		if (this.fault === "out of range") return [0, 0xffff];
		const { temperature, humidity } = this.environmentAt(ticks);
		return [
			rangeToWord(temperature + (this.heater ? heaterCelsius : 0), -45, 175),
			rangeToWord(humidity, 0, 100),
		];
	}

	private stop(durationMs: number): void {
		this.periodic = undefined;
		this.single = undefined;
		this.becomeBusy(durationMs);
	}

	private reset(): void {
		this.stop(resetMs);
		this.heater = false;
		this.flags = 0x8010;
	}
}
