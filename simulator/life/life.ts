import type { Timer } from "../../src/boards/board";
import type { ResetReason } from "../../src/boards/reset-reason";
import { batteryPercent } from "../../src/sensors/inputs/battery";
import type { DataPoint } from "../dakkio/api";
import { makeNtpResponse, type NtpFault } from "../ntp/ntp-response";
import type { VirtualTime } from "../virtual-time";
import { weatherAt } from "../weather/weather";
import { ActiveFaults } from "./active-faults";
import { DeviceModel } from "./device-model";
import { addressOf } from "./device-network";
import { FaultInjector } from "./fault-injector";
import { inspectQuarantine } from "./flash-inspection";
import { type Connectivity, History } from "./history";
import { InvariantChecker } from "./invariant-checker";
import { InvariantViolation, violate } from "./invariants";
import { Ledger } from "./ledger";
import { type ExpectedLight, LightChecker } from "./light-checker";
import { PowerSupply } from "./power-supply";
import type { PowerLoss } from "./powered-storage";
import { isRefusal, type Scenario } from "./scenario";
import { SeededRandom } from "./seeded-random";
import type { ConnectOutcome } from "./service-connection";
import { SharedWorld } from "./shared-world";
import { type DeviceEnvironment, SimulatedDevice } from "./simulated-device";
import { redirectHost, releaseHost, releaseKey, SimulatedReleases } from "./simulated-releases";
import { type DeliveredResponse, SimulatedService } from "./simulated-service";
import { UplinkChecker } from "./uplink-checker";
import { SimulatedUser, serviceHost, timeServerHosts } from "./user";

/** The outcome of a life. */
export interface LifeReport {
	readonly readings: number;
	readonly delivered: number;
	readonly duplicates: number;
	readonly estimated: number;
	readonly overwritten: number;
	/** Points refused by the service and put into quarantine. */
	readonly quarantined: number;
	/** Maximum time from measurement to arrival, milliseconds. */
	readonly maxDelayMs: number;
	/** API calls during the scenario, and how many of them got 429. */
	readonly calls: number;
	readonly rateLimited: number;
	readonly handshakes: number;
	readonly erases: number;
	/** Writes to key-value storage. */
	readonly writes: number;
	/** Starts that began a boot, and wakes from deep sleep. */
	readonly boots: number;
	readonly wakes: number;
	readonly powerCuts: number;
}

export interface LifeOptions {
	readonly scenario: Scenario;
	/** Another life in the same world: the same time, service and API key. */
	readonly neighbour?: Life;
	/** Number of intervals of the history; omitted: no history. */
	readonly parts?: number;
	/** The public half of the key that signs updates; omitted: the firmware takes none. */
	readonly releaseKey?: Uint8Array;
	/** A client in the home network sends this to the board's page at this interval, milliseconds. */
	readonly localClient?: {
		readonly intervalMs: number;
		nextRequest(): string;
		onResponse(response: string): void;
	};
	/** Called with each line of the board's log; `utc`: milliseconds of Unix time. */
	log?(utc: number, line: string): void;
	/** Called for each day of the life; `at`: milliseconds since its start. */
	onDay?(at: number): void;
}

const hour = 3_600_000;
const day = 24 * hour;
/** For which the access point stays on a channel. */
const channelMs = 7 * hour;
/** A Li-ion cell that is recharged twice a year. */
const batteryCharge = { period: 182 * day, full: 4.15, empty: 3.35 } as const;

type Counts = {
	-readonly [Key in "boots" | "wakes" | "powerCuts" | "handshakes" | "calls" | "rateLimited"]: number;
};

/** The whole firmware on a simulated board, from the first power-on to the end of the scenario. */
export class Life {
	readonly history: History | undefined;
	private readonly options: LifeOptions;
	private readonly scenario: Scenario;
	private readonly sharedWorld: SharedWorld;
	private readonly time: VirtualTime;
	private readonly activeFaults: ActiveFaults;
	private readonly service: SimulatedService;
	private readonly releases: SimulatedReleases;
	private readonly device: SimulatedDevice;
	private readonly powerSupply: PowerSupply;
	private readonly user: SimulatedUser;
	private readonly deviceModel: DeviceModel;
	private readonly ledger = new Ledger();
	private readonly uplinkChecker: UplinkChecker;
	private readonly lightChecker: LightChecker;
	private readonly faultInjector: FaultInjector;
	private readonly invariantChecker: InvariantChecker;
	private readonly counts: Counts = {
		boots: 0,
		wakes: 0,
		powerCuts: 0,
		handshakes: 0,
		calls: 0,
		rateLimited: 0,
	};
	/** The fault in the time response that is in flight. */
	private timeFault: NtpFault | undefined;
	private connected: { how: Connectivity; since: number } = { how: "off", since: 0 };
	private pending = 0;

