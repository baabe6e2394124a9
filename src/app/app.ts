import type { Board } from "../boards/board";
import { randomUniform } from "../boards/random";
import { Clock, unknownPosition } from "../clock/clock";
import { TimeSync, type TimeSyncOwner } from "../clock/time-sync";
import { errorMessage } from "../common/error-message";
import type { LogLine } from "../common/log-ring";
import { isFlagSet, setFlag } from "../common/persistent-values";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import { DayHistory, type FieldHistory } from "../local-page/day-history";
import { LocalPage } from "../local-page/local-page";
import type { LocalStatus } from "../local-page/local-status";
import type { ButtonPress } from "../panel/button";
import type { LightInputs } from "../panel/light-patterns";
import { Panel } from "../panel/panel";
import { onlineRetryBackoffMs, type PowerState } from "../power/next-power-action";
import { PowerManager } from "../power/power-manager";
import { defaultPinsOf } from "../settings/pin-conflicts";
import { missingForUpload, type Settings } from "../settings/settings";
import { SettingsStore } from "../settings/settings-store";
import type { BootStatus } from "../setup/api";
import { Setup } from "../setup/setup";
import { idleTimeoutMs, type SetupReason } from "../setup/setup-lifecycle";
import { consumeSetupRequest, requestSetup } from "../setup/setup-request";
import type { FirmwareUpdate } from "../update/firmware-update";
import { Reach } from "../update/trial";
import { CallBudget } from "../upload/call-budget";
import { CreatedSource } from "../upload/created-source";
import { loadUploadState, restartUploadState, saveUploadState } from "../upload/upload-state";
import { Uploader } from "../upload/uploader";
import { releasedAt } from "../version";
import { WifiStation } from "../wifi/wifi-station";
import { type BootInfo, countBoot, incrementBoot } from "./boot-counter";
import { DeviceStorage, type SleepState } from "./device-storage";
import { FirmwareManager } from "./firmware-manager";
import { localStatus } from "./local-status";
import { LoggedBoard, LogTail } from "./log-tail";
import { NetworkWatchdog } from "./network-watchdog";
import { OfflineTimer } from "./offline-timer";
import { SamplingLoop } from "./sampling-loop";
import { ServiceUploads } from "./service-uploads";
import { StartCounter } from "./start-counter";
import { logStartup, type Status } from "./status";
import { StatusLog } from "./status-log";

/** Between setup and normal operation. */
const restartSleepMs = 100;
/** How long {@link App.openSetup} waits for an upload to finish. */
const uploadFinishTimeoutMs = 10_000;
const never = Number.POSITIVE_INFINITY;

/**
 * The firmware: connects the parts, which sample, store, upload, and set up the board. What is public is what they ask and
 * report: most get the app itself as their options.
 */
export class App {
	/** With the log kept. */
	readonly board: LoggedBoard;
	private readonly hardware: Board;
	readonly storage: DeviceStorage;
	/** Shared by all that call the service: each knows of the others' calls. */
	readonly budget: CallBudget;
	readonly createdSource: CreatedSource;
	readonly settings: Settings;
	private settingsStamp: string | undefined;
	readonly bootInfo: BootInfo;
	readonly logTail: LogTail;
	/** After a deep sleep, starts are not counted. */
	readonly starts: StartCounter | undefined;
	/** Only setup, storage and updates run. */
	readonly isSafeMode: boolean;
	readonly clock: Clock;
	private readonly networkWatchdog: NetworkWatchdog;
	readonly sampling: SamplingLoop;
	private readonly timeSync: TimeSync;
	readonly firmware: FirmwareManager;
	private readonly commonOptions: Pick<Board, "time" | "log"> & { random(): number };
	private readonly statusLog: StatusLog;
	/** In a boot for setup; there, `uploader`, `wifiStation` and `powerManager` are left out. */
	private readonly setup: Setup | undefined;
	private setupReason: SetupReason | undefined;
	/** Left out while the settings are incomplete, too. */
	readonly uploader: Uploader | undefined;
	private readonly wifiStation: WifiStation | undefined;
	/** On mains, where the board can be an access point: on battery, the button opens setup. */
	private readonly offlineTimer: OfflineTimer | undefined;
	/** On mains. */
	private readonly localPage: LocalPage | undefined;
	private readonly dayHistory = new DayHistory();
	private readonly panel: Panel;
	/** On battery. */
	private readonly powerManager: PowerManager | undefined;
	private restarting = false;

