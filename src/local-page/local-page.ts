import type { Board, Network } from "../boards/board";
import { lowerCase } from "../common/lower-case";
import { HttpServer } from "../http/http-server";
import { MdnsResponder } from "./mdns-responder";
import { handleLocalRequest, type LocalPageBackend, requestHeaders } from "./request-handler";

export interface LocalPageOptions extends Pick<LocalPageBackend, "status" | "history" | "logLines"> {
	readonly board: Pick<Board, "time" | "log" | "identity"> & {
		readonly network: Pick<Network, "TCP" | "Listener" | "UDP">;
	};
}

const httpPort = 80;
/** A browser opens two or three; the board needs the others of lwIP's eight itself. */
const maxConnections = 3;
/** No request needs a body. One that has it gets a proper refusal. */
const limits = Object.freeze({ maxBodyBytes: 1024 });

/** The page on the home network, read-only, and the name by which it is found: while a network is joined. */
export class LocalPage {
	private readonly options: LocalPageOptions;
	private server: HttpServer | undefined;
	private responder: MdnsResponder | undefined;

	constructor(options: LocalPageOptions) {
		this.options = options;
	}

	/** `address`: of the board in this network; empty if the platform does not say. */
	open(address: string): void {
		this.close();
		if (address === "") return;
		const { board, status, history, logLines } = this.options;
		const { network, time } = board;
		const serial = lowerCase(board.identity.serial.slice(-4));
		const fail = (error: Error | undefined) =>
			board.log(`local page: ${error?.message ?? "a socket failed"} (TCP ${httpPort})`);
		const server: HttpServer = new HttpServer({
			network,
			time,
			port: httpPort,
			limits,
			maxConnections,
			keptHeaders: requestHeaders,
			handle: (request) =>
				handleLocalRequest(request, {
					names: [
						address,
						`${this.responder?.host}.local`,
						...(address === "127.0.0.1" ? ["localhost"] : []),
					],
					port: server.port,
					status,
					history,
					logLines,
				}),
			onHandlerError: fail,
			onError: fail,
		});
		this.server = server;
		const portSuffix = () => (server.port === httpPort ? "" : `:${server.port}`);
		this.responder = new MdnsResponder({
			network,
			time,
			host: `dakkio-${serial}`,
			address,
			// Not random, but the same on no two boards of a home.
			startDelayMs: Number.parseInt(serial.slice(-2), 16) || 0,
			onClaimed: (host) => {
				board.log(`local page: http://${host}.local${portSuffix()}, http://${address}${portSuffix()}`);
			},
			onError: (error) =>
				board.log(
					`local page: ${error?.message ?? "a socket failed"} (UDP 5353, mDNS): no name; http://${address}${portSuffix()}`,
				),
		});
	}

	/** May be called twice. */
	close(): void {
		this.server?.close();
		this.responder?.close();
		this.server = this.responder = undefined;
	}

	/** While it is open. */
	get port(): number | undefined {
		return this.server?.port;
	}
}
