import { bmx280Addresses, bmx280Pressure, bmx280Temperature, boschChipId, readBoschId } from "./bmx280";
import { type Driver, humidity, type SensorField } from "./driver";
import { type I2CDevice, uint16, uint24 } from "./i2c-device";

/** Registers (BST-BME680-DS001, section 5.2, table 20; BME688: BST-BME688-DS000). */
const register = Object.freeze({
	heaterTrimming: 0x00,
	data: 0x1d,
	heaterResistance: 0x5a,
	heaterDuration: 0x64,
	/** Of the last of ten heater steps, which are not used: it marks a chip that has been initialised. */
	mark: 0x6d,
	gasControl: 0x70,
	calibration1: 0x8a,
	reset: 0xe0,
	calibration2: 0xe1,
	variant: 0xf0,
});

const resetCommand = 0xb6;
/** Bosch's driver waits this long. */
const resetMs = 10;
const markValue = 0xa5;
/** Its gas converter has another scale, and other registers. */
const bme688Variant = 1;
const gasDataOffset = Object.freeze([13, 15] as const);
const runGas = Object.freeze([0x10, 0x20] as const);
/** Of the registers from `gasControl` on, the bits that mean something: heater step and `runGas`, oversampling, filter. */
const heaterStepMask = 0x0f;
const humidityMask = 0x07;
const filterMask = 0x1c;

/** Forced mode, each quantity measured once, without filter. */
const humidityOnce = 0x01;
const measureOnce = 0x25;
const sleepMeasured = 0x24;
const newDataBit = 0x80;
const gasValidBits = 0x30;

/** 320 °C for 150 ms, as in Bosch's example: 37 × 4 ms. */
const heaterCelsius = 320;
const heaterDuration = 0x40 | 37;
/** Three measurements of 1,963 µs and their pauses, then the heater (Bosch's driver). */
const measurementMs = 11 + 150 + 15;

const gasResistance: SensorField = Object.freeze({ name: "gas_resistance", unit: "ohm", decimals: 0 });

/** Corrections of the BME680's gas ranges, percent; the others are 0 (section 3.4.1, table 16). */
const rangeErrors1: Readonly<Record<number, number>> = Object.freeze({
	5: -1,
	7: -0.8,
	10: -0.2,
	11: -0.5,
	13: -1,
});
const rangeErrors2: Readonly<Record<number, number>> = Object.freeze({ 4: 0.1, 5: 0.7, 7: -0.8, 8: -0.1 });

interface BME680State {
	readonly view: DataView;
	readonly variant: 0 | 1;
	/** Degrees Celsius, for the heater. */
	ambient: number;
}

/** Bosch BME680 and BME688: temperature, humidity, pressure, and the resistance of a heated metal oxide. */
export const bme680 = Object.freeze<Driver<BME680State>>({
	name: "BME680",
	addresses: bmx280Addresses,
	fields: Object.freeze([bmx280Temperature, humidity, bmx280Pressure, gasResistance]),

	matches: isBME680,
	hasRegisters: true,

	reset(chip, step) {
		if (step > 0) return 0;
		chip.checkIdentity(isBME680);
		chip.writeUint8(register.reset, resetCommand);
		return resetMs;
	},

	open(chip) {
		const bytes = new Uint8Array(42);
		bytes.set(chip.readConfirmed(register.calibration1, 23), 0);
		bytes.set(chip.readConfirmed(register.calibration2, 14), 23);
		bytes.set(chip.readConfirmed(register.heaterTrimming, 5), 37);
		const [variant] = chip.readConfirmed(register.variant, 1);
		chip.writeUint8(register.mark, markValue);
		if (!isMarked(chip)) throw chip.lostError();
		const view = new DataView(bytes.buffer);
		// The compensation divides by terms of these words, which are never 0 in a working chip.
		if (view.getUint16(31, true) === 0 || view.getUint16(4, true) === 0)
			throw chip.error("its calibration cannot be read. Check its wiring and supply.");
		return { view, variant: variant === bme688Variant ? 1 : 0, ambient: 25 };
	},

	start(chip, { view, variant, ambient }) {
		if (!isMarked(chip)) throw chip.lostError();
		chip.writeUint8(register.heaterResistance, heaterCode(view, ambient));
		chip.writeUint8(register.heaterDuration, heaterDuration);
		// Gas control 0 and 1, humidity; register 73 belongs to SPI; then the measurement starts.
		const settings = [0, runGas[variant], humidityOnce];
		settings.forEach((value, index) => {
			chip.writeUint8(register.gasControl + index, value);
		});
		chip.writeUint8(register.gasControl + 4, measureOnce);
		return measurementMs;
	},

	read(chip, state) {
		const { view, variant } = state;
		if ((chip.readUint8(register.data) & newDataBit) === 0) return undefined;
		const data = chip.readConfirmed(register.data, 17);
		const [, gasControl = 0, humidityControl = 0, , control, filter = 0] = chip.readRegisters(
			register.gasControl,
			6,
		);
		if (
			(gasControl & (runGas[variant] | heaterStepMask)) !== runGas[variant] ||
			(humidityControl & humidityMask) !== humidityOnce ||
			control !== sleepMeasured ||
			(filter & filterMask) !== 0
		)
			throw chip.lostError();
		if (!isMarked(chip) || !isBME680(chip)) throw chip.lostError();
		const fine = fineTemperature(view, uint24(data, 5) >> 4);
		const celsius = fine / 5120;
		state.ambient = celsius;
		const gas = uint16(data, gasDataOffset[variant]);
		const isGasValid = (gas & gasValidBits) === gasValidBits;
		return [
			celsius,
			compensateHumidity(view, uint16(data, 8), celsius),
			compensatePressure(view, uint24(data, 2) >> 4, fine) / 100,
			// Without a stable heater there is no value; the others are right.
			isGasValid ? compensateGas(view, gas >> 6, gas & 15, variant) : undefined,
		];
	},
});

