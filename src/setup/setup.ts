import type { AccessPoint, Board, Timer } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { randomHex } from "../boards/random";
import type { Clock } from "../clock/clock";
import type { TimeSync, TimeSyncOwner } from "../clock/time-sync";
import { errorMessage } from "../common/error-message";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import { HttpServer } from "../http/http-server";
import type { Field } from "../reading/reading";
import { type DefaultPins, defaultPinsOf } from "../settings/pin-conflicts";
import type { SavedNetwork } from "../settings/saved-networks";
import { deviceIdOf, type Settings, withoutDefaults } from "../settings/settings";
import { formatSettingsFile } from "../settings/settings-file";
import { SettingsStore } from "../settings/settings-store";
import type { ReadingLog } from "../store/reading-log";
import type { FirmwareUpdate } from "../update/firmware-update";
import type { CallBudget } from "../upload/call-budget";
import type { CreatedSource } from "../upload/created-source";
import { connectService } from "../upload/service-connection";
import { userAgent, versionOf } from "../version";
import { type JoinResult, WifiJoiner } from "../wifi/wifi-joiner";
import { accessPointName, accessPointPassword } from "./access-point-credentials";
import type {
	BootLog,
	BootStatus,
	MeasureState,
	ScanState,
	SensorDescription,
	SetupState,
	TestState,
	UpdateState,
} from "./api";
import { isCaptivePortal } from "./captive-portal";
import { ConnectionTest, type TestAbortSignal } from "./connection-test";
import { DnsServer } from "./dns-server";
import { describeSettings, redactedSettings, secretsSet } from "./form-settings";
import { handleSetupRequest, requestHeaders, type SetupBackend } from "./request-handler";
import { ScanResults } from "./scan-results";
import { setupInstructions } from "./setup-instructions";
import { nextSetupAction, type SetupReason } from "./setup-lifecycle";
import { isInSameSubnet } from "./subnet";
import { UpdateReceiver } from "./update-receiver";

export interface SetupOptions {
	readonly board: Board;
	readonly storage: KeyValue;
	/** The saved settings. */
	readonly settings: Settings;
	readonly reason: SetupReason;
	readonly host: SetupHost;
	readonly sampling: SetupSampling;
	/** The pending readings. */
	readonly readings: Pick<ReadingLog, "length">;
	readonly clock: Pick<Clock, "now">;
	readonly budget: Pick<CallBudget, "countCall" | "quotaAt">;
	readonly createdSource: CreatedSource;
}

/** What setup needs of the firmware that runs it. */
export interface SetupHost {
	/** Keeps the clock synchronized with these servers once started. */
	makeTimeSync(servers: readonly string[], owner: TimeSyncOwner): TimeSync;
	/** Call when the clock was set. */
	onSynchronized(utc: number): void;
	/** Sends the oldest pending reading to the destination in these settings; `undefined` without one. */
	sendOldest(settings: Settings, connection: HttpConnection): Promise<ExchangeResult | undefined>;
	/** Leaves setup: restarts with the saved settings. */
	leave(settings: Settings): void;
	restart(): void;
	/** `undefined`: the flash has one slot. */
	readonly firmwareUpdate?: FirmwareUpdate | undefined;
	/** Restarts into an update that is installed. */
	restartForUpdate(): void;
	/** Erases all user data, and restarts. */
	factoryReset(): void;
	/** Logs a line that the setup page does not show: the password of the access point. */
	logInstruction(line: string): void;
	bootStatus(): BootStatus;
	logLines(): readonly string[];
}

/** The sensors, as setup uses them. */
export interface SetupSampling {
	/** Stores a reading taken with these settings; they stay active. */
	sampleAndStore(settings: Settings): Promise<void>;
	/** Takes a live sample; not stored. */
	sampleWithoutStoring(): Promise<void>;
	/** Measures the inputs in these settings whose pins are not in use yet; returns their latest values. */
	probeInputs(settings: Settings): readonly SensorDescription[];
	/** Scans all buses for sensors; `forgetMissing`: drops those that do not respond any more. */
	scanSensors(forgetMissing: boolean): Promise<void>;
	/** With the values of the last sample. */
	readonly sensors: readonly SensorDescription[];
	/** Of the last sample; empty before the first. */
	readonly fields: readonly Field[];
}

