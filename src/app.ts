import type { Board, Timer } from "./boards/board";
import type { KeyValue } from "./boards/ecma419";
import { uniform } from "./boards/random";
import { countBoot } from "./boot";
import { Clock } from "./clock/clock";
import { TimeSync } from "./clock/sync";
import { HttpConnection } from "./http/exchange";
import type { Field, SampleContext, Value } from "./reading/reading";
import { Sampler } from "./sensors/sampler";
import { decodePem } from "./settings/pem";
import { parseServer } from "./settings/server";
import { missingForUpload, type Settings } from "./settings/settings";
import { SettingsStore } from "./settings/settings-store";
import { ReadingLog } from "./store/reading-log";
import { Budget } from "./upload/budget";
import { Quarantine } from "./upload/quarantine";
import { Silence } from "./upload/silence";
import { answerHeaders, Uploader } from "./upload/uploader";
import { firmwareVersion, releasedAt } from "./version";
import { Station } from "./wifi/station";

/** Kept while the last restart was for a silent network, and it is still silent. */
const silenceKey = "silence";

/** The firmware: boots, samples, stores, uploads. What each part does is in its folder; here they meet. */
export class App {
	readonly #board: Board;
	readonly #boot: number;
	readonly #storage: KeyValue;
	readonly #settings: Settings;
	readonly #clock: Clock;
	readonly #readings: ReadingLog;
	readonly #quarantine: Quarantine;
	readonly #sampler: Sampler;
	readonly #station: Station;
	readonly #timeSync: TimeSync;
	/** `undefined` as long as the settings do not say where to send to. */
	readonly #uploader: Uploader | undefined;
	readonly #silence: Silence;
	#timer: Timer | undefined;
	#sampling: Promise<void> | undefined;
	/** Ticks of the next sample: a fixed grid, so that what a sample takes does not add up. */
	#nextSample = 0;

	constructor(board: Board) {
		this.#board = board;
		this.#storage = board.storage.keyValue.open({ path: "dakkio", format: "buffer" });
		this.#silence = new Silence(board.time.ticks(), this.#storage.read(silenceKey) !== undefined);
		this.#settings = this.#loadSettings();
		this.#readings = new ReadingLog({ flash: board.storage.flash.open({ path: "queue" }) });
		this.#boot = countBoot(this.#storage, newestBoot(this.#readings));
		const { time, log } = this.#tools();
		this.#clock = new Clock({ time, boot: this.#boot, storage: this.#storage, log });
		this.#quarantine = new Quarantine(board.storage.flash.open({ path: "quarantine" }));
		this.#sampler = new Sampler({ bus: board.i2c, time, log });
		this.#uploader = missingForUpload(this.#settings).length === 0 ? this.#makeUploader() : undefined;
		this.#timeSync = this.#makeTimeSync();
		this.#station = this.#makeStation();
	}