	constructor(hardware: Board) {
		// In an order in which each part finds what its constructor uses.
		const board = new LoggedBoard(hardware, this);
		this.board = board;
		this.hardware = hardware;
		this.commonOptions = {
			time: board.time,
			log: (line) => board.log(line),
			random: () => randomUniform(board),
		};
		this.storage = new DeviceStorage(board);
		const { keyValue, readings } = this.storage;
		this.budget = new CallBudget(keyValue);
		this.createdSource = new CreatedSource(keyValue);
		this.bootInfo = countBoot(keyValue, readings.newestBoot, board.resetReason);
		if (!this.bootInfo.resumed)
			this.storage.tryWrite(() => restartUploadState(keyValue, readings.oldestSequence, 0));
		this.logTail = new LogTail(keyValue, board.resetReason, this.bootInfo.resumed);
		this.starts = this.bootInfo.resumed
			? undefined
			: new StartCounter(keyValue, board.firmware?.running ?? 0);
		this.isSafeMode = this.starts?.isSafeMode === true || this.storage.isResetIncomplete;
		this.settings = this.loadSettings();
		const sleeps = this.settings.power === "battery";
		this.clock = this.makeClock(sleeps);
		this.networkWatchdog = new NetworkWatchdog(this);
		this.sampling = new SamplingLoop(this);
		this.firmware = new FirmwareManager(this);
		this.timeSync = this.makeTimeSync(this.settings.ntpServers);
		this.statusLog = new StatusLog(this);
		this.setup = this.makeSetup();
		if (this.setup === undefined && !this.isSafeMode) {
			if (missingForUpload(this.settings).length === 0) this.uploader = this.makeUploader(this.settings);
			this.wifiStation = new WifiStation(this);
			if (!sleeps && this.settings.localPage === "on") this.localPage = new LocalPage(this);
		}
		if (!sleeps && !this.isSafeMode && board.network.AccessPoint !== undefined)
			this.offlineTimer = new OfflineTimer(this);
		this.panel = new Panel(this);
		if (this.setup === undefined && sleeps && !this.isSafeMode) this.powerManager = new PowerManager(this);
	}

	start(): void {
		const { resumed } = this.bootInfo;
		if (!resumed) logStartup(this.board, this.storage, this.bootInfo, this.settings);
		if (this.firmware.start()) return;
		if (this.isSafeMode) {
			this.startSafeMode();
			return;
		}
		const wokeEarly = this.sampling.start(resumed && this.powerManager !== undefined);
		this.statusLog.start();
		if (this.setup !== undefined) {
			this.setup.start();
			return;
		}
		this.offlineTimer?.start();
		if (this.powerManager === undefined) {
			this.wifiStation?.start();
			this.uploader?.start(resumed);
			this.firmware.startDownloads();
			return;
		}
		// Nothing else would switch the radio on in time.
		if (this.firmware.isOnTrial) this.wifiStation?.start();
		// On battery, no jitter: a power failure in the street does not start many such boards at once.
		this.uploader?.resume(this.sampling.nextSampleTicks, resumed);
		this.firmware.startDownloads();
		if (!wokeEarly) return;
		this.board.log("woken early: sending pending readings");
		this.uploader?.sendNow();
		this.powerManager.update();
	}

	get status(): Status {
		const { board, storage } = this;
		const { readings } = storage;
		return {
			// mutation: status-boots
			bootInfo: this.bootInfo,
			// mutation: status-uptime
			uptimeMs: board.time.ticks(),
			freeMemoryBytes: board.freeMemory(),
			// mutation: status-pending-readings
			pending: readings.length,
			// mutation: status-capacity
			capacity: readings.capacityReadings,
			overwritten: readings.droppedReadings,
			quarantined: storage.quarantine.length,
			// mutation: status-quarantine-overwritten
			quarantineOverwritten: storage.quarantine.droppedPoints,
			uploadFault: this.uploader?.fault,
			// mutation: status-damaged-bytes
			damagedBytes: readings.damagedBytes,
			signalStrength: this.signalStrength,
			// mutation: status-battery-level
			batteryLevel: this.sampling.batteryLevel,
			failedUpdate: this.firmware.trial?.failedVersion,
		};
	}