	constructor(options: LifeOptions) {
		const { scenario, neighbour, parts } = options;
		const shared = neighbour === undefined ? undefined : neighbour.sharedWorld;
		const random = new SeededRandom(scenario.seed).fork("world");
		this.options = options;
		this.scenario = scenario;
		this.sharedWorld = shared ?? new SharedWorld(scenario.startedAt);
		this.time = this.sharedWorld.time;
		this.activeFaults = new ActiveFaults(random);
		this.service = this.makeService();
		this.releases = new SimulatedReleases({ fault: () => this.activeFaults.first("releases")?.how });
		const serial = String(this.sharedWorld.ledgers.size + 1).padStart(6, "0");
		this.sharedWorld.ledgers.set(`ESP32-${serial}`, this.ledger);
		this.device = this.makeDevice(serial);
		this.powerSupply = new PowerSupply(this.time, this.activeFaults, this.device);
		this.user = new SimulatedUser(scenario, this.device.keyValue);
		this.deviceModel = new DeviceModel(serial, () => this.now());
		const battery = scenario.power === "battery";
		this.uplinkChecker = new UplinkChecker({ now: () => this.now(), tolerance: battery ? 0.02 : 0.001 });
		this.lightChecker = new LightChecker(() => this.time.ticks());
		const parted = {
			...{
				time: this.time,
				random: random,
				activeFaults: this.activeFaults,
				device: this.device,
				powerSupply: this.powerSupply,
			},
			releases: this.releases,
			...{ service: this.service, user: this.user, ledger: this.ledger, deviceModel: this.deviceModel },
			...{
				uplinkChecker: this.uplinkChecker,
				lightChecker: this.lightChecker,
				scenario,
				now: () => this.now(),
			},
		};
		this.invariantChecker = new InvariantChecker({
			...parted,
			at: () => this.time.ticks(),
			excuse: () => this.faultInjector.excuseDamaged(),
			runCheck: (check) => this.runCheck(check),
		});
		this.faultInjector = new FaultInjector({
			...parted,
			invariantChecker: this.invariantChecker,
			runCheck: (judgement) => this.runCheck(judgement),
			onChange: () => this.onStateChange(),
		});
		this.history = parts === undefined ? undefined : new History(parts, scenario.length);
	}

	/** Throws the first {@link InvariantViolation}. */
	async run(): Promise<LifeReport> {
		this.start();
		const { length } = this.scenario;
		for (let at = 0; at < length; at += day) {
			await this.advance(Math.min(day, length - at));
			this.options.onDay?.(Math.min(length, at + day));
		}
		return this.finish();
	}

	start(): void {
		this.user.setUp();
		this.faultInjector.plan(this.scenario.faults);
		this.powerSupply.boot("power-on");
		this.visitPage();
	}

	/** Waits for pending readings after the last fault, and returns the report. */
	async finish(): Promise<LifeReport> {
		const end = this.now();
		const calls = { ...this.counts };
		do await this.advance(6 * hour);
		while (this.ledger.oldestDue() < end);
		this.powerSupply.end();
		return this.report(calls);
	}

	/** Calls back at a time of the life, milliseconds from now. */
	after(delay: number, callback: () => void): Timer {
		return this.time.set(callback, delay);
	}

	/** The user installs an update; see {@link SimulatedDevice.installUpdate}. */
	installUpdate(file: Uint8Array): ReturnType<SimulatedDevice["installUpdate"]> {
		return this.device.installUpdate(file);
	}

	/** Maximum time that a deliverable reading was pending, milliseconds. */
	get maxWaitMs(): number {
		return this.invariantChecker.maxWaitMs;
	}

	private visitPage(): void {
		const client = this.options.localClient;
		if (client === undefined) return;
		this.device.request(client.nextRequest(), (response) => client.onResponse(response));
		this.time.set(() => this.visitPage(), client.intervalMs);
	}

	/** The firmware threw an exception or left a rejected promise unhandled. */
	fail(error: unknown): void {
		this.runCheck(() =>
			violate("sturdy", `it threw ${error instanceof Error ? error.stack : String(error)}`),
		);
	}

