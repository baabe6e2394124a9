import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTCP } from "../../boards/node/tcp";
import { VirtualTime } from "../../simulator/virtual-time";
import type { Network } from "../../src/boards/board";
import type { TCPFromOptions, TCPOptions } from "../../src/boards/ecma419";
import { isCaptivePortal } from "../../src/setup/captive-portal";
import { RawServer } from "../http/raw-server";

/** Responds with these bytes on port 80 of every host. */
let answer = "";
let server: RawServer;

beforeAll(async () => {
	server = await RawServer.start(async (peer) => {
		await peer.request();
		peer.send(answer);
		peer.close();
	});
});
afterAll(() => server.stop());

const Base = makeTCP();

function ask(knows: (host: string) => boolean, asked: string[] = []): Promise<boolean> {
	const network: Pick<Network, "TCP" | "TLS" | "resolver"> = {
		TCP: class extends Base {
			constructor(options: TCPOptions | TCPFromOptions) {
				expect(options).toMatchObject({ port: 80 });
				super({ ...options, address: "127.0.0.1", port: server.port });
			}
		},
		TLS: Base,
		resolver: {
			resolve: ({ host, onResolved, onError }) => {
				asked.push(host);
				if (knows(host)) onResolved(host, "127.0.0.1");
				else onError(host);
			},
		},
	};
	const board = {
		network: network as Network,
		time: new VirtualTime(),
		fillRandom: (bytes: Uint8Array) => void bytes.fill(0xab),
	};
	return isCaptivePortal({ board, host: "api.dakkio.io" });
}

const head = (status: number, location?: string) =>
	`HTTP/1.1 ${status} X\r\n${location === undefined ? "" : `Location: ${location}\r\n`}Content-Length: 0\r\n\r\n`;

const longAddress = (host: string) => `http://${host}/login?${"mac=0123456789ab&".repeat(100)}`;

describe("a captive portal", () => {
	test("resolves a name that cannot exist", async () => {
		const asked: string[] = [];
		expect(await ask(() => true, asked)).toBe(true);
		expect(asked).toEqual(["abababababab.invalid"]);
	});

	test.each([
		["says so", head(511)],
		["redirects elsewhere", head(302, "http://login.hotel.example/?from=api.dakkio.io")],
		["redirects elsewhere over TLS", head(307, "https://10.0.0.1:8443/")],
		["redirects elsewhere with all it knows of the client", head(302, longAddress("login.hotel.example"))],
	])("when what answers in the service's place %s", async (_, words) => {
		answer = words;
		expect(await ask((host) => host === "api.dakkio.io")).toBe(true);
	});
});

describe("not a captive portal", () => {
	test.each([
		["redirects to the same name over TLS", head(301, "https://api.dakkio.io/")],
		["redirects to the same name in capitals", head(301, "https://API.Dakkio.IO/x")],
		["leads to another page of the same name", head(302, "/login")],
		["redirects to a long address of the same name", head(302, longAddress("api.dakkio.io"))],
		["leads to a long path of the same name", head(302, `/${"x".repeat(2_000)}`)],
		["leads nowhere", head(302)],
		["answers as a server does", head(200)],
		["has nothing there", head(404)],
		["does not speak HTTP", "SSH-2.0-OpenSSH\r\n"],
	])("when the service itself %s", async (_, words) => {
		answer = words;
		expect(await ask((host) => host === "api.dakkio.io")).toBe(false);
	});

	test("does not resolve the service's name either", async () => {
		expect(await ask(() => false)).toBe(false);
	});
});

test("an aborted check ends at once", async () => {
	const stops: (() => void)[] = [];
	const network = { resolver: { resolve: () => {} } } as unknown as Network;
	const board = { network, time: new VirtualTime(), fillRandom: () => {} };
	const wants = isCaptivePortal({ board, host: "a.example", onAbortable: (stop) => void stops.push(stop) });
	stops[0]?.();
	await Promise.resolve();
	stops.at(-1)?.();
	expect(await wants).toBe(false);
});
