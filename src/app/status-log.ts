import type { Board, Timer } from "../boards/board";
import type { SamplingLoop } from "./sampling-loop";
import { formatStatus, type Status } from "./status";

const intervalMs = 3_600_000;

export interface StatusLogOptions {
	readonly board: Pick<Board, "time" | "log" | "restart">;
	readonly sampling: Pick<SamplingLoop, "isStalled">;
	/** Of the moment. */
	readonly status: Status;
}

/** Logs the status every hour; restarts the board instead if sampling is stalled. */
export class StatusLog {
	private readonly options: StatusLogOptions;
	private timer: Timer | undefined;

	constructor(options: StatusLogOptions) {
		this.options = options;
	}

	start(): void {
		const { board, sampling } = this.options;
		this.timer = board.time.set(() => {
			if (sampling.isStalled) {
				board.log("sampling is stalled: restarting");
				board.restart();
				return;
			}
			board.log(formatStatus(this.options.status));
			this.start();
		}, intervalMs);
	}

	stop(): void {
		this.options.board.time.clear(this.timer);
	}
}
