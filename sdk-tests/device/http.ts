import { makeClock } from "../../boards/lin/clock";
import { resolver } from "../../src/boards/esp32/resolver";
import { TCPSocket } from "../../src/boards/esp32/tcp";
import { SDKTime } from "../../src/boards/esp32/time";
import { TLSSocket } from "../../src/boards/esp32/tls";
import { HttpConnection } from "../../src/http/http-connection";
import type { Body } from "../../src/http/message-stream";
import type { HttpCase } from "../test-plan";
import { report } from "./report";

/** Short, so that a silent server costs seconds instead of minutes. */
const timeoutsMs = { connect: 2000, send: 2000, receive: 2000, total: 10_000 };

/** Posts to each server several times over one connection; reports the status, or the step that failed. */
export async function checkHttp(cases: readonly HttpCase[]): Promise<void> {
	const network = { TCP: TCPSocket, TLS: TLSSocket, resolver };
	const time = new SDKTime(makeClock());
	for (const { name, port, exchanges, bodyBytes } of cases) {
		const host = "127.0.0.1";
		const connection = new HttpConnection({ network, time, host, port, secure: false, timeoutsMs });
		const outcomes: string[] = [];
		for (let i = 0; i < exchanges; i++) {
			const body = () => letters(bodyBytes);
			const outcome = await connection.exchange({ method: "POST", path: "/", headers: [], body });
			if (outcome.kind === "failure") outcomes.push(`${outcome.phase}${outcome.fullySent ? ", sent" : ""}`);
			else outcomes.push(`${outcome.status}${outcome.truncated ? ", truncated" : ""}`);
		}
		connection.close();
		report({ suite: "http", name, outcome: outcomes.join(" · ") });
	}
}

function letters(length: number): Body {
	let left = length;
	return {
		length,
		read(into) {
			const count = Math.min(left, into.length);
			into.fill(0x61, 0, count);
			left -= count;
			return count;
		},
	};
}