function isBME680(chip: I2CDevice): boolean {
	return readBoschId(chip) === boschChipId.BME680;
}

function isMarked(chip: I2CDevice): boolean {
	return chip.readUint8(register.mark) === markValue;
}

// Compensation in double precision (BST-BME680-DS001, section 3.3; Bosch's BME68x driver). `view`: the trimming bytes
// from 8A, E1 and 00, one after the other.

/** Temperature in units of 1/5120 °C. */
function fineTemperature(view: DataView, raw: number): number {
	const [T1, T2, T3] = [view.getUint16(31, true), view.getInt16(0, true), view.getInt8(2)];
	const offset = raw / 131072 - T1 / 8192;
	return (raw / 16384 - T1 / 1024) * T2 + offset * offset * T3 * 16;
}

/** Pascal. */
function compensatePressure(view: DataView, raw: number, fine: number): number {
	const x = fine / 2 - 64000;
	const word = (at: number) => view.getInt16(at, true);
	const [P6, P5, P4, P3, P2] = [view.getInt8(15), word(12), word(10), view.getInt8(8), word(6)];
	const offset = (x * x * P6) / 131072 / 4 + (x * P5) / 2 + P4 * 65536;
	const slope = (1 + ((P3 * x * x) / 16384 + P2 * x) / 524288 / 32768) * view.getUint16(4, true);
	const pascal = ((1048576 - raw - offset / 4096) * 6250) / slope;
	const square = (word(20) * pascal * pascal) / 2147483648;
	const cube = (pascal / 256) ** 3 * (view.getUint8(22) / 131072);
	return pascal + (square + (pascal * word(18)) / 32768 + cube + view.getInt8(14) * 128) / 16;
}

/** Percent, limited to 0 … 100. */
function compensateHumidity(view: DataView, raw: number, celsius: number): number {
	const shared = view.getUint8(24);
	const H1 = (view.getUint8(25) << 4) | (shared & 15);
	const H2 = (view.getUint8(23) << 4) | (shared >> 4);
	const [H3, H4, H5, H7] = [view.getInt8(26), view.getInt8(27), view.getInt8(28), view.getInt8(30)];
	const linear =
		(raw - (H1 * 16 + (H3 / 2) * celsius)) *
		((H2 / 262144) * (1 + (H4 / 16384) * celsius + (H5 / 1048576) * celsius * celsius));
	const percent = linear + (view.getUint8(29) / 16384 + (H7 / 2097152) * celsius) * linear * linear;
	return Math.min(100, Math.max(0, percent));
}

/** Ohms. */
function compensateGas(view: DataView, raw: number, range: number, variant: 0 | 1): number {
	if (variant === 1) return (1e6 * (262144 >> range)) / (4096 + 3 * (raw - 512));
	const error = view.getInt8(41) >> 4;
	const scale = (1340 + 5 * error) * (1 + (rangeErrors1[range] ?? 0) / 100);
	const share = (raw - 512) / scale + 1;
	return 1 / ((1 + (rangeErrors2[range] ?? 0) / 100) * 0.000000125 * 2 ** range * share);
}

/** For the heater's temperature in air of `ambient` degrees Celsius. */
function heaterCode(view: DataView, ambient: number): number {
	const [G1, G2, G3] = [view.getInt8(35), view.getInt16(33, true), view.getInt8(36)];
	const base =
		(G1 / 16 + 49) * (1 + ((G2 / 32768) * 0.0005 + 0.00235) * heaterCelsius) + (G3 / 1024) * ambient;
	const range = (view.getUint8(39) & 0x30) >> 4;
	const ohms = base * (4 / (4 + range)) * (1 / (1 + view.getInt8(37) * 0.002));
	return Math.min(255, Math.max(0, Math.floor(3.4 * (ohms - 25))));
}
