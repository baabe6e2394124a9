import type { Network, Time } from "../boards/board";
import { errorMessage } from "../common/error-message";
import { describeErrorResponse } from "../dakkio/error-response";
import { type ExchangeResult, isSuccess } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import type { Field } from "../reading/reading";
import type { SavedNetwork } from "../settings/saved-networks";
import { parseServiceAddress } from "../settings/service-address";
import { newDataSource, type Settings } from "../settings/settings";
import type { CreatedSource } from "../upload/created-source";
import {
	type DataSourceOptions,
	findOrCreateSource,
	listSources,
	type SourceList,
} from "../upload/data-source";
import type { JoinResult } from "../wifi/wifi-joiner";
import type { FailureCode, StepDetails, StepState, TestState, TestStep } from "./api";
import { isInSameSubnet } from "./subnet";

export interface ConnectionTestOptions {
	/** The settings to test. */
	readonly settings: Settings;
	readonly time: Time;
	readonly resolver: Network["resolver"];
	/** The name of a created data source. */
	readonly deviceId: string;
	readonly agent: string;
	readonly createdSource: CreatedSource;
	/** IPv4 address of the board in its own network. */
	readonly ownAddress: string;
	/** Receives the headers of each response. */
	onResponse(headers: ReadonlyMap<string, string>): void;
	join(network: SavedNetwork): Promise<JoinResult>;
	/** Leaves the joined network. */
	leave(): void;
	/** Signal strength in the last scan, dBm. */
	signalStrengthOf(ssid: string): number | undefined;
	/** Sets the clock; resolves with the Unix time in milliseconds, or `undefined` if no server responds. */
	setClock(servers: readonly string[], signal: TestAbortSignal): Promise<number | undefined>;
	connect(onVerified: (issuer: string) => void): HttpConnection;
	/** Whether the joined network is a captive portal. */
	isCaptivePortal(host: string, onStop: (stop: () => void) => void): Promise<boolean>;
	/** Takes a reading and stores it; resolves with the fields of the sensors. */
	sampleAndStore(): Promise<readonly Field[]>;
	/** Sends the oldest pending reading; `undefined` if there is none. */
	sendOldest(dataSourceId: string, connection: HttpConnection): Promise<ExchangeResult | undefined>;
}

/** Ends the running operation of an aborted test. */
export interface TestAbortSignal {
	readonly aborted: boolean;
	/** Called once, on abort. */
	onAbort: (() => void) | undefined;
}

const testSteps: readonly TestStep[] = Object.freeze([
	"join",
	"name",
	"time",
	"certificate",
	"key",
	"source",
	"point",
]);

const resolveTimeoutMs = 10_000;

/** Ends the test at the current step. */
class StepFailure {
	readonly code: FailureCode;
	readonly details: StepDetails;

	constructor(code: FailureCode, details: StepDetails = {}) {
		this.code = code;
		this.details = details;
	}
}

/** Tests settings by sending a point, step by step. Each step has a timeout; {@link state} shows the progress. */
export class ConnectionTest {
	private readonly options: ConnectionTestOptions;
	private readonly stepStates = new Map<TestStep, StepState>();
	private readonly signal: { aborted: boolean; onAbort: (() => void) | undefined } = {
		aborted: false,
		onAbort: undefined,
	};
	private running = true;
	private passed = false;
	private dataSourceId: string | undefined;
	private connection: HttpConnection | undefined;
	readonly finished: Promise<void>;

	constructor(options: ConnectionTestOptions) {
		this.options = options;
		this.finished = this.run();
	}

	get state(): Omit<TestState, "number"> {
		return {
			running: this.running,
			passed: this.passed,
			steps: testSteps.map((step) => this.stepStates.get(step) ?? { step, state: "waiting" }),
			...(this.dataSourceId === undefined ? {} : { dataSourceId: this.dataSourceId }),
		};
	}

	/** While the service is connected to and its certificates are verified, which takes most of the memory. */
	get isVerifying(): boolean {
		return this.stepStates.get("certificate")?.state === "running";
	}

	/** From the connection to the service to the end: it and the settings under test stay in memory. */
	get isConnected(): boolean {
		return this.running && this.connection !== undefined;
	}

	/** {@link finished} resolves soon after. */
	abort(): void {
		if (this.signal.aborted) return;
		this.signal.aborted = true;
		this.signal.onAbort?.();
		this.connection?.close();
	}

	private async run(): Promise<void> {
		let step: TestStep = "join";
		const begin = (next: TestStep) => {
			if (this.signal.aborted) throw new StepFailure("aborted");
			step = next;
			this.stepStates.set(step, { step, state: "running" });
		};
		const done = (details: StepDetails) => this.stepStates.set(step, { step, state: "done", details });
		try {
			await this.runSteps(begin, done);
			this.passed = true;
		} catch (error) {
			const { code, details } =
				error instanceof StepFailure
					? error
					: new StepFailure("internal error", { message: errorMessage(error) });
			this.stepStates.set(step, { step, state: "failed", code, details });
		} finally {
			this.running = false;
			this.connection?.close();
		}
	}

	private async runSteps(
		begin: (step: TestStep) => void,
		done: (details: StepDetails) => void,
	): Promise<void> {
		begin("join");
		done(await this.joinNetwork());
		begin("name");
		done(await this.resolveHost());
		begin("time");
		done(await this.setClock());
		this.requireKey(begin);
		begin("certificate");
		const list = await this.listSources((issuer) => {
			done({ issuer });
			begin("key");
		});
		done({});
		begin("source");
		const fields = await this.options.sampleAndStore();
		const { id, ...found } = await this.findOrCreateSource(list, fields);
		this.dataSourceId = id;
		done(found);
		begin("point");
		done(await this.sendPoint(id));
	}

