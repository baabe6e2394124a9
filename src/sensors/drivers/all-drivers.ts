import { ads1115 } from "./ads1115";
import { aht20 } from "./aht20";
import { bh1750 } from "./bh1750";
import { bme280 } from "./bme280";
import { bme680 } from "./bme680";
import { bmp280 } from "./bmp280";
import type { Driver } from "./driver";
import { ina219 } from "./ina219";
import { scd4x } from "./scd4x";
import { sht3x } from "./sht3x";
import { sht4x } from "./sht4x";
import { tmp117 } from "./tmp117";

/** A driver of a chip on the I2C bus. */
export type I2CDriver = Driver<unknown>;

/**
 * All drivers for the I2C bus. Their order is that of the fields in a reading, and that in which they are
 * tried at an address they share: the SHT4x before the SHT3x, whose two-byte command is not specified for an
 * SHT4x.
 */
export const allDrivers: readonly I2CDriver[] = Object.freeze([
	bme280,
	bmp280,
	bme680,
	sht4x,
	sht3x,
	aht20,
	tmp117,
	scd4x,
	bh1750,
	ina219,
	ads1115,
]);
