import type { AccessPoint, Board, Timer } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import type { TimeSync } from "../clock/time-sync";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import { HttpServer } from "../http/http-server";
import type { Field } from "../reading/reading";
import { defaultPinsOf } from "../settings/pin-conflicts";
import { type Settings, withoutDefaults } from "../settings/settings";
import { formatSettingsFile } from "../settings/settings-file";
import { SettingsStore } from "../settings/settings-store";
import type { CallBudget } from "../upload/call-budget";
import { connectService } from "../upload/service-connection";
import { firmwareVersion } from "../version";
import { accessPointName, accessPointPassword } from "./access-point-credentials";
import type { SensorDescription, SetupState, TestState } from "./api";
import { isCaptivePortal } from "./captive-portal";
import { ConnectionTest, type TestAbortSignal } from "./connection-test";
import { DnsServer } from "./dns-server";
import { describeSettings, redactedSettings, secretsSet } from "./form-settings";
import { handleSetupRequest, requestHeaders, type SetupBackend } from "./request-handler";
import { ScanResults } from "./scan-results";
import { setupInstructions } from "./setup-instructions";
import { nextSetupAction, type SetupReason } from "./setup-lifecycle";
import { isInSameSubnet } from "./subnet";
import { WifiJoiner } from "./wifi-joiner";

/** What the running firmware does for setup. */
export interface SetupOptions {
	readonly board: Board;
	readonly storage: KeyValue;
	/** As kept, or their presets. */
	readonly settings: Settings;
	readonly reason: SetupReason;
	/** Of the device with these settings. */
	deviceId(settings: Settings): string;
	/** Takes a reading as these settings have it, and stores it. */
	sampleAndStore(settings: Settings): Promise<void>;
	/** Measures, and stores nothing. */
	sampleWithoutStoring(): Promise<void>;
	/** Looks for sensors everywhere; `forget`: those that are missing are forgotten first. */
	scanSensors(forget: boolean): Promise<void>;
	/** What was found on the bus, with its last values. */
	sensors(): readonly SensorDescription[];
	/** What is measured: of the sensors that were found. */
	fields(): readonly Field[];
	/** Readings that wait. */
	pendingReadings(): number;
	/** The plan's calls. */
	readonly budget: CallBudget;
	/** Milliseconds of Unix time, as far as it is known. */
	now(): number;
	/** Keeps the clock set by these servers, from its start on. */
	timeSync(servers: readonly string[], on: TimeSyncCallbacks): TimeSync;
	/** Sends the oldest of what waits to where these settings say; `undefined` when nothing waits. */
	sendOldest(settings: Settings, connection: HttpConnection): Promise<ExchangeResult | undefined>;
	/** Setup is over: starts anew, with the settings as they are kept now. */
	leave(settings: Settings): void;
	log(line: string): void;
}

export interface TimeSyncCallbacks {
	onFailure(): void;
	onSynchronized(utc: number): void;
}

const httpPort = 80;
/** For the clock's step of a test, whatever the servers do. */
const clockTimeoutMs = 40_000;
/** What somebody looks at is not older than this, milliseconds, give or take a measurement. */
const maxSampleAgeMs = 3_000;
/** For the last answer to reach the browser before the access point goes. */
const leaveDelayMs = 1_500;

/** No test has been made yet. */
const noTest: TestState = Object.freeze({ number: 0, running: false, passed: false, steps: [] });

/** The board in setup: its own network, and on it the page with which a person brings it online. */
export class Setup {
	private readonly options: SetupOptions;
	private readonly accessPointName: string;
	private readonly store: SettingsStore;
	private readonly accessPoint: AccessPoint;
	private readonly password: string | undefined;
	private readonly dnsServer: DnsServer;
	private readonly httpServer: HttpServer;
	private readonly wifiJoiner: WifiJoiner;
	private readonly scanResults: ScanResults;
	private readonly token: string;
	private savedSettings: Settings;
	/** What was tested last and is not saved yet: a phone that has to load the page anew need not be told it again. */
	private testedSettings: Settings | undefined;
	private test: ConnectionTest | undefined;
	/** Tests so far. */
	private testCount = 0;
	private timeSync: TimeSync | undefined;
	private lifecycleTimer: Timer | undefined;
	private leaveTimer: Timer | undefined;
	private lastVisit: number;
	private lastJoinAttempt: number;
	private isRejoining = false;
	/** Ticks of the last measurement for somebody who looks. */
	private sampledAtTicks = 0;
	private stopped = false;

