import { makeClock } from "../../boards/lin/clock";
import { fillRandom } from "../../src/boards/esp32/random";
import { resolver } from "../../src/boards/esp32/resolver";
import { SDKTime } from "../../src/boards/esp32/time";
import { UDPSocket } from "../../src/boards/esp32/udp";
import { randomUniform } from "../../src/boards/random";
import { NtpQuery } from "../../src/clock/ntp-client";
import { releasedAt } from "../../src/version";
import type { NtpCase } from "../test-plan";
import { report } from "./report";

/** Queries each time server once; reports whether the time is within a second of the computer's, or the failure. */
export async function checkNtp(cases: readonly NtpCase[]): Promise<void> {
	const time = new SDKTime(makeClock());
	for (const { name, port } of cases) {
		const query = new NtpQuery({
			network: { UDP: UDPSocket, resolver },
			time,
			server: `127.0.0.1:${port}`,
			minUtc: releasedAt,
			random: () => randomUniform({ fillRandom }),
			isBlocked: () => false,
		});
		const result = await query.result;
		const now = Date.now();
		if (result.kind === "failure") report({ suite: "ntp", name, outcome: result.reason });
		else {
			const { utc, ticks } = result.measurement;
			const off = utc + time.ticks() - ticks - now;
			report({
				suite: "ntp",
				name,
				outcome: Math.abs(off) < 1000 ? "the true time" : `a time ${off} ms off`,
			});
		}
	}
}
