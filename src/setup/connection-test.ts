import type { Network, Time } from "../boards/board";
import { errorMessage } from "../common/error-message";
import type { SourceFinder } from "../dakkio/data-sources";
import type { HttpConnection, Outcome } from "../http/http-connection";
import type { Field } from "../reading/reading";
import type { SavedNetwork } from "../settings/saved-networks";
import { parseServiceAddress } from "../settings/service-address";
import { newDataSource, type Settings } from "../settings/settings";
import { type DataSourceOptions, findOrCreateSource, listSources } from "../upload/data-source";
import type { JoinResult } from "../wifi/wifi-joiner";
import type { TestState, TestStep } from "./api";
import {
	captivePortalDiagnosis,
	type Diagnosis,
	diagnoseClock,
	diagnoseConnection,
	diagnoseJoin,
	diagnoseKey,
	diagnoseName,
	diagnosePoint,
	diagnoseSameSubnet,
	diagnoseSourceCreation,
	noReadingDiagnosis,
	noSuchSourceDiagnosis,
} from "./diagnoses";
import { isInSameSubnet } from "./subnet";

export interface ConnectionTestOptions {
	/** Those that are tried out. */
	readonly settings: Settings;
	readonly time: Time;
	readonly resolver: Network["resolver"];
	/** What the device is called: a data source that is made gets this name. */
	readonly deviceId: string;
	readonly agent: string;
	/** Of the board in its own network. */
	readonly ownAddress: string;
	/** The service has answered, with these headers. */
	onResponse(headers: ReadonlyMap<string, string>): void;
	join(network: SavedNetwork): Promise<JoinResult>;
	/** Leaves the network that was joined. */
	leave(): void;
	/** Of a network in the last scan, dBm. */
	signalStrengthOf(ssid: string): number | undefined;
	/** Sets the clock by one of the time servers; `undefined` when none answers. Milliseconds of Unix time. */
	setClock(servers: readonly string[], signal: TestAbortSignal): Promise<number | undefined>;
	connect(onVerified: (issuer: string) => void): HttpConnection;
	/** Whether the network shows a login page in place of the internet. */
	isCaptivePortal(host: string, onStop: (stop: () => void) => void): Promise<boolean>;
	/** Takes a reading, and stores it; what the sensors measure, if there are any. */
	sampleAndStore(): Promise<readonly Field[]>;
	/** Sends what waits, oldest first; `undefined` when nothing does. */
	sendOldest(dataSourceId: string, connection: HttpConnection): Promise<Outcome | undefined>;
}

/** Tells whoever works for a test that it has been given up. */
export interface TestAbortSignal {
	readonly aborted: boolean;
	/** Called once, when it is. */
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

/** A step has failed; the test ends with it. */
class StepFailure {
	readonly diagnosis: Diagnosis;

	constructor(verdict: Diagnosis) {
		this.diagnosis = verdict;
	}
}

/** The whole way of a point, tried out step by step; each step has its deadline, and what it does is told live. */
export class ConnectionTest {
	private readonly options: ConnectionTestOptions;
	private readonly stepStates = new Map<TestStep, TestState["steps"][number]>();
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

	/** Gives up; {@link finished} resolves soon. */
	abort(): void {
		if (this.signal.aborted) return;
		this.signal.aborted = true;
		this.signal.onAbort?.();
		this.connection?.close();
	}

	private async run(): Promise<void> {
		let step: TestStep = "join";
		const begin = (next: TestStep) => {
			if (this.signal.aborted)
				throw new StepFailure({ cause: "The test was broken off.", remedy: "Test again." });
			step = next;
			this.stepStates.set(step, { step, state: "running" });
		};
		const done = (text: string) => this.stepStates.set(step, { step, state: "done", text });
		try {
			await this.runSteps(begin, done);
			this.passed = true;
		} catch (error) {
			const { cause, remedy } =
				error instanceof StepFailure
					? error.diagnosis
					: { cause: errorMessage(error), remedy: "Test again." };
			this.stepStates.set(step, { step, state: "failed", text: cause, cure: remedy });
		} finally {
			this.running = false;
			this.connection?.close();
		}
	}

	private async runSteps(begin: (step: TestStep) => void, done: (text: string) => void): Promise<void> {
		const { settings, sampleAndStore } = this.options;
		begin("join");
		done(await this.joinNetwork());
		begin("name");
		done(await this.resolveHost());
		begin("time");
		done(await this.setClock());
		this.requireKey(begin);
		begin("certificate");
		const there = await this.listSources((issuer) => {
			done(issuer);
			begin("key");
		});
		done("Key and bucket are accepted.");
		begin("source");
		const fields = await sampleAndStore();
		const source = await this.findOrCreateSource(there, fields);
		this.dataSourceId = source.id;
		done(source.text);
		begin("point");
		done(await this.sendPoint(settings.dataSourceId === newDataSource ? source.id : settings.dataSourceId));
	}

