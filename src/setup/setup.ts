import type { AccessPoint, Board, Timer } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import type { TimeSync } from "../clock/sync";
import type { HttpConnection, Outcome } from "../http/exchange";
import { HttpServer } from "../http/server";
import type { Field } from "../reading/reading";
import { exportSettings } from "../settings/file";
import { usualPinsOf } from "../settings/pins";
import { type Settings, withoutPresets } from "../settings/settings";
import { SettingsStore } from "../settings/settings-store";
import type { Budget } from "../upload/budget";
import { connectService } from "../upload/service";
import { firmwareVersion } from "../version";
import { ownName, ownPassword } from "./access";
import type { SensorDescription, SetupState, TestState } from "./api";
import { ConnectionTest, type Signal } from "./connection-test";
import { nextStep, type SetupReason } from "./decide";
import { secretsSet, shownSettings } from "./given";
import { answerSetup, requestHeaders, type SetupBoard } from "./handler";
import { HeardNetworks } from "./heard";
import { invitation } from "./invitation";
import { Joiner } from "./joiner";
import { wantsLogin } from "./login";
import { NameServer } from "./name-server";
import { isNear } from "./near";
import { describeTable } from "./table";

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
	sample(settings: Settings): Promise<void>;
	/** Measures, and stores nothing. */
	measure(): Promise<void>;
	/** Looks for sensors everywhere; `forget`: those that are missing are forgotten first. */
	lookForSensors(forget: boolean): Promise<void>;
	/** What was found on the bus, with its last values. */
	sensors(): readonly SensorDescription[];
	/** What is measured: of the sensors that were found. */
	fields(): readonly Field[];
	/** Readings that wait. */
	waiting(): number;
	/** The plan's calls. */
	readonly budget: Budget;
	/** Milliseconds of Unix time, as far as it is known. */
	now(): number;
	/** Keeps the clock set by these servers, from its start on. */
	timeSync(servers: readonly string[], on: TimeSyncCallbacks): TimeSync;
	/** Sends the oldest of what waits to where these settings say; `undefined` when nothing waits. */
	send(settings: Settings, connection: HttpConnection): Promise<Outcome | undefined>;
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
const clockDeadline = 40_000;
/** What somebody looks at is not older than this, milliseconds, give or take a measurement. */
const freshness = 3_000;
/** For the last answer to reach the browser before the access point goes. */
const farewell = 1_500;

/** No test has been made yet. */
const untested: TestState = Object.freeze({ number: 0, running: false, passed: false, steps: [] });

/** The board in setup: its own network, and on it the page with which a person brings it online. */
export class Setup {
	private readonly options: SetupOptions;
	private readonly name: string;
	private readonly store: SettingsStore;
	private readonly accessPoint: AccessPoint;
	private readonly password: string | undefined;
	private readonly names: NameServer;
	private readonly server: HttpServer;
	private readonly joiner: Joiner;
	private readonly heard: HeardNetworks;
	private readonly token: string;
	private settings: Settings;
	/** What was tested last and is not saved yet: a phone that has to load the page anew need not be told it again. */
	private tried: Settings | undefined;
	private test: ConnectionTest | undefined;
	/** Tests so far. */
	private tests = 0;
	private timeSync: TimeSync | undefined;
	private timer: Timer | undefined;
	private leaving: Timer | undefined;
	private lastVisit: number;
	private lastTry: number;
	private trying = false;
	/** Ticks of the last measurement for somebody who looks. */
	private measuredAt = 0;
	private stopped = false;

