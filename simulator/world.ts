import { rmSync } from "node:fs";
import { join } from "node:path";
import type { PacedTime } from "../boards/node/time";
import { DakkioServer } from "./dakkio/server";
import type { WiredChip } from "./hardware/simulated-sensors";
import type { SimulatedNetwork } from "./hardware/wifi-radio";
import { NtpServer } from "./ntp/ntp-server";
import { CaptivePortal, defaultHost } from "./simulated-internet";
import { nearbyNetworks } from "./simulated-networks";
import { type BoardStart, VirtualBoard, type VirtualBoardOptions } from "./virtual-board";
import { VirtualRelease } from "./virtual-release";
import { WorldClock } from "./world-clock";

export interface WorldOptions {
	/** For the board's state, and the server's account, certificates and points. */
	readonly directory: string;
	/** Speed of time: 1 is real time. */
	readonly speed: number;
	/** Erase the board's state and clock. */
	readonly fresh?: boolean;
	/** Real time while a socket is open (default); otherwise deadlines also run at `speed`. */
	readonly realTimeOnline?: boolean;
	/** Ports of the API, and of the status page over HTTP; 0: any free port. */
	readonly port?: number;
	readonly pagePort?: number;
	/** Of the board's page on the home network; default: any free port. */
	readonly localPagePort?: number;
	/** Sensors connected to the board; default: a BME280. */
	readonly sensors?: readonly WiredChip[];
	/** Maximum request body of the API, bytes. */
	readonly bodyLimit?: number;
	/** Setup mode: Wi-Fi networks in range, and an internet in which the default servers resolve to this world. */
	readonly setup?: {
		/** Port of the setup page; 0: any free port. */
		readonly page: number;
		readonly networks?: readonly SimulatedNetwork[];
	};
}

/** Calls per month of the Pro plan (API, "Rate limits"): at full speed the Free plan's month would last seconds. */
const planCalls = 1_000_000;

/** The environment of a board: a common time, a time server, and a Dakkio service. */
export class World {
	readonly ntp: NtpServer;
	readonly dakkio: DakkioServer;
	private readonly directory: string;
	private readonly clock: WorldClock;
	private readonly realTimeOnline: boolean;
	private readonly setup: WorldOptions["setup"];
	private readonly captivePortal: CaptivePortal | undefined;
	private readonly sensors: readonly WiredChip[] | undefined;
	private readonly localPagePort: number;
	/** The key of the board's updates, and an update to try. */
	readonly release: VirtualRelease;

	private constructor(
		options: WorldOptions,
		clock: WorldClock,
		ntp: NtpServer,
		dakkio: DakkioServer,
		login: CaptivePortal | undefined,
	) {
		this.setup = options.setup;
		this.captivePortal = login;
		this.directory = options.directory;
		this.realTimeOnline = options.realTimeOnline ?? true;
		this.sensors = options.sensors;
		this.localPagePort = options.localPagePort ?? 0;
		this.release = new VirtualRelease(options.directory);
		this.clock = clock;
		this.ntp = ntp;
		this.dakkio = dakkio;
	}

	/** Rejects if a port is in use. */
	static async start(options: WorldOptions): Promise<World> {
		const { directory, speed, fresh = false, port = 0, pagePort = 0, bodyLimit } = options;
		const board = join(directory, "board");
		if (fresh) rmSync(board, { recursive: true, force: true });
		const clock = new WorldClock(board, speed);
		const now = () => clock.now();
		const ntp = await NtpServer.start({ now });
		try {
			const dakkio = await DakkioServer.start({
				directory: join(directory, "dakkio"),
				port,
				pagePort,
				now,
				plan: planCalls,
				...(bodyLimit === undefined ? {} : { bodyLimit }),
				...(options.setup === undefined ? {} : { names: [defaultHost()] }),
			});
			const login = options.setup === undefined ? undefined : await CaptivePortal.start();
			return new World(options, clock, ntp, dakkio, login);
		} catch (error) {
			clock.close();
			await ntp.close();
			throw error;
		}
	}

	get time(): PacedTime {
		return this.clock.time;
	}

	/** Milliseconds of Unix time. */
	now(): number {
		return this.clock.now();
	}

	/** A board in this world. */
	board(log: (line: string) => void, start?: BoardStart): VirtualBoard {
		return new VirtualBoard({
			directory: join(this.directory, "board"),
			time: this.time,
			startedAt: this.clock.startedAt,
			realTimeOnline: this.realTimeOnline,
			localPagePort: this.localPagePort,
			releaseKey: this.release.publicKey,
			log,
			...(this.sensors === undefined ? {} : { sensors: this.sensors }),
			...(start === undefined ? {} : { start }),
			...this.boardEnvironment(),
		});
	}

	private boardEnvironment(): Pick<VirtualBoardOptions, "networks" | "internet"> {
		if (this.setup === undefined) return {};
		const { page, networks = nearbyNetworks } = this.setup;
		const ports = {
			dakkio: this.dakkio.port,
			ntp: this.ntp.port,
			captivePortal: this.captivePortal?.port ?? 0,
		};
		const root = this.dakkio.certificates.root.der;
		return { networks, internet: { ...ports, page, dns: 0, root } };
	}

	async close(): Promise<void> {
		this.clock.close();
		await Promise.all([this.ntp.close(), this.dakkio.close(), this.captivePortal?.close()]);
	}
}
