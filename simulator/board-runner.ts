import { App } from "../src/app/app";
import type { Timer } from "../src/boards/board";
import type { ResetReason } from "../src/boards/reset-reason";
import type { Settings } from "../src/settings/settings";
import type { VirtualBoard } from "./virtual-board";
import type { World } from "./world";

/** The app on a virtual board, from one start to the next. */
export class BoardRunner {
	private readonly world: World;
	private readonly log: (line: string) => void;
	private app: App | undefined;
	private wakeTimer: Timer | undefined;
	private stopped = false;

	constructor(world: World, log: (line: string) => void) {
		this.world = world;
		this.log = log;
	}

	/** Keeps settings as the setup page would, before the first start. */
	configure(settings: Partial<Settings>): void {
		this.world.board(this.log).configure(settings);
	}

	/** Where the setup page is, while there is one. */
	get setupPort(): number | undefined {
		return this.app?.setupPort;
	}

	/** Somebody asks the running board for its setup page. */
	openSetup(): void {
		this.app?.openSetup();
	}

	start(resetReason: ResetReason): VirtualBoard {
		const { time } = this.world;
		const board = this.world.board(this.log, {
			resetReason,
			restart: () => this.stopThen(() => this.start("restart")),
			sleep: (milliseconds) =>
				this.stopThen(() => {
					this.wakeTimer = time.set(() => this.start("deep sleep"), milliseconds);
				}),
		});
		this.app = new App(board);
		this.app.start();
		return board;
	}

	async stop(): Promise<void> {
		this.stopped = true;
		this.world.time.clear(this.wakeTimer);
		await this.app?.stop();
	}

	/** What follows when this start has ended. */
	private stopThen(next: () => void): void {
		void this.app?.stop().then(() => {
			if (!this.stopped) next();
		});
	}
}