	/** Of the setup page, while setup is open. */
	get setupPort(): number | undefined {
		return this.setup?.port;
	}

	/** Of the page on the home network, while it is open. */
	get localPagePort(): number | undefined {
		return this.localPage?.port;
	}

	/** Restarts into setup once a running upload has ended: aborting it could send its points twice. */
	openSetup(reason: "asked for" | "no network" = "asked for"): void {
		if (!this.storage.tryWrite(() => requestSetup(this.storage.keyValue, reason))) return;
		this.restartAfterUpload();
	}

	/** Sends the oldest pending reading to the destination in the settings under test; `undefined` without one. */
	async sendOldest(tested: Settings, connection: HttpConnection): Promise<ExchangeResult | undefined> {
		// It is of the user before.
		if (this.storage.isResetIncomplete) return undefined;
		return this.makeUploader(tested).sendTrial(connection);
	}

	/** Leaves setup. A change of the power setting needs a reset: on battery the clock works differently. */
	leave({ power }: Settings): void {
		if (power === this.settings.power) this.restartThroughSleep();
		else this.restart();
	}

	restart(): void {
		this.board.restart();
	}

	get firmwareUpdate(): FirmwareUpdate | undefined {
		return this.firmware.update;
	}

	/** Logs a line that is not kept. */
	logInstruction(line: string): void {
		this.hardware.log(line);
	}

	bootStatus(): BootStatus {
		const freeMemoryBytes = this.board.freeMemory();
		return {
			reason: this.logTail.reason,
			resetCounts: this.bootInfo.resetCounts,
			uptimeMs: this.board.time.ticks(),
			...(freeMemoryBytes !== undefined && { freeMemoryBytes }),
		};
	}

	logLines(): readonly string[] {
		return this.logTail.lines;
	}

	/** Restarts into an activated update. */
	restartForUpdate(): void {
		this.restartAfterUpload(() => this.firmware.trial?.prepare());
	}

	private restartAfterUpload(beforeRestart?: () => void): void {
		const { time } = this.board;
		// Nothing else ends this start any more.
		this.powerManager?.stop();
		const restart = () => this.restartThroughSleep(beforeRestart);
		const finishTimeout = time.set(restart, uploadFinishTimeoutMs);
		void (this.uploader?.finish() ?? Promise.resolve()).then(() => {
			time.clear(finishTimeout);
			restart();
		});
	}

	/** Finishes or aborts everything under way, and closes everything. */
	async stop(): Promise<void> {
		this.sampling.pause();
		this.statusLog.stop();
		this.offlineTimer?.stop();
		this.powerManager?.stop();
		this.panel.close();
		this.timeSync.stop();
		await this.setup?.stop();
		this.localPage?.close();
		await this.uploader?.stop();
		await this.firmware.stop();
		await this.sampling.stop();
		this.wifiStation?.stop();
		this.storage.close();
	}

	private startSafeMode(): void {
		const cause = this.storage.isResetIncomplete
			? "a factory reset is not complete"
			: "five starts in a row did not live a minute";
		this.board.log(`safe mode: ${cause}; only setup and updates run`);
		if (this.setup !== undefined) this.setup.start();
		else this.board.time.set(() => this.board.restart(), idleTimeoutMs);
	}

	get isOnline(): boolean {
		return this.wifiStation?.isConnected === true;
	}

	get isUploadDue(): boolean {
		return this.uploader?.activity === "sending" || this.uploader?.isOverdue === true;
	}

	get isWithoutNetwork(): boolean {
		return this.setupReason === "no network";
	}

	get signalStrength(): number | undefined {
		return this.wifiStation?.signalStrength ?? this.setup?.signalStrength;
	}

