import type { Board, Timer } from "../boards/board";
import type { I2CBus, KeyValue } from "../boards/ecma419";
import { randomUniform } from "../boards/random";
import type { ResetReason } from "../boards/reset-reason";
import { Clock } from "../clock/clock";
import { TimeSync } from "../clock/time-sync";
import { errorMessage } from "../common/error-message";
import type { Destination } from "../dakkio/point";
import { maxBatchPoints } from "../dakkio/rate-limits";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import type { ButtonPress } from "../panel/button";
import { Panel } from "../panel/panel";
import { saveButtonStuck, wasButtonStuck } from "../panel/stuck-button";
import { onlineRetryBackoffMs } from "../power/next-power-action";
import { PowerManager } from "../power/power-manager";
import type { Field, SampleContext, Value } from "../reading/reading";
import { batteryPercent, readBatteryVolts } from "../sensors/inputs/battery";
import { Sampler, type SensorSample } from "../sensors/pipeline/sampler";
import { defaultPinsOf } from "../settings/pin-conflicts";
import { missingForUpload, newDataSource, type Settings, withoutDefaults } from "../settings/settings";
import { SettingsStore } from "../settings/settings-store";
import { OfflineTimer } from "../setup/offline-timer";
import { Setup, type SetupOptions, type TimeSyncCallbacks } from "../setup/setup";
import { requestSetup, takeSetupReason } from "../setup/setup-request";
import { ReadingLog } from "../store/reading-log";
import { CallBudget } from "../upload/call-budget";
import { resolveSource } from "../upload/data-source";
import { Quarantine } from "../upload/quarantine";
import { connectService } from "../upload/service-connection";
import { batteryUploadIntervalMs } from "../upload/upload-interval";
import { loadUploadState, saveUploadState } from "../upload/upload-state";
import { Uploader } from "../upload/uploader";
import { firmwareVersion, releasedAt } from "../version";
import { WifiStation } from "../wifi/wifi-station";
import { type BootInfo, countBoot, incrementBoot, markReasonReported } from "./boot-counter";
import { factoryReset, markFactoryReset, openStorage } from "./factory-reset";
import { NetworkWatchdog, networkWatchdogKey } from "./network-watchdog";
import { formatStatus, type Status } from "./status";

/** For the `User-Agent` header. */
const userAgent = `dakkio-esp32/${firmwareVersion}`;
/** Milliseconds; and how long somebody who has asked for setup waits for an upload to end. */
const restartSleepMs = 100;
const uploadFinishTimeoutMs = 10_000;
/** From the clock's alarm to the firmware, at the most, and what the slow clock may be off. Milliseconds. */
const maxWakeLatencyMs = 5_000;
const never = Number.POSITIVE_INFINITY;
const statusIntervalMs = 3_600_000;
/** The loop stands still when no reading was tried for so many intervals, and for so many milliseconds. */
const maxMissedIntervals = 3;
const minStallMs = 10 * 60_000;

/** The firmware: boots, samples, stores, uploads. What each part does is in its folder; here they meet. */
export class App {
	private readonly board: Board;
	private readonly bootInfo: BootInfo;
	private readonly storage: KeyValue;
	private readonly settings: Settings;
	private readonly clock: Clock;
	private readonly readings: ReadingLog;
	private readonly quarantine: Quarantine;
	/** One for all who call the service, so that each knows of the others' calls. */
	private readonly budget: CallBudget;
	private sampler: Sampler;
	/** What samples are taken by: the settings, or in setup those that are tried out. */
	private activeSettings: Settings;
	/** In a boot for setup, in place of all that goes online by itself. */
	private readonly setup: Setup | undefined;
	private readonly wifiStation: WifiStation | undefined;
	private readonly timeSync: TimeSync;
	/** `undefined` in setup, and as long as the settings do not say where to send to. */
	private readonly uploader: Uploader | undefined;
	private readonly networkWatchdog: NetworkWatchdog;
	private readonly offlineTimer: OfflineTimer;
	private readonly panel: Panel;
	/** On battery. */
	private readonly powerManager: PowerManager | undefined;
	/** Told with the first reading of the boot. */
	private unreportedReason: ResetReason | undefined;
	private statusTimer: Timer | undefined;
	/** The next start is on its way. */
	private restarting = false;
	/** Ticks of the last sample that came to an end. */
	private lastSampleTicks = 0;
	private sampleTimer: Timer | undefined;
	private sampling: Promise<void> | undefined;
	/** Ticks of the next sample: a fixed grid, so that what a sample takes does not add up. */
	private nextSampleTicks = 0;
	/** A measurement under way that is not kept. */
	private liveSample: Promise<void> | undefined;
	/** What was measured last. */
	private latestSample: SensorSample | undefined;

