import type { Network, Time } from "../boards/board";
import type { SourceFinder } from "../dakkio/sources";
import type { HttpConnection, Outcome } from "../http/exchange";
import type { Field } from "../reading/reading";
import type { SavedNetwork } from "../settings/network";
import { parseServer } from "../settings/server";
import { newDataSource, type Settings } from "../settings/settings";
import { type DataSourceOptions, findOrCreateSource, listSources } from "../upload/data-source";
import type { TestState, TestStep } from "./api";
import type { JoinResult } from "./joiner";
import { isNear } from "./near";
import {
	clockVerdict,
	connectionVerdict,
	createVerdict,
	joinVerdict,
	keyVerdict,
	loginVerdict,
	nameVerdict,
	noReading,
	noSuchSource,
	pointVerdict,
	sameAddressesVerdict,
	type Verdict,
} from "./verdicts";

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
	onAnswer(headers: ReadonlyMap<string, string>): void;
	join(network: SavedNetwork): Promise<JoinResult>;
	/** Leaves the network that was joined. */
	leave(): void;
	/** Of a network in the last scan, dBm. */
	strengthOf(ssid: string): number | undefined;
	/** Sets the clock by one of the time servers; `undefined` when none answers. Milliseconds of Unix time. */
	setClock(servers: readonly string[], signal: Signal): Promise<number | undefined>;
	connect(onVerified: (issuer: string) => void): HttpConnection;
	/** Whether the network shows a login page in place of the internet. */
	wantsLogin(host: string, onStop: (stop: () => void) => void): Promise<boolean>;
	/** Takes a reading, and stores it; what the sensors measure, if there are any. */
	sample(): Promise<readonly Field[]>;
	/** Sends what waits, oldest first; `undefined` when nothing does. */
	send(dataSourceId: string, connection: HttpConnection): Promise<Outcome | undefined>;
}

/** Tells whoever works for a test that it has been given up. */
export interface Signal {
	readonly aborted: boolean;
	/** Called once, when it is. */
	onAbort: (() => void) | undefined;
}

const steps: readonly TestStep[] = Object.freeze([
	"join",
	"name",
	"time",
	"certificate",
	"key",
	"source",
	"point",
]);

const resolveDeadline = 10_000;

/** A step has failed; the test ends with it. */
class StepFailed {
	readonly verdict: Verdict;

	constructor(verdict: Verdict) {
		this.verdict = verdict;
	}
}

/** The whole way of a point, tried out step by step; each step has its deadline, and what it does is told live. */
export class ConnectionTest {
	private readonly options: ConnectionTestOptions;
	private readonly states = new Map<TestStep, TestState["steps"][number]>();
	private readonly signal: { aborted: boolean; onAbort: (() => void) | undefined } = {
		aborted: false,
		onAbort: undefined,
	};
	private running = true;
	private passed = false;
	private dataSourceId: string | undefined;
	private connection: HttpConnection | undefined;
	readonly ended: Promise<void>;

	constructor(options: ConnectionTestOptions) {
		this.options = options;
		this.ended = this.run();
	}

	get state(): Omit<TestState, "number"> {
		return {
			running: this.running,
			passed: this.passed,
			steps: steps.map((step) => this.states.get(step) ?? { step, state: "waiting" }),
			...(this.dataSourceId === undefined ? {} : { dataSourceId: this.dataSourceId }),
		};
	}