const httpPort = 80;
/** Shorter than at a boot, because a user waits. A chip's first attempts often fail for no reason. */
const joinLimits = Object.freeze({ timeoutMs: 25_000, maxAttempts: 3, settleMs: 300, lateEventMs: 0 });
/** For all time servers together. */
const clockTimeoutMs = 40_000;
/** Requests with more wait while a test is connected to the service; those that measure inputs have less. */
const maxBusyBodyBytes = 1_536;
/** The page shows samples up to this old. */
const maxSampleAgeMs = 3_000;
/** So that the last response reaches the browser before the access point closes. */
const leaveDelayMs = 1_500;

/** State before the first test. */
const noTest: TestState = Object.freeze({ number: 0, running: false, passed: false, steps: [] });

/** Setup: an access point, and on it the page on which the user enters and tests the settings. */
export class Setup implements SetupBackend {
	/** 128 random bits, new each boot; drawn while the radio is on. */
	readonly token: string;
	readonly names: readonly string[];
	readonly defaultPins: DefaultPins;
	readonly isOpenNetwork: boolean;
	private readonly options: SetupOptions;
	private readonly accessPointName: string;
	private readonly store: SettingsStore;
	private readonly accessPoint: AccessPoint;
	private readonly password: string | undefined;
	private readonly dnsServer: DnsServer;
	private readonly httpServer: HttpServer;
	private readonly wifiJoiner: WifiJoiner;
	private readonly scanResults: ScanResults;
	private readonly updateReceiver: UpdateReceiver;
	private savedSettings: Settings;
	/** The last tested settings, until saved: a reloaded page continues with them. */
	private testedSettings: Settings | undefined;
	/** While it runs. */
	private test: ConnectionTest | undefined;
	/** Its state when it had finished. */
	private lastTest = noTest;
	private testCount = 0;
	private timeSync: TimeSync | undefined;
	private lifecycleTimer: Timer | undefined;
	private leaveTimer: Timer | undefined;
	private lastVisit: number;
	private lastJoinAttempt: number;
	private isRejoining = false;
	/** When the last live sample began. */
	private sampledAtTicks = 0;
	private stopped = false;
	private erasing = false;

	/** Throws if the board cannot be an access point. */
	constructor(options: SetupOptions) {
		const { board, storage, settings } = options;
		const { AccessPoint } = board.network;
		if (AccessPoint === undefined) throw new Error("this board has no access point");
		this.options = options;
		this.savedSettings = settings;
		this.store = new SettingsStore(storage);
		this.accessPointName = accessPointName(board.identity.serial);
		let password: string | undefined;
		this.accessPoint = new AccessPoint({
			SSID: this.accessPointName,
			password: () => {
				password = accessPointPassword(storage, board);
				return password;
			},
			onChanged: () => this.onVisit(),
		});
		this.password = password;
		this.wifiJoiner = new WifiJoiner({
			WiFi: board.network.WiFi,
			time: board.time,
			...joinLimits,
			onLost: () => this.timeSync?.stop(),
		});
		this.scanResults = new ScanResults(this.accessPoint);
		this.updateReceiver = new UpdateReceiver({
			slots: board.firmware,
			update: options.host.firmwareUpdate,
			onInstalled: () => this.afterResponse(() => options.host.restartForUpdate()),
		});
		this.token = randomHex(board, 16);
		this.names = this.accessPoint.address === "127.0.0.1" ? ["localhost"] : [];
		this.defaultPins = defaultPinsOf(board);
		this.isOpenNetwork = password === undefined;
		this.lastVisit = this.lastJoinAttempt = board.time.ticks();
		this.httpServer = new HttpServer({
			network: board.network,
			time: board.time,
			port: httpPort,
			keptHeaders: requestHeaders,
			acceptsClient: (from) => isInSameSubnet(from, this.accessPoint.address),
			takesMemory: (path) => path.startsWith("/api/"),
			isBusy: (path, bodyBytes) =>
				bodyBytes > maxBusyBodyBytes
					? this.test?.isConnected === true
					: path === "/api/state" && this.test?.isVerifying === true,
			handle: (request) => {
				this.onVisit();
				return handleSetupRequest(request, this);
			},
			onHandlerError: (error) => board.log(`setup: request failed: ${errorMessage(error)}`),
			onError: (error) => board.log(`setup: HTTP server failed: ${errorReason(error)}`),
		});
		this.dnsServer = new DnsServer({
			network: board.network,
			time: board.time,
			address: this.accessPoint.address,
			onError: (error) => board.log(`setup: DNS server failed: ${errorReason(error)}`),
		});
	}

	/** Port of the page. */
	get port(): number {
		return this.httpServer.port;
	}

	get isErasing(): boolean {
		return this.erasing;
	}

	/** dBm; `undefined` without a network. */
	get signalStrength(): number | undefined {
		return this.wifiJoiner.signalStrength;
	}