	private async advance(milliseconds: number): Promise<void> {
		const end = this.time.ticks() + milliseconds;
		while (this.time.ticks() < end) {
			// The firmware's own hours begin at its start, so these checks never coincide with them.
			await this.time.advance(Math.min(hour, end - this.time.ticks()));
			if (this.sharedWorld.failure !== undefined) throw this.sharedWorld.failure;
			this.runCheck(() => this.invariantChecker.checkOften());
			this.recordPending();
			this.device.updateBattery();
			if (this.sharedWorld.failure !== undefined) throw this.sharedWorld.failure;
		}
		this.runCheck(() => this.invariantChecker.checkContents());
		if (this.sharedWorld.failure !== undefined) throw this.sharedWorld.failure;
	}

	private makeService(): SimulatedService {
		return new SimulatedService({
			account: this.sharedWorld.account,
			accountState: this.sharedWorld.accountState,
			plan: this.scenario.plan,
			now: () => this.now(),
			fault: () => this.activeFaults.serviceFault,
			clockOffsetMs: () => this.clockOffset,
			onPipelined: () =>
				this.runCheck(() => violate("single", "a second request arrived before the response to the first")),
			onRequestBegin: () => this.runCheck(() => this.uplinkChecker.onRequestBegin()),
			onStored: (points, late) => this.runCheck(() => this.store(points, late)),
			onCall: (status) => this.onCall(status),
			onIncompleteResponse: () => this.uplinkChecker.onIncompleteResponse(),
			onDelivered: (answered) => this.runCheck(() => this.onResponse(answered)),
		});
	}

	private store(points: readonly DataPoint[], isLate: boolean): void {
		const device = String(points[0]?.metadata.deviceId);
		const ledger = this.sharedWorld.ledgers.get(device);
		if (ledger === undefined) violate("genuine", `points of an unknown device ${device} arrived`);
		const before = ledger.delivered;
		ledger.onStored(points, this.now(), { isMisled: this.deviceModel.isMisled, isLate });
		if (!isLate) this.uplinkChecker.onStored(points.map(({ metadata }) => Number(metadata.seq)));
		const moment = this.history?.intervalAt(this.time.ticks());
		if (moment !== undefined) moment.delivered += ledger.delivered - before;
	}

	private onCall(status: number): void {
		if (status === 401) return;
		const moment = this.history?.intervalAt(this.time.ticks());
		this.counts.calls++;
		if (moment !== undefined) moment.calls++;
		// With a fixed upload interval, the user determines the number of calls.
		if (this.user.effective.uploadInterval !== "auto") this.service.excuseQuota();
		if (status !== 429) return;
		this.counts.rateLimited++;
		if (moment !== undefined) moment.rateLimited++;
		this.runCheck(() => this.checkBudget());
	}

	/** A device that does not share its plan must not exhaust it in months in which it chooses the upload interval. */
	private checkBudget(): void {
		const isShared = this.sharedWorld.ledgers.size > 1;
		if (!isShared && !this.service.isQuotaExcused)
			violate("budget", `all ${this.scenario.plan} calls of the plan are used at ${iso(this.now())}`);
	}

	private onResponse(answered: DeliveredResponse): void {
		// A misled board does not know how long it is until the reset.
		this.uplinkChecker.onResponse(this.deviceModel.isMisled ? { ...answered, reset: undefined } : answered);
		const { status, sequences, reset } = answered;
		if (status === 429 && reset !== undefined)
			this.invariantChecker.onQuotaExhausted(reset - this.clockOffset);
		const [first] = sequences ?? [];
		if (status >= 200 && status < 300) this.ledger.onAcknowledged(sequences ?? [], this.now());
		else if (first !== undefined && sequences?.length === 1)
			this.ledger.onRefused(first, this.now(), isRefusal(status));
		this.onStateChange();
	}

	private makeDevice(serial: string): SimulatedDevice {
		return new SimulatedDevice({
			time: this.time,
			scenario: this.scenario,
			random: new SeededRandom(this.scenario.seed).fork("board"),
			serial,
			releaseKey: this.options.releaseKey ?? releaseKey,
			onSlot: (started, reason) => {
				if (started !== undefined) this.deviceModel.onVersion(started.image.version);
				this.runCheck(() => this.invariantChecker.onSlot(started, reason));
			},
			environment: () => weatherAt(this.now()),
			batteryVoltage: () => this.batteryVoltage(),
			network: this.networkEnvironment(),
			radio: {
				accepts: (ssid, password) => {
					const { network } = this.activeFaults;
					return network?.ssid === ssid && network.password === password;
				},
				// The access point looks for a free one from time to time.
				channel: () => 1 + (Math.floor(this.time.ticks() / channelMs) % 13),
				signalStrength: () => this.activeFaults.signalStrength(this.time.ticks()),
			},
			hasInternet: () => this.activeFaults.hasInternet,
			onBoot: (reason) => this.onBoot(reason),
			onConnected: () => this.onStateChange(),
			onLogLine: (line) => this.runCheck(() => this.onLogLine(line)),
			onThrown: (error) => this.fail(error),
			onPowerLost: (why) => this.onPowerLost(why),
			onLight: (on) => this.runCheck(() => this.lightChecker.onLight(on)),
		});
	}