	constructor(board: Board) {
		this.board = board;
		this.readings = new ReadingLog(board.storage.flash.open({ path: "queue" }));
		this.quarantine = new Quarantine(board.storage.flash.open({ path: "quarantine" }));
		this.storage = openStorage(board.storage, () => this.eraseReadings());
		this.budget = new CallBudget(this.storage);
		this.networkWatchdog = new NetworkWatchdog(
			board.time.ticks(),
			this.storage.read(networkWatchdogKey) !== undefined,
		);
		this.settings = this.loadSettings();
		this.bootInfo = countBoot(this.storage, this.readings.newestBoot, board.resetReason);
		const { boot, resumed } = this.bootInfo;
		this.unreportedReason = this.bootInfo.unreportedReason;
		const { time, log } = this.commonOptions();
		const sleeps = this.settings.power === "battery";
		const oldestPendingBoot = () => this.oldestPendingBoot;
		this.clock = new Clock({ time, boot, resumed, sleeps, oldestPendingBoot, storage: this.storage, log });
		this.activeSettings = this.settings;
		this.sampler = this.makeSampler();
		this.timeSync = this.makeTimeSync();
		this.setup = this.makeSetup();
		const usual = this.setup === undefined;
		const complete = missingForUpload(this.settings).length === 0;
		this.uploader = usual && complete ? this.makeUploader() : undefined;
		this.wifiStation = usual ? this.makeWifiStation() : undefined;
		this.offlineTimer = new OfflineTimer({
			time,
			onBattery: sleeps || board.network.AccessPoint === undefined,
			onTimeout: () => this.openSetup("no network"),
		});
		this.panel = this.makePanel();
		this.powerManager = usual && sleeps ? this.makePowerManager() : undefined;
	}

	start(): void {
		if (!this.bootInfo.resumed) this.logStartup();
		this.lastSampleTicks = this.board.time.ticks();
		const wokenEarly = this.alignSampling();
		this.scheduleSample();
		this.scheduleStatusLog();
		if (this.setup !== undefined) {
			this.setup.start();
			return;
		}
		this.offlineTimer.start();
		if (this.powerManager === undefined) {
			this.wifiStation?.start();
			this.uploader?.start();
			return;
		}
		// A street that has power again is no concern of a board on battery: its first upload need not wait.
		const begin = { dueAtTicks: this.nextSampleTicks, consecutiveFailures: 0, maxPoints: maxBatchPoints };
		// mutation: restore-retry-state
		this.uploader?.resume((this.bootInfo.resumed ? loadUploadState(this.storage) : undefined) ?? begin);
		if (!wokenEarly) return;
		this.board.log("woken before its time: what waits is sent now");
		this.uploader?.sendNow();
		this.powerManager.update();
	}

	/** In which the reading was measured that waits longest. */
	private get oldestPendingBoot(): number {
		for (const { context } of this.readings.pending()) return context.boot;
		// mutation: boot-number
		return this.bootInfo.boot;
	}

