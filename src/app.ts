import type { Board, Timer } from "./boards/board";
import type { I2CBus, KeyValue } from "./boards/ecma419";
import { uniform } from "./boards/random";
import type { ResetReason } from "./boards/reset";
import { type Boots, beginBoot, countBoot, reasonTold } from "./boot";
import { Clock } from "./clock/clock";
import { TimeSync } from "./clock/sync";
import { batchPoints } from "./dakkio/limits";
import type { Destination } from "./dakkio/point";
import { beginForgetting, forgetOwner, openStorage } from "./forget";
import type { HttpConnection, Outcome } from "./http/exchange";
import type { Press } from "./panel/button";
import { Panel } from "./panel/panel";
import { keepStuck, wasStuck } from "./panel/stuck";
import { chargeOf, readBattery } from "./power/battery";
import { pauseAfter } from "./power/rest";
import { Sleeper } from "./power/sleeper";
import type { Field, SampleContext, Value } from "./reading/reading";
import { type Sample, Sampler } from "./sensors/sampler";
import { usualPinsOf } from "./settings/pins";
import { missingForUpload, newDataSource, type Settings, withoutPresets } from "./settings/settings";
import { SettingsStore } from "./settings/settings-store";
import { Absence } from "./setup/absence";
import { Setup, type SetupOptions, type TimeSyncCallbacks } from "./setup/setup";
import { askForSetup, setupReason } from "./setup/wanted";
import { describeStatus, type Status } from "./status";
import { ReadingLog } from "./store/reading-log";
import { keepAttempts, readAttempts } from "./upload/attempts";
import { Budget } from "./upload/budget";
import { findSource } from "./upload/data-source";
import { batteryUploads } from "./upload/pace";
import { Quarantine } from "./upload/quarantine";
import { connectService } from "./upload/service";
import { Silence, silenceKey } from "./upload/silence";
import { Uploader } from "./upload/uploader";
import { firmwareVersion, releasedAt } from "./version";
import { Station } from "./wifi/station";

/** For the `User-Agent` header. */
const agent = `dakkio-esp32/${firmwareVersion}`;
/** Milliseconds; and how long somebody who has asked for setup waits for an upload to end. */
const shortestSleep = 100;
const patience = 10_000;
/** From the clock's alarm to the firmware, at the most, and what the slow clock may be off. Milliseconds. */
const wakingTime = 5_000;
const never = Number.POSITIVE_INFINITY;
const statusInterval = 3_600_000;
/** The loop stands still when no reading was tried for so many intervals, and for so many milliseconds. */
const stalledIntervals = 3;
const stalledTime = 10 * 60_000;

/** The firmware: boots, samples, stores, uploads. What each part does is in its folder; here they meet. */
export class App {
	private readonly board: Board;
	private readonly boots: Boots;
	private readonly storage: KeyValue;
	private readonly settings: Settings;
	private readonly clock: Clock;
	private readonly readings: ReadingLog;
	private readonly quarantine: Quarantine;
	/** One for all who call the service, so that each knows of the others' calls. */
	private readonly budget: Budget;
	private sampler: Sampler;
	/** What samples are taken by: the settings, or in setup those that are tried out. */
	private measuring: Settings;
	/** In a boot for setup, in place of all that goes online by itself. */
	private readonly setup: Setup | undefined;
	private readonly station: Station | undefined;
	private readonly timeSync: TimeSync;
	/** `undefined` in setup, and as long as the settings do not say where to send to. */
	private readonly uploader: Uploader | undefined;
	private readonly silence: Silence;
	private readonly absence: Absence;
	private readonly panel: Panel;
	/** On battery. */
	private readonly sleeper: Sleeper | undefined;
	/** Told with the first reading of the boot. */
	private resetReason: ResetReason | undefined;
	private statusTimer: Timer | undefined;
	/** The next start is on its way. */
	private left = false;
	/** Ticks of the last sample that came to an end. */
	private lastSample = 0;
	private timer: Timer | undefined;
	private sampling: Promise<void> | undefined;
	/** Ticks of the next sample: a fixed grid, so that what a sample takes does not add up. */
	private nextSample = 0;
	/** A measurement under way that is not kept. */
	private looking: Promise<void> | undefined;
	/** What was measured last. */
	private latest: Sample | undefined;

