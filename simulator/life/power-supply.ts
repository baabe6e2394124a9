import type { ResetReason } from "../../src/boards/reset-reason";
import type { VirtualTime } from "../virtual-time";
import type { ActiveFaults } from "./active-faults";
import type { PowerLoss } from "./powered-storage";
import type { SimulatedDevice } from "./simulated-device";

/** Milliseconds from power-on to the firmware's first line. */
const bootDelayMs = 300;

/** Switches a board's power. */
export class PowerSupply {
	private readonly time: VirtualTime;
	private readonly activeFaults: ActiveFaults;
	private readonly device: SimulatedDevice;
	private ended = false;

	constructor(time: VirtualTime, activeFaults: ActiveFaults, device: SimulatedDevice) {
		this.time = time;
		this.activeFaults = activeFaults;
		this.device = device;
	}

	/** Starts the board, after an outage if there is one. */
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

	/** Restarts the board; without power, when it returns. */
	restart(): void {
		if (!this.device.restart()) this.device.cut();
	}

	/** Switches power off permanently. */
	end(): void {
		this.ended = true;
		this.device.cut();
	}

	/** Power is off. Restarts the board when the cause is over. */
	onPowerLost(why: PowerLoss): void {
		if (why === "sleep") return;
		if (why !== "cut") {
			this.time.set(() => this.boot(why === "crash" ? "panic" : "restart"), bootDelayMs);
			return;
		}
		const brownOut = this.activeFaults.first("brown-out");
		if (brownOut === undefined) {
			const out = this.activeFaults.all("power").map(({ to }) => to - this.time.ticks());
			this.time.set(() => this.boot("power-on"), Math.max(0, ...out) + bootDelayMs);
			return;
		}
		this.time.set(() => this.boot("brown-out"), bootDelayMs);
		this.time.set(() => {
			if (this.activeFaults.first("brown-out") === brownOut) this.cut();
		}, bootDelayMs + brownOut.each);
	}
}