	/** Gives up; {@link ended} resolves soon. */
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
				throw new StepFailed({ text: "The test was broken off.", cure: "Test again." });
			step = next;
			this.states.set(step, { step, state: "running" });
		};
		const done = (text: string) => this.states.set(step, { step, state: "done", text });
		try {
			await this.steps(begin, done);
			this.passed = true;
		} catch (error) {
			const { text, cure } =
				error instanceof StepFailed
					? error.verdict
					: { text: error instanceof Error ? error.message : String(error), cure: "Test again." };
			this.states.set(step, { step, state: "failed", text, cure });
		} finally {
			this.running = false;
			this.connection?.close();
		}
	}

	private async steps(begin: (step: TestStep) => void, done: (text: string) => void): Promise<void> {
		const { settings, sample } = this.options;
		begin("join");
		done(await this.join());
		begin("name");
		done(await this.resolve());
		begin("time");
		done(await this.setClock());
		this.requireKey(begin);
		begin("certificate");
		const there = await this.open((issuer) => {
			done(issuer);
			begin("key");
		});
		done("Key and bucket are accepted.");
		begin("source");
		const fields = await sample();
		const source = await this.source(there, fields);
		this.dataSourceId = source.id;
		done(source.text);
		begin("point");
		done(await this.send(settings.dataSourceId === newDataSource ? source.id : settings.dataSourceId));
	}

	/** The first of the networks that can be joined; else what is wrong with the first. */
	private async join(): Promise<string> {
		const { settings, join, leave, strengthOf, ownAddress } = this.options;
		let first: Verdict | undefined;
		for (const network of settings.networks) {
			const result = await join(network);
			if (result.kind === "joined") {
				if (isNear(result.address, ownAddress) && !ownAddress.startsWith("127.")) {
					// Whoever is in it could not be told from the phone that sets the board up.
					leave();
					throw new StepFailed(sameAddressesVerdict(network.ssid));
				}
				const strength = result.strength === undefined ? "" : `, ${result.strength} dBm`;
				return `${network.ssid}, address ${result.address}${strength}`;
			}
			first ??= joinVerdict(result.failure, network.ssid, strengthOf(network.ssid));
			if (this.signal.aborted) break;
		}
		throw new StepFailed(first ?? { text: "No network is chosen.", cure: "Choose one, or enter its name." });
	}

	private get host(): string {
		const server = parseServer(this.options.settings.server);
		if ("problem" in server)
			throw new StepFailed({ text: server.problem, cure: "Correct the address of the service." });
		return server.host;
	}

	private async resolve(): Promise<string> {
		const host = this.host;
		const address = await this.lookUp(host);
		if (address === undefined) throw await this.failed(nameVerdict(host));
		return `${host} is ${address}`;
	}

	private lookUp(host: string): Promise<string | undefined> {
		const { time, resolver } = this.options;
		return new Promise((resolve) => {
			const end = (address: string | undefined) => {
				time.clear(deadline);
				resolve(address);
			};
			const deadline = time.set(() => end(undefined), resolveDeadline);
			this.signal.onAbort = () => end(undefined);
			resolver.resolve({ host, onResolved: (_, address) => end(address), onError: () => end(undefined) });
		});
	}

	private async setClock(): Promise<string> {
		const { settings, setClock } = this.options;
		const utc = await setClock(settings.ntpServers, this.signal);
		if (utc === undefined) throw await this.failed(clockVerdict(settings.ntpServers));
		return new Date(utc).toISOString();
	}

	private requireKey(begin: (step: TestStep) => void): void {
		const { key, bucketId } = this.options.settings;
		if (key !== "" && bucketId !== "") return;
		begin("key");
		throw new StepFailed({
			text: key === "" ? "No API key is entered." : "No bucket is entered.",
			cure: "Copy both from Dakkio: a write key (dakkio_w_) and the id of its bucket.",
		});
	}

	/** Asks for the list of data sources: what comes before it is the certificate's step, what comes after the key's. */
	private async open(onVerified: (issuer: string) => void): Promise<SourceFinder> {
		let verified = false;
		this.connection = this.options.connect((issuer) => {
			// A connection that the service has closed meanwhile is made anew.
			if (!verified) onVerified(issuer);
			verified = true;
		});
		const { settings, deviceId } = this.options;
		const wanted = { id: settings.dataSourceId, name: deviceId };
		const { outcome, found } = await listSources(this.sourceOptions(this.connection), wanted);
		if (!verified && outcome.kind === "failure")
			throw await this.failed(connectionVerdict(outcome, this.host));
		const refused = keyVerdict(this.withoutKey(outcome));
		if (refused !== undefined) throw new StepFailed(refused);
		return found;
	}

	private async source(there: SourceFinder, fields: readonly Field[]): Promise<{ id: string; text: string }> {
		const { settings, deviceId } = this.options;
		const { dataSourceId: id } = settings;
		if (id !== newDataSource && id !== "") {
			if (there.has === false) throw new StepFailed(noSuchSource);
			return {
				id,
				text: there.has
					? "It is in the bucket."
					: "The bucket has too many to look through; the point will tell.",
			};
		}
		if (fields.length === 0)
			throw new StepFailed({
				text: "No sensor is found, so it is not known what the data source is to hold.",
				cure: "Look at the sensor's wires and pins. The rest is well: saved as it is, the board creates it when the sensor is there.",
			});
		const connection = this.connection ?? this.options.connect(() => {});
		const result = await findOrCreateSource(this.sourceOptions(connection), there, deviceId, fields);
		if (result.kind === "failed") throw new StepFailed(createVerdict(this.withoutKey(result.outcome)));
		return { id: result.id, text: `${result.kind === "created" ? "Created" : "Found"} as ${deviceId}.` };
	}

	private async send(dataSourceId: string): Promise<string> {
		const { send, connect } = this.options;
		const outcome = await send(dataSourceId, this.connection ?? connect(() => {}));
		if (outcome === undefined) throw new StepFailed(noReading);
		if (outcome.kind === "failure" || outcome.status < 200 || outcome.status > 299)
			throw new StepFailed(pointVerdict(this.withoutKey(outcome)));
		return `Stored (${outcome.status}).`;
	}

	private sourceOptions(connection: HttpConnection): DataSourceOptions {
		const { settings, agent, onAnswer } = this.options;
		const { key, bucketId } = settings;
		return { connection, key, agent, bucketId, onAnswer };
	}

	/** A network that wants a login is the cause of much else. */
	private async failed(verdict: Verdict): Promise<StepFailed> {
		if (this.signal.aborted) return new StepFailed(verdict);
		const login = await this.options.wantsLogin(this.host, (stop) => {
			this.signal.onAbort = stop;
		});
		return new StepFailed(login ? loginVerdict : verdict);
	}

	/** A server that repeats the key in its answer does not bring it onto the page. */
	private withoutKey(outcome: Outcome): Outcome {
		const { key } = this.options.settings;
		if (outcome.kind === "failure" || key === "") return outcome;
		return { ...outcome, body: outcome.body.replaceAll(key, "…") };
	}
}
