import type { SensorEnvironment } from "../weather/sensor-environment";
import { ADS1115Chip } from "./ads1115";
import { AHT20Chip } from "./aht20";
import { BH1750Chip } from "./bh1750";
import { BME280Chip } from "./bme280";
import { BME680Chip } from "./bme680";
import { HDC302xChip } from "./hdc302x";
import { HDC1080Chip } from "./hdc1080";
import { INA219Chip } from "./ina219";
import { INA226Chip } from "./ina226";
import { INA228Chip } from "./ina228";
import { LPS22HBChip } from "./lps22hb";
import { LTR390Chip } from "./ltr390";
import { MAX17048Chip } from "./max17048";
import { MCP9808Chip } from "./mcp9808";
import { SCD4xChip } from "./scd4x";
import { SGP4xChip } from "./sgp4x";
import { SHT3xChip } from "./sht3x";
import { SHT4xChip } from "./sht4x";
import { SHTC3Chip } from "./shtc3";
import type { ChipOptions, SimulatedChip } from "./simulated-chip";
import { SPS30Chip } from "./sps30";
import { TMP117Chip } from "./tmp117";
import { VEML7700Chip } from "./veml7700";

/** For a chip that measures any quantity. */
export type AnyChipOptions = ChipOptions<keyof SensorEnvironment>;

/** A chip that can be plugged into a simulated board. */
export interface ChipCatalogueEntry {
	/** The default address first. */
	readonly addresses: readonly number[];
	createChip(options: AnyChipOptions): SimulatedChip<never>;
}

const boschAddresses = [0x76, 0x77];
const tiAddresses = [0x48, 0x49, 0x4a, 0x4b];
const shuntAddresses = [0x40, 0x41, 0x44, 0x45, ...tiAddresses];

/** By the common name in lower case. */
export const chipCatalogue: Readonly<Record<string, ChipCatalogueEntry>> = {
	bme280: { addresses: boschAddresses, createChip: (options) => new BME280Chip(options) },
	bmp280: { addresses: boschAddresses, createChip: (options) => new BME280Chip({ ...options, id: 0x58 }) },
	bme680: { addresses: boschAddresses, createChip: (options) => new BME680Chip(options) },
	bme688: {
		addresses: boschAddresses,
		createChip: (options) => new BME680Chip({ ...options, variant: "BME688" }),
	},
	sht31: { addresses: [0x44, 0x45], createChip: (options) => new SHT3xChip(options) },
	sht41: { addresses: [0x44, 0x45, 0x46], createChip: (options) => new SHT4xChip(options) },
	hdc3022: { addresses: [0x44, 0x45, 0x46, 0x47], createChip: (options) => new HDC302xChip(options) },
	shtc3: { addresses: [0x70], createChip: (options) => new SHTC3Chip(options) },
	hdc1080: { addresses: [0x40], createChip: (options) => new HDC1080Chip(options) },
	lps22hb: { addresses: [0x5c, 0x5d], createChip: (options) => new LPS22HBChip(options) },
	aht20: { addresses: [0x38], createChip: (options) => new AHT20Chip(options) },
	tmp117: { addresses: tiAddresses, createChip: (options) => new TMP117Chip(options) },
	mcp9808: {
		addresses: [0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f],
		createChip: (options) => new MCP9808Chip(options),
	},
	scd40: { addresses: [0x62], createChip: (options) => new SCD4xChip({ ...options, variant: "SCD40" }) },
	scd41: { addresses: [0x62], createChip: (options) => new SCD4xChip(options) },
	bh1750: { addresses: [0x23, 0x5c], createChip: (options) => new BH1750Chip(options) },
	veml7700: { addresses: [0x10], createChip: (options) => new VEML7700Chip(options) },
	ltr390: { addresses: [0x53], createChip: (options) => new LTR390Chip(options) },
	ina226: { addresses: shuntAddresses, createChip: (options) => new INA226Chip(options) },
	ina228: { addresses: shuntAddresses, createChip: (options) => new INA228Chip(options) },
	sgp40: { addresses: [0x59], createChip: (options) => new SGP4xChip({ ...options, variant: "SGP40" }) },
	sgp41: { addresses: [0x59], createChip: (options) => new SGP4xChip(options) },
	sps30: { addresses: [0x69], createChip: (options) => new SPS30Chip(options) },
	max17048: { addresses: [0x36], createChip: (options) => new MAX17048Chip(options) },
	ina219: {
		addresses: shuntAddresses,
		createChip: (options) => new INA219Chip(options),
	},
	ads1115: { addresses: tiAddresses, createChip: (options) => new ADS1115Chip(options) },
};