	/** Throws where the board cannot be an access point. */
	constructor(options: SetupOptions) {
		const { board, storage, settings } = options;
		const { AccessPoint } = board.network;
		if (AccessPoint === undefined) throw new Error("this board has no access point");
		this.options = options;
		this.savedSettings = settings;
		this.store = new SettingsStore(storage);
		this.accessPointName = accessPointName(board.identity.serial);
		this.password = accessPointPassword(storage, board);
		this.accessPoint = new AccessPoint({
			SSID: this.accessPointName,
			...(this.password !== undefined && { password: this.password }),
			onChanged: () => this.onVisit(),
		});
		this.wifiJoiner = new WifiJoiner({
			WiFi: board.network.WiFi,
			time: board.time,
			onLost: () => this.timeSync?.stop(),
		});
		this.scanResults = new ScanResults(this.accessPoint);
		this.token = makeToken(board);
		this.lastVisit = this.lastJoinAttempt = board.time.ticks();
		this.httpServer = new HttpServer({
			network: board.network,
			time: board.time,
			port: httpPort,
			keptHeaders: requestHeaders,
			acceptsClient: (from) => isInSameSubnet(from, this.accessPoint.address),
			handle: (request) => {
				this.onVisit();
				return handleSetupRequest(request, this.backend);
			},
			onHandlerError: (error) => options.log(`setup: a request has failed: ${String(error)}`),
			onError: (error) => options.log(`setup: the page cannot be served: ${errorReason(error)}`),
		});
		this.dnsServer = new DnsServer({
			network: board.network,
			address: this.accessPoint.address,
			onError: (error) => options.log(`setup: names cannot be answered: ${errorReason(error)}`),
		});
	}

	/** Of the page. */
	get port(): number {
		return this.httpServer.port;
	}

	/** dBm, while a network is joined. */
	get signalStrength(): number | undefined {
		return this.wifiJoiner.signalStrength;
	}