	constructor(board: Board) {
		this.board = board;
		this.readings = new ReadingLog({ flash: board.storage.flash.open({ path: "queue" }) });
		this.quarantine = new Quarantine(board.storage.flash.open({ path: "quarantine" }));
		this.storage = openStorage(board.storage, () => this.eraseReadings());
		this.budget = new Budget(this.storage);
		this.silence = new Silence(board.time.ticks(), this.storage.read(silenceKey) !== undefined);
		this.settings = this.loadSettings();
		this.boots = countBoot(this.storage, this.readings.newestBoot, board.resetReason);
		const { boot, resumed } = this.boots;
		this.resetReason = this.boots.untold;
		const { time, log } = this.tools();
		const sleeps = this.settings.power === "battery";
		const oldestBoot = () => this.oldestBoot;
		this.clock = new Clock({ time, boot, resumed, sleeps, oldestBoot, storage: this.storage, log });
		this.measuring = this.settings;
		this.sampler = this.makeSampler();
		this.timeSync = this.makeTimeSync();
		this.setup = this.makeSetup();
		const usual = this.setup === undefined;
		const complete = missingForUpload(this.settings).length === 0;
		this.uploader = usual && complete ? this.makeUploader() : undefined;
		this.station = usual ? this.makeStation() : undefined;
		this.absence = new Absence({
			time,
			onBattery: sleeps || board.network.AccessPoint === undefined,
			onLong: () => this.openSetup("no network"),
		});
		this.panel = this.makePanel();
		this.sleeper = usual && sleeps ? this.makeSleeper() : undefined;
	}

	start(): void {
		if (!this.boots.resumed) this.introduce();
		this.lastSample = this.board.time.ticks();
		const woken = this.findGrid();
		this.scheduleSample();
		this.watch();
		if (this.setup !== undefined) {
			this.setup.start();
			return;
		}
		this.absence.begin();
		if (this.sleeper === undefined) {
			this.station?.start();
			this.uploader?.start();
			return;
		}
		// A street that has power again is no concern of a board on battery: its first upload need not wait.
		const begin = { dueAt: this.nextSample, failures: 0, points: batchPoints };
		// mutation: restore-retry-state
		this.uploader?.resume((this.boots.resumed ? readAttempts(this.storage) : undefined) ?? begin);
		if (!woken) return;
		this.board.log("woken before its time: what waits is sent now");
		this.uploader?.sendNow();
		this.sleeper.consider();
	}

	/** In which the reading was measured that waits longest. */
	private get oldestBoot(): number {
		for (const { context } of this.readings.waiting()) return context.boot;
		// mutation: boot-number
		return this.boots.boot;
	}

	/** What somebody who has just opened the log wants to know. */
	private introduce(): void {
		const { identity, resetReason } = this.board;
		const { chip, serial } = identity;
		const waiting = this.readings.length;
		const boot = `boot ${this.boots.boot} (${resetReason})`;
		this.board.log(`dakkio-esp32 ${firmwareVersion} on ${chip} ${serial}, ${boot}, ${waiting} waiting`);
		let last = "";
		for (const { sequence, cause } of this.quarantine.points()) last = `point ${sequence}: ${cause}`;
		if (last !== "") this.board.log(`${this.quarantine.length} in quarantine, last ${last}`);
		const missing = missingForUpload(this.settings);
		if (missing.length > 0) this.board.log(`nothing is sent: ${missing.join(", ")}; readings are kept`);
	}