	/** What somebody who has just opened the log wants to know. */
	private logStartup(): void {
		const { identity, resetReason } = this.board;
		const { chip, serial } = identity;
		const pending = this.readings.length;
		const boot = `boot ${this.bootInfo.boot} (${resetReason})`;
		this.board.log(`dakkio-esp32 ${firmwareVersion} on ${chip} ${serial}, ${boot}, ${pending} waiting`);
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
			bootInfo: this.bootInfo,
			// mutation: status-uptime
			uptimeMs: board.time.ticks(),
			freeMemoryBytes: board.freeMemory(),
			// mutation: status-pending-readings
			pending: this.readings.length,
			// mutation: status-capacity
			capacity: this.readings.capacityReadings,
			overwritten: this.readings.droppedReadings,
			quarantined: this.quarantine.length,
			// mutation: status-damaged-bytes
			damagedBytes: this.readings.damagedBytes,
			signalStrength: this.signalStrength,
			// mutation: status-battery-level
			batteryLevel: this.readBatteryLevel(),
		};
	}

	/** Where the setup page is, while there is one. */
	get setupPort(): number | undefined {
		return this.setup?.port;
	}

	/** The next start is one for setup: at once, or when the answer is there that is being waited for. */
	openSetup(reason: "asked for" | "no network" = "asked for"): void {
		if (!this.tryStorage(() => requestSetup(this.storage, reason))) return;
		// What was sent would come twice if its answer were not heard.
		const finishTimeout = this.board.time.set(() => this.restartThroughSleep(), uploadFinishTimeoutMs);
		void (this.uploader?.finish() ?? Promise.resolve()).then(() => {
			this.board.time.clear(finishTimeout);
			this.restartThroughSleep();
		});
	}

	/** Ends in order: what is under way is finished or given up, and everything is closed. */
	async stop(): Promise<void> {
		this.board.time.clear(this.sampleTimer);
		this.board.time.clear(this.statusTimer);
		this.offlineTimer.stop();
		this.powerManager?.stop();
		this.panel.close();
		this.timeSync.stop();
		await this.setup?.stop();
		await this.uploader?.stop();
		await this.sampling;
		await this.liveSample;
		this.wifiStation?.stop();
		this.sampler.close();
		this.readings.close();
		this.quarantine.close();
		this.storage.close();
	}

	private scheduleSample(): void {
		const { time } = this.board;
		const interval = this.settings.interval * 1000;
		this.sampleTimer = time.set(() => {
			void this.takeSample();
			// A platform's timer may fire a little early, too.
			const missed = Math.max(0, Math.floor((time.ticks() - this.nextSampleTicks) / interval));
			// mutation: schedule-next-sample
			this.nextSampleTicks += (missed + 1) * interval;
			this.scheduleSample();
		}, this.nextSampleTicks - time.ticks());
	}

	/** Finds the next sample; whether the board was woken in between two, which none but its button does. */
	private alignSampling(): boolean {
		const now = this.board.time.ticks();
		this.nextSampleTicks = now;
		if (!this.bootInfo.resumed || this.powerManager === undefined) return false;
		const interval = this.settings.interval * 1000;
		const nearest = Math.round(now / interval) * interval;
		const between = Math.abs(now - nearest) > Math.min(maxWakeLatencyMs, interval / 4);
		// One that is due counts on from when it was due, so that the time to wake up does not add up.
		this.nextSampleTicks = between ? Math.ceil(now / interval) * interval : nearest;
		return between;
	}

	/** A sample that is still under way is not overtaken; its successor is left out. */
	private takeSample(): Promise<void> {
		this.sampling ??= this.sampleAndStore().finally(() => {
			this.sampling = undefined;
			// mutation: record-sample-time
			this.lastSampleTicks = this.board.time.ticks();
			this.onStateChange();
		});
		return this.sampling;
	}

	/** One reading: measured, stored, and only then spoken of. */
	private async sampleAndStore(): Promise<void> {
		const board = this.board;
		try {
			if (this.liveSample !== undefined) await this.liveSample;
			const time = this.clock.sampleTime();
			this.latestSample = await this.sampler.sample();
			const { fields, values } = this.latestSample;
			if (values.every((value) => value === undefined)) return;
			const sequence = this.readings.append(
				{
					time,
					values,
					batteryLevel: this.readBatteryLevel(),
					signalStrength: this.signalStrength,
				},
				this.sampleContext(fields),
			);
			if (this.unreportedReason !== undefined) this.tryStorage(() => markReasonReported(this.storage));
			this.unreportedReason = undefined;
			board.log(`reading ${sequence}: ${formatValues(fields, values)}; stored`);
			this.uploader?.wake();
		} catch (error) {
			board.log(`a reading could not be stored: ${errorMessage(error)}`);
		}
	}

	/** Measures for somebody who looks, and keeps nothing. */
	private sampleWithoutStoring(): Promise<void> {
		if (this.sampling !== undefined) return this.sampling;
		this.liveSample ??= this.sampler.sample().then((sample) => {
			this.latestSample = sample;
			this.liveSample = undefined;
		});
		return this.liveSample;
	}

	/** Setup tries out other settings: samples are taken by these from now on. */
	private async useSettings(settings: Settings): Promise<void> {
		await this.sampling;
		await this.liveSample;
		if (settings === this.activeSettings) return;
		this.activeSettings = settings;
		this.sampler.close();
		this.sampler = this.makeSampler();
		this.latestSample = undefined;
	}

	private sampleContext(fields: readonly Field[]): SampleContext {
		const { location } = this.activeSettings;
		return {
			boot: this.bootInfo.boot,
			resetReason: this.unreportedReason,
			deviceId: this.deviceIdOf(this.activeSettings),
			location,
			firmwareVersion,
			fields,
		};
	}

	private deviceIdOf({ deviceId }: Pick<Settings, "deviceId"> = this.settings): string {
		return deviceId === "" ? `ESP32-${this.board.identity.serial}` : deviceId;
	}

	private get signalStrength(): number | undefined {
		return this.wifiStation?.signalStrength ?? this.setup?.signalStrength;
	}

	/** Percent; `undefined` where no battery can be measured. */
	private readBatteryLevel(): number | undefined {
		const { batteryPin: pin, batteryRatio: dividerRatio } = this.activeSettings;
		const { Analog, analogRangeV: fullScaleVolts } = this.board.pins;
		if (pin === "none") return undefined;
		try {
			return batteryPercent(readBatteryVolts({ Analog, pin, fullScaleVolts, dividerRatio }));
		} catch {
			// A pin without a converter: no reason to lose the reading.
			return undefined;
		}
	}

	private makeSampler(): Sampler {
		const { time, log } = this.commonOptions();
		return new Sampler({
			bus: this.i2cBus(),
			pins: this.board.pins,
			time,
			storage: this.storage,
			settings: this.activeSettings,
			resumed: this.bootInfo.resumed,
			log,
		});
	}

	private i2cBus(): I2CBus {
		const { dataPin, clockPin } = this.activeSettings;
		const bus = this.board.i2c;
		return {
			...bus,
			data: dataPin === "auto" ? bus.data : dataPin,
			clock: clockPin === "auto" ? bus.clock : clockPin,
		};
	}

	private commonOptions() {
		const board = this.board;
		return {
			time: board.time,
			log: (line: string) => board.log(line),
			random: () => randomUniform(board),
		};
	}

	private loadSettings(): Settings {
		const { settings, problems } = new SettingsStore(this.storage).load(defaultPinsOf(this.board));
		for (const { key, problem } of problems) this.board.log(`settings: ${key}: ${problem}`);
		return settings;
	}

	private makeWifiStation(): WifiStation {
		return new WifiStation({
			...this.commonOptions(),
			WiFi: this.board.network.WiFi,
			networks: this.settings.networks,
			onConnected: () => {
				this.offlineTimer.stop();
				this.networkWatchdog.networkJoined(this.board.time.ticks());
				this.timeSync.start();
				this.uploader?.wake();
				this.onStateChange();
			},
			onDisconnected: () => {
				this.timeSync.stop();
				this.offlineTimer.start();
				this.onStateChange();
			},
		});
	}

	/** In a boot for setup; before anything else has the radio. */
	private makeSetup(): Setup | undefined {
		const board = this.board;
		const settings = this.settings;
		const reason = takeSetupReason(this.storage, settings.networks.length > 0);
		if (reason === undefined || board.network.AccessPoint === undefined) return undefined;
		const options: SetupOptions = {
			board,
			storage: this.storage,
			settings,
			reason,
			deviceId: (of) => this.deviceIdOf(of),
			sampleAndStore: async (by) => {
				await this.useSettings(by);
				await this.takeSample();
			},
			sampleWithoutStoring: () => this.sampleWithoutStoring(),
			scanSensors: async (forget) => {
				if (forget) this.sampler.forgetMissing();
				await this.sampler.rescan();
			},
			sensors: () => this.sampler.sensors,
			fields: () => this.latestSample?.fields ?? [],
			pendingReadings: () => this.readings.length,
			budget: this.budget,
			now: () => this.clock.now() ?? 0,
			timeSync: (servers, on) => this.makeTimeSync(servers, on),
			sendOldest: (of, connection) => this.makeUploader(of).sendTrial(connection),
			// On battery the clock is another one, and a boot has but one.
			leave: ({ power }) => (power === settings.power ? this.restartThroughSleep() : board.restart()),
			log: (line) => board.log(line),
		};
		try {
			return new Setup(options);
		} catch (error) {
			board.log(`setup: it cannot be opened: ${errorMessage(error)}`);
			return undefined;
		}
	}

	private makeTimeSync(servers = this.settings.ntpServers, on?: TimeSyncCallbacks): TimeSync {
		return new TimeSync({
			...this.commonOptions(),
			network: this.board.network,
			clock: this.clock,
			servers,
			releasedAt,
			onFailure: (reached) => {
				if (on === undefined) this.onNetworkAttempt(reached);
				on?.onFailure();
			},
			onSynchronized: (utc) => {
				this.onNetworkAttempt(true);
				this.board.time.setWallClock(utc);
				this.clock.estimateUnanchoredBoots(this.readings.pending());
				this.uploader?.wake();
				on?.onSynchronized(utc);
				this.onStateChange();
			},
		});
	}

	private makeUploader(settings = this.settings): Uploader {
		const { key, bucketId, dataSourceId, interval, uploadInterval, power } = settings;
		const budget = this.budget;
		return new Uploader({
			...this.commonOptions(),
			clock: this.clock,
			readings: this.readings,
			quarantine: this.quarantine,
			destination: { bucketId, dataSourceId },
			key,
			userAgent,
			budget,
			estimateUnanchoredBoots: () => this.clock.estimateUnanchoredBoots(this.readings.pending()),
			intervalMs: (now) => {
				const allowed = budget.uploadIntervalMs(uploadInterval, interval * 1000, now);
				return power === "battery" && uploadInterval === "auto"
					? Math.max(batteryUploadIntervalMs, allowed)
					: allowed;
			},
			connect: () => connectService(this.board, settings),
			...(dataSourceId === newDataSource && {
				resolveDestination: (connection) => this.findDataSource(connection),
			}),
			isOnline: () => this.wifiStation?.isConnected === true,
			onAttempt: (reached) => this.onNetworkAttempt(reached),
			onChange: () => this.onStateChange(),
		});
	}

	/** The data source that is this device's: found by its name, or made; and from then on in the settings. */
	private async findDataSource(connection: HttpConnection): Promise<Destination | ExchangeResult> {
		const { key, bucketId } = this.settings;
		const onAnswer = (headers: ReadonlyMap<string, string>) =>
			this.budget.countCall(headers, this.clock.now() ?? 0);
		const place = { connection, key, userAgent, bucketId, onAnswer };
		const found = await resolveSource(place, this.deviceIdOf(), this.measuredFields());
		if (!("id" in found)) return found;
		new SettingsStore(this.storage).save(withoutDefaults({ ...this.settings, dataSourceId: found.id }));
		this.board.log(`data source: ${found.id}, ${JSON.stringify(this.deviceIdOf())}`);
		return { bucketId, dataSourceId: found.id };
	}

	/** What the sensors measure: as they did last, or as the oldest reading tells. */
	private measuredFields(): readonly Field[] {
		if (this.latestSample !== undefined) return this.latestSample.fields;
		for (const { context } of this.readings.pending()) return context.fields;
		return [];
	}

	private makePanel(): Panel {
		return new Panel({
			board: this.board,
			settings: this.settings,
			stuckSinceBoot: this.bootInfo.resumed && wasButtonStuck(this.storage),
			lightInputs: () => ({
				setup: this.setup !== undefined,
				settingsFault:
					this.uploader === undefined ||
					this.uploader.activity === "settings fault" ||
					this.settings.networks.length === 0,
				online: this.wifiStation?.isConnected === true,
				timeKnown: this.clock.now() !== undefined,
				sending: this.uploader?.activity === "sending",
				savingPower: this.settings.power === "battery",
			}),
			onPress: (press) => this.onPress(press),
		});
	}

	private makePowerManager(): PowerManager {
		const { time } = this.board;
		return new PowerManager({
			time,
			powerState: () => ({
				nextSample: this.nextSampleTicks,
				nextUpload: this.settings.networks.length > 0 ? (this.uploader?.dueAtTicks ?? never) : never,
				busy: this.sampling !== undefined || this.panel.isButtonPressed,
				sending: this.uploader?.activity === "sending",
			}),
			joinNetwork: () => this.wifiStation?.start(),
			postponeUpload: (now) => this.uploader?.postpone((failures) => now + onlineRetryBackoffMs(failures)),
			sleep: (milliseconds) => this.saveAndSleep(milliseconds, this.panel.wakePin),
		});
	}

	private saveAndSleep(milliseconds: number, wakePin?: number): void {
		this.tryStorage(() => {
			// A boot without its anchor goes on: it ends with the measurement that gives it one.
			this.clock.saveBeforeSleep();
			const { measuredSinceWake, anchored } = this.clock;
			if (this.settings.power === "battery" && measuredSinceWake && anchored) incrementBoot(this.storage);
			if (this.uploader !== undefined) saveUploadState(this.storage, this.uploader.state);
			saveButtonStuck(this.storage, this.panel.isButtonStuck);
		});
		this.board.sleep(milliseconds, wakePin);
	}

	/** Into setup, or out of it: by a short sleep, over which the ticks go on, and with them the time. */
	private restartThroughSleep(): void {
		if (this.restarting) return;
		this.restarting = true;
		this.saveAndSleep(restartSleepMs);
	}

	/** What the light tells, and what keeps the board awake, may have changed. */
	private onStateChange(): void {
		this.panel.refresh();
		this.powerManager?.update();
	}

	private onPress(press: ButtonPress): void {
		this.board.log(`button: ${press}`);
		if (press === "send now") this.uploader?.sendNow();
		if (press === "set up") {
			if (this.setup === undefined) this.openSetup();
			else this.restartThroughSleep();
		}
		if (press === "forget everything") this.startFactoryReset();
		this.onStateChange();
	}

	/** The board goes to somebody else: settings, secrets and readings go; what numbers its readings stays. */
	private startFactoryReset(): void {
		// Should power go from here on, the next start goes on with it.
		// mutation: begin-factory-reset
		this.tryStorage(() => markFactoryReset(this.storage));
		this.eraseReadings();
		this.tryStorage(() => factoryReset(this.board.storage, this.storage));
		this.board.restart();
	}

	private eraseReadings(): void {
		this.tryStorage(() => {
			// mutation: erase-readings
			this.readings.reset();
			// mutation: erase-quarantine
			this.quarantine.reset();
		});
	}

	/** Tells the status each hour, and restarts a board whose loop stands still. */
	private scheduleStatusLog(): void {
		const { time } = this.board;
		const limit = Math.max(minStallMs, maxMissedIntervals * this.settings.interval * 1000);
		this.statusTimer = time.set(() => {
			if (time.ticks() - this.lastSampleTicks > limit) {
				this.board.log("no reading was tried for too long; the board restarts");
				this.board.restart();
				return;
			}
			this.board.log(formatStatus(this.status));
			this.scheduleStatusLog();
		}, statusIntervalMs);
	}

	/** A storage that fails costs what was to be kept, and nothing else. Whether it has not failed. */
	private tryStorage(change: () => void): boolean {
		try {
			change();
			return true;
		} catch (error) {
			this.board.log(`storage: it cannot be written: ${errorMessage(error)}`);
			return false;
		}
	}

	/** A network from which nothing comes is restarted, and in the end the board. */
	private onNetworkAttempt(reached: boolean): void {
		const ticks = this.board.time.ticks();
		if (reached) {
			this.networkWatchdog.reachable(ticks);
			this.tryStorage(() => {
				if (this.storage.read(networkWatchdogKey) !== undefined) this.storage.delete(networkWatchdogKey);
			});
			return;
		}
		const remedy = this.networkWatchdog.unreachable({ ticks, isTimeKnown: this.clock.now() !== undefined });
		if (remedy === undefined) return;
		this.board.log(`network: nothing is heard although the Wi-Fi is up; ${remedy}`);
		if (remedy === "ask for the time") this.timeSync.pollNow();
		else if (remedy === "restart the network") this.wifiStation?.rejoin();
		else {
			this.tryStorage(() => this.storage.write(networkWatchdogKey, Uint8Array.of(1)));
			this.board.restart();
		}
	}
}

function formatValues(fields: readonly Field[], values: readonly Value[]): string {
	return fields
		.map(({ name, unit }, index) => {
			const value = values[index];
			return value === undefined ? `no ${name}` : `${name} ${value}${unit === "" ? "" : ` ${unit}`}`;
		})
		.join(", ");
}