	/** Changes in steps of a quarter of a day, so that no reading falls within a change. */
	private batteryVoltage(): number {
		const part = (Math.floor(this.time.ticks() / (day / 4)) * (day / 4)) % batteryCharge.period;
		return batteryCharge.full - ((batteryCharge.full - batteryCharge.empty) * part) / batteryCharge.period;
	}

	private networkEnvironment(): DeviceEnvironment["network"] {
		return {
			latencyMs: () => this.activeFaults.latencyMs(),
			consecutiveLosses: () => this.activeFaults.consecutiveLosses(),
			nameResolution: () => this.activeFaults.first("names")?.how ?? "answered",
			connectOutcome: (address) => this.connectOutcome(address),
			accept: (board, address) => {
				if (address === addressOf(releaseHost)) return this.releases.accept(board);
				this.counts.handshakes++;
				this.uplinkChecker.onAccepted();
				return this.service.accept(board);
			},
			queryTimeServer: (packet, address) => this.queryTimeServer(packet, address),
			onTimeResponse: () => {
				this.deviceModel.onTimeResponse(
					this.timeFault,
					this.activeFaults.first("time servers")?.all === true,
				);
				this.onStateChange();
			},
			onLookup: (host) => {
				if (host === serviceHost) this.onLookup();
				this.onStateChange();
			},
			onResolved: (host, resolved) => {
				if (host === serviceHost) this.uplinkChecker.onResolved(resolved);
				this.onStateChange();
			},
			onOpened: (address) => {
				if (isForUpdate(address)) return;
				this.runCheck(() => this.uplinkChecker.onOpen());
				this.onStateChange();
			},
			onClosed: (trust, address) => {
				if (isForUpdate(address)) return;
				this.uplinkChecker.onClose(trust);
				this.onStateChange();
			},
		};
	}

	private onLookup(): void {
		this.runCheck(() => this.uplinkChecker.onLookup());
		if (!this.scenario.panel) return;
		for (const later of [UplinkChecker.minLookupMs, UplinkChecker.maxLookupMs])
			this.time.set(() => this.onStateChange(), later);
	}

	private connectOutcome(address: string): ConnectOutcome {
		if (address === addressOf(releaseHost)) return "open";
		if (address !== addressOf(serviceHost)) return "unreachable";
		const fault = this.activeFaults.serviceFault;
		switch (fault?.kind) {
			case "refused":
			case "unreachable":
			case "half TLS":
			case "no TLS":
				return fault.kind;
			case "certificate":
				return fault.trust;
			default:
				return "open";
		}
	}

	private queryTimeServer(packet: Uint8Array, address: string): Uint8Array | undefined {
		const fault = this.activeFaults.first("time servers");
		const isFirst = address === addressOf(timeServerHosts[0] ?? "");
		this.timeFault = fault !== undefined && (fault.all || isFirst) ? fault.fault : undefined;
		const now = this.now();
		return makeNtpResponse(packet, { receive: now, transmit: now }, this.timeFault);
	}

	private onBoot(reason: ResetReason): void {
		this.faultInjector.onBoot();
		const { effective } = this.user;
		if (reason === "deep sleep") this.counts.wakes++;
		else this.counts.boots++;
		// A board that has lost its boot counter begins a new boot.
		if (reason === "deep sleep" && this.device.keyValue.has("dakkio/boots")) {
			this.deviceModel.onWake();
			// On mains it sleeps only for a moment, to enter or leave setup.
			if (effective.power === "mains") this.uplinkChecker.resetWaits();
		} else {
			this.deviceModel.configure({ location: effective.location, sleeps: effective.power === "battery" });
			this.deviceModel.onBoot(reason);
			if (reason === "deep sleep") this.deviceModel.onClockLost();
			this.uplinkChecker.onRestart(!this.device.keyValue.isRefusing);
		}
		this.invariantChecker.onBoot(reason);
		this.onStateChange();
	}

	private onPowerLost(why: PowerLoss): void {
		if (why === "sleep") this.uplinkChecker.onSleep();
		else {
			this.uplinkChecker.onPowerLost();
			this.ledger.onPowerCut(this.now());
		}
		if (why === "cut") {
			this.counts.powerCuts++;
			this.faultInjector.onPowerCut();
			const moment = this.history?.intervalAt(this.time.ticks());
			if (moment !== undefined) moment.powerCuts++;
		}
		this.powerSupply.onPowerLost(why);
		this.onStateChange();
	}

