import { ChipDriver } from "./chip-driver";
import { driverKind } from "./driver-kind";
import { current, voltage } from "./fields";
import type { DriverOptions } from "./peripheral";
import type { Ammeter, Voltmeter } from "./samples";
import { tellApart } from "./texas";

/** Registers (SBOS448G, section 8.6, table 2). */
const register = Object.freeze({ configuration: 0x00, shuntVoltage: 0x01, busVoltage: 0x02 });

/** Up to 32 V, ±320 mV over the shunt, both once, averaged over 16 measurements (section 8.6.2.1). */
const measureOnce = 0x3e63;
const conversionReady = 0x0002;
/** Milliseconds: both one after the other, and a tenth more than the typical time of "ADC Settings". */
const duration = 2 * 8.51 * 1.1;

/** Volts (sections 8.6.3.1 and 8.6.3.2). */
const busResolution = 0.004;
const shuntResolution = 10e-6;
/** The shunt's largest number: as much, or more, flows. */
const mostShunt = 32_000;
const busRange = Object.freeze([0, 32] as const);

export interface INA219Configuration {
	/** Ohms of the resistor that the current flows through; 0.1 on most boards. */
	readonly shunt?: number;
}

/** The voltage of the load, against ground, and the current from VIN+ to VIN−. */
export type INA219Sample = Voltmeter & Ammeter;

/** Texas Instruments INA219: voltage and current of a supply, in both directions. */
export class INA219 extends ChipDriver<INA219Sample> {
	private shunt = 0.1;
	private started = false;

	/** Throws a `SensorError` when there is no INA219 at the address. */
	constructor(options: DriverOptions) {
		super("INA219", options, (chip) => {
			if (tellApart(chip) !== "INA219") throw chip.error("another chip answers there.");
		});
	}

	override configure({ shunt = this.shunt }: INA219Configuration): void {
		this.shunt = shunt;
	}

	override start(): number {
		this.chip.writeUint16(register.configuration, measureOnce);
		this.started = true;
		return duration;
	}

	override sample(): INA219Sample | undefined {
		if (!this.started) return undefined;
		const bus = this.chip.readUint16(register.busVoltage);
		if ((bus & conversionReady) === 0) return undefined;
		this.started = false;
		const shunt = this.chip.readInt16(register.shuntVoltage);
		if (Math.abs(shunt) >= mostShunt) {
			const most = Number(((mostShunt * shuntResolution) / this.shunt).toPrecision(3));
			throw this.chip.error(`more current flows than its ${this.shunt} ohm can tell, ${most} ampere.`);
		}
		return {
			voltmeter: { voltage: this.chip.within("voltage", (bus >> 3) * busResolution, busRange) },
			ammeter: { current: (shunt * shuntResolution) / this.shunt },
		};
	}
}

export const ina219 = driverKind<INA219Sample>({
	name: "INA219",
	// By what its pins A0 and A1 are connected to (section 8.5.5.1, table 1).
	addresses: Array.from({ length: 16 }, (_, index) => 0x40 + index),
	isThis: (chip) => tellApart(chip) === "INA219",
	open(options, { shunt }) {
		const driver = new INA219(options);
		if (shunt !== undefined) driver.configure({ shunt });
		return driver;
	},
	fields: [voltage, current],
	values: ({ voltmeter, ammeter }) => [voltmeter.voltage, ammeter.current * 1000],
});
