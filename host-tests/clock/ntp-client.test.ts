import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { NtpQuery, type NtpQueryOptions, type NtpResult, parseNtpServer } from "../../src/clock/ntp-client";
import { ntpResponseBytes } from "./ntp-responses";
import { ScriptedNetwork } from "./scripted-network";

const minUtc = Date.UTC(2026, 10, 24);
const utc = Date.UTC(2027, 0, 1);
const peer = "192.0.2.1:123";

let time: VirtualTime;
let network: ScriptedNetwork;
beforeEach(() => {
	time = new VirtualTime();
	network = new ScriptedNetwork(time);
	network.names.set("time.test", ["192.0.2.1"]);
});

function ask(options: Partial<NtpQueryOptions> = {}) {
	const query = new NtpQuery({
		network,
		time,
		server: "time.test",
		minUtc,
		random: () => 0.3,
		isBlocked: () => false,
		...options,
	});
	const results: NtpResult[] = [];
	query.result.then((result) => results.push(result));
	return { query, results };
}

/** What a query leaves behind: nothing. */
function expectClean() {
	expect(network.openSockets).toBe(0);
	expect(time.pending).toBe(0);
}

test("a server that answers gives the time, the ticks of its arrival and the round trip", async () => {
	network.servers.set(peer, (question) => question.respond({ receive: utc, transmit: utc }, 40));
	const { results } = ask();
	await time.advance(60_000);
	expect(results).toEqual([
		{
			kind: "time",
			peer,
			measurement: {
				utc: utc + 20,
				ticks: 41,
				roundTripMs: 40,
				rootDistanceMs: expect.closeTo(10, 0),
				server: "time.test",
			},
		},
	]);
	expectClean();
});

test("the port is the one that was set, 123 when none was", async () => {
	ask({ server: "192.0.2.9:1123" });
	ask({ server: "192.0.2.9" });
	await time.advance(10);
	expect(network.queries.map(({ peer }) => peer)).toEqual(["192.0.2.9:1123", "192.0.2.9:123"]);
});

test("each question has a nonce of its own, random in all its eight bytes", async () => {
	const halves = new Set<string>();
	network.servers.set(peer, ({ bytes }) => {
		halves.add(bytes.subarray(40, 44).join());
		halves.add(bytes.subarray(44, 48).join());
	});
	let state = 1;
	const random = () => {
		state = (state * 48_271) % 2_147_483_647;
		return state / 2_147_483_647;
	};
	for (let count = 0; count < 5; count++) ask({ random });
	await time.advance(10);
	expect(halves.size).toBe(10);
});

test("a resolver that answers twice makes one question", async () => {
	const resolve: ScriptedNetwork["resolver"]["resolve"] = ({ host, onResolved }) => {
		onResolved(host, "192.0.2.1");
		onResolved(host, "192.0.2.2");
	};
	const { results } = ask({ network: { UDP: network.UDP, resolver: { resolve } } });
	await time.advance(60_000);
	expect(network.queries.map(({ peer }) => peer)).toEqual([peer]);
	expect(results.length).toBe(1);
	expectClean();
});

describe("what is not the answer is ignored, and the answer still taken", () => {
	test.each([
		["a packet from another address", "192.0.2.66:123"],
		["a packet from another port", "192.0.2.1:124"],
	])("%s", async (_, from) => {
		network.servers.set(peer, ({ bytes, reply, respond }) => {
			const wrong = utc + 86_400_000;
			reply(ntpResponseBytes({ originate: bytes.slice(40), receive: wrong, transmit: wrong }), {
				from,
				delay: 5,
			});
			respond({ receive: utc, transmit: utc });
		});
		const { results } = ask();
		await time.advance(60_000);
		expect(results).toMatchObject([{ kind: "time", measurement: { utc: utc + 5 } }]);
		expectClean();
	});

	test("a packet that does not repeat the nonce, one too short, one empty", async () => {
		network.servers.set(peer, ({ reply, respond }) => {
			reply(new Uint8Array(48), { delay: 1 });
			reply(new Uint8Array(20), { delay: 2 });
			reply(new Uint8Array(0), { delay: 3 });
			respond({ receive: utc, transmit: utc });
		});
		const { results } = ask();
		await time.advance(60_000);
		expect(results).toMatchObject([{ kind: "time" }]);
	});

	test("a second copy of the answer changes nothing", async () => {
		network.servers.set(peer, ({ respond }) => {
			respond({ receive: utc, transmit: utc });
			respond({ receive: utc + 9_999, transmit: utc + 9_999 });
		});
		const { results } = ask();
		await time.advance(60_000);
		expect(results).toMatchObject([{ kind: "time", measurement: { utc: utc + 5 } }]);
		expectClean();
	});
});

