import type { ResetReason } from "../../src/boards/reset-reason";
import type { VirtualTime } from "../virtual-time";
import type { ActiveFaults } from "./active-faults";
import type { PowerLoss } from "./powered-storage";
import type { SimulatedDevice } from "./simulated-device";

/** Milliseconds from power to the firmware's first line. */
const bootDelayMs = 300;

/** Brings power to a board, and takes it. */
export class PowerSupply {
	private readonly time: VirtualTime;
	private readonly activeFaults: ActiveFaults;
	private readonly device: SimulatedDevice;
	private ended = false;

	constructor(time: VirtualTime, conditions: ActiveFaults, machine: SimulatedDevice) {
		this.time = time;
		this.activeFaults = conditions;
		this.device = machine;
	}

	/** Power is there, if nothing has taken it. */
	boot(reason: ResetReason): void {
		if (this.ended) return;
		const until = Math.max(0, ...this.activeFaults.all("outage").map(({ to }) => to));
		if (until > this.time.ticks())
			this.time.set(() => this.boot(reason), until - this.time.ticks() + bootDelayMs);
		else this.device.boot(reason);
	}

	cut(): void {
		this.device.cut();
	}

	/** Somebody has the board start anew; without power it does when that is back. */
	restart(): void {
		if (!this.device.restart()) this.device.cut();
	}

	/** For ever. */
	end(): void {
		this.ended = true;
		this.device.cut();
	}

	/** Power has gone; it comes back when what took it is over. */
	onPowerLost(why: PowerLoss): void {
		if (why === "sleep") return;
		if (why === "restart") {
			this.time.set(() => this.boot("restart"), bootDelayMs);
			return;
		}
		const weak = this.activeFaults.first("brown-out");
		if (weak === undefined) {
			const out = this.activeFaults.all("power").map(({ to }) => to - this.time.ticks());
			this.time.set(() => this.boot("power-on"), Math.max(0, ...out) + bootDelayMs);
			return;
		}
		this.time.set(() => this.boot("brown-out"), bootDelayMs);
		this.time.set(() => {
			if (this.activeFaults.first("brown-out") === weak) this.cut();
		}, bootDelayMs + weak.each);
	}
}
