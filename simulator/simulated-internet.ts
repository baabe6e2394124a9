import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Network } from "../src/boards/board";
import type {
	ListenerOptions,
	TCPFromOptions,
	TCPOptions,
	TLSOptions,
	UDP,
	UDPOptions,
	UDPPacket,
} from "../src/boards/ecma419";
import { parseServiceAddress } from "../src/settings/service-address";
import { settingsTable } from "../src/settings/settings";
import type { SimulatedRadio } from "./hardware/wifi-radio";

/** Where the default servers of the settings are on this computer. */
export interface InternetOptions {
	/** Ports of the embedded Dakkio server and of the time server. */
	readonly dakkio: number;
	readonly ntp: number;
	/** Ports of the board's own servers in place of 80 and 53, which need privileges; 0: any free port. */
	readonly page: number;
	readonly dns: number;
	/** The port of a {@link CaptivePortal}. */
	readonly captivePortal: number;
}

const ntpPort = 123;
const httpPort = 80;
const dnsPort = 53;

/** The host name of the default server. */
export function defaultHost(): string {
	const server = parseServiceAddress(settingsTable.server.defaultValue);
	return "host" in server ? server.host : "";
}

/**
 * A small internet for a simulated board: the default host names resolve to this computer's servers. Behind a captive
 * portal all of them lead to its login page.
 */
export function simulateInternet(base: Network, radio: SimulatedRadio, options: InternetOptions): Network {
	const login = () => radio.joined?.captivePortal === true;
	const route = (port: number) => (login() ? options.captivePortal : port === 443 ? options.dakkio : port);
	const local = new Set<string>([defaultHost(), ...settingsTable.ntpServers.defaultValue]);
	return {
		...base,
		TCP: class extends base.TCP {
			constructor(given: TCPOptions | TCPFromOptions) {
				super("from" in given ? given : { ...given, port: route(given.port) });
			}
		},
		TLS: class extends base.TLS {
			constructor(given: TLSOptions) {
				super({ ...given, port: route(given.port) });
			}
		},
		Listener: class extends base.Listener {
			constructor(given: ListenerOptions) {
				super({ ...given, port: given.port === httpPort ? options.page : given.port });
			}
		},
		UDP: class extends RoutedUDP {
			constructor(given: UDPOptions) {
				const port = given.port === dnsPort ? options.dns : given.port;
				super(new base.UDP({ ...given, ...(port === undefined ? {} : { port }) }), options.ntp, login);
			}
		},
		resolver: {
			resolve(request) {
				const known = login() || local.has(request.host);
				// A reserved name (RFC 2606): not worth a query to the computer's resolver.
				if (!known && request.host.endsWith(".invalid")) {
					setImmediate(() => request.onError(request.host));
					return;
				}
				base.resolver.resolve({
					...request,
					host: known ? "127.0.0.1" : request.host,
					onResolved: (_, address) => request.onResolved(request.host, address),
					onError: () => request.onError(request.host),
				});
			},
		},
	};
}

/** NTP servers use the port of the simulated one; behind a captive portal there is no response. */
class RoutedUDP implements UDP {
	private readonly socket: UDP;
	private readonly ntp: number;
	private readonly isCaptivePortal: () => boolean;

	constructor(socket: UDP, ntp: number, login: () => boolean) {
		this.socket = socket;
		this.ntp = ntp;
		this.isCaptivePortal = login;
	}

	read(): UDPPacket | undefined {
		const packet = this.socket.read();
		if (packet?.port !== this.ntp) return packet;
		return Object.assign(packet.slice(0), { address: packet.address, port: ntpPort });
	}

	write(buffer: Uint8Array, address: string, port: number): void {
		if (!this.isCaptivePortal()) this.socket.write(buffer, address, port === ntpPort ? this.ntp : port);
	}

	close(): void {
		this.socket.close();
	}
}

/** A captive portal, as in a hotel: it redirects every request to its login page. */
export class CaptivePortal {
	private readonly server: Server;

	private constructor(server: Server) {
		this.server = server;
	}

	static start(): Promise<CaptivePortal> {
		const server = createServer((_, response) => {
			response.writeHead(302, { Location: "http://login.hotel.example/" }).end();
		});
		return new Promise((resolve) => {
			server.listen(0, "127.0.0.1", () => resolve(new CaptivePortal(server)));
		});
	}

	get port(): number {
		const address: AddressInfo | string | null = this.server.address();
		return typeof address === "object" ? (address?.port ?? 0) : 0;
	}

	close(): Promise<void> {
		return new Promise((resolve) => {
			this.server.close(() => resolve());
			this.server.closeAllConnections();
		});
	}
}
