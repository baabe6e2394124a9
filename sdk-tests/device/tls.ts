import sleepMemory from "sleep-memory";
import { makeClock } from "../../boards/lin/clock";
import type { Resolver } from "../../src/boards/ecma419";
import { TCPSocket } from "../../src/boards/esp32/tcp";
import { SDKTime } from "../../src/boards/esp32/time";
import { forgetServer, TLSSocket } from "../../src/boards/esp32/tls";
import {
	decodeKnownServer,
	encodeKnownServer,
	type KnownServer,
	maxSessionMs,
} from "../../src/boards/esp32/tls/known-server";
import { sha256 } from "../../src/boards/esp32/tls/signature";
import type { ExchangeResult } from "../../src/http/exchange-result";
import { HttpConnection } from "../../src/http/http-connection";
import { decodePem } from "../../src/settings/pem";
import type { TlsCase, TlsStep } from "../test-plan";
import { report } from "./report";

/** Every name resolves to loopback. */
const resolver: Resolver = {
	resolve: ({ host, onResolved }) => onResolved(host, "127.0.0.1"),
};

/** Connects to each server: `accepted`, or `refused` with the certificate's fault or the failure. */
export async function checkTls(cases: readonly TlsCase[]): Promise<void> {
	const network = { TCP: TCPSocket, TLS: TLSSocket, resolver };
	const time = new SDKTime(makeClock());
	for (const { name, port, host, root, connections, steps } of cases) {
		forgetServer();
		const each: readonly TlsStep[] = steps ?? Array.from({ length: connections ?? 1 }, () => ({}));
		for (const [number, step] of each.entries()) {
			if (step.change !== undefined) changeKnown(step.change);
			const pem = decodePem(step.root ?? root);
			const ca = "certificates" in pem ? pem.certificates : [];
			const target = { host: step.host ?? host, port, secure: true, ca };
			const connection = new HttpConnection({ network, time, ...target });
			const outcome = await connection.exchange({ method: "GET", path: "/", headers: [] });
			connection.close();
			const reported = connections === undefined && steps === undefined ? name : `${name} ${number}`;
			report({ suite: "tls", name: reported, outcome: describeOutcome(outcome) });
		}
	}
}

/** Changes what is kept of the server, as if it had been made so. */
function changeKnown(change: NonNullable<TlsStep["change"]>): void {
	const known = decodeKnownServer(sleepMemory.read(), sha256);
	if (known === undefined) throw new Error("nothing is kept of the server");
	sleepMemory.write(
		change === "forgotten" ? new Uint8Array(0) : encodeKnownServer(changed(known, change), sha256),
	);
}

function changed(known: KnownServer, change: NonNullable<TlsStep["change"]>): KnownServer {
	const { validity, session } = known;
	if (session === undefined) throw new Error("no session is kept");
	const flip = (bytes: Uint8Array) => bytes.map((byte, index) => (index === 5 ? byte ^ 1 : byte));
	switch (change) {
		case "expired":
			return { ...known, validity: { ...validity, notAfter: Date.now() - 1 } };
		case "early":
			return { ...known, validity: { ...validity, notBefore: Date.now() + 60_000 } };
		case "set back":
			return { ...known, session: { ...session, expiresAt: Date.now() + maxSessionMs + 60_000 } };
		case "ticket":
			return { ...known, session: { ...session, ticket: flip(session.ticket) } };
		case "id":
			return { ...known, session: { ...session, id: flip(session.id) } };
		case "secret":
			return { ...known, session: { ...session, masterSecret: flip(session.masterSecret) } };
		default:
			return { ...known, session: { ...session, suite: session.suite ^ 4 } };
	}
}

function describeOutcome(outcome: ExchangeResult): string {
	if (outcome.kind === "response") return `accepted, ${outcome.status}`;
	const reason = outcome.message.replace(/^\S+: (TLS handshake failed: |(?=receive failed))/, "");
	return `refused, ${outcome.trustFault ?? reason}`;
}