	/** Throws where the board cannot be an access point. */
	constructor(options: SetupOptions) {
		const { board, storage, settings } = options;
		const { AccessPoint } = board.network;
		if (AccessPoint === undefined) throw new Error("this board has no access point");
		this.options = options;
		this.settings = settings;
		this.store = new SettingsStore(storage);
		this.name = ownName(board.identity.serial);
		this.password = ownPassword(storage, board);
		this.accessPoint = new AccessPoint({
			SSID: this.name,
			...(this.password !== undefined && { password: this.password }),
			onChanged: () => this.visited(),
		});
		this.joiner = new Joiner({
			WiFi: board.network.WiFi,
			time: board.time,
			onLost: () => this.timeSync?.stop(),
		});
		this.heard = new HeardNetworks(this.accessPoint);
		this.token = makeToken(board);
		this.lastVisit = this.lastTry = board.time.ticks();
		this.server = new HttpServer({
			network: board.network,
			time: board.time,
			port: httpPort,
			headers: requestHeaders,
			accept: (from) => isNear(from, this.accessPoint.address),
			handle: (request) => {
				this.visited();
				return answerSetup(request, this.door);
			},
			onMistake: (error) => options.log(`setup: a request has failed: ${String(error)}`),
			onError: (error) => options.log(`setup: the page cannot be served: ${reasonOf(error)}`),
		});
		this.names = new NameServer({
			network: board.network,
			address: this.accessPoint.address,
			onError: (error) => options.log(`setup: names cannot be answered: ${reasonOf(error)}`),
		});
	}

	/** Of the page. */
	get port(): number {
		return this.server.port;
	}

	/** dBm, while a network is joined. */
	get signalStrength(): number | undefined {
		return this.joiner.signalStrength;
	}

	start(): void {
		const { log } = this.options;
		for (const line of invitation(this.name, this.password, this.door.origin)) log(line);
		this.heard.scan();
		void this.options.sample(this.settings);
		this.consider();
	}

	async stop(): Promise<void> {
		const { time } = this.options.board;
		this.stopped = true;
		time.clear(this.timer);
		time.clear(this.leaving);
		this.server.close();
		this.names.close();
		this.test?.abort();
		this.joiner.close();
		await this.test?.ended;
		this.timeSync?.stop();
		this.accessPoint.close();
	}

	/** What the page can do. */
	private get door(): SetupBoard {
		const { address } = this.accessPoint;
		const port = this.server.port;
		return {
			origin: `http://${address}${port === 80 ? "" : `:${port}`}`,
			names: address === "127.0.0.1" ? ["localhost"] : [],
			token: this.token,
			usualPins: usualPinsOf(this.options.board),
			settings: (asTested) => (asTested ? this.tried : undefined) ?? this.settings,
			state: () => this.state(),
			networks: () => this.heard.state,
			scan: () => this.scan(),
			lookForSensors: (forget) => void this.options.lookForSensors(forget),
			test: (settings) => this.beginTest(settings),
			testState: () => (this.test === undefined ? untested : { number: this.tests, ...this.test.state }),
			save: (settings) => this.save(settings),
			isOpen: this.password === undefined,
			export: (secrets) => exportSettings(this.settings, secrets),
			finish: () => this.finish(),
		};
	}

	private state(): Omit<SetupState, "token"> {
		const { board, deviceId, sensors, waiting, budget, now } = this.options;
		const tried = this.tried;
		this.refresh();
		const { limit, remaining } = budget.at(now());
		return {
			board: {
				name: this.name,
				deviceId: deviceId({ ...this.settings, deviceId: "" }),
				chip: board.identity.chip,
				firmwareVersion,
			},
			...shown(this.settings),
			...(tried === undefined ? {} : { tested: shown(tried) }),
			table: describeTable(),
			sensors: sensors(),
			waiting: waiting(),
			plan: { limit, remaining },
		};
	}

	/** Whoever looks again sees what is measured now. */
	private refresh(): void {
		const { board, measure } = this.options;
		const ticks = board.time.ticks();
		if (ticks - this.measuredAt < freshness) return;
		this.measuredAt = ticks;
		void measure();
	}

	/** Not while a network is joined: the radio has one channel at a time. */
	private scan(): void {
		if (!this.joiner.joining) this.heard.scan();
	}

