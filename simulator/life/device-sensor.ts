import type { Bytes, SMBusConstructor } from "../../src/boards/ecma419";
import { BME280Chip, type Calibration, exampleCalibration } from "../chips/bme280";
import { type I2CChip, SimulatedI2CBus } from "../hardware/i2c-bus";
import type { Weather } from "../weather/weather";
import type { SensorFault } from "./scenario";

/** Calibration words of different chips: those of one chip give wrong values on another. */
const calibrations: readonly Calibration[] = [
	exampleCalibration,
	{
		T: [28_245, 26_571, 50],
		P: [37_381, -10_692, 3_024, 9_301, -148, -7, 9_900, -10_230, 4_285],
		H: [75, 370, 0, 313, 50, 30],
	},
	{
		T: [27_901, 25_980, -640],
		P: [36_104, -10_550, 3_024, 4_110, 77, -7, 14_200, -13_800, 5_600],
		H: [75, 355, 0, 325, 48, 30],
	},
];

const address = 0x76;

/** The sensor of a board, with its faults. */
export class DeviceSensor {
	private readonly bus = new SimulatedI2CBus();
	private readonly ticks: () => number;
	private readonly environmentNow: () => Weather;
	private chipCount = 0;
	private frozen: Weather | undefined;

	/** `environment`: the conditions at the sensor now. */
	constructor(ticks: () => number, environment: () => Weather) {
		this.ticks = ticks;
		this.environmentNow = environment;
		this.plugInChip();
	}

	get SMBus(): SMBusConstructor {
		return this.bus.SMBus;
	}

	/** Peripherals that the running firmware has open. */
	get openCount(): number {
		return this.bus.openCount;
	}

	/** The firmware that opened them has ended. */
	resetOpenCount(): void {
		this.bus.closeAll();
	}

	/** What the sensor measures now. */
	get environment(): Weather {
		return this.frozen ?? this.environmentNow();
	}

	/** Power returns: the chip resets. After a brown-out it has damaged trimming words until its next reset. */
	restart(isBrownOut = false): void {
		if (!this.bus.has(address)) return;
		const chip = this.plugInChip(false);
		if (isBrownOut) chip.brownOut();
	}

	begin(fault: SensorFault): void {
		switch (fault) {
			case "unplugged":
				this.bus.detach(address);
				break;
			case "frozen":
				this.frozen = this.environmentNow();
				break;
			case "stuck":
				this.bus.attach(address, new StuckChip());
				break;
			case "garbled":
				this.bus.attach(address, garbled);
				break;
			case "swapped":
				this.plugInChip();
				break;
		}
	}

	end(fault: SensorFault): void {
		if (fault === "frozen") this.frozen = undefined;
		else if (fault !== "swapped") this.plugInChip(false);
	}

	/** Plugs in another chip of the same kind, or the previous one. */
	private plugInChip(another = true): BME280Chip {
		if (another) this.chipCount++;
		const calibration = calibrations[(this.chipCount - 1) % calibrations.length];
		const chip = new BME280Chip({
			ticks: this.ticks,
			environment: () => this.environment,
			...(calibration === undefined ? {} : { calibration }),
		});
		this.bus.attach(address, chip);
		return chip;
	}
}

/** Identifies itself, but never finishes a measurement. */
class StuckChip implements I2CChip {
	private pointer = 0;

	write(bytes: Bytes): void {
		this.pointer = bytes[0] ?? 0;
	}

	read(into: Bytes): void {
		into.fill(this.pointer === 0xd0 ? 0x60 : 0x08);
	}
}

/** The chip acknowledges, but never pulls the data line low. */
const garbled: I2CChip = {
	write: () => {},
	read: (into) => into.fill(0xff),
};
