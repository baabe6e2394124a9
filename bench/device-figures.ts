import { XsEngine } from "./xs-engine";

/** Computrons of the whole app on a bare board, by what it does. */
export interface DeviceFigures {
	/** From a power cut to the first reading stored. */
	readonly start: number;
	/** A wake on battery that stores a reading and sends none; the mean of an hour of one a minute. */
	readonly wake: WakeFigures;
	/** The wake of that hour that sends its 60 readings, TLS left out. */
	readonly uploadWake: number;
	/** Of it: the network, the time server, and the request. */
	readonly upload: number;
	/** On battery, a reading a minute, with the upload. */
	readonly batteryHour: number;
	/** The same on mains. */
	readonly mainsHour: number;
}

export interface WakeFigures {
	/** Storage mounted, settings checked, parts made. */
	readonly make: number;
	/** Sensors found and started. */
	readonly detect: number;
	/** Sensors read, the reading stored, the state saved. */
	readonly store: number;
}

/** More timers than any phase has. */
const maxSteps = 20_000;

/** A board that runs on the engine, one timer after the other. */
class MeasuredBoard {
	private readonly engine: XsEngine;
	private idle = 0;

	constructor(engine: XsEngine) {
		this.engine = engine;
	}

	async setUp(power: "Battery" | "Mains"): Promise<void> {
		await this.engine.run(`work.setUp${power}(1)`);
		this.idle = (await this.engine.run("work.nothing()")).compute;
	}

	async call(name: "boot" | "wake" | "start" | "next"): Promise<number> {
		return (await this.engine.run(`work.${name}()`)).compute - this.idle;
	}

	/** The work of each timer until the condition is true. */
	async runUntil(condition: string): Promise<readonly number[]> {
		const steps: number[] = [];
		while (!(await this.engine.isTrue(condition))) {
			if (steps.length === maxSteps) throw new Error(`never: ${condition}`);
			steps.push(await this.call("next"));
		}
		return steps;
	}
}

export async function measureDevice(): Promise<DeviceFigures> {
	return { ...(await measureBattery()), mainsHour: await measureMains() };
}

async function measureBattery(): Promise<Omit<DeviceFigures, "mainsHour">> {
	const engine = await XsEngine.start("bench/xs-device.ts");
	try {
		const board = new MeasuredBoard(engine);
		await board.setUp("Battery");
		const made = (await board.call("boot")) + (await board.call("start"));
		const start = made + sum(await board.runUntil("state.pending() === 1"));
		await board.runUntil("state.isAsleep()");
		let batteryHour = 0;
		let make = 0;
		let detect = 0;
		let store = 0;
		let uploadWake = 0;
		let upload = 0;
		const wakes = 60;
		for (let wake = 1; wake <= wakes; wake++) {
			const parts = (await board.call("wake")) + (await board.call("start"));
			const first = await board.call("next");
			const rest = await board.runUntil("state.isAsleep()");
			const whole = parts + first + sum(rest);
			batteryHour += whole;
			if (await engine.isTrue("state.pending() === 0")) {
				uploadWake = whole;
				upload = sum(rest.slice(2));
			} else {
				make += parts;
				detect += first;
				store += sum(rest);
			}
		}
		if (uploadWake === 0) throw new Error("nothing was sent in an hour");
		const quiet = wakes - 1;
		const wake = { make: make / quiet, detect: detect / quiet, store: store / quiet };
		return { start, wake, uploadWake, upload, batteryHour };
	} finally {
		engine.stop();
	}
}

/** The second hour. */
async function measureMains(): Promise<number> {
	const engine = await XsEngine.start("bench/xs-device.ts");
	try {
		const board = new MeasuredBoard(engine);
		await board.setUp("Mains");
		await board.call("boot");
		await board.call("start");
		await board.runUntil("state.ticks() >= 3_600_000");
		return sum(await board.runUntil("state.ticks() >= 7_200_000"));
	} finally {
		engine.stop();
	}
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((total, each) => total + each, 0);
}
