import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { errorMessage } from "../src/common/error-message";

/**
 * Locks a directory for this process, so that two boards never write to one flash. The lock of a dead process is ignored. A
 * problem is a sentence that says what to do.
 */
export function lockDirectory(directory: string): { release(): void } | { readonly problem: string } {
	try {
		return lock(directory);
	} catch (error) {
		const problem = `State cannot be kept in ${directory} (${errorMessage(error)})`;
		return { problem: `${problem}: name a folder that you can write to with --state.` };
	}
}

function lock(directory: string): ReturnType<typeof lockDirectory> {
	makeDirectory(directory);
	const file = join(directory, "lock");
	for (let attempt = 0; attempt < 2; attempt++) {
		try {
			const descriptor = openSync(file, "wx");
			writeSync(descriptor, String(process.pid));
			closeSync(descriptor);
			return { release: () => rmSync(file, { force: true }) };
		} catch (error) {
			if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
		}
		const ownerPid = Number(readFileSync(file, "utf8"));
		if (isAlive(ownerPid))
			return { problem: `Another simulator (process ${ownerPid}) uses ${directory}. Stop it first.` };
		rmSync(file, { force: true });
	}
	return { problem: `${file} cannot be created. Remove it if no other simulator is running.` };
}

function isAlive(process_: number): boolean {
	try {
		// Signal 0 tests whether the process exists.
		return Number.isInteger(process_) && process_ > 0 && process.kill(process_, 0);
	} catch (error) {
		return error instanceof Error && "code" in error && error.code === "EPERM";
	}
}
