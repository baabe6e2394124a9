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
import { WorldClock } from "./world-clock";

export interface WorldOptions {
	/** Everything is kept below it: the board's state, the server's account, certificates and points. */
	readonly directory: string;
	/** How much faster than life time runs. */
	readonly speed: number;
	/** Forget the board's state, and the time that it knew. */
	readonly fresh?: boolean;
	/** Whether time runs at life's speed while a socket is open; without it, deadlines run as fast as all else. */
	readonly realTimeOnline?: boolean;
	/** Of the API, and of the status page in plain HTTP; 0 for any free port. */
	readonly port?: number;
	readonly pagePort?: number;
	/** What is wired to the board; left out: a BME280. */
	readonly sensors?: readonly WiredChip[];
	/** The longest body that the API takes, bytes. */
	readonly bodyLimit?: number;
	/** The board is set up by somebody: networks around it, and an internet in which its presets lead to this world. */
	readonly setup?: {
		/** Where the setup page is; 0 for any free port. */
		readonly page: number;
		readonly networks?: readonly SimulatedNetwork[];
	};
}

/** Calls per month of the Pro plan (API, "Rate limits"): at full speed a month of the Free plan lasts seconds. */
const planCalls = 1_000_000;

/** What is around a board: one time for all of it, a time server that tells it, and a Dakkio service. */
export class World {
	readonly ntp: NtpServer;
	readonly dakkio: DakkioServer;
	private readonly directory: string;
	private readonly clock: WorldClock;
	private readonly realTimeOnline: boolean;
	private readonly setup: WorldOptions["setup"];
	private readonly captivePortal: CaptivePortal | undefined;
	private readonly sensors: readonly WiredChip[] | undefined;

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
		this.clock = clock;
		this.ntp = ntp;
		this.dakkio = dakkio;
	}

	/** Rejects when a port cannot be had. */
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

	/** The time of day, milliseconds of Unix time. */
	now(): number {
		return this.clock.now();
	}

	/** The board that lives in this world. */
	board(log: (line: string) => void, start?: BoardStart): VirtualBoard {
		return new VirtualBoard({
			directory: join(this.directory, "board"),
			time: this.time,
			startedAt: this.clock.startedAt,
			realTimeOnline: this.realTimeOnline,
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
