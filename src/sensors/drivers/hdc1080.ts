import type { Driver } from "./driver";
import { type I2CDevice, uint16 } from "./i2c-device";
import { shtFields } from "./sht";
import { texasInstruments } from "./ti-identification";

/** Registers (SNAS672A, table 1). */
const register = Object.freeze({ temperature: 0x00, configuration: 0x02, manufacturer: 0xfe, device: 0xff });
const deviceId = 0x1050;

/** Both quantities one after the other, with fourteen bits each; heater off (table 4). */
const configuration = 0x1000;
/** Bits that read as written: heater, mode, resolutions. */
const settingsMask = 0x3700;
const softReset = 0x8000;
/** "Electrical Characteristics", start-up time. */
const resetMs = 15;
/** 6.35 and 6.5 ms, typical. */
const conversionMs = 15;

/** Between two measurements in a row, of which the mean is taken: 0.2 °C and 0.12 %, within the accuracy of the chip. */
const maxDifferenceCounts = 80;

interface HDC1080State {
	/** The first of the two measurements. */
	first: Uint8Array | undefined;
}

/** Texas Instruments HDC1080: temperature and humidity. There is no checksum, so that it measures twice. */
export const hdc1080 = Object.freeze<Driver<HDC1080State>>({
	name: "HDC1080",
	addresses: Object.freeze([0x40]),
	fields: shtFields,

	matches: isHDC1080,

	reset(chip, step) {
		if (step > 0) return 0;
		chip.checkIdentity(isHDC1080);
		chip.writeUint16(register.configuration, softReset);
		return resetMs;
	},

	open(chip) {
		chip.writeUint16(register.configuration, configuration);
		return { first: undefined };
	},

	start(chip, state) {
		state.first = undefined;
		return measure(chip);
	},

	proceed(chip, state) {
		if (state.first !== undefined) return 0;
		state.first = chip.read(4);
		return measure(chip);
	},

	/** While it measures it does not acknowledge. */
	read(chip, { first }) {
		if (first === undefined) return undefined;
		const second = chip.read(4);
		if ((chip.readUint16(register.configuration) & settingsMask) !== configuration || !isHDC1080(chip))
			throw chip.lostError();
		const [temperatureCounts = 0, humidityCounts = 0] = [0, 2].map((at) => {
			const [one, other] = [uint16(first, at), uint16(second, at)];
			if (Math.abs(one - other) > maxDifferenceCounts) throw chip.differenceError();
			return (one + other) / 2;
		});
		return [(165 * temperatureCounts) / 65536 - 40, (100 * humidityCounts) / 65536];
	},
});

function isHDC1080(chip: I2CDevice): boolean {
	return (
		chip.readUint16(register.manufacturer) === texasInstruments &&
		chip.readUint16(register.device) === deviceId
	);
}

/** The pointer alone starts a measurement. */
function measure(chip: I2CDevice): number {
	chip.write(register.temperature);
	return conversionMs;
}
