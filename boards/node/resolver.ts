import { lookup } from "node:dns";
import { isIPv4 } from "node:net";
import type { Resolver } from "../../src/boards/ecma419";
import { type Hold, noHold } from "./real-time-hold";

/** The computer's DNS resolver, IPv4. Calls back from the event loop; dotted addresses resolve to themselves. */
export function makeResolver({ hold = noHold }: { hold?: Hold } = {}): Resolver {
	return {
		resolve({ host, onResolved, onError }) {
			const release = hold();
			const finish = (address: string | undefined) => {
				release();
				try {
					if (address === undefined || address === "") onError(host);
					else onResolved(host, address);
				} catch (thrown) {
					process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
				}
			};
			// For Node, an empty name is the computer itself.
			if (host === "" || isIPv4(host)) setImmediate(finish, host);
			else lookup(host, { family: 4 }, (error, address) => finish(error === null ? address : undefined));
		},
	};
}
