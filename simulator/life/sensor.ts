import type { Bytes, SMBusConstructor } from "../../src/boards/ecma419";
import { type Chip, SimulatedBus } from "../bus";
import { BME280Chip, type Calibration, exampleCalibration } from "../chips/bme280";
import type { Environment } from "../weather/weather";
import type { SensorFault } from "./scenario";

/** Words as the factory burns them into different chips: what one means says nothing of another. */
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

/** The sensor of a board, and what can become of it. */
export class Sensor {
	private readonly bus = new SimulatedBus();
	private readonly ticks: () => number;
	private readonly truth: () => Environment;
	private chips = 0;
	private frozen: Environment | undefined;

	/** `truth`: what is around the device now. */
	constructor(ticks: () => number, truth: () => Environment) {
		this.ticks = ticks;
		this.truth = truth;
		this.plugIn();
	}

	get SMBus(): SMBusConstructor {
		return this.bus.SMBus;
	}

	/** How many peripherals the present start of the board has open. */
	get open(): number {
		return this.bus.open;
	}

	/** The firmware that had peripherals open is gone. */
	forgetOpen(): void {
		this.bus.release();
	}

	/** What it measures now, and what the board has to say therefore. */
	get environment(): Environment {
		return this.frozen ?? this.truth();
	}

	/** Power comes back: the chip begins anew. */
	restart(): void {
		if (this.bus.has(address)) this.plugIn(false);
	}

	begin(fault: SensorFault): void {
		switch (fault) {
			case "unplugged":
				this.bus.detach(address);
				break;
			case "frozen":
				this.frozen = this.truth();
				break;
			case "stuck":
				this.bus.attach(address, new StuckChip());
				break;
			case "garbled":
				this.bus.attach(address, garbled);
				break;
			case "swapped":
				this.plugIn();
				break;
		}
	}

	end(fault: SensorFault): void {
		if (fault === "frozen") this.frozen = undefined;
		else if (fault !== "swapped") this.plugIn(false);
	}

	/** Another one of its kind, or the same again. */
	private plugIn(another = true): void {
		if (another) this.chips++;
		const calibration = calibrations[(this.chips - 1) % calibrations.length];
		this.bus.attach(
			address,
			new BME280Chip({
				ticks: this.ticks,
				environment: () => this.environment,
				...(calibration === undefined ? {} : { calibration }),
			}),
		);
	}
}

/** It says who it is, and that it is still measuring. */
class StuckChip implements Chip {
	private pointer = 0;

	write(bytes: Bytes): void {
		this.pointer = bytes[0] ?? 0;
	}

	read(into: Bytes): void {
		into.fill(this.pointer === 0xd0 ? 0x60 : 0x08);
	}
}

/** Nobody pulls the data line down but for the acknowledge. */
const garbled: Chip = {
	write: () => {},
	read: (into) => into.fill(0xff),
};
