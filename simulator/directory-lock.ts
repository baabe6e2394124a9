import { createHash, randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { errorMessage } from "../src/common/error-message";

/** The process that has a lock, as it is in the file. */
interface Owner {
	readonly pid: number;
	/** Start time of the process as the system reports it, because a pid is used again; `null`: unknown. */
	readonly startedAt: string | null;
	/** A pid says nothing on another computer, or in another container. */
	readonly host: string;
}

/** How often, and with what pause, to wait for a process that replaces the lock of a dead one. */
const takeoverAttempts = 200;
const takeoverPauseMs = 5;

/**
 * Locks a directory for this process, so that two boards never write to one flash. The lock of a dead process is ignored. A
 * problem is a sentence that says what to do; `advice`: if the directory cannot be written to. `isInUse`: another process has
 * the lock.
 */
export function lockDirectory(
	directory: string,
	advice = "make that folder writable",
): { release(): void } | { readonly problem: string; readonly isInUse: boolean } {
	try {
		return lock(directory);
	} catch (error) {
		const problem = `State cannot be kept in ${directory} (${errorMessage(error)}): ${advice}.`;
		return { problem, isInUse: false };
	}
}

function lock(directory: string): ReturnType<typeof lockDirectory> {
	makeDirectory(directory);
	const file = join(directory, "lock");
	const id = randomBytes(8).toString("hex");
	const self: Owner = { pid: process.pid, startedAt: startTime(process.pid), host: hostname() };
	const text = JSON.stringify({ ...self, id });
	// A link of a whole file: the lock never exists without its owner.
	const own = join(directory, `lock.${process.pid}-${id}`);
	writeFileSync(own, text, { flag: "wx" });
	try {
		const owner = acquire(file, own);
		if (owner !== undefined) return { problem: describeOwner(owner, file, directory), isInUse: true };
	} finally {
		rmSync(own, { force: true });
	}
	return {
		release: () => {
			if (read(file) === text) rmSync(file);
		},
	};
}

/** Makes `own` the lock as well; returns the owner if another process has it. */
function acquire(file: string, own: string): Owner | undefined {
	for (let attempt = 0; ; attempt++) {
		if (link(own, file)) return undefined;
		const text = read(file);
		if (text === undefined) continue;
		const owner = parseOwner(text);
		if (owner !== undefined && isAlive(owner)) return owner;
		// Two processes could find the same dead owner, and the second would remove the lock of the first. So only the one
		// that has this second lock, which is named after the dead lock, may replace that.
		const takeover = `${file}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
		const rival = acquire(takeover, own);
		if (rival !== undefined) {
			if (attempt >= takeoverAttempts) return rival;
			pause(takeoverPauseMs);
		} else if (read(file) === text) {
			renameSync(takeover, file);
			return undefined;
		} else rmSync(takeover);
	}
}

function describeOwner({ pid, host }: Owner, file: string, directory: string): string {
	const process_ = `process ${pid}${host === hostname() ? "" : ` on ${host}`}`;
	return `Another simulator (${process_}) uses ${directory}. Stop it first, or remove ${file} if that process is no simulator.`;
}

function link(from: string, to: string): boolean {
	try {
		linkSync(from, to);
		return true;
	} catch (error) {
		if (codeOf(error) === "EEXIST") return false;
		throw error;
	}
}

/** `undefined`: there is no such file, or no longer. */
function read(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		if (codeOf(error) === "ENOENT") return undefined;
		throw error;
	}
}

/** Versions up to 0.2.0 wrote only the pid. */
function parseOwner(text: string): Owner | undefined {
	let value: Partial<Owner> | number | null;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	if (typeof value === "number") value = { pid: value };
	const { pid = 0, startedAt = null, host = hostname() } = value ?? {};
	return Number.isInteger(pid) && pid > 0 ? { pid, startedAt, host } : undefined;
}

/** Also where that cannot be known. */
function isAlive({ pid, startedAt, host }: Owner): boolean {
	if (host !== hostname()) return true;
	try {
		// Signal 0 tests whether the process exists.
		process.kill(pid, 0);
	} catch (error) {
		if (codeOf(error) !== "EPERM") return false;
	}
	const runningSince = startTime(pid);
	return startedAt === null || runningSince === null || runningSince === startedAt;
}

/** Ticks from the system's start to that of the process; `null` where there is no /proc. */
function startTime(pid: number): string | null {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		// Field 22; the second is the program's name, in parentheses, with any characters.
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
	} catch {
		return null;
	}
}

function pause(milliseconds: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}
