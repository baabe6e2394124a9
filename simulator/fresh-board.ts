import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyValue } from "../src/boards/ecma419";
import type { Settings } from "../src/settings/settings";
import { SettingsStore } from "../src/settings/settings-store";
import { requestSetup } from "../src/setup/setup-request";
import { BoardRunner } from "./board-runner";
import type { DataPoint } from "./dakkio/api";
import type { DakkioServer } from "./dakkio/server";
import { freePort } from "./free-port";
import type { SimulatedPins } from "./hardware/pins";
import type { WiredChip } from "./hardware/simulated-sensors";
import type { SimulatedNetwork } from "./hardware/wifi-radio";
import { LogLines } from "./log-lines";
import { nearbyNetworks } from "./simulated-networks";
import { World } from "./world";

/** Times real time: a rejected password takes seconds, a missing time server longer. */
const timeFactor = 5;

/** A simulated board without settings, with its setup page on this computer. */
export class FreshBoard {
	readonly world: World;
	/** The setup page. */
	readonly url: string;
	private readonly directory: string;
	private board: BoardRunner;
	private readonly log = new LogLines();

	private constructor(world: World, directory: string, port: number) {
		this.world = world;
		this.url = `http://127.0.0.1:${port}/`;
		this.directory = directory;
		this.board = this.make();
	}

	private make(): BoardRunner {
		return new BoardRunner(this.world, (line) => this.log.append(line));
	}

	/** With settings: the board is set up, and the user has requested setup. */
	static async start(
		settings?: (dakkio: DakkioServer) => Partial<Settings>,
		sensors?: readonly WiredChip[],
		networks: readonly SimulatedNetwork[] = nearbyNetworks,
	): Promise<FreshBoard> {
		const directory = mkdtempSync(join(tmpdir(), "browser-"));
		const page = await freePort();
		const world = await World.start({
			directory,
			speed: timeFactor,
			fresh: true,
			realTimeOnline: false,
			setup: { page, networks },
			...(sensors !== undefined && { sensors }),
		});
		const board = new FreshBoard(world, directory, page);
		if (settings !== undefined) {
			board.board.configure(settings(world.dakkio));
			board.withStorage((storage) => requestSetup(storage, "asked for"));
		}
		board.board.start("power-on");
		await board.waitForLine(/^setup: join/);
		return board;
	}

	/** What is connected to the board. */
	get pins(): SimulatedPins | undefined {
		return this.board.board?.simulatedPins;
	}

	get savedSettings(): Settings {
		return this.withStorage((storage) => new SettingsStore(storage).load().settings);
	}

	private withStorage<T>(look: (storage: KeyValue) => T): T {
		const storage = this.world.board(() => {}).storage.keyValue.open({ path: "dakkio", format: "buffer" });
		try {
			return look(storage);
		} finally {
			storage.close();
		}
	}

	get logLines(): readonly string[] {
		return this.log.lines;
	}

	/** Resolves with the first line that matches, past or future. */
	waitForLine(pattern: RegExp): Promise<string> {
		return this.log.waitFor(pattern);
	}

	/** Resolves with the first point that matches, past or future. */
	async waitForPoint(matches: (point: DataPoint) => boolean): Promise<DataPoint> {
		const { dakkio } = this.world;
		for (;;) {
			const found = dakkio.points().find(matches);
			if (found !== undefined) return found;
			await once(dakkio, "points");
		}
	}

	/** A power cut: only saved settings remain. */
	async switchOff(): Promise<void> {
		await this.board.stop();
		this.log.clear();
	}

	/** After {@link switchOff}; resolves once setup is open. */
	async switchOn(): Promise<void> {
		this.board = this.make();
		this.board.start("power-on");
		await this.waitForLine(/^setup: join/);
	}

	async stop(): Promise<void> {
		await this.board.stop();
		await this.world.close();
		rmSync(this.directory, { recursive: true, force: true });
	}
}