	start(): void {
		const { log } = this.options;
		for (const line of setupInstructions(this.accessPointName, this.password, this.backend.origin)) log(line);
		this.scanResults.scan();
		void this.options.sampleAndStore(this.savedSettings);
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

	/** What the page can do. */
	private get backend(): SetupBackend {
		const { address } = this.accessPoint;
		const port = this.httpServer.port;
		return {
			origin: `http://${address}${port === 80 ? "" : `:${port}`}`,
			names: address === "127.0.0.1" ? ["localhost"] : [],
			token: this.token,
			defaultPins: defaultPinsOf(this.options.board),
			settings: (asTested) => (asTested ? this.testedSettings : undefined) ?? this.savedSettings,
			state: () => this.describeState(),
			networks: () => this.scanResults.scanState,
			scan: () => this.scan(),
			scanSensors: (forget) => void this.options.scanSensors(forget),
			startTest: (settings) => this.startTest(settings),
			testState: () => (this.test === undefined ? noTest : { number: this.testCount, ...this.test.state }),
			save: (settings) => this.save(settings),
			isOpenNetwork: this.password === undefined,
			export: (secrets) => formatSettingsFile(this.savedSettings, secrets),
			finish: () => this.scheduleLeave(),
		};
	}

	private describeState(): Omit<SetupState, "token"> {
		const { board, deviceId, sensors, pendingReadings, budget, now } = this.options;
		const tried = this.testedSettings;
		this.refreshSample();
		const { limit, remaining } = budget.quotaAt(now());
		return {
			board: {
				name: this.accessPointName,
				deviceId: deviceId({ ...this.savedSettings, deviceId: "" }),
				chip: board.identity.chip,
				firmwareVersion,
			},
			...redacted(this.savedSettings),
			...(tried === undefined ? {} : { tested: redacted(tried) }),
			table: describeSettings(),
			sensors: sensors(),
			waiting: pendingReadings(),
			plan: { limit, remaining },
		};
	}

	/** Whoever looks again sees what is measured now. */
	private refreshSample(): void {
		const { board, sampleWithoutStoring } = this.options;
		const ticks = board.time.ticks();
		if (ticks - this.sampledAtTicks < maxSampleAgeMs) return;
		this.sampledAtTicks = ticks;
		void sampleWithoutStoring();
	}

	/** Not while a network is joined: the radio has one channel at a time. */
	private scan(): void {
		if (!this.wifiJoiner.isJoining) this.scanResults.scan();
	}

	private save(settings: Settings): void {
		this.store.save(withoutDefaults(settings));
		this.savedSettings = settings;
		this.testedSettings = undefined;
		this.options.log("setup: settings saved");
		void this.options.sampleAndStore(settings);
	}

	private scheduleLeave(): void {
		const { time } = this.options.board;
		time.clear(this.leaveTimer);
		this.leaveTimer = time.set(() => this.options.leave(this.savedSettings), leaveDelayMs);
	}

	private startTest(settings: Settings): number {
		const { board, deviceId, sampleAndStore, fields, sendOldest, budget, now } = this.options;
		this.test?.abort();
		this.testedSettings = settings;
		const test = new ConnectionTest({
			settings,
			time: board.time,
			resolver: board.network.resolver,
			deviceId: deviceId(settings),
			agent: `dakkio-esp32/${firmwareVersion}`,
			ownAddress: this.accessPoint.address,
			join: (network) => this.wifiJoiner.join(network),
			leave: () => this.wifiJoiner.leave(),
			signalStrengthOf: (ssid) => this.scanResults.signalStrengthOf(ssid),
			setClock: (servers, signal) => this.setClock(servers, signal),
			connect: (onVerified) => connectService(board, settings, onVerified),
			isCaptivePortal: (host, onAbortable) => isCaptivePortal({ board, host, onAbortable }),
			onResponse: (headers) => budget.countCall(headers, now()),
			sampleAndStore: async () => {
				await sampleAndStore(settings);
				return fields();
			},
			sendOldest: (dataSourceId, connection) => sendOldest({ ...settings, dataSourceId }, connection),
		});
		this.test = test;
		this.testCount++;
		void test.finished.then(() => this.runLifecycle());
		return this.testCount;
	}

	/** Asks each server once, and keeps the clock set from then on. */
	private setClock(servers: readonly string[], signal: TestAbortSignal): Promise<number | undefined> {
		const { board, timeSync } = this.options;
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
			const sync = timeSync(servers, {
				onSynchronized: end,
				onFailure: () => {
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

	/** Does what is due, and looks again when something may be. */
	private runLifecycle(): void {
		const { time } = this.options.board;
		time.clear(this.lifecycleTimer);
		if (this.stopped) return;
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
		if (step.kind === "close") this.closeSetup("nobody came");
		else if (step.kind === "try networks") void this.rejoinNetworks();
		else if (step.until !== undefined)
			this.lifecycleTimer = time.set(() => this.runLifecycle(), step.until - time.ticks());
	}

	private async rejoinNetworks(): Promise<void> {
		this.isRejoining = true;
		for (const network of this.savedSettings.networks) {
			const result = await this.wifiJoiner.join(network);
			if (this.stopped) return;
			if (result.kind === "joined") {
				this.closeSetup(`${JSON.stringify(network.ssid)} is there again`);
				return;
			}
		}
		this.isRejoining = false;
		this.lastJoinAttempt = this.options.board.time.ticks();
		this.runLifecycle();
	}

	private closeSetup(why: string): void {
		this.options.log(`setup: closed, ${why}`);
		this.options.leave(this.savedSettings);
	}
}

function errorReason(error: Error | undefined): string {
	return error?.message ?? "no reason is given";
}

function redacted(settings: Settings): Pick<SetupState, "settings" | "secretsSet"> {
	return { settings: redactedSettings(settings), secretsSet: secretsSet(settings) };
}

/** Hexadecimal digits of 128 random bits. */
function makeToken(board: Pick<Board, "fillRandom">): string {
	const bytes = new Uint8Array(16);
	board.fillRandom(bytes);
	let token = "";
	for (const byte of bytes) token += byte.toString(16).padStart(2, "0");
	return token;
}
