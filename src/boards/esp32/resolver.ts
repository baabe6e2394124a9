// biome-ignore lint/style/useNodejsImportProtocol: the SDK's module, not Node's
import Net from "net";
import type { Resolver } from "../ecma419";
import { defer, guard } from "./callbacks";
import { isIPv4Address } from "./tcp";

/**
 * The platform's DNS resolver: on the chip lwIP's, with the servers from DHCP. Calls back from the event loop; dotted
 * addresses resolve to themselves.
 */
export const resolver: Resolver = Object.freeze({
	resolve({ host, onResolved, onError }: Parameters<Resolver["resolve"]>[0]): void {
		const known = host === "localhost" ? "127.0.0.1" : isIPv4Address(host) ? host : undefined;
		if (known !== undefined) {
			defer(() => onResolved(host, known));
			return;
		}
		try {
			Net.resolve(host, (_, address) =>
				guard(() => (address === undefined ? onError(host) : onResolved(host, address))),
			);
		} catch {
			// It has too many queries in progress.
			defer(() => onError(host));
		}
	},
});
