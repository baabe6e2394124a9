import { ads1115 } from "./ads1115";
import { aht20 } from "./aht20";
import { bh1750 } from "./bh1750";
import { bme280 } from "./bme280";
import { bme680 } from "./bme680";
import { bmp280 } from "./bmp280";
import type { Driver } from "./driver";
import { hdc302x } from "./hdc302x";
import { hdc1080 } from "./hdc1080";
import { ina219 } from "./ina219";
import { ina226 } from "./ina226";
import { ina228 } from "./ina228";
import { lps22hb } from "./lps22hb";
import { ltr390 } from "./ltr390";
import { max17048 } from "./max17048";
import { mcp9808 } from "./mcp9808";
import { scd4x } from "./scd4x";
import { sgp40, sgp41 } from "./sgp4x";
import { sht3x } from "./sht3x";
import { sht4x } from "./sht4x";
import { shtc3 } from "./shtc3";
import { sps30 } from "./sps30";
import { tmp117 } from "./tmp117";
import { veml7700 } from "./veml7700";

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
	lps22hb,
	sht4x,
	hdc302x,
	sht3x,
	shtc3,
	hdc1080,
	aht20,
	tmp117,
	mcp9808,
	scd4x,
	sgp40,
	sgp41,
	sps30,
	bh1750,
	veml7700,
	ltr390,
	ina219,
	ina226,
	ina228,
	ads1115,
	max17048,
]);
