import { lookup } from "node:dns";
import { isIPv4 } from "node:net";
import type { Resolver } from "../../src/boards/ecma419";
import { type Hold, noHold } from "./real-time-hold";

/** The computer's own names, IPv4. Always answers from the event loop; dotted addresses answer themselves. */
export function makeResolver({ hold = noHold }: { hold?: Hold } = {}): Resolver {
	return {
		resolve({ host, onResolved, onError }) {
			const release = hold();
			const answer = (address: string | undefined) => {
				release();
				try {
					if (address === undefined || address === "") onError(host);
					else onResolved(host, address);
				} catch (thrown) {
					process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
				}
			};
			// Node takes no name for the computer itself.
			if (host === "" || isIPv4(host)) setImmediate(answer, host);
			else lookup(host, { family: 4 }, (error, address) => answer(error === null ? address : undefined));
		},
	};
}
