import type { NtpFault } from "../../simulator/ntp/ntp-response";
import { NtpServer } from "../../simulator/ntp/ntp-server";
import type { NtpCase } from "../test-plan";

const faults: readonly { readonly fault?: NtpFault; readonly name: string; readonly expected: RegExp }[] = [
	{ name: "a correct time server", expected: /^the true time$/ },
	{ name: "silent", fault: { kind: "silent" }, expected: /^no response within 2 s$/ },
	{
		name: "a response to another request",
		fault: { kind: "wrong originate" },
		expected: /ignored a packet: its originate timestamp/,
	},
	{ name: "kiss-o'-death", fault: { kind: "kiss", code: "RATE" }, expected: /^kiss-o'-death RATE$/ },
	{
		name: "an unsynchronized server",
		fault: { kind: "unsynchronized" },
		expected: /the server's clock is not synchronized/,
	},
	{ name: "20 bytes", fault: { kind: "short", length: 20 }, expected: /ignored a packet: 20 bytes/ },
	{ name: "mode 5", fault: { kind: "mode", mode: 5 }, expected: /its mode is 5/ },
	{ name: "version 1", fault: { kind: "version", version: 1 }, expected: /its version is 1/ },
	{ name: "stratum 16", fault: { kind: "stratum", stratum: 16 }, expected: /its stratum is 16/ },
	{ name: "no transmit time", fault: { kind: "no time" }, expected: /no transmit timestamp/ },
	{
		name: "a time before the firmware's release",
		fault: { kind: "offset", milliseconds: -10 * 365 * 86_400_000 },
		expected: /before this firmware's release/,
	},
];

/** Time servers, correct and faulty. */
export class NtpTable {
	readonly cases: (NtpCase & { readonly expected: RegExp })[] = [];
	private readonly servers: NtpServer[] = [];

	static async start(): Promise<NtpTable> {
		const table = new NtpTable();
		for (const { name, fault, expected } of faults) {
			const server = await NtpServer.start();
			if (fault !== undefined) server.fault = fault;
			table.servers.push(server);
			table.cases.push({ name, port: server.port, expected });
		}
		return table;
	}

	async close(): Promise<void> {
		for (const server of this.servers) await server.close();
	}
}
