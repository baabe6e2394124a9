import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Calls `use` with a new folder that only this user can open, and removes it afterwards: also when `use` fails, or
 * signals end the program. All files that this program and its tools create meanwhile are only the user's, too.
 */
export async function withPrivateFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
	const folder = mkdtempSync(join(tmpdir(), "dakkio-esp32-"));
	const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	const end = () => process.exit(1);
	const umask = process.umask(0o077);
	process.once("exit", remove);
	// Not once: a second signal must not end the removal.
	for (const signal of signals) process.on(signal, end);
	try {
		return await use(folder);
	} finally {
		remove();
		for (const signal of signals) process.removeListener(signal, end);
		process.removeListener("exit", remove);
		process.umask(umask);
	}
}