	start(): void {
		const { host, sampling } = this.options;
		for (const line of setupInstructions(this.accessPointName, this.password, this.origin))
			host.logInstruction(line);
		this.scanResults.scan();
		void sampling.sampleAndStore(this.savedSettings);
		this.runLifecycle();
	}

	async stop(): Promise<void> {
		const { time } = this.options.board;
		this.stopped = true;
		time.clear(this.lifecycleTimer);
		time.clear(this.leaveTimer);
		this.httpServer.close();
		this.dnsServer.close();
		this.test?.abort();
		this.wifiJoiner.close();
		await this.test?.finished;
		this.timeSync?.stop();
		this.accessPoint.close();
	}

	get origin(): string {
		const { port } = this;
		return `http://${this.accessPoint.address}${port === 80 ? "" : `:${port}`}`;
	}

	get sensors(): readonly SensorDescription[] {
		return this.options.sampling.sensors;
	}

	settings(asTested: boolean): Settings {
		return (asTested ? this.testedSettings : undefined) ?? this.savedSettings;
	}

	/** Takes a live sample for the next request. */
	state(): Omit<SetupState, "token"> {
		const { board, sampling, readings, budget } = this.options;
		const { savedSettings, testedSettings } = this;
		this.refreshSample();
		const { limit, remaining } = budget.quotaAt(this.now);
		return {
			board: {
				name: this.accessPointName,
				deviceId: deviceIdOf({ deviceId: "" }, board.identity),
				chip: board.identity.chip,
				firmwareVersion: versionOf(board.identity),
				pins: this.defaultPins,
			},
			...redacted(savedSettings),
			...(testedSettings === undefined
				? {}
				: {
						tested: {
							...redacted(testedSettings, savedSettings),
							isKeyUnsaved: testedSettings.key !== savedSettings.key,
						},
					}),
			table: describeSettings(),
			sensors: sampling.sensors,
			waiting: readings.length,
			plan: { limit, remaining },
		};
	}

	networks(): ScanState {
		return this.scanResults.scanState;
	}

	/** Ignored while the board joins a network: the radio has one channel at a time. */
	scan(): void {
		if (!this.wifiJoiner.isJoining) this.scanResults.scan();
	}

	scanSensors(forget: boolean): void {
		void this.options.sampling.scanSensors(forget);
	}

	measure(settings?: Settings): MeasureState {
		const { sampling, readings } = this.options;
		this.refreshSample();
		return {
			sensors: sampling.sensors,
			probed: settings === undefined ? [] : sampling.probeInputs(settings),
			waiting: readings.length,
		};
	}

	startTest(settings: Settings): number {
		const { board, host, sampling, budget, createdSource } = this.options;
		this.test?.abort();
		this.testedSettings = settings;
		const test = new ConnectionTest({
			settings,
			time: board.time,
			resolver: board.network.resolver,
			deviceId: deviceIdOf(settings, board.identity),
			agent: userAgent,
			createdSource,
			ownAddress: this.accessPoint.address,
			join: (network) => this.joinNetwork(network),
			leave: () => this.wifiJoiner.leave(),
			signalStrengthOf: (ssid) => this.scanResults.signalStrengthOf(ssid),
			setClock: (servers, signal) => this.setClock(servers, signal),
			connect: (onVerified) => connectService(board, settings, onVerified),
			isCaptivePortal: (host, onAbortable) => isCaptivePortal({ board, host, onAbortable }),
			onResponse: (headers) => budget.countCall(headers, this.now),
			sampleAndStore: async () => {
				await sampling.sampleAndStore(settings);
				return sampling.fields;
			},
			sendOldest: (dataSourceId, connection) => host.sendOldest({ ...settings, dataSourceId }, connection),
		});
		this.test = test;
		this.testCount++;
		void test.finished.then(() => {
			// Its settings need not stay in memory.
			if (this.test === test) {
				this.lastTest = this.testState();
				this.test = undefined;
			}
			this.runLifecycle();
		});
		return this.testCount;
	}

	testState(): TestState {
		return this.test === undefined ? this.lastTest : { number: this.testCount, ...this.test.state };
	}

	save(settings: Settings): void {
		const { board, sampling } = this.options;
		// Instead of those tested last, for which there is no memory while a record is made; if it is not stored, they remain.
		this.testedSettings = settings;
		this.store.save(withoutDefaults(settings));
		this.savedSettings = settings;
		this.testedSettings = undefined;
		board.log("setup: settings saved");
		void sampling.sampleAndStore(settings);
	}

	export(secrets: boolean): Iterable<string> {
		return formatSettingsFile(this.savedSettings, secrets);
	}

