import type { Time } from "../src/boards/board";
import type { I2CBus } from "../src/boards/ecma419";
import { SimulatedBus } from "./bus";
import { BME280Chip } from "./chips/bme280";
import { weatherAt } from "./weather/weather";

/** The I2C bus of a simulated board: a BME280 at 0x76, out in the weather. */
export function weatherStation(time: Time): I2CBus {
	const bus = new SimulatedBus();
	bus.attach(0x76, new BME280Chip({ ticks: () => time.ticks(), environment: weatherAt }));
	return { io: bus.SMBus, data: 21, clock: 22, hz: 100_000 };
}
