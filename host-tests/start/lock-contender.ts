import { createInterface } from "node:readline";
import { lockDirectory } from "../../simulator/directory-lock";

/** A process that locks a directory when it is asked to, at the same moment as others. */

let held: ReturnType<typeof lockDirectory> | undefined;

for await (const line of createInterface({ input: process.stdin })) {
	const [command, directory = "", at = "0"] = line.split("\t");
	if (command === "lock") {
		while (Date.now() < Number(at));
		held = lockDirectory(directory);
		process.stdout.write(`${"problem" in held ? held.problem : "locked"}\n`);
	} else {
		if (held !== undefined && "release" in held) held.release();
		process.stdout.write("released\n");
	}
}