	/** Joins the first network possible; if all fail, throws the failure of the first one. */
	private async joinNetwork(): Promise<StepDetails> {
		const { settings, join, leave, signalStrengthOf, ownAddress } = this.options;
		let first: StepFailure | undefined;
		for (const network of settings.networks) {
			const { ssid } = network;
			const result = await join(network);
			if (result.kind === "joined") {
				const { address, strength } = result;
				if (isInSameSubnet(address, ownAddress) && !ownAddress.startsWith("127.")) {
					// Its clients would look like clients of the access point.
					leave();
					throw new StepFailure("same subnet", { ssid });
				}
				return { ssid, address, strength };
			}
			first ??= new StepFailure(result.failure, { ssid, strength: signalStrengthOf(ssid) });
			if (this.signal.aborted) break;
		}
		throw first ?? new StepFailure("no network set");
	}

	private get host(): string {
		const server = parseServiceAddress(this.options.settings.server);
		if ("problem" in server) throw new StepFailure("no server set");
		return server.host;
	}

	private async resolveHost(): Promise<StepDetails> {
		const host = this.host;
		const address = await this.lookUpHost(host);
		if (address === undefined) throw await this.networkFailure("unknown host", { host });
		return { host, address };
	}

	private lookUpHost(host: string): Promise<string | undefined> {
		const { time, resolver } = this.options;
		return new Promise((resolve) => {
			const end = (address: string | undefined) => {
				time.clear(deadline);
				resolve(address);
			};
			const deadline = time.set(() => end(undefined), resolveTimeoutMs);
			this.signal.onAbort = () => end(undefined);
			resolver.resolve({ host, onResolved: (_, address) => end(address), onError: () => end(undefined) });
		});
	}

	private async setClock(): Promise<StepDetails> {
		const { settings, setClock } = this.options;
		const utc = await setClock(settings.ntpServers, this.signal);
		if (utc === undefined)
			throw await this.networkFailure("no time", { message: settings.ntpServers.join(", ") });
		return { utc };
	}

	private requireKey(begin: (step: TestStep) => void): void {
		const { key, bucketId } = this.options.settings;
		if (key !== "" && bucketId !== "") return;
		begin("key");
		throw new StepFailure(key === "" ? "no key set" : "no bucket set");
	}

	/** Lists the data sources. A failure counts for the certificate step until that is verified, then for the key step. */
	private async listSources(onVerified: (issuer: string) => void): Promise<SourceList> {
		let verified = false;
		this.connection = this.options.connect((issuer) => {
			// Called again for a second connection, if the service closed the first.
			if (!verified) onVerified(issuer);
			verified = true;
		});
		const { settings, deviceId } = this.options;
		const query = { id: settings.dataSourceId, name: deviceId };
		const list = await listSources(this.sourceOptions(this.connection), query);
		const failure = this.exchangeFailure(list.result);
		if (failure === undefined) return list;
		throw verified ? failure : await this.networkFailure(failure.code, failure.details);
	}

	private async findOrCreateSource(
		list: SourceList,
		fields: readonly Field[],
	): Promise<StepDetails & { readonly id: string }> {
		const { settings, deviceId } = this.options;
		const { dataSourceId: id } = settings;
		if (id !== newDataSource && id !== "") {
			const { containsId, nameOfId: name } = list.finder;
			if (containsId === false) throw new StepFailure("no such source");
			const source = containsId ? "listed" : "unlisted";
			return { id, source, ...(name === undefined ? {} : { deviceId: name }) };
		}
		if (fields.length === 0) throw new StepFailure("no fields");
		const connection = this.connection ?? this.options.connect(() => {});
		const result = await findOrCreateSource(this.sourceOptions(connection), list, deviceId, fields);
		if (result.kind === "found" || result.kind === "created")
			return { id: result.id, source: result.kind, deviceId };
		if (result.kind !== "failed") throw new StepFailure(result.kind);
		throw this.exchangeFailure(result.result) ?? new StepFailure("no source id");
	}

	private async sendPoint(dataSourceId: string): Promise<StepDetails> {
		const { sendOldest, connect } = this.options;
		const result = await sendOldest(dataSourceId, this.connection ?? connect(() => {}));
		if (result === undefined) throw new StepFailure("no reading");
		const failure = this.exchangeFailure(result);
		if (failure !== undefined) throw failure;
		return result.kind === "response" ? { status: result.status } : {};
	}

	private sourceOptions(connection: HttpConnection): DataSourceOptions {
		const { settings, agent: userAgent, createdSource, onResponse } = this.options;
		const { key, bucketId } = settings;
		return { connection, key, userAgent, bucketId, createdSource, onResponse };
	}

	/** Checks for a captive portal, which causes many failures. */
	private async networkFailure(code: FailureCode, details: StepDetails): Promise<StepFailure> {
		if (this.signal.aborted) return new StepFailure(code, details);
		const isPortal = await this.options.isCaptivePortal(this.host, (stop) => {
			this.signal.onAbort = stop;
		});
		return isPortal ? new StepFailure("captive portal") : new StepFailure(code, details);
	}

	/** `undefined` for success. The key is redacted: a server may echo it. */
	private exchangeFailure(result: ExchangeResult): StepFailure | undefined {
		const { host } = this;
		if (result.kind === "failure")
			return new StepFailure(result.trustFault ?? result.phase, { host, message: result.message });
		const { status, body } = result;
		if (isSuccess(status)) return undefined;
		const message = describeErrorResponse(body, this.options.settings.key);
		return new StepFailure("refused", { host, status, message });
	}
}