	start(): void {
		const { chip, serial } = this.#board.identity;
		const waiting = this.#readings.length;
		this.#board.log(
			`dakkio-esp32 ${firmwareVersion} on ${chip} ${serial}, boot ${this.#boot}, ${waiting} waiting`,
		);
		let last = "";
		for (const { sequence, cause } of this.#quarantine.points()) last = `point ${sequence}: ${cause}`;
		if (last !== "") this.#board.log(`${this.#quarantine.length} in quarantine, last ${last}`);
		this.#nextSample = this.#board.time.ticks();
		this.#scheduleSample();
		this.#station.start();
		const missing = missingForUpload(this.#settings);
		if (missing.length > 0) this.#board.log(`nothing is sent: ${missing.join(", ")}; readings are kept`);
		this.#uploader?.start();
	}

	/** Ends in order: what is under way is finished or given up, and everything is closed. */
	async stop(): Promise<void> {
		this.#board.time.clear(this.#timer);
		this.#timeSync.stop();
		await this.#uploader?.stop();
		await this.#sampling;
		this.#station.stop();
		this.#sampler.close();
		this.#readings.close();
		this.#quarantine.close();
		this.#storage.close();
	}

	#scheduleSample(): void {
		const { time } = this.#board;
		const interval = this.#settings.interval * 1000;
		this.#timer = time.set(() => {
			// A sample that is still under way is not overtaken; its successor is left out.
			this.#sampling ??= this.#sample().finally(() => {
				this.#sampling = undefined;
			});
			// A platform's timer may fire a little early, too.
			const missed = Math.max(0, Math.floor((time.ticks() - this.#nextSample) / interval));
			this.#nextSample += (missed + 1) * interval;
			this.#scheduleSample();
		}, this.#nextSample - time.ticks());
	}

	/** One reading: measured, stored, and only then spoken of. */
	async #sample(): Promise<void> {
		const board = this.#board;
		try {
			const time = this.#clock.sampleTime();
			const { fields, values } = await this.#sampler.sample();
			if (values.every((value) => value === undefined)) return;
			const sequence = this.#readings.append(
				{
					time,
					values,
					batteryLevel: board.batteryLevel(),
					signalStrength: this.#station.signalStrength,
				},
				this.#context(fields),
			);
			board.log(`reading ${sequence}: ${describe(fields, values)}; stored`);
			this.#uploader?.wake();
		} catch (error) {
			board.log(`a reading could not be stored: ${error instanceof Error ? error.message : String(error)}`);
		}
	}

	#context(fields: readonly Field[]): SampleContext {
		const { location } = this.#settings;
		return { boot: this.#boot, deviceId: this.#deviceId, location, firmwareVersion, fields };
	}

	get #deviceId(): string {
		const { deviceId } = this.#settings;
		return deviceId === "" ? `ESP32-${this.#board.identity.serial}` : deviceId;
	}

	#tools() {
		const board = this.#board;
		return {
			time: board.time,
			log: (line: string) => board.log(line),
			random: () => uniform(board),
		};
	}

	#loadSettings(): Settings {
		const { settings, problems } = new SettingsStore(this.#storage).load();
		for (const { key, problem } of problems) this.#board.log(`settings: ${key}: ${problem}`);
		return settings;
	}

	#makeStation(): Station {
		return new Station({
			...this.#tools(),
			WiFi: this.#board.network.WiFi,
			networks: this.#settings.networks,
			onConnected: () => {
				this.#silence.joined(this.#board.time.ticks());
				this.#timeSync.start();
				this.#uploader?.wake();
			},
			onDisconnected: () => this.#timeSync.stop(),
		});
	}

	#makeTimeSync(): TimeSync {
		return new TimeSync({
			...this.#tools(),
			network: this.#board.network,
			clock: this.#clock,
			servers: this.#settings.ntpServers,
			releasedAt,
			onFailure: (reached) => this.#attempted(reached),
			onSynchronized: (utc) => {
				this.#attempted(true);
				this.#board.time.setWallClock(utc);
				this.#clock.estimate(this.#readings.waiting());
				this.#uploader?.wake();
			},
		});
	}

	#makeUploader(): Uploader {
		const { server, rootCertificate, key, bucketId, dataSourceId, interval, uploadInterval } = this.#settings;
		const { network, time } = this.#board;
		const origin = parseServer(server);
		if ("problem" in origin) throw new Error(origin.problem);
		const budget = new Budget(this.#storage);
		const pem = decodePem(rootCertificate);
		const ca = "certificates" in pem ? pem.certificates : [];
		return new Uploader({
			...this.#tools(),
			clock: this.#clock,
			readings: this.#readings,
			quarantine: this.#quarantine,
			destination: { bucketId, dataSourceId },
			key,
			agent: `dakkio-esp32/${firmwareVersion}`,
			budget,
			estimate: () => this.#clock.estimate(this.#readings.waiting()),
			interval: (now) => budget.interval(uploadInterval, interval * 1000, now),
			connect: () => new HttpConnection({ network, time, ...origin, secure: true, ca, answerHeaders }),
			online: () => this.#station.connected,
			onAttempt: (reached) => this.#attempted(reached),
		});
	}

	/** A network from which nothing comes is restarted, and in the end the board. */
	#attempted(reached: boolean): void {
		const ticks = this.#board.time.ticks();
		if (reached) {
			this.#silence.heard(ticks);
			if (this.#storage.read(silenceKey) !== undefined) this.#storage.delete(silenceKey);
			return;
		}
		const remedy = this.#silence.unheard({ ticks, timeKnown: this.#clock.now() !== undefined });
		if (remedy === undefined) return;
		this.#board.log(`network: nothing is heard although the Wi-Fi is up; ${remedy}`);
		if (remedy === "ask for the time") this.#timeSync.askNow();
		else if (remedy === "restart the network") this.#station.rejoin();
		else {
			this.#storage.write(silenceKey, Uint8Array.of(1));
			this.#board.restart();
		}
	}
}

/** The boot of the newest reading that waits; 0 when none does. */
function newestBoot(readings: ReadingLog): number {
	let boot = 0;
	for (const { context } of readings.waiting(readings.newest)) boot = context.boot;
	return boot;
}

function describe(fields: readonly Field[], values: readonly Value[]): string {
	return fields
		.map(({ name, unit }, index) => {
			const value = values[index];
			return value === undefined ? `no ${name}` : `${name} ${value}${unit === "" ? "" : ` ${unit}`}`;
		})
		.join(", ");
}