	private loadSettings(): Settings {
		const { keyValue, kept } = this.storage;
		const loaded = new SettingsStore(keyValue).load(defaultPinsOf(this.board), kept.settingsStamp);
		const { settings, problems, stamp } = loaded;
		this.settingsStamp = stamp;
		for (const { key, problem } of problems) this.board.log(`settings: ${key}: ${problem}`);
		return settings;
	}

	private makeClock(sleeps: boolean): Clock {
		return new Clock({
			...this.commonOptions,
			// mutation: boot-number
			boot: this.bootInfo.boot,
			resumed: this.bootInfo.resumed,
			sleeps,
			sendingPosition: () => this.uploader?.sendingPosition ?? unknownPosition,
			storage: this.storage.keyValue,
			keptState: this.storage.kept.clock,
		});
	}

	makeTimeSync(servers: readonly string[], owner: TimeSyncOwner = this): TimeSync {
		const { network } = this.board;
		return new TimeSync({ ...this.commonOptions, network, clock: this.clock, servers, releasedAt, owner });
	}

	/** Opens the access point, which must have the radio before anything else does. */
	private makeSetup(): Setup | undefined {
		const { board, settings, storage } = this;
		const request = consumeSetupRequest(storage.keyValue, settings.networks.length > 0);
		const reason = this.isSafeMode ? "safe mode" : request;
		this.setupReason = reason;
		if (reason === undefined || board.network.AccessPoint === undefined) return undefined;
		try {
			return new Setup({
				board,
				storage: storage.keyValue,
				settings,
				reason,
				host: this,
				sampling: this.sampling,
				readings: storage.readings,
				clock: this.clock,
				budget: this.budget,
				createdSource: this.createdSource,
			});
		} catch (error) {
			board.log(`setup: cannot open: ${errorMessage(error)}`);
			return undefined;
		}
	}

	private makeUploader(settings: Settings): Uploader {
		const { kept, keyValue } = this.storage;
		const unsaved = this.bootInfo.resumed ? kept.upload : undefined;
		return new Uploader(new ServiceUploads(this, settings, unsaved ?? loadUploadState(keyValue)));
	}

	onNetworkJoined(address: string): void {
		this.offlineTimer?.stop();
		this.localPage?.open(address);
		this.networkWatchdog.onNetworkJoined();
		this.firmware.trial?.onReached(Reach.joined);
		this.timeSync.start();
		if (this.firmware.isOnTrial) this.timeSync.pollNow();
		this.uploader?.wake();
		this.onChange();
	}

	onNetworkLost(): void {
		this.localPage?.close();
		this.timeSync.stop();
		this.offlineTimer?.start();
		this.onChange();
	}

	onTimeServerFailed(reached: boolean): void {
		this.onNetworkAttempt(reached);
	}

	onSynchronized(utc: number): void {
		this.onReachable();
		this.board.time.setWallClock(utc);
		this.clock.estimateUnanchoredBoots(this.storage.readings);
		this.uploader?.wake();
		this.onChange();
	}

	random(): number {
		return randomUniform(this.board);
	}

	localStatus(): LocalStatus {
		return localStatus(this);
	}

	history(): readonly FieldHistory[] {
		return this.dayHistory.fields(this.board.time.ticks());
	}

	ownLogLines(): () => Generator<LogLine> {
		return this.logTail.ownLines();
	}

	/** Of a button that was stuck before the sleep that this boot ends. */
	get isStuckSinceBoot(): boolean {
		return this.bootInfo.resumed && isFlagSet(this.storage.keyValue, "stuck");
	}

	get lightInputs(): Omit<LightInputs, "held"> {
		return {
			setup: this.setup !== undefined,
			settingsFault:
				this.uploader === undefined ||
				this.uploader.activity === "settings fault" ||
				this.settings.networks.length === 0,
			online: this.isOnline,
			timeKnown: this.clock.now() !== undefined,
			sending: this.uploader?.activity === "sending",
			savingPower: this.settings.power === "battery",
		};
	}