	/** How the board is now. */
	get status(): Status {
		const board = this.board;
		return {
			// mutation: status-boots
			boots: this.boots,
			// mutation: status-uptime
			uptime: board.time.ticks(),
			freeMemory: board.freeMemory(),
			// mutation: status-pending-readings
			waiting: this.readings.length,
			// mutation: status-capacity
			capacity: this.readings.capacity,
			overwritten: this.readings.dropped,
			quarantined: this.quarantine.length,
			// mutation: status-damaged-bytes
			damagedBytes: this.readings.damagedBytes,
			signalStrength: this.signalStrength,
			// mutation: status-battery-level
			batteryLevel: this.batteryLevel(),
		};
	}

	/** Where the setup page is, while there is one. */
	get setupPort(): number | undefined {
		return this.setup?.port;
	}

	/** The next start is one for setup: at once, or when the answer is there that is being waited for. */
	openSetup(reason: "asked for" | "no network" = "asked for"): void {
		if (!this.tolerate(() => askForSetup(this.storage, reason))) return;
		// What was sent would come twice if its answer were not heard.
		const late = this.board.time.set(() => this.startAnew(), patience);
		void (this.uploader?.finish() ?? Promise.resolve()).then(() => {
			this.board.time.clear(late);
			this.startAnew();
		});
	}

	/** Ends in order: what is under way is finished or given up, and everything is closed. */
	async stop(): Promise<void> {
		this.board.time.clear(this.timer);
		this.board.time.clear(this.statusTimer);
		this.absence.end();
		this.sleeper?.stop();
		this.panel.close();
		this.timeSync.stop();
		await this.setup?.stop();
		await this.uploader?.stop();
		await this.sampling;
		await this.looking;
		this.station?.stop();
		this.sampler.close();
		this.readings.close();
		this.quarantine.close();
		this.storage.close();
	}

	private scheduleSample(): void {
		const { time } = this.board;
		const interval = this.settings.interval * 1000;
		this.timer = time.set(() => {
			void this.takeSample();
			// A platform's timer may fire a little early, too.
			const missed = Math.max(0, Math.floor((time.ticks() - this.nextSample) / interval));
			// mutation: schedule-next-sample
			this.nextSample += (missed + 1) * interval;
			this.scheduleSample();
		}, this.nextSample - time.ticks());
	}

	/** Finds the next sample; whether the board was woken in between two, which none but its button does. */
	private findGrid(): boolean {
		const now = this.board.time.ticks();
		this.nextSample = now;
		if (!this.boots.resumed || this.sleeper === undefined) return false;
		const interval = this.settings.interval * 1000;
		const nearest = Math.round(now / interval) * interval;
		const between = Math.abs(now - nearest) > Math.min(wakingTime, interval / 4);
		// One that is due counts on from when it was due, so that the time to wake up does not add up.
		this.nextSample = between ? Math.ceil(now / interval) * interval : nearest;
		return between;
	}

	/** A sample that is still under way is not overtaken; its successor is left out. */
	private takeSample(): Promise<void> {
		this.sampling ??= this.sample().finally(() => {
			this.sampling = undefined;
			// mutation: record-sample-time
			this.lastSample = this.board.time.ticks();
			this.changed();
		});
		return this.sampling;
	}

	/** One reading: measured, stored, and only then spoken of. */
	private async sample(): Promise<void> {
		const board = this.board;
		try {
			if (this.looking !== undefined) await this.looking;
			const time = this.clock.sampleTime();
			this.latest = await this.sampler.sample();
			const { fields, values } = this.latest;
			if (values.every((value) => value === undefined)) return;
			const sequence = this.readings.append(
				{
					time,
					values,
					batteryLevel: this.batteryLevel(),
					signalStrength: this.signalStrength,
				},
				this.context(fields),
			);
			if (this.resetReason !== undefined) this.tolerate(() => reasonTold(this.storage));
			this.resetReason = undefined;
			board.log(`reading ${sequence}: ${describe(fields, values)}; stored`);
			this.uploader?.wake();
		} catch (error) {
			board.log(`a reading could not be stored: ${error instanceof Error ? error.message : String(error)}`);
		}
	}

