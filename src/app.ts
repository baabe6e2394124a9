import type { Board, Timer } from "./boards/board";
import type { I2CBus, KeyValue } from "./boards/ecma419";
import { uniform } from "./boards/random";
import type { ResetReason } from "./boards/reset";
import { type Boots, beginBoot, countBoot } from "./boot";
import { Clock } from "./clock/clock";
import { TimeSync } from "./clock/sync";
import { HttpConnection } from "./http/exchange";
import type { Press } from "./panel/button";
import { Panel } from "./panel/panel";
import { chargeOf, readBattery } from "./power/battery";
import { Sleeper } from "./power/sleeper";
import type { Field, SampleContext, Value } from "./reading/reading";
import { Sampler } from "./sensors/sampler";
import { decodePem } from "./settings/pem";
import { parseServer } from "./settings/server";
import { missingForUpload, type Settings } from "./settings/settings";
import { SettingsStore } from "./settings/settings-store";
import { describeStatus, type Status } from "./status";
import { ReadingLog } from "./store/reading-log";
import { keepAttempts, readAttempts } from "./upload/attempts";
import { Budget } from "./upload/budget";
import { Quarantine } from "./upload/quarantine";
import { Silence } from "./upload/silence";
import { answerHeaders, Uploader } from "./upload/uploader";
import { firmwareVersion, releasedAt } from "./version";
import { Station } from "./wifi/station";

/** Kept while the last restart was for a silent network, and it is still silent. */
const silenceKey = "silence";
/** On battery each upload costs as much as an hour of sleep, or more: at most one an hour, unless the settings say how often. */
const batteryUploads = 3_600_000;
const statusInterval = 3_600_000;
/** The loop stands still when no reading was tried for so many intervals, and for so many milliseconds. */
const stalledIntervals = 3;
const stalledTime = 10 * 60_000;

