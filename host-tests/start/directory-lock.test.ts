import { spawn } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockDirectory } from "../../simulator/directory-lock";
import { bundleProgram } from "../../simulator/program-bundle";

const bundle = await bundleProgram("host-tests/start/lock-contender.ts");
afterAll(bundle.remove);

/** Above the largest pid of any system. */
const deadPid = 2 ** 30;

let parent: string;
beforeEach(() => {
	parent = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** The lock of this process; throws the problem otherwise. */
function lock(directory: string): { release(): void } {
	const held = lockDirectory(directory);
	if ("problem" in held) throw new Error(held.problem);
	return held;
}

class Contender {
	private readonly child = spawn(process.execPath, [bundle.path], { stdio: ["pipe", "pipe", "inherit"] });
	private readonly lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();

	async ask(...words: readonly (string | number)[]): Promise<string> {
		this.child.stdin.write(`${words.join("\t")}\n`);
		const { value } = await this.lines.next();
		return String(value);
	}

	end(): void {
		this.child.kill();
	}
}

describe("of processes that lock one directory at the same moment", () => {
	test.each<[what: string, prepare: (directory: string) => void]>([
		["a new one", () => {}],
		[
			"one with the lock of a dead process",
			(directory) => {
				mkdirSync(directory);
				writeFileSync(join(directory, "lock"), String(deadPid));
			},
		],
	])("exactly one gets %s, and the others name it", async (_, prepare) => {
		const contenders = Array.from({ length: 4 }, () => new Contender());
		try {
			for (let round = 0; round < 250; round++) {
				const directory = join(parent, `round-${round}`);
				prepare(directory);
				const at = Date.now() + 5;
				const outcomes = await Promise.all(contenders.map((one) => one.ask("lock", directory, at)));
				const problems = outcomes.filter((outcome) => outcome !== "locked");
				expect(problems, `round ${round}`).toHaveLength(contenders.length - 1);
				const { pid } = JSON.parse(readFileSync(join(directory, "lock"), "utf8"));
				for (const problem of problems)
					expect(problem).toContain(`Another simulator (process ${pid}) uses ${directory}. Stop it first, `);
				await Promise.all(contenders.map((one) => one.ask("release")));
				expect(readdirSync(directory)).toEqual([]);
			}
		} finally {
			for (const one of contenders) one.end();
		}
	});
});

test("a lock is released only by its owner", () => {
	const held = lock(parent);
	writeFileSync(join(parent, "lock"), "another's");
	held.release();
	expect(readFileSync(join(parent, "lock"), "utf8")).toBe("another's");
	rmSync(join(parent, "lock"));
	held.release();
});

describe("the lock of", () => {
	const file = () => join(parent, "lock");
	const own = () => {
		const { release } = lock(parent);
		const owner = JSON.parse(readFileSync(file(), "utf8"));
		release();
		return owner;
	};

	test("a running process is kept, and the problem names the file to remove", () => {
		lock(parent);
		expect(() => lock(parent)).toThrow(
			`Another simulator (process ${process.pid}) uses ${parent}. Stop it first, or remove ${file()} if that process is no simulator.`,
		);
	});

	test("a running process is kept if an earlier version wrote it", () => {
		writeFileSync(file(), String(process.pid));
		expect(() => lock(parent)).toThrow(`remove ${file()}`);
	});

	test.skipIf(!existsSync("/proc/self/stat"))("a dead process whose pid is in use again is ignored", () => {
		writeFileSync(file(), JSON.stringify({ ...own(), startedAt: "1" }));
		lock(parent).release();
	});

	test("a process on another computer is kept", () => {
		writeFileSync(file(), JSON.stringify({ ...own(), pid: deadPid, host: "elsewhere" }));
		expect(() => lock(parent)).toThrow(`(process ${deadPid} on elsewhere)`);
	});

	test.each(["", "null", "[]", "{", '{"pid":-1}'])("no process, %j, is ignored", (text) => {
		writeFileSync(file(), text);
		lock(parent).release();
		expect(readdirSync(parent)).toEqual([]);
	});
});
