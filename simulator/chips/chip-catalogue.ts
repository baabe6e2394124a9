import type { SensorEnvironment } from "../weather/sensor-environment";
import { ADS1115Chip } from "./ads1115";
import { AHT20Chip } from "./aht20";
import { BH1750Chip } from "./bh1750";
import { BME280Chip } from "./bme280";
import { INA219Chip } from "./ina219";
import { SCD4xChip } from "./scd4x";
import { SHT3xChip } from "./sht3x";
import { SHT4xChip } from "./sht4x";
import type { ChipOptions, SimulatedChip } from "./simulated-chip";
import { TMP117Chip } from "./tmp117";

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

/** By the common name in lower case. */
export const chipCatalogue: Readonly<Record<string, ChipCatalogueEntry>> = {
	bme280: { addresses: boschAddresses, createChip: (options) => new BME280Chip(options) },
	bmp280: { addresses: boschAddresses, createChip: (options) => new BME280Chip({ ...options, id: 0x58 }) },
	bme680: { addresses: boschAddresses, createChip: (options) => new BME280Chip({ ...options, id: 0x61 }) },
	sht31: { addresses: [0x44, 0x45], createChip: (options) => new SHT3xChip(options) },
	sht41: { addresses: [0x44, 0x45, 0x46], createChip: (options) => new SHT4xChip(options) },
	aht20: { addresses: [0x38], createChip: (options) => new AHT20Chip(options) },
	tmp117: { addresses: tiAddresses, createChip: (options) => new TMP117Chip(options) },
	scd40: { addresses: [0x62], createChip: (options) => new SCD4xChip({ ...options, variant: "SCD40" }) },
	scd41: { addresses: [0x62], createChip: (options) => new SCD4xChip(options) },
	bh1750: { addresses: [0x23, 0x5c], createChip: (options) => new BH1750Chip(options) },
	ina219: {
		addresses: [0x40, 0x41, 0x44, 0x45, ...tiAddresses],
		createChip: (options) => new INA219Chip(options),
	},
	ads1115: { addresses: tiAddresses, createChip: (options) => new ADS1115Chip(options) },
};