	/** Measures for somebody who looks, and keeps nothing. */
	private look(): Promise<void> {
		if (this.sampling !== undefined) return this.sampling;
		this.looking ??= this.sampler.sample().then((sample) => {
			this.latest = sample;
			this.looking = undefined;
		});
		return this.looking;
	}

	/** Setup tries out other settings: samples are taken by these from now on. */
	private async measureBy(settings: Settings): Promise<void> {
		await this.sampling;
		await this.looking;
		if (settings === this.measuring) return;
		this.measuring = settings;
		this.sampler.close();
		this.sampler = this.makeSampler();
		this.latest = undefined;
	}

	private context(fields: readonly Field[]): SampleContext {
		const { location } = this.measuring;
		return {
			boot: this.boots.boot,
			resetReason: this.resetReason,
			deviceId: this.deviceId(this.measuring),
			location,
			firmwareVersion,
			fields,
		};
	}

	private deviceId({ deviceId }: Pick<Settings, "deviceId"> = this.settings): string {
		return deviceId === "" ? `ESP32-${this.board.identity.serial}` : deviceId;
	}

	private get signalStrength(): number | undefined {
		return this.station?.signalStrength ?? this.setup?.signalStrength;
	}

	/** Percent; `undefined` where no battery can be measured. */
	private batteryLevel(): number | undefined {
		const { batteryPin: pin, batteryRatio: ratio } = this.measuring;
		const { Analog, analogRange: range } = this.board.pins;
		if (pin === "none") return undefined;
		try {
			return chargeOf(readBattery({ Analog, pin, range, ratio }));
		} catch {
			// A pin without a converter: no reason to lose the reading.
			return undefined;
		}
	}

	private makeSampler(): Sampler {
		const { time, log } = this.tools();
		return new Sampler({
			bus: this.bus(),
			pins: this.board.pins,
			time,
			storage: this.storage,
			settings: this.measuring,
			resumed: this.boots.resumed,
			log,
		});
	}

	private bus(): I2CBus {
		const { dataPin, clockPin } = this.measuring;
		const bus = this.board.i2c;
		return {
			...bus,
			data: dataPin === "auto" ? bus.data : dataPin,
			clock: clockPin === "auto" ? bus.clock : clockPin,
		};
	}

	private tools() {
		const board = this.board;
		return {
			time: board.time,
			log: (line: string) => board.log(line),
			random: () => uniform(board),
		};
	}

	private loadSettings(): Settings {
		const { settings, problems } = new SettingsStore(this.storage).load(usualPinsOf(this.board));
		for (const { key, problem } of problems) this.board.log(`settings: ${key}: ${problem}`);
		return settings;
	}

	private makeStation(): Station {
		return new Station({
			...this.tools(),
			WiFi: this.board.network.WiFi,
			networks: this.settings.networks,
			onConnected: () => {
				this.absence.end();
				this.silence.joined(this.board.time.ticks());
				this.timeSync.start();
				this.uploader?.wake();
				this.changed();
			},
			onDisconnected: () => {
				this.timeSync.stop();
				this.absence.begin();
				this.changed();
			},
		});
	}

