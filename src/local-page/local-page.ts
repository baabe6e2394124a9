import type { Board, Network, Time } from "../boards/board";
import { errorMessage } from "../common/error-message";
import type { LogLine } from "../common/log-ring";
import { lowerCase } from "../common/lower-case";
import { HttpServer, type HttpServerOptions } from "../http/http-server";
import type { ServerRequest, ServerResponse } from "../http/server-messages";
import type { FieldHistory } from "./day-history";
import type { LocalStatus } from "./local-status";
import { MdnsResponder, type MdnsResponderOptions } from "./mdns-responder";
import { handleLocalRequest, type LocalPageBackend, requestHeaders } from "./request-handler";

export interface LocalPageOptions extends Pick<LocalPageBackend, "localStatus" | "history" | "ownLogLines"> {
	readonly board: Pick<Board, "time" | "log" | "identity"> & {
		readonly network: Pick<Network, "TCP" | "Listener" | "UDP">;
	};
}

const httpPort = 80;
/** A browser opens two or three; the board needs the rest of lwIP's eight for itself. */
const maxConnections = 3;
/** No request needs a body; this much is read so that a proper error can be sent. */
const limits = Object.freeze({ maxBodyBytes: 1024 });

/** The read-only page on the home network and its mDNS name, while a network is joined. */
export class LocalPage {
	private readonly options: LocalPageOptions;
	private opened: OpenPage | undefined;

	constructor(options: LocalPageOptions) {
		this.options = options;
	}

	/** `address`: of the board in this network; empty if unknown. */
	open(address: string): void {
		this.close();
		if (address !== "") this.opened = new OpenPage(this.options, address);
	}

	/** May be called twice. */
	close(): void {
		this.opened?.close();
		this.opened = undefined;
	}

	/** `undefined` while closed. */
	get port(): number | undefined {
		return this.opened?.pagePort;
	}
}

/** The page in one network. */
class OpenPage implements HttpServerOptions, MdnsResponderOptions, LocalPageBackend {
	readonly network: LocalPageOptions["board"]["network"];
	readonly time: Time;
	readonly port = httpPort;
	readonly limits = limits;
	readonly maxConnections = maxConnections;
	readonly keptHeaders = requestHeaders;
	readonly host: string;
	readonly address: string;
	readonly startDelayMs: number;
	private readonly options: LocalPageOptions;
	private readonly server: HttpServer;
	private readonly responder: MdnsResponder;

	constructor(options: LocalPageOptions, address: string) {
		const { board } = options;
		const serial = lowerCase(board.identity.serial.slice(-4));
		this.options = options;
		this.network = board.network;
		this.time = board.time;
		this.host = `dakkio-${serial}`;
		this.address = address;
		// Different on each board in a home.
		this.startDelayMs = Number.parseInt(serial.slice(-2), 16) || 0;
		this.server = new HttpServer(this);
		this.responder = new MdnsResponder(this);
	}

	get pagePort(): number {
		return this.server.port;
	}

	close(): void {
		this.server.close();
		this.responder.close();
	}

	takesMemory(path: string): boolean {
		return path !== "/";
	}

	handle(request: ServerRequest): ServerResponse {
		return handleLocalRequest(request, this);
	}

	get names(): readonly string[] {
		const { address, responder } = this;
		return [address, `${responder.host}.local`, ...(address === "127.0.0.1" ? ["localhost"] : [])];
	}

	localStatus(): LocalStatus {
		return this.options.localStatus();
	}

	history(): readonly FieldHistory[] {
		return this.options.history();
	}

	ownLogLines(): () => Iterable<LogLine> {
		return this.options.ownLogLines();
	}

	onHandlerError(error: unknown): void {
		this.log(`${errorMessage(error)} (TCP ${httpPort})`);
	}

	onError(error: Error | undefined): void {
		this.log(`${error?.message ?? "a socket failed"} (TCP ${httpPort})`);
	}

	onClaimed(host: string): void {
		this.log(`${this.originOf(`${host}.local`)}, ${this.originOf(this.address)}`);
	}

	onSocketError(error: Error | undefined): void {
		const reason = error?.message ?? "a socket failed";
		this.log(`${reason} (UDP 5353, mDNS): no name; ${this.originOf(this.address)}`);
	}

	private originOf(host: string): string {
		const { pagePort } = this;
		return pagePort === httpPort ? `http://${host}` : `http://${host}:${pagePort}`;
	}

	private log(line: string): void {
		this.options.board.log(`local page: ${line}`);
	}
}