describe("a query that fails says why, once, and leaves nothing open", () => {
	test.each<readonly [string, () => Partial<NtpQueryOptions>, RegExp]>([
		["a name that does not exist", () => ({ server: "nowhere.test" }), /could not be resolved/],
		[
			"a resolver that never answers",
			() => {
				network.silentNames.add("time.test");
				return {};
			},
			/not resolved in time/,
		],
		["a silent server", () => ({}), /no response within 2 s$/],
		["no host", () => ({ server: "a b" }), /not host or host:port/],
		["a port out of range", () => ({ server: "time.test:65536" }), /not host or host:port/],
		["a blocked peer", () => ({ isBlocked: (p) => p === peer }), /blocked after a kiss-o'-death/],
		[
			"a server without the time",
			() => {
				network.servers.set(peer, ({ respond }) => respond({ leap: 3, receive: utc, transmit: utc }));
				return {};
			},
			/unusable: the server's clock is not synchronized/,
		],
		[
			"only packets that are ignored",
			() => {
				network.servers.set(peer, ({ reply }) => reply(new Uint8Array(48)));
				return {};
			},
			/no response.*originate timestamp is not the request's/,
		],
		[
			"a resolver that throws",
			() => ({
				network: {
					UDP: network.UDP,
					resolver: {
						resolve() {
							throw new Error("no memory");
						},
					},
				},
			}),
			/could not be sent: no memory/,
		],
		[
			"a socket that cannot be opened",
			() => ({
				network: {
					resolver: network.resolver,
					UDP: class {
						constructor() {
							throw new Error("no socket");
						}
						read() {
							return undefined;
						}
						write() {}
						close() {}
					},
				},
			}),
			/could not be sent: no socket/,
		],
		[
			"a socket that cannot send",
			() => ({
				network: {
					resolver: network.resolver,
					UDP: class extends network.UDP {
						override write() {
							throw new Error("sendto failed");
						}
					},
				},
			}),
			/could not be sent: sendto failed/,
		],
		[
			"a network that fails while the socket is made",
			() => ({
				network: {
					resolver: network.resolver,
					UDP: class extends network.UDP {
						constructor(options: { onError?(error?: Error): void }) {
							super(options);
							options.onError?.(new Error("interface down"));
						}
					},
				},
			}),
			/network failed: interface down/,
		],
	])("%s", async (_, prepare, reason) => {
		const { results } = ask(prepare());
		await time.advance(60_000);
		expect(results).toMatchObject([{ kind: "failure", reason: expect.stringMatching(reason) }]);
		expectClean();
	});

	test("a kiss of death, with its code and who sent it", async () => {
		network.servers.set(peer, ({ respond }) => respond({ stratum: 0, leap: 3, reference: "DENY" }));
		const { results } = ask();
		await time.advance(60_000);
		expect(results).toMatchObject([
			{ kind: "failure", kissCode: "DENY", peer, reason: "kiss-o'-death DENY" },
		]);
	});

	test("a kiss-o'-death without the query's nonce is ignored", async () => {
		network.servers.set(peer, ({ respond }) => {
			respond({ stratum: 0, leap: 3, reference: "DENY", originate: new Uint8Array(8) }, 1);
			respond({ receive: utc, transmit: utc });
		});
		const { results } = ask();
		await time.advance(60_000);
		expect(results).toMatchObject([{ kind: "time" }]);
	});

	test("an answer after the deadline, a name after the deadline", async () => {
		network.servers.set(peer, ({ respond }) => respond({ receive: utc, transmit: utc }, 2_500));
		const late = ask();
		const slow = ask({
			network: {
				UDP: network.UDP,
				resolver: {
					resolve: ({ host, onResolved }) => time.set(() => onResolved(host, "192.0.2.1"), 5_100),
				},
			},
		});
		await time.advance(60_000);
		expect(late.results).toMatchObject([{ kind: "failure" }]);
		expect(slow.results).toMatchObject([{ kind: "failure", reason: expect.stringMatching(/not resolved/) }]);
		expect(network.queries.length).toBe(1);
		expectClean();
	});

	test("closed twice ends once", async () => {
		const { query, results } = ask();
		await time.advance(2);
		query.close();
		query.close();
		await time.advance(60_000);
		expect(results).toMatchObject([{ kind: "failure", reason: "the request was cancelled" }]);
		expectClean();
	});
});

test("whatever bytes come from the server, the query ends once and clean", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 5 }), async (packets) => {
			network.servers.set(peer, ({ bytes, reply }) => {
				for (const packet of packets) {
					// Half of them with the right nonce, so that they are looked at closely.
					if (packet.length > 32 && (packet[0] ?? 0) % 2 === 0) packet.set(bytes.subarray(40), 24);
					reply(packet);
				}
			});
			const { results } = ask();
			await time.advance(10_000);
			expect(results.length).toBe(1);
			expectClean();
		}),
	);
});

test.each([
	["pool.ntp.org", { host: "pool.ntp.org", port: 123 }],
	["127.0.0.1:1123", { host: "127.0.0.1", port: 1_123 }],
	["", undefined],
	[":123", undefined],
	["host:", undefined],
	["host:0", undefined],
	["host:123456", undefined],
	["[::1]:123", undefined],
])("%j is read as %j", (text, parts) => {
	expect(parseNtpServer(text)).toEqual(parts);
});
