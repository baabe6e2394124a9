import type { Time } from "../src/boards/board";
import type { I2CBus } from "../src/boards/ecma419";
import { SimulatedBus } from "./bus";
import { BME280Chip } from "./chips/bme280";
import { weatherAt } from "./weather/weather";

/**
 * The I2C bus of a simulated board: a BME280 at 0x76, out in the weather. `startedAt`: the weather's time
 * (milliseconds) at the board's tick 0.
 */
export function weatherStation(time: Time, startedAt: number): I2CBus {
	const bus = new SimulatedBus();
	const environment = (ticks: number) => weatherAt(startedAt + ticks);
	bus.attach(0x76, new BME280Chip({ ticks: () => time.ticks(), environment }));
	return { io: bus.SMBus, data: 21, clock: 22, hz: 100_000 };
}