	/** The first of the networks that can be joined; else what is wrong with the first. */
	private async joinNetwork(): Promise<string> {
		const { settings, join, leave, signalStrengthOf, ownAddress } = this.options;
		let first: Diagnosis | undefined;
		for (const network of settings.networks) {
			const result = await join(network);
			if (result.kind === "joined") {
				if (isInSameSubnet(result.address, ownAddress) && !ownAddress.startsWith("127.")) {
					// Whoever is in it could not be told from the phone that sets the board up.
					leave();
					throw new StepFailure(diagnoseSameSubnet(network.ssid));
				}
				const strength = result.strength === undefined ? "" : `, ${result.strength} dBm`;
				return `${network.ssid}, address ${result.address}${strength}`;
			}
			first ??= diagnoseJoin(result.failure, network.ssid, signalStrengthOf(network.ssid));
			if (this.signal.aborted) break;
		}
		throw new StepFailure(
			first ?? { cause: "No network is chosen.", remedy: "Choose one, or enter its name." },
		);
	}

	private get host(): string {
		const server = parseServiceAddress(this.options.settings.server);
		if ("problem" in server)
			throw new StepFailure({ cause: server.problem, remedy: "Correct the address of the service." });
		return server.host;
	}

	private async resolveHost(): Promise<string> {
		const host = this.host;
		const address = await this.lookUpHost(host);
		if (address === undefined) throw await this.diagnoseNetwork(diagnoseName(host));
		return `${host} is ${address}`;
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

	private async setClock(): Promise<string> {
		const { settings, setClock } = this.options;
		const utc = await setClock(settings.ntpServers, this.signal);
		if (utc === undefined) throw await this.diagnoseNetwork(diagnoseClock(settings.ntpServers));
		return new Date(utc).toISOString();
	}

	private requireKey(begin: (step: TestStep) => void): void {
		const { key, bucketId } = this.options.settings;
		if (key !== "" && bucketId !== "") return;
		begin("key");
		throw new StepFailure({
			cause: key === "" ? "No API key is entered." : "No bucket is entered.",
			remedy: "Copy both from Dakkio: a write key (dakkio_w_) and the id of its bucket.",
		});
	}

	/** Asks for the list of data sources: what comes before it is the certificate's step, what comes after the key's. */
	private async listSources(onVerified: (issuer: string) => void): Promise<SourceFinder> {
		let verified = false;
		this.connection = this.options.connect((issuer) => {
			// A connection that the service has closed meanwhile is made anew.
			if (!verified) onVerified(issuer);
			verified = true;
		});
		const { settings, deviceId } = this.options;
		const wanted = { id: settings.dataSourceId, name: deviceId };
		const { result, finder } = await listSources(this.sourceOptions(this.connection), wanted);
		if (!verified && result.kind === "failure")
			throw await this.diagnoseNetwork(diagnoseConnection(result, this.host));
		const refused = diagnoseKey(this.redactKey(result));
		if (refused !== undefined) throw new StepFailure(refused);
		return finder;
	}

	private async findOrCreateSource(
		there: SourceFinder,
		fields: readonly Field[],
	): Promise<{ id: string; text: string }> {
		const { settings, deviceId } = this.options;
		const { dataSourceId: id } = settings;
		if (id !== newDataSource && id !== "") {
			if (there.containsId === false) throw new StepFailure(noSuchSourceDiagnosis);
			return {
				id,
				text: there.containsId
					? "It is in the bucket."
					: "The bucket has too many to look through; the point will tell.",
			};
		}
		if (fields.length === 0)
			throw new StepFailure({
				cause: "No sensor is found, so it is not known what the data source is to hold.",
				remedy:
					"Look at the sensor's wires and pins. The rest is well: saved as it is, the board creates it when the sensor is there.",
			});
		const connection = this.connection ?? this.options.connect(() => {});
		const result = await findOrCreateSource(this.sourceOptions(connection), there, deviceId, fields);
		if (result.kind === "failed")
			throw new StepFailure(diagnoseSourceCreation(this.redactKey(result.result)));
		return { id: result.id, text: `${result.kind === "created" ? "Created" : "Found"} as ${deviceId}.` };
	}

	private async sendPoint(dataSourceId: string): Promise<string> {
		const { sendOldest, connect } = this.options;
		const outcome = await sendOldest(dataSourceId, this.connection ?? connect(() => {}));
		if (outcome === undefined) throw new StepFailure(noReadingDiagnosis);
		if (outcome.kind === "failure" || outcome.status < 200 || outcome.status > 299)
			throw new StepFailure(diagnosePoint(this.redactKey(outcome)));
		return `Stored (${outcome.status}).`;
	}

	private sourceOptions(connection: HttpConnection): DataSourceOptions {
		const { settings, agent: userAgent, onResponse } = this.options;
		const { key, bucketId } = settings;
		return { connection, key, userAgent, bucketId, onResponse };
	}

	/** A network that wants a login is the cause of much else. */
	private async diagnoseNetwork(verdict: Diagnosis): Promise<StepFailure> {
		if (this.signal.aborted) return new StepFailure(verdict);
		const login = await this.options.isCaptivePortal(this.host, (stop) => {
			this.signal.onAbort = stop;
		});
		return new StepFailure(login ? captivePortalDiagnosis : verdict);
	}

	/** A server that repeats the key in its answer does not bring it onto the page. */
	private redactKey(outcome: Outcome): Outcome {
		const { key } = this.options.settings;
		if (outcome.kind === "failure" || key === "") return outcome;
		return { ...outcome, body: outcome.body.replaceAll(key, "…") };
	}
}
