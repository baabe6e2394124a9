import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../boards/node/files";
import { PacedTime } from "../boards/node/time";

/** Milliseconds of life between two saves. */
const saveIntervalMs = 1_000;

/**
 * The time of day in a world that may run faster than life. It starts at the computer's time, but never goes back
 * behind what was told in an earlier start: a board that lived through a week in a minute would rightly not believe
 * that it is yesterday again.
 */
export class WorldClock {
	readonly time: PacedTime;
	/** At tick 0, milliseconds of Unix time. */
	readonly startedAt: number;
	private readonly file: string;
	private readonly speed: number;
	private readonly saving: NodeJS.Timeout;

	/** What was told is kept in `directory`. */
	constructor(directory: string, speed: number) {
		mkdirSync(directory, { recursive: true });
		this.file = join(directory, "time");
		this.speed = speed;
		this.time = new PacedTime(speed);
		const told = existsSync(this.file) ? Number(readFileSync(this.file, "utf8")) : 0;
		this.startedAt = Math.max(Date.now(), told || 0) - this.time.ticks();
		this.saveAhead();
		this.saving = setInterval(() => this.saveAhead(), saveIntervalMs);
	}

	/** Milliseconds of Unix time. */
	now(): number {
		return this.startedAt + this.time.ticks();
	}

	close(): void {
		clearInterval(this.saving);
		this.time.close();
		this.save(this.now());
	}

	/** A time that will not be reached before the next save, should there be none. */
	private saveAhead(): void {
		this.save(this.now() + 2 * saveIntervalMs * this.speed);
	}

	private save(time: number): void {
		writeDurably(this.file, Buffer.from(String(Math.ceil(time))));
	}
}
