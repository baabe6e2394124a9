import { join } from "node:path";
import { makeDirectory, writeDurably } from "../boards/node/files";
import { PacedTime } from "../boards/node/time";
import { readStateFile, StateFileError } from "./state-file";

/** Between two saves, milliseconds of simulated time. */
const saveIntervalMs = 1_000;

/**
 * The time of day in a world that can run faster than real time. It starts at the computer's time, but never before a time
 * of an earlier run: a board that has run through a week in a minute would reject a clock that goes back.
 */
export class WorldClock {
	readonly time: PacedTime;
	/** At tick 0, milliseconds of Unix time. */
	readonly startedAt: number;
	private readonly file: string;
	private readonly speed: number;
	private readonly saving: NodeJS.Timeout;

	/** Saves the time in `directory`. */
	constructor(directory: string, speed: number) {
		makeDirectory(directory);
		this.file = join(directory, "time");
		this.speed = speed;
		this.time = new PacedTime(speed);
		this.startedAt = Math.max(Date.now(), WorldClock.savedTime(directory)) - this.time.ticks();
		this.saveAhead();
		this.saving = setInterval(() => this.saveAhead(), saveIntervalMs);
	}

	/** The time that a board in `directory` has reached, milliseconds of Unix time; 0 for a new one. */
	static savedTime(directory: string): number {
		const file = join(directory, "time");
		// It is empty after a crash in the middle of a save.
		const time = Number(readStateFile(file) ?? "");
		if (Number.isNaN(time)) throw new StateFileError(file, "is not a time");
		return time;
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

	/** Saves a time that is not reached before the next save, in case the process is killed. */
	private saveAhead(): void {
		this.save(this.now() + 2 * saveIntervalMs * this.speed);
	}

	private save(time: number): void {
		writeDurably(this.file, Buffer.from(String(Math.ceil(time))));
	}
}