	finish(): void {
		this.logClosed("done on the page");
		this.afterResponse(() => this.options.host.leave(this.savedSettings));
	}

	log(): BootLog {
		const { host } = this.options;
		return { status: host.bootStatus(), lines: host.logLines() };
	}

	updateState(): UpdateState {
		return this.updateReceiver.state;
	}

	takeUpdate(step: Readonly<Record<string, unknown>>): UpdateState {
		return this.updateReceiver.take(step);
	}

	restart(): void {
		this.logClosed("restart from the page");
		this.afterResponse(() => this.options.host.restart());
	}

	factoryReset(name: unknown): boolean {
		if (name !== this.accessPointName) return false;
		this.erasing = true;
		this.afterResponse(() => this.options.host.factoryReset());
		return true;
	}

	private afterResponse(leave: () => void): void {
		const { time } = this.options.board;
		time.clear(this.leaveTimer);
		this.leaveTimer = time.set(leave, leaveDelayMs);
	}

	/** Milliseconds of Unix time; 0 while unknown. */
	get now(): number {
		return this.options.clock.now() ?? 0;
	}

	private refreshSample(): void {
		const { board, sampling } = this.options;
		const ticks = board.time.ticks();
		if (ticks - this.sampledAtTicks < maxSampleAgeMs) return;
		this.sampledAtTicks = ticks;
		void sampling.sampleWithoutStoring();
	}

	private joinNetwork(network: SavedNetwork): Promise<JoinResult> {
		return new Promise((resolve) => this.wifiJoiner.join(network, resolve));
	}

	/** Milliseconds of Unix time; `undefined` if no server responds. Keeps the clock synchronized afterwards. */
	private setClock(servers: readonly string[], signal: TestAbortSignal): Promise<number | undefined> {
		const { board, host } = this.options;
		this.timeSync?.stop();
		return new Promise((resolve) => {
			let failures = 0;
			const end = (utc: number | undefined) => {
				board.time.clear(deadline);
				signal.onAbort = undefined;
				resolve(utc);
			};
			const deadline = board.time.set(() => end(undefined), clockTimeoutMs);
			signal.onAbort = () => end(undefined);
			const sync = host.makeTimeSync(servers, {
				onSynchronized: (utc) => {
					host.onSynchronized(utc);
					end(utc);
				},
				onTimeServerFailed: () => {
					if (++failures >= servers.length) end(undefined);
				},
			});
			this.timeSync = sync;
			if (servers.length === 0) end(undefined);
			else sync.start();
		});
	}

	private onVisit(): void {
		this.lastVisit = this.options.board.time.ticks();
		this.runLifecycle();
	}

	/** Does what is due, and sets a timer for what is due next. */
	private runLifecycle(): void {
		const { time } = this.options.board;
		time.clear(this.lifecycleTimer);
		if (this.stopped || this.erasing) return;
		const { reason } = this.options;
		const step = nextSetupAction({
			now: time.ticks(),
			reason,
			hasNetworks: this.savedSettings.networks.length > 0,
			stationCount: this.accessPoint.stations,
			lastVisit: this.lastVisit,
			lastJoinAttempt: this.lastJoinAttempt,
			busy: this.isRejoining || this.wifiJoiner.isJoining || this.test?.state.running === true,
		});
		if (step.kind === "close") this.closeSetup("no visitor");
		else if (step.kind === "try networks") void this.rejoinNetworks();
		else if (step.until !== undefined)
			this.lifecycleTimer = time.set(() => this.runLifecycle(), step.until - time.ticks());
	}

	private async rejoinNetworks(): Promise<void> {
		this.isRejoining = true;
		for (const network of this.savedSettings.networks) {
			const result = await this.joinNetwork(network);
			if (this.stopped || this.erasing) return;
			if (result.kind === "joined") {
				this.closeSetup(`${JSON.stringify(network.ssid)} is back`);
				return;
			}
		}
		this.isRejoining = false;
		this.lastJoinAttempt = this.options.board.time.ticks();
		this.runLifecycle();
	}

	private logClosed(why: string): void {
		this.options.board.log(`setup: closed, ${why}`);
	}

	private closeSetup(why: string): void {
		this.logClosed(why);
		this.options.host.leave(this.savedSettings);
	}
}

function errorReason(error: Error | undefined): string {
	return error?.message ?? "no reason given";
}

function redacted(settings: Settings, saved = settings): Pick<SetupState, "settings" | "secretsSet"> {
	return { settings: redactedSettings(settings, saved), secretsSet: secretsSet(settings) };
}
