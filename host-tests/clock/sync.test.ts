import { beforeEach, describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { Clock } from "../../src/clock/clock";
import { TimeSync } from "../../src/clock/time-sync";
import { MemoryKeyValue } from "../memory-key-value";
import { mainsBoard } from "./mains-board";
import { ScriptedNetwork, type ScriptedServer } from "./scripted-network";

const releasedAt = Date.UTC(2026, 10, 24);
const start = Date.UTC(2027, 0, 1);
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const [a, b, c] = ["192.0.2.1:123", "192.0.2.2:123", "192.0.2.3:123"] as const;

let time: VirtualTime;
let network: ScriptedNetwork;
let storage: MemoryKeyValue;
let lines: string[];
let synchronized: number[];

beforeEach(() => {
	time = new VirtualTime();
	network = new ScriptedNetwork(time);
	storage = new MemoryKeyValue();
	lines = [];
	synchronized = [];
});

/** A server whose clock is wrong by `error`. */
const honest =
	(error = 0): ScriptedServer =>
	({ respond }) => {
		const utc = start + time.ticks() + 5 + error;
		respond({ receive: utc, transmit: utc }, 10);
	};
const refusing =
	(reference: string): ScriptedServer =>
	({ respond }) =>
		respond({ stratum: 0, leap: 3, reference });

function makeSync(servers: readonly string[] = [a], boot = 1, onSynchronized = (_: number) => {}) {
	const log = (line: string) => lines.push(line);
	const clock = new Clock({ ...mainsBoard, time, boot, storage, log });
	const sync = new TimeSync({
		network,
		time,
		clock,
		servers,
		releasedAt,
		random: () => 0,
		log,
		owner: {
			onTimeServerFailed() {},
			onSynchronized: (utc) => {
				synchronized.push(utc);
				onSynchronized(utc);
			},
		},
	});
	return { clock, sync };
}

const askedAt = (peer?: string) =>
	network.queries.filter((each) => peer === undefined || each.peer === peer).map(({ ticks }) => ticks);
/** Ticks, to the nearest second. */
const seconds = (ticks: readonly number[]) => ticks.map((each) => Math.round(each / second));

describe("while servers answer", () => {
	test("servers are polled at once, after an hour, and then daily", async () => {
		network.servers.set(a, honest());
		const { clock, sync } = makeSync();
		sync.start();
		await time.advance(4 * day);
		expect(askedAt().map((ticks) => Math.round(ticks / hour))).toEqual([0, 1, 25, 49, 73]);
		expect(clock.now()).toBe(start + 4 * day);
		expect(synchronized.length).toBe(5);
		expect(lines[0]).toBe("time: 2027-01-01T00:00:00.011Z from 192.0.2.1:123, round trip 10 ms");
		expect(lines[1]).toMatch(/corrected by -?0 ms$/);
	});

	test("a callback is called once the time is known, and may throw without harm", async () => {
		network.servers.set(a, honest());
		const { clock, sync } = makeSync([a], 1, () => {
			expect(clock.now()).toBeGreaterThan(start);
			throw new Error("flash");
		});
		sync.start();
		await time.advance(2 * hour);
		expect(synchronized.length).toBe(2);
		expect(synchronized[0]).toBe(start + 11);
		expect(lines).toContain("time: onSynchronized failed: flash");
	});

	test("while they are too far away to learn the drift, they are polled each hour", async () => {
		network.servers.set(a, ({ respond }) => {
			const utc = start + time.ticks() + 700;
			respond({ receive: utc, transmit: utc }, 1_400);
		});
		const { clock, sync } = makeSync();
		sync.start();
		await time.advance(10 * hour + minute);
		expect(askedAt().length).toBe(11);
		await time.advance(5 * day);
		expect(clock.driftKnown).toBe(true);
		const last = askedAt().slice(-2);
		expect((last[1] ?? 0) - (last[0] ?? 0)).toBeGreaterThan(23 * hour);
	});
});

describe("while servers fail", () => {
	test("they are polled in turn, at once, and then in rounds with growing pauses, indefinitely", async () => {
		network.servers.set(b, ({ respond }) => respond({ leap: 3, receive: start, transmit: start }));
		const { sync } = makeSync([a, b]);
		sync.start();
		await time.advance(10 * minute);
		expect(seconds(askedAt(a))).toEqual([0, 18, 52, 118, 248, 506]);
		expect(seconds(askedAt(b))).toEqual([2, 20, 54, 120, 250, 508]);
		await time.advance(30 * day);
		const pauses = askedAt(a).map((ticks, index, all) => ticks - (all[index - 1] ?? 0));
		expect(Math.max(...pauses)).toBeLessThan(1_030 * second);
		network.servers.set(a, honest());
		await time.advance(1_030 * second);
		expect(synchronized.length).toBe(1);
	});

	test("the server that answered is polled again", async () => {
		network.servers.set(b, honest());
		const { sync } = makeSync([a, b]);
		sync.start();
		await time.advance(2 * day);
		expect(askedAt(a).length).toBe(1);
		expect(askedAt(b).length).toBe(3);
	});

	test("the name is resolved at each try: a server that moved is found", async () => {
		network.names.set("time.test", ["192.0.2.1"]);
		const { sync } = makeSync(["time.test"]);
		sync.start();
		await time.advance(second);
		network.names.set("time.test", ["192.0.2.2"]);
		network.servers.set(b, honest());
		await time.advance(minute);
		expect(synchronized.length).toBe(1);
		expect(lines.at(-1)).toContain("from time.test (192.0.2.2:123)");
	});

	test("when the daily measurement fails, the clock keeps running, and the backoff starts over", async () => {
		const { clock, sync } = makeSync();
		sync.start();
		await time.advance(hour);
		network.servers.set(a, honest());
		await time.advance(3 * hour);
		network.servers.delete(a);
		const before = askedAt().length;
		await time.advance(24 * hour);
		expect(clock.now()).toBe(start + 28 * hour);
		const [first = 0, ...others] = seconds(askedAt()).slice(before, before + 4);
		expect(others.map((each) => each - first)).toEqual([18, 52, 118]);
	});

	test("no server set: nothing is sent, and it is logged", async () => {
		const { sync } = makeSync([]);
		sync.start();
		sync.retryNow();
		await time.advance(day);
		expect(network.queries).toEqual([]);
		expect(lines).toEqual(["time: no time server is set"]);
	});

	test("each failure is logged with the server, the reason and the time to the next try", async () => {
		const { sync } = makeSync(["nowhere.test", a]);
		sync.start();
		await time.advance(5 * second);
		expect(lines).toEqual([
			"time: nowhere.test: its name could not be resolved",
			`time: ${a}: no response within 2 s; next try in 16 s`,
		]);
	});
});

describe("a kiss of death", () => {
	test.each(["DENY", "RSTR"])(
		"%s: that server is polled once a day, the others are as always",
		async (code) => {
			network.servers.set(a, refusing(code));
			network.servers.set(b, honest());
			const { sync } = makeSync([a, b]);
			sync.start();
			await time.advance(hour);
			network.servers.delete(b);
			await time.advance(5 * day);
			expect(askedAt(a).length).toBe(6);
			expect(askedAt(b).length).toBeGreaterThan(100);
		},
	);

	test("DENY from one of a pool: the others are polled", async () => {
		network.names.set("pool.test", ["192.0.2.1", "192.0.2.2"]);
		network.servers.set(a, refusing("DENY"));
		network.servers.set(b, honest());
		const { sync } = makeSync(["pool.test"]);
		sync.start();
		await time.advance(minute);
		expect(synchronized.length).toBe(1);
	});

	test("RATE: that server is polled after a quarter of an hour, then after half an hour", async () => {
		network.servers.set(a, refusing("RATE"));
		const { sync } = makeSync([a]);
		sync.start();
		await time.advance(2 * hour);
		const [first = 0, second_ = 0, third = 0] = askedAt(a);
		expect(second_ - first).toBeGreaterThanOrEqual(15 * minute);
		expect(third - second_).toBeGreaterThanOrEqual(30 * minute);
		network.servers.set(a, honest());
		await time.advance(3 * hour);
		expect(synchronized.length).toBeGreaterThan(0);
	});
});

describe("a server that contradicts a good clock by more than five minutes", () => {
	/** A clock set by `a`, an hour ago; now `a` is wrong by `error`. */
	async function setAndMislead(servers: readonly string[], error: number) {
		network.servers.set(a, honest());
		const made = makeSync(servers);
		made.sync.start();
		await time.advance(hour - second);
		network.servers.set(a, honest(error));
		return made;
	}

	test("is not accepted when a second one agrees with the clock", async () => {
		const { clock } = await setAndMislead([a, b], 6 * minute);
		network.servers.set(b, honest());
		await time.advance(2 * day);
		expect(clock.now()).toBe(start + time.ticks());
		expect(lines.some((line) => line.includes("second server must confirm"))).toBe(true);
	});

	test("is accepted when a second one confirms it", async () => {
		const { clock } = await setAndMislead([a, b], -hour);
		network.servers.set(b, honest(-hour));
		await time.advance(minute);
		expect(clock.now()).toBe(start + time.ticks() - hour);
		expect(synchronized.length).toBe(2);
	});

	test("is not accepted when the others are silent, nor when they contradict each other", async () => {
		const { clock } = await setAndMislead([a, b, c], hour);
		network.servers.set(b, honest(3 * hour));
		await time.advance(2 * hour);
		expect(clock.now()).toBe(start + time.ticks());
	});

	test("and was contradicted by a second one, needs a new confirmation later", async () => {
		const { clock } = await setAndMislead([a, b], hour);
		network.servers.set(b, honest());
		await time.advance(hour);
		// What `b` says from now on is what `a` said then; but `b` itself has denied it since.
		network.servers.set(b, honest(hour));
		network.servers.delete(a);
		await time.advance(day + minute);
		expect(lines.filter((line) => line.includes("second server must confirm")).length).toBeGreaterThan(1);
		expect(clock.now()).toBe(start + time.ticks());
	});

	test("is accepted within five minutes, as the clock may have drifted", async () => {
		const { clock } = await setAndMislead([a, b], 4 * minute);
		await time.advance(minute);
		expect(clock.now()).toBe(start + time.ticks() + 4 * minute);
	});

	test("is confirmed by another server behind the same name", async () => {
		network.names.set("pool.test", ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
		network.servers.set(a, honest());
		const { clock, sync } = makeSync(["pool.test"]);
		sync.start();
		await time.advance(hour - second);
		network.servers.set(b, honest(hour));
		network.servers.set(c, honest(hour));
		await time.advance(minute);
		expect(clock.now()).toBe(start + time.ticks() + hour);
	});

	test("and is the only one, is accepted after insisting for a day", async () => {
		const { clock } = await setAndMislead([a], hour);
		await time.advance(day);
		expect(clock.now()).toBe(start + time.ticks());
		await time.advance(hour);
		expect(clock.now()).toBe(start + time.ticks() + hour);
	});
});

describe("the first server after a reboot with a time before the last known one", () => {
	test("has to be confirmed; until then the time is unknown rather than wrong", async () => {
		network.servers.set(a, honest());
		const before = makeSync([a, b]);
		before.sync.start();
		await time.advance(2 * day);
		before.sync.stop();
		network.servers.set(a, honest(-30 * day));
		const { clock, sync } = makeSync([a, b], 2);
		sync.start();
		await time.advance(hour);
		expect(clock.now()).toBeUndefined();
		network.servers.set(b, honest());
		await time.advance(hour);
		expect(clock.now()).toBe(start + time.ticks());
	});
});

describe("a network that comes and goes", () => {
	test("nothing is polled while it is down; when it is up, what is due is polled at once", async () => {
		network.servers.set(a, honest());
		const { sync } = makeSync();
		sync.start();
		await time.advance(2 * hour);
		sync.stop();
		expect(time.pending).toBe(0);
		await time.advance(3 * day);
		expect(askedAt().length).toBe(2);
		sync.start();
		await time.advance(second);
		expect(askedAt().length).toBe(3);
	});

	test("what is not due is not polled", async () => {
		network.servers.set(a, honest());
		const { sync } = makeSync();
		sync.start();
		await time.advance(2 * hour);
		for (let count = 0; count < 100; count++) {
			sync.stop();
			await time.advance(second);
			sync.start();
			await time.advance(second);
		}
		expect(askedAt().length).toBe(2);
		await time.advance(day);
		expect(askedAt().length).toBe(3);
	});

	test("after failures servers are polled at once, however long the pause would have been", async () => {
		const { sync } = makeSync();
		sync.start();
		await time.advance(hour);
		sync.stop();
		await time.advance(minute);
		network.servers.set(a, honest());
		sync.start();
		await time.advance(second);
		expect(synchronized.length).toBe(1);
	});

	test("a flapping network does not make the board poll more than every 16 s", async () => {
		const { sync } = makeSync();
		for (let count = 0; count < 300; count++) {
			sync.start();
			await time.advance(700);
			sync.stop();
			await time.advance(300);
		}
		expect(askedAt().length).toBeGreaterThan(10);
		expect(askedAt().length).toBeLessThanOrEqual(Math.ceil(300 / 16) + 1);
		expect(network.openSockets).toBe(0);
	});

	test("a network that is up again without ever having been reported down", async () => {
		const { sync } = makeSync();
		sync.start();
		await time.advance(hour);
		const before = askedAt().length;
		sync.retryNow();
		await time.advance(second);
		expect(askedAt().length).toBe(before + 1);
		sync.retryNow();
		sync.start();
		await time.advance(5 * second);
		expect(askedAt().length).toBe(before + 1);
	});

	test("a network event during a round starts no second round", async () => {
		for (const name of ["x.test", "y.test", "z.test", "w.test"]) network.silentNames.add(name);
		const { sync } = makeSync(["x.test", "y.test", "z.test", "w.test"]);
		sync.start();
		await time.advance(second);
		for (let count = 0; count < 18; count++) {
			sync.retryNow();
			await time.advance(second);
			expect(network.openSockets).toBe(1);
		}
	});

	test("an answer that was under way when it went is not used, and nothing stays open", async () => {
		network.servers.set(a, honest());
		const { clock, sync } = makeSync();
		sync.start();
		await time.advance(3);
		sync.stop();
		sync.stop();
		expect(network.openSockets).toBe(0);
		expect(time.pending).toBe(1); // The answer, which is under way.
		await time.advance(day);
		expect(clock.now()).toBeUndefined();
		expect(network.openSockets).toBe(0);
		expect(time.pending).toBe(0);
	});
});

test.each([100, -100])(
	"a board whose ticks are %i ppm off keeps within a second for a month",
	async (ppm) => {
		// The board lives in its own ticks; the server knows the truth, and is between 5 and 45 ms away.
		let questions = 0;
		const truth = () => start + time.ticks() / (1 + ppm * 1e-6);
		network.servers.set(a, ({ respond }) => {
			const there = 1 + ((questions * 17) % 20);
			const back = 4 + ((questions++ * 11) % 25);
			const utc = truth() + there;
			respond({ receive: utc, transmit: utc, rootDelay: 4, rootDispersion: 2 }, there + back);
		});
		const { clock, sync } = makeSync();
		sync.start();
		await time.advance(second);
		let worst = 0;
		for (let passed = 0; passed < 31 * 24; passed++) {
			await time.advance(hour);
			const sample = clock.sampleTime();
			worst = Math.max(worst, Math.abs(("utc" in sample ? sample.utc : 0) - truth()));
		}
		expect(worst).toBeLessThan(second);
		expect(askedAt().length).toBeLessThan(36);
	},
);
