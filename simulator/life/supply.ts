import type { ResetReason } from "../../src/boards/reset";
import type { VirtualTime } from "../virtual-time";
import type { Conditions } from "./conditions";
import type { Machine } from "./machine";
import type { Loss } from "./power";

/** Milliseconds from power to the firmware's first line. */
const bootTime = 300;

/** Brings power to a board, and takes it. */
export class Supply {
	private readonly time: VirtualTime;
	private readonly conditions: Conditions;
	private readonly machine: Machine;
	private ended = false;

	constructor(time: VirtualTime, conditions: Conditions, machine: Machine) {
		this.time = time;
		this.conditions = conditions;
		this.machine = machine;
	}

	/** Power is there, if nothing has taken it. */
	boot(reason: ResetReason): void {
		if (this.ended) return;
		const until = Math.max(0, ...this.conditions.all("outage").map(({ to }) => to));
		if (until > this.time.ticks())
			this.time.set(() => this.boot(reason), until - this.time.ticks() + bootTime);
		else this.machine.boot(reason);
	}

	cut(): void {
		this.machine.cut();
	}

	/** Somebody has the board start anew; without power it does when that is back. */
	restart(): void {
		if (!this.machine.restart()) this.machine.cut();
	}

	/** For ever. */
	end(): void {
		this.ended = true;
		this.machine.cut();
	}

	/** Power has gone; it comes back when what took it is over. */
	lost(why: Loss): void {
		if (why === "sleep") return;
		if (why === "restart") {
			this.time.set(() => this.boot("restart"), bootTime);
			return;
		}
		const weak = this.conditions.of("brown-out");
		if (weak === undefined) {
			const out = this.conditions.all("power").map(({ to }) => to - this.time.ticks());
			this.time.set(() => this.boot("power-on"), Math.max(0, ...out) + bootTime);
			return;
		}
		this.time.set(() => this.boot("brown-out"), bootTime);
		this.time.set(() => {
			if (this.conditions.of("brown-out") === weak) this.cut();
		}, bootTime + weak.each);
	}
}