	/** In a boot for setup; before anything else has the radio. */
	private makeSetup(): Setup | undefined {
		const board = this.board;
		const settings = this.settings;
		const reason = setupReason(this.storage, settings.networks.length > 0);
		if (reason === undefined || board.network.AccessPoint === undefined) return undefined;
		const options: SetupOptions = {
			board,
			storage: this.storage,
			settings,
			reason,
			deviceId: (of) => this.deviceId(of),
			sample: async (by) => {
				await this.measureBy(by);
				await this.takeSample();
			},
			measure: () => this.look(),
			lookForSensors: async (forget) => {
				if (forget) this.sampler.forgetMissing();
				await this.sampler.scan();
			},
			sensors: () => this.sampler.sensors,
			fields: () => this.latest?.fields ?? [],
			waiting: () => this.readings.length,
			budget: this.budget,
			now: () => this.clock.now() ?? 0,
			timeSync: (servers, on) => this.makeTimeSync(servers, on),
			send: (of, connection) => this.makeUploader(of).trial(connection),
			// On battery the clock is another one, and a boot has but one.
			leave: ({ power }) => (power === settings.power ? this.startAnew() : board.restart()),
			log: (line) => board.log(line),
		};
		try {
			return new Setup(options);
		} catch (error) {
			board.log(`setup: it cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
			return undefined;
		}
	}

	private makeTimeSync(servers = this.settings.ntpServers, on?: TimeSyncCallbacks): TimeSync {
		return new TimeSync({
			...this.tools(),
			network: this.board.network,
			clock: this.clock,
			servers,
			releasedAt,
			onFailure: (reached) => {
				if (on === undefined) this.attempted(reached);
				on?.onFailure();
			},
			onSynchronized: (utc) => {
				this.attempted(true);
				this.board.time.setWallClock(utc);
				this.clock.estimate(this.readings.waiting());
				this.uploader?.wake();
				on?.onSynchronized(utc);
				this.changed();
			},
		});
	}

	private makeUploader(settings = this.settings): Uploader {
		const { key, bucketId, dataSourceId, interval, uploadInterval, power } = settings;
		const budget = this.budget;
		return new Uploader({
			...this.tools(),
			clock: this.clock,
			readings: this.readings,
			quarantine: this.quarantine,
			destination: { bucketId, dataSourceId },
			key,
			agent,
			budget,
			estimate: () => this.clock.estimate(this.readings.waiting()),
			interval: (now) => {
				const allowed = budget.interval(uploadInterval, interval * 1000, now);
				return power === "battery" && uploadInterval === "auto" ? Math.max(batteryUploads, allowed) : allowed;
			},
			connect: () => connectService(this.board, settings),
			...(dataSourceId === newDataSource && {
				findDestination: (connection) => this.findSource(connection),
			}),
			online: () => this.station?.connected === true,
			onAttempt: (reached) => this.attempted(reached),
			onChange: () => this.changed(),
		});
	}

	/** The data source that is this device's: found by its name, or made; and from then on in the settings. */
	private async findSource(connection: HttpConnection): Promise<Destination | Outcome> {
		const { key, bucketId } = this.settings;
		const onAnswer = (headers: ReadonlyMap<string, string>) =>
			this.budget.count(headers, this.clock.now() ?? 0);
		const place = { connection, key, agent, bucketId, onAnswer };
		const found = await findSource(place, this.deviceId(), this.measured());
		if (!("id" in found)) return found;
		new SettingsStore(this.storage).save(withoutPresets({ ...this.settings, dataSourceId: found.id }));
		this.board.log(`data source: ${found.id}, ${JSON.stringify(this.deviceId())}`);
		return { bucketId, dataSourceId: found.id };
	}

	/** What the sensors measure: as they did last, or as the oldest reading tells. */
	private measured(): readonly Field[] {
		if (this.latest !== undefined) return this.latest.fields;
		for (const { context } of this.readings.waiting()) return context.fields;
		return [];
	}

	private makePanel(): Panel {
		return new Panel({
			board: this.board,
			settings: this.settings,
			stuck: this.boots.resumed && wasStuck(this.storage),
			situation: () => ({
				setup: this.setup !== undefined,
				settingsFault:
					this.uploader === undefined ||
					this.uploader.activity === "settings fault" ||
					this.settings.networks.length === 0,
				online: this.station?.connected === true,
				timeKnown: this.clock.now() !== undefined,
				sending: this.uploader?.activity === "sending",
				saving: this.settings.power === "battery",
			}),
			onPress: (press) => this.pressed(press),
		});
	}

	private makeSleeper(): Sleeper {
		const { time } = this.board;
		return new Sleeper({
			time,
			duties: () => ({
				nextSample: this.nextSample,
				nextUpload: this.settings.networks.length > 0 ? (this.uploader?.dueAt ?? never) : never,
				busy: this.sampling !== undefined || this.panel.touched,
				sending: this.uploader?.activity === "sending",
			}),
			join: () => this.station?.start(),
			postpone: (now) => this.uploader?.postpone((failures) => now + pauseAfter(failures)),
			sleep: (milliseconds) => this.sleep(milliseconds, this.panel.wakePin),
		});
	}

	private sleep(milliseconds: number, wakePin?: number): void {
		this.tolerate(() => {
			// A boot without its anchor goes on: it ends with the measurement that gives it one.
			this.clock.rest();
			const { fresh, anchored } = this.clock;
			if (this.settings.power === "battery" && fresh && anchored) beginBoot(this.storage);
			if (this.uploader !== undefined) keepAttempts(this.storage, this.uploader.attempts);
			keepStuck(this.storage, this.panel.stuck);
		});
		this.board.sleep(milliseconds, wakePin);
	}

	/** Into setup, or out of it: by a short sleep, over which the ticks go on, and with them the time. */
	private startAnew(): void {
		if (this.left) return;
		this.left = true;
		this.sleep(shortestSleep);
	}

	/** What the light tells, and what keeps the board awake, may have changed. */
	private changed(): void {
		this.panel.refresh();
		this.sleeper?.consider();
	}

	private pressed(press: Press): void {
		this.board.log(`button: ${press}`);
		if (press === "send now") this.uploader?.sendNow();
		if (press === "set up") {
			if (this.setup === undefined) this.openSetup();
			else this.startAnew();
		}
		if (press === "forget everything") this.forget();
		this.changed();
	}

	/** The board goes to somebody else: settings, secrets and readings go; what numbers its readings stays. */
	private forget(): void {
		// Should power go from here on, the next start goes on with it.
		// mutation: begin-factory-reset
		this.tolerate(() => beginForgetting(this.storage));
		this.eraseReadings();
		this.tolerate(() => forgetOwner(this.board.storage, this.storage));
		this.board.restart();
	}

	private eraseReadings(): void {
		this.tolerate(() => {
			// mutation: erase-readings
			this.readings.reset();
			// mutation: erase-quarantine
			this.quarantine.reset();
		});
	}

	/** Tells the status each hour, and restarts a board whose loop stands still. */
	private watch(): void {
		const { time } = this.board;
		const limit = Math.max(stalledTime, stalledIntervals * this.settings.interval * 1000);
		this.statusTimer = time.set(() => {
			if (time.ticks() - this.lastSample > limit) {
				this.board.log("no reading was tried for too long; the board restarts");
				this.board.restart();
				return;
			}
			this.board.log(describeStatus(this.status));
			this.watch();
		}, statusInterval);
	}

	/** A storage that fails costs what was to be kept, and nothing else. Whether it has not failed. */
	private tolerate(change: () => void): boolean {
		try {
			change();
			return true;
		} catch (error) {
			this.board.log(
				`storage: it cannot be written: ${error instanceof Error ? error.message : String(error)}`,
			);
			return false;
		}
	}

	/** A network from which nothing comes is restarted, and in the end the board. */
	private attempted(reached: boolean): void {
		const ticks = this.board.time.ticks();
		if (reached) {
			this.silence.heard(ticks);
			this.tolerate(() => {
				if (this.storage.read(silenceKey) !== undefined) this.storage.delete(silenceKey);
			});
			return;
		}
		const remedy = this.silence.unheard({ ticks, timeKnown: this.clock.now() !== undefined });
		if (remedy === undefined) return;
		this.board.log(`network: nothing is heard although the Wi-Fi is up; ${remedy}`);
		if (remedy === "ask for the time") this.timeSync.askNow();
		else if (remedy === "restart the network") this.station?.rejoin();
		else {
			this.tolerate(() => this.storage.write(silenceKey, Uint8Array.of(1)));
			this.board.restart();
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
