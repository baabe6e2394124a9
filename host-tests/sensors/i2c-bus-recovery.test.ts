import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { VirtualTime } from "../../simulator/virtual-time";
import { type OpenDrainLine, recoverBus, recoverBusPins } from "../../src/sensors/pipeline/i2c-bus-recovery";

/** Two lines with pull-ups, and a chip that was interrupted while sending. */
class InterruptedChip {
	readonly log: string[] = [];
	/** The bits that it still sends; after each byte it waits for an acknowledge. */
	private readonly bits: (0 | 1 | "acknowledge")[];
	private pulled = { data: false, clock: false };
	private clock = true;
	private data: boolean;
	shorted: "data" | "clock" | undefined;

	constructor(bits: (0 | 1 | "acknowledge")[]) {
		this.bits = bits;
		this.data = this.high("data");
	}

	line(which: "data" | "clock"): OpenDrainLine {
		return {
			pullLow: () => this.set(which, true),
			release: () => this.set(which, false),
			isHigh: () => this.high(which),
			close: () => {},
		};
	}

	high(which: "data" | "clock"): boolean {
		if (this.pulled[which] || this.shorted === which) return false;
		return which === "clock" || this.bits[0] !== 0;
	}

	get pulses(): number {
		return this.log.filter((event) => event === "pulse").length;
	}

	private set(which: "data" | "clock", pulled: boolean): void {
		this.pulled[which] = pulled;
		const clock = this.high("clock");
		const data = this.high("data");
		if (clock && this.clock && data !== this.data) {
			this.log.push(data ? "stop" : "start");
			// Resets its bus logic.
			this.bits.length = 0;
		}
		if (clock && !this.clock) this.log.push("pulse");
		if (!clock && this.clock) this.fall();
		this.clock = clock;
		this.data = this.high("data");
	}

	/** At the falling edge of the clock it sends the next bit; without an acknowledge, a byte is its last. */
	private fall(): void {
		if (this.bits.shift() === "acknowledge") this.bits.length = 0;
	}
}

describe("a bus on which a chip waits for the clock in the middle of a byte", () => {
	test("is recovered with up to nine pulses and a stop, wherever the chip was interrupted and whatever it sends", () => {
		const bits = fc.array(fc.constantFrom<0 | 1>(0, 1), { minLength: 0, maxLength: 7 });
		fc.assert(
			fc.property(
				bits,
				fc.array(fc.constantFrom<0 | 1>(0, 1), { minLength: 8, maxLength: 8 }),
				(left, next) => {
					const chip = new InterruptedChip([0, ...left, "acknowledge", ...next]);
					expect(recoverBus(chip.line("data"), chip.line("clock"))).toBe("recovered");
					expect(chip.pulses).toBeLessThanOrEqual(9);
					expect(chip.log.slice(-2)).toEqual(["start", "stop"]);
					expect(chip.high("data") && chip.high("clock")).toBe(true);
				},
			),
		);
	});

	test("gets pulses up to the acknowledge, if the chip sends only zeros", () => {
		const chip = new InterruptedChip([0, 0, 0, 0, 0, 0, 0, 0, "acknowledge"]);
		expect(recoverBus(chip.line("data"), chip.line("clock"))).toBe("recovered");
		expect(chip.pulses).toBe(8);
	});
});

test("an idle bus is left alone", () => {
	const chip = new InterruptedChip([]);
	expect(recoverBus(chip.line("data"), chip.line("clock"))).toBe("idle");
	expect(chip.log).toEqual([]);
});

test.each([
	["data", "data held"],
	["clock", "clock held"],
] as const)("a shorted %s line is reported", (which, expected) => {
	const chip = new InterruptedChip([]);
	chip.shorted = which;
	expect(recoverBus(chip.line("data"), chip.line("clock"))).toBe(expected);
	expect(chip.pulses).toBe(which === "data" ? 9 : 0);
});

describe("at the pins of a board", () => {
	function wired() {
		const time = new VirtualTime();
		const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
		const bus = new SimulatedI2CBus();
		pins.wireBus({ bus, data: 21, clock: 22 });
		return { pins, bus, Digital: pins.provider().Digital };
	}
	const at = { data: 21, clock: 22 };

	test("a held bus is recovered, and the pins are released", () => {
		const { bus, Digital } = wired();
		bus.holdLow();
		expect(recoverBusPins(Digital, at)).toBe("recovered");
		expect(bus.isHeld).toBe(false);
		expect(recoverBusPins(Digital, at)).toBe("idle");
	});

	test("a bus that is in use is not touched", () => {
		const { bus, Digital } = wired();
		bus.holdLow();
		const chip = new bus.SMBus({ ...at, hz: 100_000, address: 0x76 });
		expect(recoverBusPins(Digital, at)).toEqual({ unusable: "in use" });
		expect(bus.isHeld).toBe(true);
		chip.close();
		expect(recoverBusPins(Digital, at)).toBe("recovered");
	});

	test("a line is never driven high", () => {
		const { bus, pins, Digital } = wired();
		const written: (0 | 1)[] = [];
		pins.onWrite = (_, level) => written.push(level);
		bus.holdLow();
		recoverBusPins(Digital, at);
		expect(new Set(written)).toEqual(new Set([0]));
	});
});
