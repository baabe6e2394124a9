import { ChipDriver } from "./chip-driver";
import { defineDriver } from "./define-driver";
import type { Ammeter, Voltmeter } from "./ecma419-samples";
import { current, voltage } from "./fields";
import type { I2CDeviceOptions } from "./i2c-device";
import { identifyTIChip } from "./ti-identification";

/** Registers (SBOS448G, section 8.6, table 2). */
const register = Object.freeze({ configuration: 0x00, shuntVoltage: 0x01, busVoltage: 0x02 });

/** Up to 32 V, ±320 mV over the shunt, both once, averaged over 16 measurements (section 8.6.2.1). */
const measureOnce = 0x3e63;
const conversionReady = 0x0002;
/** Milliseconds: both one after the other, and a tenth more than the typical time of "ADC Settings". */
const conversionMs = 2 * 8.51 * 1.1;

/** Volts (sections 8.6.3.1 and 8.6.3.2). */
const busVoltsPerCount = 0.004;
const shuntVoltsPerCount = 10e-6;
/** The shunt's largest number: as much, or more, flows. */
const maxShuntCounts = 32_000;
const busRangeVolts = Object.freeze([0, 32] as const);

export interface INA219Configuration {
	/** Ohms of the resistor that the current flows through; 0.1 on most boards. */
	readonly shuntOhms?: number;
}

/** The voltage of the load, against ground, and the current from VIN+ to VIN−. */
export type INA219Sample = Voltmeter & Ammeter;

/** Texas Instruments INA219: voltage and current of a supply, in both directions. */
export class INA219 extends ChipDriver<INA219Sample> {
	private shuntOhms = 0.1;
	private started = false;

	/** Throws a `SensorError` when there is no INA219 at the address. */
	constructor(options: I2CDeviceOptions) {
		super("INA219", options, (chip) => {
			if (identifyTIChip(chip) !== "INA219") throw chip.error("another chip answers there.");
		});
	}

	override configure({ shuntOhms = this.shuntOhms }: INA219Configuration): void {
		this.shuntOhms = shuntOhms;
	}

	override start(): number {
		this.chip.writeUint16(register.configuration, measureOnce);
		this.started = true;
		return conversionMs;
	}

	override sample(): INA219Sample | undefined {
		if (!this.started) return undefined;
		const bus = this.chip.readUint16(register.busVoltage);
		if ((bus & conversionReady) === 0) return undefined;
		this.started = false;
		const shunt = this.chip.readInt16(register.shuntVoltage);
		if (Math.abs(shunt) >= maxShuntCounts) {
			const maxAmperes = Number(((maxShuntCounts * shuntVoltsPerCount) / this.shuntOhms).toPrecision(3));
			throw this.chip.error(
				`more current flows than its ${this.shuntOhms} ohm can tell, ${maxAmperes} ampere.`,
			);
		}
		return {
			voltmeter: { voltage: this.chip.checkRange("voltage", (bus >> 3) * busVoltsPerCount, busRangeVolts) },
			ammeter: { current: (shunt * shuntVoltsPerCount) / this.shuntOhms },
		};
	}
}

export const ina219 = defineDriver<INA219Sample>({
	name: "INA219",
	// By what its pins A0 and A1 are connected to (section 8.5.5.1, table 1).
	addresses: Array.from({ length: 16 }, (_, index) => 0x40 + index),
	matches: (chip) => identifyTIChip(chip) === "INA219",
	open(options, { shuntOhms }) {
		const driver = new INA219(options);
		if (shuntOhms !== undefined) driver.configure({ shuntOhms });
		return driver;
	},
	fields: [voltage, current],
	values: ({ voltmeter, ammeter }) => [voltmeter.voltage, ammeter.current * 1000],
});
