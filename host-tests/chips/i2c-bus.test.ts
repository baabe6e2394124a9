import { expect, test } from "vitest";
import { BusHeldError, NotAcknowledgedError, SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { VirtualTime } from "../../simulator/virtual-time";
import type { I2COptions } from "../../src/boards/ecma419";

const options = (address: number): I2COptions => ({ data: 21, clock: 22, hz: 100_000, address });
const echo = { write: () => {}, read: (into: Uint8Array) => void into.fill(0x5a) };

test("a bus that is held low accepts no transfer until nine clock pulses", () => {
	const bus = new SimulatedI2CBus();
	bus.attach(0x10, echo);
	bus.attach(0x11, echo);
	const [first, second] = [new bus.SMBus(options(0x10)), new bus.SMBus(options(0x11))];
	expect(first.readUint8(0)).toBe(0x5a);
	bus.holdLow();
	expect(bus.isHeld).toBe(true);
	for (let pulse = 0; pulse < 9; pulse++) {
		expect(() => first.readUint8(0)).toThrow(BusHeldError);
		expect(() => second.write(Uint8Array.of(1))).toThrow(BusHeldError);
		expect(bus.isHeld).toBe(true);
		bus.clockPulse();
	}
	expect(bus.isHeld).toBe(false);
	expect(first.readUint8(0)).toBe(0x5a);
	bus.clockPulse();
	expect(second.readUint8(0)).toBe(0x5a);
});

test("it allows one object per address, like the SDK's, until it is closed or the firmware restarts", () => {
	const bus = new SimulatedI2CBus();
	const first = new bus.SMBus(options(0x10));
	new bus.SMBus(options(0x11));
	expect(() => new bus.SMBus(options(0x10))).toThrow("duplicate address");
	first.close();
	first.close();
	const second = new bus.SMBus(options(0x10));
	expect(() => new bus.SMBus(options(0x10))).toThrow("duplicate address");
	bus.closeAll();
	expect(bus.inUse).toBe(false);
	new bus.SMBus(options(0x10));
	second.close();
	expect(() => new bus.SMBus(options(0x10))).toThrow("duplicate address");
});

test("it cannot be used while one of its pins is open, and its pins cannot be opened while it is used", () => {
	const time = new VirtualTime();
	const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
	const bus = new SimulatedI2CBus();
	pins.wireBus({ bus, data: 21, clock: 22 });
	const { Digital } = pins.provider();
	const light = new Digital({ pin: 22, mode: Digital.Output });
	expect(() => new bus.SMBus(options(0x10))).toThrow("in use");
	light.close();
	new bus.SMBus(options(0x10));
	expect(() => new Digital({ pin: 21, mode: Digital.Input })).toThrow("in use");
});

test("an address without a chip does not acknowledge", () => {
	const bus = new SimulatedI2CBus();
	const absent = new bus.SMBus(options(0x10));
	expect(() => absent.readUint8(0)).toThrow(NotAcknowledgedError);
	expect(() => absent.readUint8(0)).toThrow("no acknowledge from the address");
});
