import { spawn, spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeResolver } from "../../boards/node/resolver";
import { PacedTime } from "../../boards/node/time";
import { makeUDP } from "../../boards/node/udp";
import { freePort } from "../../simulator/free-port";
import { randomUniform } from "../../src/boards/random";
import { Clock } from "../../src/clock/clock";
import { NtpQuery } from "../../src/clock/ntp-client";
import { TimeSync } from "../../src/clock/time-sync";
import { MemoryKeyValue } from "../memory-key-value";
import { mainsBoard } from "./mains-board";

/** Debian puts it where an ordinary user's PATH does not look. */
const candidates = ["/usr/sbin/chronyd", "/usr/local/sbin/chronyd", "/usr/bin/chronyd"];
const chronyd = candidates.find(existsSync) ?? "chronyd";
const unusable = whyUnusable();
if (unusable !== undefined) console.warn(`chrony.test.ts is skipped: ${unusable}`);

/** Besides not being there, it may be forbidden to read what is not in /etc/chrony (AppArmor). */
function whyUnusable(): string | undefined {
	const directory = mkdtempSync(join(tmpdir(), "chrony-"));
	const configuration = join(directory, "chrony.conf");
	writeFileSync(configuration, "local stratum 8\n");
	const { error, status, stderr } = spawnSync(chronyd, ["-p", "-f", configuration]);
	rmSync(directory, { recursive: true });
	if (error !== undefined) return "chronyd is not installed (apt install chrony)";
	return status === 0 ? undefined : `chronyd cannot be used: ${stderr}`;
}

const random = () => randomUniform({ fillRandom: (bytes) => randomFillSync(bytes) });
const minUtc = Date.now() - 86_400_000;
const network = { UDP: makeUDP(), resolver: makeResolver() };

/** A chronyd on a loopback port that serves this computer's clock and leaves it alone. */
class Chrony {
	readonly port: number;
	private readonly directory: string;
	private readonly process: ReturnType<typeof spawn>;

	private constructor(port: number, directory: string, process: ReturnType<typeof spawn>) {
		this.port = port;
		this.directory = directory;
		this.process = process;
	}

	static async start(options: readonly string[]): Promise<Chrony> {
		const port = await freePort("udp");
		const directory = mkdtempSync(join(tmpdir(), "chrony-"));
		const configuration = join(directory, "chrony.conf");
		const lines = [
			`port ${port}`,
			"bindaddress 127.0.0.1",
			"allow 127.0.0.1",
			// No remote control, over UDP or a socket in the file system.
			"cmdport 0",
			"bindcmdaddress /",
			`pidfile ${join(directory, "chronyd.pid")}`,
			...options,
		];
		writeFileSync(configuration, `${lines.join("\n")}\n`);
		// -x: never touches the clock. -U: need not be root. -d: stays in the foreground.
		const flags = ["-4", "-x", "-U", "-d", "-u", userInfo().username, "-f", configuration];
		return new Chrony(port, directory, spawn(chronyd, flags, { stdio: "ignore" }));
	}

	async stop(): Promise<void> {
		if (this.process.exitCode === null && this.process.kill()) await once(this.process, "exit");
		rmSync(this.directory, { recursive: true, force: true });
	}
}

describe.skipIf(unusable !== undefined)("against chrony, a real NTP server", () => {
	let synchronized: Chrony;
	let lost: Chrony;
	beforeAll(async () => {
		synchronized = await Chrony.start(["local stratum 8"]);
		lost = await Chrony.start([]);
	});
	afterAll(() => Promise.all([synchronized?.stop(), lost?.stop()]));

	const ask = (time: PacedTime, port: number) =>
		new NtpQuery({ network, time, server: `127.0.0.1:${port}`, minUtc, random, isBlocked: () => false })
			.result;

	/** Asks until the server, which has just been started, answers at all. */
	async function firstAnswer(time: PacedTime, port: number) {
		for (let tries = 0; tries < 5; tries++) {
			const result = await ask(time, port);
			if (result.kind === "time" || !result.reason.includes("did not answer")) return result;
		}
		throw new Error("chronyd does not answer");
	}

	// The response has 2 s of real time, which a busy computer may not give chronyd.
	test("its time is this computer's, to a few milliseconds", { retry: 5 }, async () => {
		const time = new PacedTime(1);
		const result = await firstAnswer(time, synchronized.port);
		if (result.kind !== "time") throw new Error(result.reason);
		const { utc, ticks, roundTripMs } = result.measurement;
		const now = Date.now() - (time.ticks() - ticks);
		expect(Math.abs(utc - now)).toBeLessThan(roundTripMs / 2 + 5);
		time.close();
	});

	// The response has 2 s of real time, which a busy computer may not give chronyd.
	test("the time of an unsynchronized server is not accepted", { retry: 5 }, async () => {
		const time = new PacedTime(1);
		const result = await firstAnswer(time, lost.port);
		expect(result).toMatchObject({
			kind: "failure",
			reason: "its response is unusable: the server's clock is not synchronized",
		});
		time.close();
	});

	test("a board is set by it, past a server that has no time", async () => {
		const time = new PacedTime(1);
		const lines: string[] = [];
		const log = (line: string) => lines.push(line);
		const clock = new Clock({ ...mainsBoard, time, boot: 1, storage: new MemoryKeyValue(), log });
		const early = clock.sampleTime();
		const utc = await new Promise<number>((resolve) => {
			new TimeSync({
				network,
				time,
				clock,
				servers: [`127.0.0.1:${lost.port}`, `localhost:${synchronized.port}`],
				releasedAt: minUtc,
				random,
				log,
				owner: { onTimeServerFailed() {}, onSynchronized: resolve },
			}).start();
		});
		expect(Math.abs(utc - Date.now())).toBeLessThan(100);
		expect(clock.resolve(early)?.utc).toBeLessThan(utc);
		expect(lines[0]).toContain("not synchronized");
		time.close();
	});
});
