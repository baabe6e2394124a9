import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { crc8ByDivision } from "./crc8";
import { commandCode, SensirionChip } from "./sensirion-chip";
import type { ChipOptions } from "./simulated-chip";

type Air = "gasTicks" | "temperature" | "humidity";

/** Commands (SGP40 and SGP41 data sheets). */
const heaterOff = 0x3615;
const readFeatureSet = 0x202f;
const readSerialNumber = 0x3682;
const conditioning = 0x2612;
const measureSGP41 = 0x2619;
const measureSGP40 = 0x260f;

const featureSets = { SGP40: 0x3220, SGP41: 0x0240 } as const;
const measurementMs = { SGP40: 25, SGP41: 45 } as const;
const maxConditioningMs = 10_000;
/** Change of the ticks per percent and degree by which humidity and temperature are compensated wrongly. */
const ticksPerUnit = 12;

export interface SGP4xOptions extends ChipOptions<Air> {
	/** Default SGP41. */
	readonly variant?: keyof typeof featureSets;
}

/** Sensirion SGP40 and SGP41, by commands. */
export class SGP4xChip extends SensirionChip<Air> {
	private readonly variant: keyof typeof featureSets;
	private measuring:
		| { readonly startedAt: number; readonly words: number; readonly arguments: readonly number[] }
		| undefined;
	private conditionedAt: number | undefined;
	private isHot = false;
	/** The layer for nitrogen oxides was heated for too long. */
	isDamaged = false;

	constructor(options: SGP4xOptions) {
		super(options);
		this.variant = options.variant ?? "SGP41";
	}

	protected override onCommand(bytes: Bytes): void {
		this.checkConditioning();
		if (this.measuring !== undefined && !this.hasEnded(this.measuring.startedAt, measurementMs[this.variant]))
			throw new NotAcknowledgedError();
		this.measuring = undefined;
		const command = commandCode(bytes.slice(0, 2));
		if (bytes.length === 2 && command === heaterOff) this.isHot = false;
		else if (bytes.length === 2 && command === readFeatureSet) this.respond(featureSets[this.variant]);
		else if (bytes.length === 2 && command === readSerialNumber) this.respond(0x0000, 0x0123, 0x4567);
		else this.measure(command, bytes.slice(2));
	}

	protected override get measurement(): readonly number[] | undefined {
		this.checkConditioning();
		const measuring = this.measuring;
		if (measuring === undefined || !this.hasEnded(measuring.startedAt, measurementMs[this.variant]))
			return undefined;
		this.measuring = undefined;
		const { gasTicks, temperature, humidity } = this.environmentAt(measuring.startedAt);
		const [humidityWord = 0, temperatureWord = 0] = measuring.arguments;
		const isDefault = humidityWord === 0x8000 && temperatureWord === 0x6666;
		const error = isDefault
			? 0
			: (100 * humidityWord) / 65535 - humidity + ((175 * temperatureWord) / 65535 - 45 - temperature);
		if (this.fault === "out of range") return [0xffff, 0xffff].slice(0, measuring.words);
		return gasTicks.slice(0, measuring.words).map((ticks) => Math.round(ticks + ticksPerUnit * error));
	}

	/** `bytes`: two words with their checksums. */
	private measure(command: number | undefined, bytes: Bytes): void {
		const isSGP41 = this.variant === "SGP41";
		const known = isSGP41 ? command === conditioning || command === measureSGP41 : command === measureSGP40;
		const [a = 0, b = 0, first, c = 0, d = 0, second] = bytes;
		const valid = bytes.length === 6 && first === crc8ByDivision([a, b]) && second === crc8ByDivision([c, d]);
		if (!known || !valid) throw new NotAcknowledgedError();
		this.conditionedAt = command === conditioning ? (this.conditionedAt ?? this.now) : undefined;
		if (command === measureSGP41) this.isHot = true;
		const words = isSGP41 && command === measureSGP41 ? 2 : 1;
		this.measuring = { startedAt: this.now, words, arguments: [(a << 8) | b, (c << 8) | d] };
	}

	private checkConditioning(): void {
		if (this.conditionedAt !== undefined && this.now - this.conditionedAt > maxConditioningMs)
			this.isDamaged = true;
	}

	/** Whether its heater is on. */
	get hot(): boolean {
		return this.isHot;
	}
}
