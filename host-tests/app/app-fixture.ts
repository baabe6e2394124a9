import { LogLines } from "../../simulator/log-lines";
import type { VirtualBoard } from "../../simulator/virtual-board";
import type { World } from "../../simulator/world";
import { App } from "../../src/app/app";
import type { Resolver } from "../../src/boards/ecma419";
import type { Settings } from "../../src/settings/settings";

/** The whole firmware on a virtual board, with its log. */
export class AppFixture {
	readonly app: App;
	readonly board: VirtualBoard;
	/** The last restart or sleep that the firmware requested. */
	requestedStart: "restart" | "sleep" | undefined;
	private readonly log = new LogLines();

	/**
	 * A reading every five seconds, each sent at once to the world's server. `settings` are added; `resolver` replaces the
	 * computer's; `prepare` changes the board after it has its settings.
	 */
	constructor(
		world: World,
		settings: Partial<Settings> = {},
		resolver?: Resolver,
		prepare: (board: VirtualBoard) => void = () => {},
	) {
		const log = (line: string) => this.log.append(line);
		const ask = (what: "restart" | "sleep") => {
			this.requestedStart = what;
			log(`asks for ${what}`);
		};
		const board = world.board(log, {
			resetReason: "power-on",
			restart: () => ask("restart"),
			sleep: () => ask("sleep"),
		});
		this.board = board;
		if (resolver !== undefined)
			Object.defineProperty(board, "network", { value: { ...board.network, resolver } });
		board.configure({
			...world.dakkio.credentials,
			server: world.dakkio.url,
			rootCertificate: world.dakkio.certificates.root.pem,
			ntpServers: [`127.0.0.1:${world.ntp.port}`],
			networks: [{ ssid: "Simulated", password: "" }],
			location: "Bench",
			interval: 5,
			uploadInterval: 0,
			...settings,
		});
		prepare(board);
		this.app = new App(board);
		this.app.start();
	}

	get logLines(): readonly string[] {
		return this.log.lines;
	}

	/** Resolves with the first line that matches, past or future. */
	waitForLine(pattern: RegExp): Promise<string> {
		return this.log.waitFor(pattern);
	}
}
