// Compensation of the BME280 and BMP280 in double precision (BST-BME280-DS002, appendix 8.1). The integer
// form for pressure needs 64 bits, and BigInt is far slower on the chip than forty floating-point operations.

/** Trimming words for temperature and pressure (BME280: section 4.2.2, table 16; BMP280: section 3.11.2). */
export interface BMx280Calibration {
	readonly T: readonly [number, number, number];
	readonly P: readonly [number, number, number, number, number, number, number, number, number];
}

/** Trimming words for humidity (BME280 only). */
export interface BME280HumidityCalibration {
	readonly H: readonly [number, number, number, number, number, number];
}

/** `bytes`: registers 0x88 … 0x9F. */
export function parseCalibration(bytes: Uint8Array<ArrayBuffer>): BMx280Calibration {
	const view = new DataView(bytes.buffer);
	const signed = (word: number) => view.getInt16(2 * word, true);
	const unsigned = (word: number) => view.getUint16(2 * word, true);
	return {
		T: [unsigned(0), signed(1), signed(2)],
		P: [
			unsigned(3),
			signed(4),
			signed(5),
			signed(6),
			signed(7),
			signed(8),
			signed(9),
			signed(10),
			signed(11),
		],
	};
}

/** `H1`: register 0xA1; `bytes`: registers 0xE1 … 0xE7. Two twelve-bit words share the byte in the middle. */
export function parseHumidityCalibration(
	H1: number,
	bytes: Uint8Array<ArrayBuffer>,
): BME280HumidityCalibration {
	const view = new DataView(bytes.buffer);
	const shared = view.getUint8(4);
	return {
		H: [
			H1,
			view.getInt16(0, true),
			view.getUint8(2),
			view.getInt8(3) * 16 + (shared & 15),
			view.getInt8(5) * 16 + (shared >> 4),
			view.getInt8(6),
		],
	};
}

/** Temperature in units of 1/5120 °C (`t_fine`), an input of the other two compensations. */
export function fineTemperature(raw: number, { T }: BMx280Calibration): number {
	// Taking words out one by one is far cheaper on the chip than all at once.
	const difference = raw / 16384 - T[0] / 1024;
	return difference * T[1] + (difference / 8) ** 2 * T[2];
}

/** Pascal. */
export function compensatePressure(raw: number, fine: number, { P }: BMx280Calibration): number {
	// P1 is `P[0]`, and so on.
	let var1 = fine / 2 - 64000;
	let var2 = (var1 * var1 * P[5]) / 32768;
	var2 = var2 + var1 * P[4] * 2;
	var2 = var2 / 4 + P[3] * 65536;
	var1 = ((P[2] * var1 * var1) / 524288 + P[1] * var1) / 524288;
	var1 = (1 + var1 / 32768) * P[0];
	let pressure = 1048576 - raw;
	pressure = ((pressure - var2 / 4096) * 6250) / var1;
	var1 = (P[8] * pressure * pressure) / 2147483648;
	var2 = (pressure * P[7]) / 32768;
	return pressure + (var1 + var2 + P[6]) / 16;
}

/** Percent, limited to 0 … 100 as in the data sheet. */
export function compensateHumidity(raw: number, fine: number, { H }: BME280HumidityCalibration): number {
	// H1 is `H[0]`, and so on.
	const var1 = fine - 76800;
	let humidity = raw - (H[3] * 64 + (H[4] / 16384) * var1);
	humidity *= (H[1] / 65536) * (1 + (H[5] / 67108864) * var1 * (1 + (H[2] / 67108864) * var1));
	humidity *= 1 - (H[0] * humidity) / 524288;
	return Math.min(100, Math.max(0, humidity));
}
