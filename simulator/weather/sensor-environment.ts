import { type Weather, weatherAt } from "./weather";

/** The conditions that sensors measure. */
export interface SensorEnvironment extends Weather {
	/** Carbon dioxide, ppm. */
	readonly co2: number;
	/** Lux. */
	readonly illuminance: number;
	/** Supply voltage, volts. */
	readonly voltage: number;
	/** Supply current, amperes; negative while the battery is charged. */
	readonly current: number;
	readonly uvIndex: number;
	/** Of a Li-ion cell: volts, and charge in percent. */
	readonly cell: readonly [volts: number, percent: number];
	/** Resistance of a heated metal oxide in the air, ohms. */
	readonly gasResistance: number;
	/** Signals of two other metal oxides: of volatile organic compounds and of nitrogen oxides. */
	readonly gasTicks: readonly [voc: number, nox: number];
	/** Particulate matter up to 1, 2.5, 4 and 10 µm, µg/m³. */
	readonly particles: readonly [pm1: number, pm2_5: number, pm4: number, pm10: number];
	/** Four voltages, volts. */
	readonly inputs: readonly [number, number, number, number];
}

const hourMs = 3_600_000;
const hoursPerDay = 24;

/** Seattle's latitude, and the sun's mean declination in October; radians. */
const latitude = (47.6 * Math.PI) / 180;
const declination = (-8.5 * Math.PI) / 180;
/** Illuminance of a clear sky with the sun at the zenith, lux. */
const clearSkyLux = 110_000;

/**
 * CO2 in a room over a day, ppm: it rises at night, falls when the room is aired in the morning, and rises when everyone
 * is at home. Invented.
 */
const roomCo2Ppm = [
	780, 850, 910, 960, 1000, 1030, 1050, 700, 560, 520, 500, 490, 520, 560, 540, 520, 540, 620, 760, 880, 960,
	1010, 900, 820,
] as const;

/**
 * The weather, and other conditions: invented, plausible, slow, and a function of time (milliseconds from any start).
 * Daylight follows the sun's height over Seattle in October, through changing clouds; it charges a battery.
 */
export function sensorEnvironmentAt(milliseconds: number): SensorEnvironment {
	const hours = milliseconds / hourMs;
	const light = daylightRatio(hours);
	const dust = 1 + 0.4 * Math.sin(hours / 9);
	return {
		...weatherAt(milliseconds),
		co2: roomCo2At(hours) * (1 + 0.08 * Math.sin(hours / 31)),
		illuminance: 0.2 + clearSkyLux * light,
		voltage: 12.3 + 1.5 * Math.min(1, 2 * light) + 0.1 * Math.sin(hours / 53),
		current: 0.085 + 0.02 * Math.sin(hours / 3) - 1.1 * light,
		uvIndex: 5 * light,
		cell: [3.75 + 0.3 * Math.min(1, 2 * light), 55 + 30 * Math.min(1, 2 * light)],
		gasResistance: 120_000 + 40_000 * Math.sin(hours / 5),
		gasTicks: [30_000 - 300 * Math.sin(hours / 3), 16_000 + 40 * Math.sin(hours / 7)],
		particles: [4 * dust, 6 * dust, 6.8 * dust, 7.2 * dust],
		inputs: [1.9 + 0.6 * Math.sin(hours / 40), 1.65, 3.2 * light, 2.05 + 0.15 * Math.min(1, 2 * light)],
	};
}

/** The fraction of a clear sky's light that reaches the ground. */
function daylightRatio(hours: number): number {
	const angle = ((hours - 12) / hoursPerDay) * 2 * Math.PI;
	const height =
		Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(angle);
	const clouds = 0.65 + 0.2 * Math.sin(hours / 1.7) + 0.15 * Math.sin(hours / 7.3);
	return Math.max(0, height) * clouds;
}

function roomCo2At(hours: number): number {
	const at = (index: number) => roomCo2Ppm[((index % hoursPerDay) + hoursPerDay) % hoursPerDay] ?? 0;
	const full = Math.floor(hours);
	return at(full) + (at(full + 1) - at(full)) * (hours - full);
}