	private onLogLine(line: string): void {
		const now = this.now();
		this.options.log?.(now, line);
		this.invariantChecker.onLogLine(line);
		if (this.invariantChecker.isSafeMode) this.onStateChange();
		if (!line.startsWith("reading ")) return;
		if (line.startsWith("reading not stored: ")) {
			if (!this.faultInjector.mayRefuseReadings) violate("kept", line);
			this.invariantChecker.onSample();
			return;
		}
		this.ledger.measure(Number.parseInt(line.slice(8), 10), {
			utc: now,
			environment: this.device.sensor.environment,
			signalStrength: this.device.signalStrength,
			batteryLevel: this.user.measuresBattery ? batteryPercent(this.device.batteryVolts) : undefined,
			context: this.deviceModel.expectedContext(),
		});
		this.invariantChecker.onSample();
		const moment = this.history?.intervalAt(this.time.ticks());
		if (moment !== undefined) moment.readings++;
	}

	/** Updates what the light has to show and whether the board can send. */
	private onStateChange(): void {
		const { state, isJoined } = this.device;
		const runs = state === "on";
		this.uplinkChecker.setReady(
			runs && isJoined && this.user.isComplete && this.deviceModel.isTimeKnown === true,
		);
		if (this.history !== undefined) this.recordHistory();
		if (this.scenario.panel)
			this.runCheck(() => this.lightChecker.setExpected(runs ? this.expectedLight() : "dark"));
	}

	private expectedLight(): ExpectedLight | undefined {
		const { heldMs, isDebouncing } = this.faultInjector;
		if (isDebouncing || this.invariantChecker.isSafeMode) return undefined;
		if (heldMs !== undefined && heldMs >= 5_000) return heldMs >= 10_000 ? "forgetting" : "setup";
		const { isSending, hasSettingsFault } = this.uplinkChecker;
		if (!this.user.isComplete) return "settings fault";
		if (isSending === undefined) return undefined;
		if (isSending) return "sending";
		if (hasSettingsFault !== false) return hasSettingsFault === undefined ? undefined : "settings fault";
		if (this.user.effective.power === "battery") return "dark";
		if (!this.device.isJoined) return "joining";
		const { isTimeKnown } = this.deviceModel;
		if (isTimeKnown === undefined) return undefined;
		return isTimeKnown ? "working" : "no time";
	}

	private recordPending(): void {
		const moment = this.history?.intervalAt(this.time.ticks());
		if (moment === undefined) return;
		// While asleep or without power, the number is the last one known.
		this.pending = this.device.app?.status.pending ?? Math.max(this.pending, this.ledger.pending);
		moment.pending = Math.max(moment.pending, this.pending);
	}

	private recordHistory(): void {
		const at = this.time.ticks();
		const how = this.connectivity();
		if (how === this.connected.how) return;
		this.history?.addConnectivity(this.connected.how, this.connected.since, at);
		this.connected = { how, since: at };
	}

	private connectivity(): Connectivity {
		const { state, isJoined } = this.device;
		if (state !== "on") return state;
		if (!isJoined) return "no network";
		return this.activeFaults.hasInternet ? "online" : "no internet";
	}

	/** Error of the service's clock, milliseconds. */
	private get clockOffset(): number {
		return this.activeFaults.first("service clock")?.offset ?? 0;
	}

	/** The true time, milliseconds of Unix time. */
	private now(): number {
		return this.scenario.startedAt + this.time.ticks();
	}

	private runCheck(check: () => void): void {
		try {
			check();
		} catch (error) {
			if (error instanceof InvariantViolation) error.at ??= this.now();
			this.sharedWorld.failure ??= error;
			this.time.halt();
		}
	}

	private report(counts: Counts): LifeReport {
		this.history?.addConnectivity(this.connected.how, this.connected.since, this.scenario.length);
		const { measured: readings, delivered, duplicates, estimated, overwritten, maxDelayMs } = this.ledger;
		const quarantined = inspectQuarantine(this.device.quarantine).points.size;
		const points = { readings, delivered, duplicates, estimated, overwritten, quarantined, maxDelayMs };
		const { erases } = this.device.queue.counts;
		return { ...points, ...counts, erases, writes: this.device.keyValue.writes };
	}
}

function iso(utc: number): string {
	return new Date(utc).toISOString();
}

/** Of the release index, its files, or where they redirect to: none of the uploads. */
function isForUpdate(address: string): boolean {
	return [releaseHost, redirectHost].some((host) => addressOf(host) === address);
}
