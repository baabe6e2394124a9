import type { WriteStream } from "node:tty";

const width = 30;
/** Between two updates, milliseconds. */
const redrawIntervalMs = 200;

/** A progress bar on a terminal; on other streams it prints nothing. */
export class ProgressBar {
	private readonly stream: WriteStream;
	private readonly total: number;
	private readonly label: (done: number) => string;
	private readonly startedAt = performance.now();
	private done = 0;
	private drawnAt = Number.NEGATIVE_INFINITY;

	/** `describe`: the text after the bar. */
	constructor(stream: WriteStream, whole: number, describe: (done: number) => string) {
		this.stream = stream;
		this.total = whole;
		this.label = describe;
	}

	advance(by: number): void {
		this.done = Math.min(this.total, this.done + by);
		const now = performance.now();
		if (!this.stream.isTTY || now - this.drawnAt < redrawIntervalMs) return;
		this.drawnAt = now;
		this.draw(now - this.startedAt);
	}

	/** Makes room for other output. */
	clear(): void {
		if (this.stream.isTTY) this.stream.write("\r\u001b[K");
	}

	private draw(passed: number): void {
		const part = this.done / this.total;
		const filled = Math.round(part * width);
		const bar = `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
		const left = part > 0.02 ? `, ${formatSeconds((passed / part) * (1 - part))} left` : "";
		this.stream.write(`\r\u001b[K${bar} ${this.label(this.done)}${left}`);
	}
}

/** `1 min 20 s` */
export function formatSeconds(milliseconds: number): string {
	const whole = Math.round(milliseconds / 1_000);
	return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
