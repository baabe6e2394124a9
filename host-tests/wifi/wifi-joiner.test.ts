import { beforeEach, describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { WiFiConnection } from "../../src/boards/ecma419";
import type { SavedNetwork } from "../../src/settings/saved-networks";
import { type JoinResult, WifiJoiner, type WifiJoinerOptions } from "../../src/wifi/wifi-joiner";
import { Radio } from "./test-radio";

const network = { ssid: "Home", password: "correct horse" };

let time: VirtualTime;
let joiner: WifiJoiner;
let lost: number;
beforeEach(() => {
	time = new VirtualTime();
	lost = 0;
	joiner = makeJoiner({});
});

/** As setup has it. */
function makeJoiner(options: Partial<WifiJoinerOptions>): WifiJoiner {
	const limits = { timeoutMs: 25_000, maxAttempts: 3, settleMs: 300, lateEventMs: 0 };
	return new WifiJoiner({ WiFi: Radio, time, ...limits, onLost: () => lost++, ...options });
}

function join(network: SavedNetwork): Promise<JoinResult> {
	return new Promise((resolve) => joiner.join(network, resolve));
}

test("after a network was left, the next one is tried when the end of the old one has been reported", async () => {
	joiner = makeJoiner({ maxAttempts: 1, settleMs: 500, lateEventMs: 1_000 });
	const first = join(network);
	expect(Radio.last.attempts.length, "no network to leave").toBe(1);
	await time.advance(2_000);
	Radio.last.becomes(WiFiConnection.idle);
	await time.advance(1_000);
	expect((await first).kind).toBe("failed");
	const second = join({ ssid: "Other", password: "" });
	Radio.last.becomes(WiFiConnection.idle);
	await time.advance(1_000);
	expect(Radio.last.attempts).toEqual(["Home correct horse", "Other open"]);
	// Its own end is one, and not a late one of the network before.
	await time.advance(1_500);
	Radio.last.becomes(WiFiConnection.idle);
	await time.advance(1_000);
	expect(await second).toEqual({ kind: "failed", failure: "network not found" });
});

describe("a network is joined", () => {
	test("with its password; the result has its address and signal strength", async () => {
		const result = join(network);
		await time.advance(1000);
		Radio.last.becomes(WiFiConnection.associated);
		Radio.last.becomes(WiFiConnection.connected);
		expect(await result).toEqual({ kind: "joined", address: "192.168.1.7", strength: -61 });
		expect([Radio.last.attempts, joiner.isJoined, time.pending]).toEqual([["Home correct horse"], true, 0]);
	});

	test("without a password when it has none", async () => {
		void join({ ssid: "Open", password: "" });
		await time.advance(1000);
		expect(Radio.last.attempts).toEqual(["Open open"]);
	});

	test("at the third attempt, because the first ones often fail for no reason", async () => {
		const result = join(network);
		for (let failures = 0; failures < 2; failures++) {
			await time.advance(1000);
			Radio.last.becomes(WiFiConnection.idle);
		}
		await time.advance(1000);
		Radio.last.becomes(WiFiConnection.connected);
		expect(await result).toMatchObject({ kind: "joined" });
		expect(Radio.last.attempts).toHaveLength(3);
	});

	describe("first on the channel of last time", () => {
		const attempts = ["Home on its channel", "Home correct horse"];
		function joinOnKnownChannel(): Promise<JoinResult> {
			Radio.last.knowsChannel = true;
			return new Promise((resolve) => joiner.join(network, resolve));
		}

		test("where it is", async () => {
			const result = joinOnKnownChannel();
			await time.advance(200);
			Radio.last.becomes(WiFiConnection.associated);
			// An address may take longer than the search is waited for.
			await time.advance(10_000);
			Radio.last.becomes(WiFiConnection.connected);
			expect(await result).toMatchObject({ kind: "joined" });
			expect(Radio.last.attempts).toEqual(attempts.slice(0, 1));
		});

		test("and on all when it is not there", async () => {
			const result = joinOnKnownChannel();
			await time.advance(2_999);
			expect(Radio.last.attempts).toEqual(attempts.slice(0, 1));
			await time.advance(1);
			// The platform reports the end of that attempt late, and would say nothing of the next one's.
			Radio.last.becomes(WiFiConnection.idle);
			await time.advance(298);
			expect(Radio.last.attempts).toEqual(attempts.slice(0, 1));
			await time.advance(2);
			expect(Radio.last.attempts).toEqual(attempts);
			Radio.last.becomes(WiFiConnection.connected);
			expect(await result).toMatchObject({ kind: "joined" });
			expect(Radio.last.attempts).toEqual(attempts);
		});

		test("and on all at once when the attempt is refused", async () => {
			const result = joinOnKnownChannel();
			await time.advance(1_500);
			Radio.last.becomes(WiFiConnection.idle);
			await time.advance(1);
			expect(Radio.last.attempts).toEqual(attempts);
			await time.advance(1_600);
			Radio.last.becomes(WiFiConnection.connected);
			expect(await result).toMatchObject({ kind: "joined" });
			expect(Radio.last.attempts).toEqual(attempts);
		});

		test("and on no other once it is given up", async () => {
			Radio.last.knowsChannel = true;
			joiner.join(network, () => {});
			joiner.leave();
			await time.advance(60_000);
			expect(Radio.last.attempts).toEqual(attempts.slice(0, 1));
		});
	});

	test("once when it is requested again, and again with another password", async () => {
		const first = join(network);
		await time.advance(1000);
		Radio.last.becomes(WiFiConnection.connected);
		await first;
		expect(await join(network)).toMatchObject({ kind: "joined" });
		expect(Radio.last.attempts).toHaveLength(1);
		void join({ ...network, password: "another one" });
		await time.advance(1000);
		expect(Radio.last.attempts).toEqual(["Home correct horse", "Home another one"]);
	});

	test("although the platform still reports the end of the previous one", async () => {
		const first = join(network);
		await time.advance(1000);
		Radio.last.becomes(WiFiConnection.connected);
		await first;
		const second = join({ ssid: "Other", password: "" });
		Radio.last.becomes(WiFiConnection.idle);
		await time.advance(1000);
		Radio.last.becomes(WiFiConnection.connected);
		expect(await second).toMatchObject({ kind: "joined" });
		expect(Radio.last.attempts).toEqual(["Home correct horse", "Other open"]);
	});
});

describe("a network is not joined", () => {
	test.each([
		["wrong password", true],
		["network not found", false],
	])("%s", async (failure, refused) => {
		const result = join(network);
		for (let failures = 0; failures < 3; failures++) {
			await time.advance(1000);
			Radio.last.passwordRefused = refused;
			Radio.last.becomes(WiFiConnection.idle);
		}
		expect(await result).toEqual({ kind: "failed", failure });
		expect([Radio.last.attempts.length, time.pending, joiner.isJoining]).toEqual([3, 0, false]);
	});

	test("that gives no address, for 25 seconds", async () => {
		const result = join(network);
		await time.advance(1000);
		Radio.last.becomes(WiFiConnection.associated);
		await time.advance(24_100);
		expect(await result).toEqual({ kind: "failed", failure: "no address" });
		expect(Radio.last.connection).toBe(WiFiConnection.idle);
	});

	test("that never answers, for 25 seconds", async () => {
		const result = join(network);
		await time.advance(25_100);
		expect(await result).toEqual({ kind: "failed", failure: "network not found" });
		expect(time.pending).toBe(0);
	});

	test("by a radio that throws; the result has its message", async () => {
		Radio.last.throws = true;
		const result = join(network);
		await time.advance(5000);
		expect(await result).toEqual({ kind: "failed", failure: "network not found", message: "connect failed" });
		expect(Radio.last.attempts).toHaveLength(3);
	});

	test("when another one is requested, or the joiner is closed", async () => {
		const first = join(network);
		const second = join({ ssid: "Other", password: "" });
		expect(await first).toMatchObject({ kind: "failed" });
		joiner.close();
		expect(await second).toMatchObject({ kind: "failed" });
		expect(time.pending).toBe(0);
	});
});

test("a lost network is reported once", async () => {
	void join(network);
	await time.advance(1000);
	Radio.last.becomes(WiFiConnection.connected);
	expect(lost).toBe(0);
	Radio.last.becomes(WiFiConnection.idle);
	Radio.last.becomes(WiFiConnection.idle);
	expect([lost, joiner.isJoined, joiner.signalStrength]).toEqual([1, false, undefined]);
});

test("without a settle time it connects at once, and ignores late events of the previous connection", async () => {
	joiner = makeJoiner({ settleMs: 0, lateEventMs: 1_000, maxAttempts: 1 });
	const results: JoinResult[] = [];
	joiner.join(network, (result) => results.push(result));
	expect(Radio.last.attempts).toHaveLength(1);
	await time.advance(900);
	Radio.last.becomes(WiFiConnection.idle);
	expect(results).toEqual([]);
	await time.advance(200);
	Radio.last.becomes(WiFiConnection.idle);
	expect(results).toEqual([{ kind: "failed", failure: "network not found" }]);
});
