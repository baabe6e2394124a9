import type { Driver, SensorField, SensorOptions } from "./driver";
import { GasIndex, noxIndexParameters, vocIndexParameters } from "./gas-index";
import type { I2CDevice } from "./i2c-device";
import { parseWords, queryWords, sendCommand } from "./sensirion";

/** Commands (SGP40 and SGP41 data sheets, "Measurement Commands"; feature set: Sensirion's sgp4x driver). */
const heaterOff = 0x3615;
const readFeatureSet = 0x202f;
const executeConditioning = 0x2612;
const measureSGP40 = 0x260f;
const measureSGP41 = 0x2619;

/** Of the feature set. */
const featureSetMask = 0x01ff;
const sgp40Type = 0x20;
const sgp41Type = 0x40;
const settleMs = 1;
const measurementMs = 50;
/** Of the heated layer for nitrogen oxides, before its first measurement; more than ten seconds would damage it. */
const conditioningMs = 10_000;

/** Fifty percent and 25 °C: what the chip assumes for these words. */
const defaultHumidityWord = 0x8000;
const defaultTemperatureWord = 0x6666;

/** The algorithm is tested for one measurement each 1 to 10 seconds. */
const maxIndexIntervalMs = 10_000;

const indexField = (name: string): SensorField => Object.freeze({ name, unit: "", decimals: 0 });
const ticksField = (name: string): SensorField => Object.freeze({ name, unit: "ticks", decimals: 0 });

interface SGP4xState {
	readonly options: SensorOptions;
	readonly hasNox: boolean;
	/** Of VOC, then of NOx. */
	readonly indices: readonly (GasIndex | undefined)[];
	phase: "cold" | "conditioning" | "hot";
}

/** What both have in common; which of them a chip is, is read when it is opened. */
const common = Object.freeze<
	Pick<Driver<SGP4xState>, "addresses" | "reset" | "open" | "start" | "proceed" | "read">
>({
	addresses: Object.freeze([0x59]),

	/** The chip has only the general call; this ends whatever it does. */
	reset(chip, step) {
		if (step > 0) return 0;
		readType(chip);
		sendCommand(chip, heaterOff);
		return settleMs;
	},

	open(chip, options) {
		const hasNox = readType(chip) === sgp41Type;
		const { intervalMs = Number.POSITIVE_INFINITY } = options;
		const parameters = hasNox ? [vocIndexParameters, noxIndexParameters] : [vocIndexParameters];
		const indices = parameters.map((each) =>
			intervalMs <= maxIndexIntervalMs ? new GasIndex(each, intervalMs / 1000) : undefined,
		);
		return { options, hasNox, indices, phase: hasNox ? "cold" : "hot" };
	},

	start(chip, state) {
		if (state.phase === "hot") return measure(chip, state);
		sendCommand(chip, executeConditioning, ...compensation(state.options));
		state.phase = "conditioning";
		return conditioningMs - measurementMs;
	},

	proceed(chip, state) {
		if (state.phase !== "conditioning") return 0;
		state.phase = "hot";
		return measure(chip, state);
	},

	read(chip, state) {
		const { phase, hasNox, indices, options } = state;
		if (phase !== "hot") return undefined;
		const ticks = parseWords(chip, chip.read(3 * indices.length));
		if (options.onBattery === true) {
			sendCommand(chip, heaterOff);
			state.phase = hasNox ? "cold" : "hot";
		}
		// An SGP41 that took the place of an SGP40 has its values first, too.
		return indices.flatMap((index, at) => [index?.update(ticks[at] ?? 0), ticks[at]]);
	},
});

/**
 * Sensirion SGP40: ticks of the heated sensor layer, compensated by temperature and humidity of another sensor of the
 * board, and the index that follows from them.
 */
export const sgp40 = Object.freeze<Driver<SGP4xState>>({
	...common,
	name: "SGP40",
	fields: Object.freeze([indexField("voc_index"), ticksField("voc_raw")]),
	matches: (chip) => readType(chip) === sgp40Type,
});

/** Sensirion SGP41: as the SGP40, also for nitrogen oxides. */
export const sgp41 = Object.freeze<Driver<SGP4xState>>({
	...common,
	name: "SGP41",
	fields: Object.freeze([...sgp40.fields, indexField("nox_index"), ticksField("nox_raw")]),
	matches: (chip) => readType(chip) === sgp41Type,
});

/** Throws if it is none of the two. */
function readType(chip: I2CDevice): number {
	const [word = 0] = queryWords(chip, readFeatureSet, 1);
	const type = word & featureSetMask;
	if (type !== sgp40Type && type !== sgp41Type) throw chip.otherChipError();
	return type;
}

function measure(chip: I2CDevice, { options, hasNox }: SGP4xState): number {
	sendCommand(chip, hasNox ? measureSGP41 : measureSGP40, ...compensation(options));
	return measurementMs;
}

/** Words of humidity and temperature. */
function compensation({ surroundings }: SensorOptions): readonly [number, number] {
	const { temperature, humidity } = surroundings?.() ?? {};
	if (temperature === undefined || humidity === undefined)
		return [defaultHumidityWord, defaultTemperatureWord];
	const word = (share: number) => Math.round(65535 * Math.min(1, Math.max(0, share)));
	return [word(humidity / 100), word((temperature + 45) / 175)];
}
