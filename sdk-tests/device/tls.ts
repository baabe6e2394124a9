import { makeClock } from "../../boards/lin/clock";
import type { Resolver } from "../../src/boards/ecma419";
import { TCPSocket } from "../../src/boards/esp32/tcp";
import { SDKTime } from "../../src/boards/esp32/time";
import { TLSSocket } from "../../src/boards/esp32/tls";
import type { ExchangeResult } from "../../src/http/exchange-result";
import { HttpConnection } from "../../src/http/http-connection";
import { decodePem } from "../../src/settings/pem";
import type { TlsCase } from "../test-plan";
import { report } from "./report";

/** Every name resolves to loopback. */
const resolver: Resolver = {
	resolve: ({ host, onResolved }) => onResolved(host, "127.0.0.1"),
};

/** Connects to each server: `accepted`, or `refused` with the certificate's fault or the failure. */
export async function checkTls(cases: readonly TlsCase[]): Promise<void> {
	const network = { TCP: TCPSocket, TLS: TLSSocket, resolver };
	const time = new SDKTime(makeClock());
	for (const { name, port, host, root, connections } of cases) {
		const pem = decodePem(root);
		const ca = "certificates" in pem ? pem.certificates : [];
		for (let number = 0; number < (connections ?? 1); number++) {
			const connection = new HttpConnection({ network, time, host, port, secure: true, ca });
			const outcome = await connection.exchange({ method: "GET", path: "/", headers: [] });
			connection.close();
			const reported = connections === undefined ? name : `${name} ${number}`;
			report({ suite: "tls", name: reported, outcome: describeOutcome(outcome) });
		}
	}
}

function describeOutcome(outcome: ExchangeResult): string {
	if (outcome.kind === "response") return `accepted, ${outcome.status}`;
	const reason = outcome.message.replace(/^\S+: (TLS handshake failed: |(?=receive failed))/, "");
	return `refused, ${outcome.trustFault ?? reason}`;
}
