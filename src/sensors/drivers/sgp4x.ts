import type { Driver, SensorField, SensorOptions } from "./driver";
import { GasIndex, noxIndexParameters, vocIndexParameters } from "./gas-index";
import type { I2CDevice } from "./i2c-device";
import { commandBytes, parseWords } from "./sensirion";

/** Commands (SGP40 and SGP41 data sheets, "Measurement Commands"; feature set: Sensirion's sgp4x driver). */
const heaterOff = commandBytes(0x3615);
const readFeatureSet = commandBytes(0x202f);
const executeConditioning = 0x2612;

const featureSetMask = 0x01ff;
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
	/** By field: of VOC, then of NOx. */
	readonly indices: readonly (GasIndex | undefined)[];
	phase: "cold" | "conditioning" | "hot";
}

/**
 * Sensirion's SGP40 and SGP41: ticks of the heated sensor layers, compensated by temperature and humidity of another
 * sensor of the board, and the indices that follow from them.
 */
function sgp4x(name: string, featureSet: number, measureCommand: number, gases: readonly ("voc" | "nox")[]) {
	const hasNox = gases.includes("nox");

	function isThisChip(chip: I2CDevice): boolean {
		const [word = 0] = parseWords(chip, chip.query(readFeatureSet, 3));
		return (word & featureSetMask) === featureSet;
	}

	function measure(chip: I2CDevice, state: SGP4xState, command: number): number {
		chip.write(...commandBytes(command, ...compensation(state.options)));
		return measurementMs;
	}

	return Object.freeze<Driver<SGP4xState>>({
		name,
		addresses: Object.freeze([0x59]),
		fields: Object.freeze([
			...gases.map((gas) => indexField(`${gas}_index`)),
			...gases.map((gas) => ticksField(`${gas}_raw`)),
		]),

		matches: isThisChip,

		/** The chip has only the general call; this ends whatever it does. */
		reset(chip, step) {
			if (step > 0) return 0;
			if (!isThisChip(chip)) throw chip.otherChipError();
			chip.write(...heaterOff);
			return settleMs;
		},

		open(chip, options) {
			if (!isThisChip(chip)) throw chip.otherChipError();
			const { intervalMs = Number.POSITIVE_INFINITY } = options;
			const parameters = { voc: vocIndexParameters, nox: noxIndexParameters };
			const indices = gases.map((gas) =>
				intervalMs <= maxIndexIntervalMs ? new GasIndex(parameters[gas], intervalMs / 1000) : undefined,
			);
			return { options, indices, phase: hasNox ? "cold" : "hot" };
		},

		start(chip, state) {
			if (state.phase === "hot") return measure(chip, state, measureCommand);
			measure(chip, state, executeConditioning);
			state.phase = "conditioning";
			return conditioningMs - measurementMs;
		},

		proceed(chip, state) {
			if (state.phase !== "conditioning") return 0;
			state.phase = "hot";
			return measure(chip, state, measureCommand);
		},

		read(chip, state) {
			if (state.phase !== "hot") return undefined;
			const ticks = parseWords(chip, chip.read(3 * gases.length));
			if (state.options.onBattery === true) {
				chip.write(...heaterOff);
				state.phase = hasNox ? "cold" : "hot";
			}
			return [...state.indices.map((index, at) => index?.update(ticks[at] ?? 0)), ...ticks];
		},
	});
}

/** Words of humidity and temperature. */
function compensation({ surroundings }: SensorOptions): readonly [number, number] {
	const { temperature, humidity } = surroundings?.() ?? {};
	if (temperature === undefined || humidity === undefined)
		return [defaultHumidityWord, defaultTemperatureWord];
	const word = (share: number) => Math.round(65535 * Math.min(1, Math.max(0, share)));
	return [word(humidity / 100), word((temperature + 45) / 175)];
}

export const sgp40 = sgp4x("SGP40", 0x20, 0x260f, ["voc"]);
export const sgp41 = sgp4x("SGP41", 0x40, 0x2619, ["voc", "nox"]);