	private save(settings: Settings): void {
		this.store.save(withoutPresets(settings));
		this.settings = settings;
		this.tried = undefined;
		this.options.log("setup: settings saved");
		void this.options.sample(settings);
	}

	private finish(): void {
		const { time } = this.options.board;
		time.clear(this.leaving);
		this.leaving = time.set(() => this.options.leave(this.settings), farewell);
	}

	private beginTest(settings: Settings): number {
		const { board, deviceId, sample, fields, send, budget, now } = this.options;
		this.test?.abort();
		this.tried = settings;
		const test = new ConnectionTest({
			settings,
			time: board.time,
			resolver: board.network.resolver,
			deviceId: deviceId(settings),
			agent: `dakkio-esp32/${firmwareVersion}`,
			ownAddress: this.accessPoint.address,
			join: (network) => this.joiner.join(network),
			leave: () => this.joiner.leave(),
			strengthOf: (ssid) => this.heard.strengthOf(ssid),
			setClock: (servers, signal) => this.setClock(servers, signal),
			connect: (onVerified) => connectService(board, settings, onVerified),
			wantsLogin: (host, onStop) => wantsLogin({ board, host, onStop }),
			onAnswer: (headers) => budget.count(headers, now()),
			sample: async () => {
				await sample(settings);
				return fields();
			},
			send: (dataSourceId, connection) => send({ ...settings, dataSourceId }, connection),
		});
		this.test = test;
		this.tests++;
		void test.ended.then(() => this.consider());
		return this.tests;
	}

	/** Asks each server once, and keeps the clock set from then on. */
	private setClock(servers: readonly string[], signal: Signal): Promise<number | undefined> {
		const { board, timeSync } = this.options;
		this.timeSync?.stop();
		return new Promise((resolve) => {
			let failures = 0;
			const end = (utc: number | undefined) => {
				board.time.clear(deadline);
				signal.onAbort = undefined;
				resolve(utc);
			};
			const deadline = board.time.set(() => end(undefined), clockDeadline);
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

	private visited(): void {
		this.lastVisit = this.options.board.time.ticks();
		this.consider();
	}

	/** Does what is due, and looks again when something may be. */
	private consider(): void {
		const { time } = this.options.board;
		time.clear(this.timer);
		if (this.stopped) return;
		const { reason } = this.options;
		const step = nextStep({
			now: time.ticks(),
			reason,
			hasNetworks: this.settings.networks.length > 0,
			stations: this.accessPoint.stations,
			lastVisit: this.lastVisit,
			lastTry: this.lastTry,
			busy: this.trying || this.joiner.joining || this.test?.state.running === true,
		});
		if (step.kind === "close") this.close("nobody came");
		else if (step.kind === "try networks") void this.tryNetworks();
		else if (step.until !== undefined)
			this.timer = time.set(() => this.consider(), step.until - time.ticks());
	}

	private async tryNetworks(): Promise<void> {
		this.trying = true;
		for (const network of this.settings.networks) {
			const result = await this.joiner.join(network);
			if (this.stopped) return;
			if (result.kind === "joined") {
				this.close(`${JSON.stringify(network.ssid)} is there again`);
				return;
			}
		}
		this.trying = false;
		this.lastTry = this.options.board.time.ticks();
		this.consider();
	}

	private close(why: string): void {
		this.options.log(`setup: closed, ${why}`);
		this.options.leave(this.settings);
	}
}

function reasonOf(error: Error | undefined): string {
	return error?.message ?? "no reason is given";
}

function shown(settings: Settings): Pick<SetupState, "settings" | "secretsSet"> {
	return { settings: shownSettings(settings), secretsSet: secretsSet(settings) };
}

/** Hexadecimal digits of 128 random bits. */
function makeToken(board: Pick<Board, "fillRandom">): string {
	const bytes = new Uint8Array(16);
	board.fillRandom(bytes);
	let token = "";
	for (const byte of bytes) token += byte.toString(16).padStart(2, "0");
	return token;
}