	get powerState(): Omit<PowerState, "nowTicks" | "onlineSinceTicks"> {
		return {
			nextSampleTicks: this.sampling.nextSampleTicks,
			nextUploadTicks: this.settings.networks.length > 0 ? (this.uploader?.dueAtTicks ?? never) : never,
			busy: this.sampling.isSampling || this.panel.isButtonPressed || this.firmware.isOnTrial,
			sending: this.uploader?.activity === "sending" || this.firmware.downloader?.isActive === true,
		};
	}

	joinNetwork(): void {
		this.wifiStation?.start();
	}

	postponeUpload(now: number): void {
		// A download may have taken the time, too.
		if (this.isUploadDue) this.uploader?.postpone((failures) => now + onlineRetryBackoffMs(failures));
	}

	sleep(milliseconds: number): void {
		const unsaved = this.saveState();
		this.storage.keep({ settingsStamp: this.settingsStamp, ...unsaved });
		this.board.sleep(milliseconds, this.panel.wakePin);
	}

	pollTimeServers(): void {
		this.timeSync.pollNow();
	}

	rejoinNetwork(): void {
		this.wifiStation?.rejoin();
	}

	onOfflineTimeout(): void {
		this.openSetup("no network");
	}

	onStored(): void {
		const { lastSample } = this.sampling;
		if (this.localPage !== undefined && lastSample !== undefined)
			this.dayHistory.add(this.board.time.ticks(), lastSample.fields, lastSample.values);
		this.uploader?.wake();
	}

	onRollBack(): void {
		this.logTail.save();
	}

	onLeave(): void {
		this.firmware.onLeave();
	}

	/** Resolves when no other connection is open. */
	async claimNetwork(): Promise<void> {
		await this.firmware.downloader?.yieldNetwork();
	}

	private onReachable(): void {
		this.networkWatchdog.onReachable();
		this.firmware.trial?.onReached(Reach.heard);
	}

	/** An attempt has ended; `reached`: a server was reached. */
	onNetworkAttempt(reached: boolean): void {
		if (reached) this.onReachable();
		else this.networkWatchdog.onUnreachable();
	}

	/** Call when the light's inputs or the power state have changed. */
	onChange(): void {
		this.firmware.downloader?.wake();
		this.panel.refresh();
		this.powerManager?.update();
	}

	onPress(press: ButtonPress): void {
		this.board.log(`button: ${press}`);
		if (press === "send now") this.uploader?.sendNow();
		if (press === "set up") {
			if (this.setup === undefined) this.openSetup();
			else this.restartThroughSleep();
		}
		if (press === "factory reset") this.factoryReset();
		this.onChange();
	}

	factoryReset(): void {
		const { length } = this.storage.readings;
		this.board.log(`factory reset: erases settings, key and ${length} pending readings`);
		this.firmware.onLeave();
		this.storage.factoryReset();
		this.hardware.restart();
	}

	/** Into setup, out of it, or into an update: the ticks go on over a short sleep, and with them the time. */
	private restartThroughSleep(beforeRestart = () => {}): void {
		if (this.restarting) return;
		this.restarting = true;
		try {
			beforeRestart();
			// It was verified by the settings and the built-in roots of before.
			this.board.network.forgetServer?.();
			this.logTail.save();
			this.saveState();
			this.board.sleep(restartSleepMs);
		} catch (error) {
			// Uploads have ended, so the start has to end, too.
			this.board.log(`no sleep: ${errorMessage(error)}; restarting instead`);
			this.board.restart();
		}
	}

	/** Before a sleep. Returns what the key-value storage does not take. */
	private saveState(): Pick<SleepState, "clock" | "upload"> {
		const { storage, clock } = this;
		const { keyValue } = storage;
		storage.tryWrite(() => {
			// A boot without its anchor continues: it ends with the measurement that anchors it.
			clock.saveBeforeSleep();
			const { measuredSinceWake, anchored } = clock;
			if (this.settings.power === "battery" && measuredSinceWake && anchored) incrementBoot(keyValue);
		});
		const upload = this.uploader?.suspend();
		const isSaved = upload === undefined || storage.tryWrite(() => saveUploadState(keyValue, upload));
		storage.tryWrite(() => setFlag(keyValue, "stuck", this.panel.isButtonStuck));
		return { clock: clock.unsavedState, upload: isSaved ? undefined : upload };
	}
}
