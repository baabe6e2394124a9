import { I2CDevice, type I2CDeviceOptions } from "./i2c-device";

/**
 * A driver after the Sensor Class Pattern (ECMA-419, section 13) of a chip that measures when it is told to. The
 * pattern has `configure`, `sample` and `close`; `start` and `proceed` are how a driver waits without blocking.
 */
export abstract class ChipDriver<Sample> {
	protected readonly chip: I2CDevice;

	/**
	 * `kind`: the chip's name. `setUp` brings the chip to the state that the driver begins with. Throws a `SensorError`
	 * when the bus cannot be used, and what `setUp` throws.
	 */
	constructor(kind: string, options: I2CDeviceOptions, setUp?: (chip: I2CDevice) => void) {
		const chip = new I2CDevice(kind, options);
		this.chip = chip;
		if (setUp !== undefined) chip.closeOnError(() => setUp(chip));
	}

	/** For logs, with its address: `BH1750 at 0x23`. */
	get name(): string {
		return this.chip.name;
	}

	/** Most chips have nothing to choose. */
	configure(_options: object): void {}

	/**
	 * Starts a measurement; returns the milliseconds after which {@link sample} has it for certain, or {@link proceed} is
	 * to be called. Throws a `SensorError`.
	 */
	abstract start(): number;

	/**
	 * Takes the next step of a measurement that has several; returns the milliseconds to wait before the next call, 0
	 * when there is no more to do. Throws a `SensorError`.
	 */
	proceed(): number {
		return 0;
	}

	/**
	 * What was started last, once; `undefined` while it is under way, and when none was started. Throws a `SensorError`.
	 */
	abstract sample(): Sample | undefined;

	/** May be called twice. */
	close(): void {
		this.chip.close();
	}
}
