import { App } from "../src/app/app";
import type { Timer } from "../src/boards/board";
import type { ResetReason } from "../src/boards/reset-reason";
import type { Settings } from "../src/settings/settings";
import { VirtualSleepMemory } from "./hardware/sleep-memory";
import type { VirtualBoard } from "./virtual-board";
import type { World } from "./world";

/** Runs the app on a virtual board through restarts and sleeps. */
export class BoardRunner {
	private readonly world: World;
	private readonly log: (line: string) => void;
	private app: App | undefined;
	/** Of this start. */
	board: VirtualBoard | undefined;
	private wakeTimer: Timer | undefined;
	private readonly sleepMemory = new VirtualSleepMemory();
	private stopped = false;
	/** The end of this start, once it has begun: stop, restart and sleep can come together. */
	private ending: Promise<void> | undefined;

	constructor(world: World, log: (line: string) => void) {
		this.world = world;
		this.log = log;
	}

	/** Saves settings as the setup page does, before the first start. */
	configure(settings: Partial<Settings>): void {
		this.world.board(this.log).configure(settings);
	}

	/** The port of the setup page while it is open. */
	get setupPort(): number | undefined {
		return this.app?.setupPort;
	}

	/** The port of the page on the home network while it is open. */
	get localPagePort(): number | undefined {
		return this.app?.localPagePort;
	}

	/** Requests setup from the running board. */
	openSetup(): void {
		this.app?.openSetup();
	}

	start(resetReason: ResetReason): VirtualBoard {
		const { time } = this.world;
		if (resetReason !== "deep sleep") this.sleepMemory.clear();
		const board = this.world.board(this.log, {
			resetReason,
			sleepMemory: this.sleepMemory,
			restart: () => this.stopThen(() => this.start("restart")),
			sleep: (milliseconds) =>
				this.stopThen(() => {
					this.wakeTimer = time.set(() => this.start("deep sleep"), milliseconds);
				}),
		});
		this.board = board;
		this.ending = undefined;
		this.app = new App(board);
		this.app.start();
		return board;
	}

	async stop(): Promise<void> {
		this.stopped = true;
		this.world.time.clear(this.wakeTimer);
		await this.end();
	}

	/** Ends this start, then continues with `next`; does nothing if it is ending already. */
	private stopThen(next: () => void): void {
		if (this.ending !== undefined) return;
		void this.end().then(() => {
			if (!this.stopped) next();
		});
	}

	private end(): Promise<void> {
		this.ending ??= this.app?.stop() ?? Promise.resolve();
		return this.ending;
	}
}