/** The firmware: boots, samples, stores, uploads. What each part does is in its folder; here they meet. */
export class App {
	readonly #board: Board;
	readonly #boots: Boots;
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
	readonly #panel: Panel;
	/** On battery. */
	readonly #sleeper: Sleeper | undefined;
	/** Told with the first reading of the boot. */
	#resetReason: ResetReason | undefined;
	#statusTimer: Timer | undefined;
	/** Ticks of the last sample that came to an end. */
	#lastSample = 0;
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
		this.#boots = countBoot(this.#storage, this.#readings.newestBoot, board.resetReason);
		const { boot, resumed } = this.#boots;
		this.#resetReason = resumed ? undefined : board.resetReason;
		const { time, log } = this.#tools();
		const sleeps = this.#settings.power === "battery";
		this.#clock = new Clock({ time, boot, resumed, sleeps, storage: this.#storage, log });
		this.#quarantine = new Quarantine(board.storage.flash.open({ path: "quarantine" }));
		this.#sampler = new Sampler({ bus: this.#bus(), time, log });
		this.#uploader = missingForUpload(this.#settings).length === 0 ? this.#makeUploader() : undefined;
		this.#timeSync = this.#makeTimeSync();
		this.#station = this.#makeStation();
		this.#panel = this.#makePanel();
		this.#sleeper = sleeps ? this.#makeSleeper() : undefined;
	}

	start(): void {
		if (!this.#boots.resumed) this.#introduce();
		this.#lastSample = this.#board.time.ticks();
		this.#nextSample = this.#lastSample;
		this.#scheduleSample();
		this.#watch();
		if (this.#sleeper === undefined) {
			this.#station.start();
			this.#uploader?.start();
			return;
		}
		// A street that has power again is no concern of a board on battery: its first upload need not wait.
		const begin = { dueAt: this.#nextSample, failures: 0 };
		this.#uploader?.resume((this.#boots.resumed ? readAttempts(this.#storage) : undefined) ?? begin);
	}

	/** What somebody who has just opened the log wants to know. */
	#introduce(): void {
		const { identity, resetReason } = this.#board;
		const { chip, serial } = identity;
		const waiting = this.#readings.length;
		const boot = `boot ${this.#boots.boot} (${resetReason})`;
		this.#board.log(`dakkio-esp32 ${firmwareVersion} on ${chip} ${serial}, ${boot}, ${waiting} waiting`);
		let last = "";
		for (const { sequence, cause } of this.#quarantine.points()) last = `point ${sequence}: ${cause}`;
		if (last !== "") this.#board.log(`${this.#quarantine.length} in quarantine, last ${last}`);
		const missing = missingForUpload(this.#settings);
		if (missing.length > 0) this.#board.log(`nothing is sent: ${missing.join(", ")}; readings are kept`);
	}

	/** How the board is now. */
	get status(): Status {
		const board = this.#board;
		return {
			boots: this.#boots,
			uptime: board.time.ticks(),
			freeMemory: board.freeMemory(),
			waiting: this.#readings.length,
			capacity: this.#readings.capacity,
			overwritten: this.#readings.dropped,
			quarantined: this.#quarantine.length,
			damagedBytes: this.#readings.damagedBytes,
			signalStrength: this.#station.signalStrength,
			batteryLevel: this.#batteryLevel(),
		};
	}

	/** Ends in order: what is under way is finished or given up, and everything is closed. */
	async stop(): Promise<void> {
		this.#board.time.clear(this.#timer);
		this.#board.time.clear(this.#statusTimer);
		this.#sleeper?.stop();
		this.#panel.close();
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
				this.#lastSample = time.ticks();
				this.#changed();
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
					batteryLevel: this.#batteryLevel(),
					signalStrength: this.#station.signalStrength,
				},
				this.#context(fields),
			);
			this.#resetReason = undefined;
			board.log(`reading ${sequence}: ${describe(fields, values)}; stored`);
			this.#uploader?.wake();
		} catch (error) {
			board.log(`a reading could not be stored: ${error instanceof Error ? error.message : String(error)}`);
		}
	}

	#context(fields: readonly Field[]): SampleContext {
		const { location } = this.#settings;
		return {
			boot: this.#boots.boot,
			resetReason: this.#resetReason,
			deviceId: this.#deviceId,
			location,
			firmwareVersion,
			fields,
		};
	}

	get #deviceId(): string {
		const { deviceId } = this.#settings;
		return deviceId === "" ? `ESP32-${this.#board.identity.serial}` : deviceId;
	}

	/** Percent; `undefined` where no battery can be measured. */
	#batteryLevel(): number | undefined {
		const { batteryPin: pin, batteryRatio: ratio } = this.#settings;
		const { Analog, analogRange: range } = this.#board.pins;
		if (pin === "none") return undefined;
		try {
			return chargeOf(readBattery({ Analog, pin, range, ratio }));
		} catch {
			// A pin without a converter: no reason to lose the reading.
			return undefined;
		}
	}

	#bus(): I2CBus {
		const { dataPin, clockPin } = this.#settings;
		const bus = this.#board.i2c;
		return {
			...bus,
			data: dataPin === "auto" ? bus.data : dataPin,
			clock: clockPin === "auto" ? bus.clock : clockPin,
		};
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
				this.#changed();
			},
			onDisconnected: () => {
				this.#timeSync.stop();
				this.#changed();
			},
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
				this.#changed();
			},
		});
	}

	#makeUploader(): Uploader {
		const { server, rootCertificate, key, bucketId, dataSourceId } = this.#settings;
		const { interval, uploadInterval, power } = this.#settings;
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
			interval: (now) => {
				const allowed = budget.interval(uploadInterval, interval * 1000, now);
				return power === "battery" && uploadInterval === "auto" ? Math.max(batteryUploads, allowed) : allowed;
			},
			sparing: power === "battery",
			connect: () => new HttpConnection({ network, time, ...origin, secure: true, ca, answerHeaders }),
			online: () => this.#station.connected,
			onAttempt: (reached) => this.#attempted(reached),
			onChange: () => this.#changed(),
		});
	}

	#makePanel(): Panel {
		return new Panel({
			board: this.#board,
			settings: this.#settings,
			situation: () => ({
				setup: false,
				settingsFault:
					this.#uploader === undefined ||
					this.#uploader.activity === "settings fault" ||
					this.#settings.networks.length === 0,
				online: this.#station.connected,
				timeKnown: this.#clock.now() !== undefined,
				sending: this.#uploader?.activity === "sending",
				saving: this.#settings.power === "battery",
			}),
			onPress: (press) => this.#pressed(press),
		});
	}

	#makeSleeper(): Sleeper {
		const { time } = this.#board;
		return new Sleeper({
			time,
			duties: () => ({
				nextSample: this.#nextSample,
				nextUpload: this.#uploader?.dueAt ?? Number.POSITIVE_INFINITY,
				busy: this.#sampling !== undefined || this.#panel.touched,
				sending: this.#uploader?.activity === "sending",
			}),
			join: () => this.#station.start(),
			postpone: (until) => this.#uploader?.postpone(until),
			sleep: (milliseconds) => {
				this.#clock.rest();
				if (this.#clock.fresh) beginBoot(this.#storage);
				if (this.#uploader !== undefined) keepAttempts(this.#storage, this.#uploader.attempts);
				this.#board.sleep(milliseconds);
			},
		});
	}

	/** What the light tells, and what keeps the board awake, may have changed. */
	#changed(): void {
		this.#panel.refresh();
		this.#sleeper?.consider();
	}

	#pressed(press: Press): void {
		this.#board.log(`button: ${press}`);
		if (press === "send now") this.#uploader?.sendNow();
		if (press === "forget everything") this.#forget();
		this.#changed();
	}

	/** The board goes to somebody else: settings, secrets and readings go; what numbers its readings stays. */
	#forget(): void {
		new SettingsStore(this.#storage).clear();
		for (const key of ["budget", "attempts", silenceKey]) this.#storage.delete(key);
		this.#readings.reset();
		this.#quarantine.reset();
		this.#board.restart();
	}

	/** Tells the status each hour, and restarts a board whose loop stands still. */
	#watch(): void {
		const { time } = this.#board;
		const limit = Math.max(stalledTime, stalledIntervals * this.#settings.interval * 1000);
		this.#statusTimer = time.set(() => {
			if (time.ticks() - this.#lastSample > limit) {
				this.#board.log("no reading was tried for too long; the board restarts");
				this.#board.restart();
				return;
			}
			this.#board.log(describeStatus(this.status));
			this.#watch();
		}, statusInterval);
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

function describe(fields: readonly Field[], values: readonly Value[]): string {
	return fields
		.map(({ name, unit }, index) => {
			const value = values[index];
			return value === undefined ? `no ${name}` : `${name} ${value}${unit === "" ? "" : ` ${unit}`}`;
		})
		.join(", ");
}
