import type { ResetReason } from "../../src/boards/reset";
import { chargeOf } from "../../src/power/battery";
import type { DataPoint } from "../dakkio/api";
import { answerNtp, type NtpFault } from "../ntp/answer";
import type { VirtualTime } from "../virtual-time";
import { weatherAt } from "../weather/weather";
import { Chance } from "./chance";
import { Conditions } from "./conditions";
import type { Door } from "./connection";
import { Happenings } from "./happenings";
import { type Connectivity, History } from "./history";
import { lookAtQuarantine } from "./inspection";
import { Knowledge } from "./knowledge";
import { Ledger } from "./ledger";
import { type LightTruth, LightWatch } from "./light-watch";
import { Machine } from "./machine";
import { addressOf, type NetworkWorld } from "./network";
import { Owner, service, timeServers } from "./owner";
import type { Loss } from "./power";
import { BrokenPromiseError, broken } from "./promises";
import type { Scenario } from "./scenario";
import { type Answered, SimulatedService } from "./service";
import { Supervision } from "./supervision";
import { Supply } from "./supply";
import { Surroundings } from "./surroundings";
import { Uplink } from "./uplink";

/** How a life went. */
export interface LifeReport {
	readonly readings: number;
	readonly delivered: number;
	readonly duplicates: number;
	readonly estimated: number;
	readonly overwritten: number;
	/** Refused by the service for what they hold, and put aside. */
	readonly quarantined: number;
	/** The longest time from a measurement to its arrival, milliseconds. */
	readonly longestDelay: number;
	/** Calls of the plan as long as the scenario goes; and how many of them were answered 429. */
	readonly calls: number;
	readonly limited: number;
	readonly handshakes: number;
	readonly erases: number;
	/** Writes to key-value storage. */
	readonly writes: number;
	/** Starts that began a boot, and those out of deep sleep. */
	readonly boots: number;
	readonly wakes: number;
	readonly cuts: number;
}

export interface LifeOptions {
	readonly scenario: Scenario;
	/** Another life in the same world: the same time, and the same key at the same service. */
	readonly neighbour?: Life;
	/** Parts that its history is told in; left out: none is kept. */
	readonly parts?: number;
	/** Each line that the board logs, with the time (milliseconds of Unix time) before it. */
	log?(utc: number, line: string): void;
	/** Called each day of the life; `at`: milliseconds from its start. */
	onDay?(at: number): void;
}

const hour = 3_600_000;
const day = 24 * hour;
/** Of a Li-ion cell, which is charged each half year. */
const charge = { period: 182 * day, full: 4.15, empty: 3.35 } as const;

type Counts = { -readonly [Key in "boots" | "wakes" | "cuts" | "handshakes" | "calls" | "limited"]: number };

/** The whole firmware on a simulated board, from its first power-on through all that a scenario has for it. */
export class Life {
	readonly history: History | undefined;
	private readonly options: LifeOptions;
	private readonly scenario: Scenario;
	private readonly surroundings: Surroundings;
	private readonly time: VirtualTime;
	private readonly conditions: Conditions;
	private readonly service: SimulatedService;
	private readonly machine: Machine;
	private readonly supply: Supply;
	private readonly owner: Owner;
	private readonly knowledge: Knowledge;
	private readonly ledger = new Ledger();
	private readonly uplink: Uplink;
	private readonly light: LightWatch;
	private readonly happenings: Happenings;
	private readonly supervision: Supervision;
	private readonly counts: Counts = { boots: 0, wakes: 0, cuts: 0, handshakes: 0, calls: 0, limited: 0 };
	/** The fault of the time server's answer that is on its way. */
	private timeFault: NtpFault | undefined;
	private connected: { how: Connectivity; since: number } = { how: "off", since: 0 };
	private waiting = 0;

	constructor(options: LifeOptions) {
		const { scenario, neighbour, parts } = options;
		const shared = neighbour === undefined ? undefined : neighbour.surroundings;
		const chance = new Chance(scenario.seed).fork("world");
		this.options = options;
		this.scenario = scenario;
		this.surroundings = shared ?? new Surroundings(scenario.startedAt);
		this.time = this.surroundings.time;
		this.conditions = new Conditions(chance);
		this.service = this.makeService();
		const serial = String(this.surroundings.ledgers.size + 1).padStart(6, "0");
		this.surroundings.ledgers.set(`ESP32-${serial}`, this.ledger);
		this.machine = this.makeMachine(serial);
		this.supply = new Supply(this.time, this.conditions, this.machine);
		this.owner = new Owner(scenario, this.machine.keyValue);
		this.knowledge = new Knowledge(serial, () => this.now());
		const battery = scenario.power === "battery";
		this.uplink = new Uplink({ now: () => this.now(), tolerance: battery ? 0.02 : 0.001 });
		this.light = new LightWatch(() => this.time.ticks());
		const parted = {
			...{
				time: this.time,
				chance,
				conditions: this.conditions,
				machine: this.machine,
				supply: this.supply,
			},
			...{ service: this.service, owner: this.owner, ledger: this.ledger, knowledge: this.knowledge },
			...{ uplink: this.uplink, light: this.light, scenario, now: () => this.now() },
		};
		this.supervision = new Supervision({
			...parted,
			at: () => this.time.ticks(),
			excuse: () => this.happenings.excuse(),
		});
		this.happenings = new Happenings({
			...parted,
			supervision: this.supervision,
			judge: (judgement) => this.judge(judgement),
			onChange: () => this.changed(),
		});
		this.history = parts === undefined ? undefined : new History(parts, scenario.length);
	}

	/** Throws a {@link BrokenPromiseError} with the first promise that was broken. */
	async run(): Promise<LifeReport> {
		this.start();
		const { length } = this.scenario;
		for (let at = 0; at < length; at += day) {
			await this.advance(Math.min(day, length - at));
			this.options.onDay?.(Math.min(length, at + day));
		}
		return this.finish();
	}

	/** Power is there, and everything takes its course as time goes on. */
	start(): void {
		this.owner.setUp();
		this.happenings.plan(this.scenario.troubles);
		this.supply.boot("power-on");
	}

	/** After the last trouble everything that waits is delivered within the promised time; draws up the account. */
	async finish(): Promise<LifeReport> {
		const end = this.now();
		const calls = { ...this.counts };
		do await this.advance(6 * hour);
		while (this.ledger.oldestDue() < end);
		this.supply.end();
		return this.report(calls);
	}

	/** The longest time that anything waited without an excuse, milliseconds. */
	get longestWait(): number {
		return this.supervision.longestWait;
	}

	/** When the firmware threw, or a promise of its own code was rejected and nobody took note. */
	fail(error: unknown): void {
		this.judge(() => broken("sturdy", `it threw: ${error instanceof Error ? error.stack : String(error)}`));
	}

	private async advance(milliseconds: number): Promise<void> {
		const end = this.time.ticks() + milliseconds;
		while (this.time.ticks() < end) {
			// The firmware's own hours begin with its start: these looks are never at the same moment.
			await this.time.advance(Math.min(hour, end - this.time.ticks()));
			if (this.surroundings.failure !== undefined) throw this.surroundings.failure;
			this.judge(() => this.supervision.look());
			this.noteWaiting();
			this.machine.charge();
			if (this.surroundings.failure !== undefined) throw this.surroundings.failure;
		}
		this.judge(() => this.supervision.account());
		if (this.surroundings.failure !== undefined) throw this.surroundings.failure;
	}

	private makeService(): SimulatedService {
		return new SimulatedService({
			account: this.surroundings.account,
			books: this.surroundings.books,
			plan: this.scenario.plan,
			now: () => this.now(),
			fault: () => this.conditions.service,
			clockOffset: () => this.clockOffset,
			onSurplus: () =>
				this.judge(() => broken("single", "a second request came before the first was answered")),
			onStored: (points, late) => this.judge(() => this.store(points, late)),
			onCall: (status) => this.called(status),
			onUnclear: () => this.uplink.unclear(),
			onAnswered: (answered) => this.judge(() => this.answered(answered)),
		});
	}

	private store(points: readonly DataPoint[], late: boolean): void {
		const device = String(points[0]?.metadata.deviceId);
		const ledger = this.surroundings.ledgers.get(device);
		if (ledger === undefined) broken("genuine", `points of ${device} came, which is nobody`);
		const before = ledger.delivered;
		ledger.store(points, this.now(), { misled: this.knowledge.misled, late });
		const moment = this.history?.at(this.time.ticks());
		if (moment !== undefined) moment.delivered += ledger.delivered - before;
	}

	private called(status: number): void {
		if (status === 401) return;
		const moment = this.history?.at(this.time.ticks());
		this.counts.calls++;
		if (moment !== undefined) moment.calls++;
		// Who says how often it sends says how many calls that makes.
		if (this.owner.effective.uploadInterval !== "auto") this.service.excuse();
		if (status !== 429) return;
		this.counts.limited++;
		if (moment !== undefined) moment.limited++;
		this.judge(() => this.checkBudget());
	}

	/** A device alone on its plan never meets the plan's end, in months in which it may choose how often it sends. */
	private checkBudget(): void {
		const isShared = this.surroundings.ledgers.size > 1;
		if (!isShared && !this.service.isExcused)
			broken("budget", `the plan's ${this.scenario.plan} calls are used up at ${iso(this.now())}`);
	}

	private answered(answered: Answered): void {
		// Who believes a wrong time cannot know how long it is until another.
		this.uplink.answered(this.knowledge.misled ? { ...answered, reset: undefined } : answered);
		const { status, sequences, reset } = answered;
		if (status === 429 && reset !== undefined) this.supervision.usedUp(reset - this.clockOffset);
		const [first] = sequences;
		if (status >= 200 && status < 300) this.ledger.answered(sequences, this.now());
		else if (first !== undefined && sequences.length === 1) this.ledger.refused(first, this.now());
		this.changed();
	}

	private makeMachine(serial: string): Machine {
		return new Machine({
			time: this.time,
			scenario: this.scenario,
			chance: new Chance(this.scenario.seed).fork("board"),
			serial,
			environment: () => weatherAt(this.now()),
			volts: () => this.volts(),
			network: this.network(),
			radio: {
				takes: (ssid, password) => {
					const { network } = this.conditions;
					return network?.ssid === ssid && network.password === password;
				},
				strength: () => this.conditions.strength(this.time.ticks()),
			},
			internet: () => this.conditions.internet,
			onBoot: (reason) => this.booted(reason),
			onConnected: () => this.changed(),
			onLine: (line) => this.judge(() => this.hear(line)),
			onThrown: (error) => this.fail(error),
			onLost: (why) => this.lost(why),
			onLight: (on) => this.judge(() => this.light.show(on)),
		});
	}

	/** By steps of a quarter of a day, so that a reading never falls into the middle of a change. */
	private volts(): number {
		const part = (Math.floor(this.time.ticks() / (day / 4)) * (day / 4)) % charge.period;
		return charge.full - ((charge.full - charge.empty) * part) / charge.period;
	}

	private network(): Omit<NetworkWorld, "after" | "reachable" | "onSockets"> {
		return {
			latency: () => this.conditions.latency(),
			losses: () => this.conditions.losses(),
			names: () => this.conditions.of("names")?.how ?? "answered",
			door: (address) => this.door(address),
			accept: (board) => {
				this.counts.handshakes++;
				return this.service.accept(board);
			},
			askTime: (packet, address) => this.askTime(packet, address),
			onTimeAnswered: () => {
				this.knowledge.hear(this.timeFault, this.conditions.of("time servers")?.all === true);
				this.changed();
			},
			onAsked: (host) => {
				if (host === service) this.asked();
				this.changed();
			},
			onResolved: (host, resolved) => {
				if (host === service) this.uplink.resolved(resolved);
				this.changed();
			},
			onOpened: () => {
				this.judge(() => this.uplink.opened());
				this.changed();
			},
			onClosed: (trust) => {
				this.uplink.closed(trust);
				this.changed();
			},
		};
	}

	private asked(): void {
		this.judge(() => this.uplink.asked());
		if (!this.scenario.panel) return;
		for (const later of [Uplink.surelyAsking, Uplink.surelyDone]) this.time.set(() => this.changed(), later);
	}

	private door(address: string): Door {
		if (address !== addressOf(service)) return "unreachable";
		const fault = this.conditions.service;
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

	private askTime(packet: Uint8Array, address: string): Uint8Array | undefined {
		const trouble = this.conditions.of("time servers");
		const isFirst = address === addressOf(timeServers[0] ?? "");
		this.timeFault = trouble !== undefined && (trouble.all || isFirst) ? trouble.fault : undefined;
		const now = this.now();
		return answerNtp(packet, { receive: now, transmit: now }, this.timeFault);
	}

	private booted(reason: ResetReason): void {
		this.happenings.booted();
		const { effective } = this.owner;
		if (reason === "deep sleep") this.counts.wakes++;
		else this.counts.boots++;
		// A board that does not know any more in which boot it fell asleep begins another.
		if (reason === "deep sleep" && this.machine.keyValue.has("dakkio/boots")) {
			this.knowledge.wake();
			// On mains it sleeps for a moment only, into setup or out of it.
			if (effective.power === "mains") this.uplink.forgive();
		} else {
			this.knowledge.configure({ location: effective.location, sleeps: effective.power === "battery" });
			this.knowledge.boot(reason);
			if (reason === "deep sleep") this.knowledge.forget();
			this.uplink.forgive();
		}
		this.supervision.booted(reason);
		this.changed();
	}

	private lost(why: Loss): void {
		if (why === "sleep") this.uplink.slept();
		else {
			this.uplink.forgive();
			this.ledger.cut(this.now());
		}
		if (why === "cut") {
			this.counts.cuts++;
			this.happenings.cut();
			const moment = this.history?.at(this.time.ticks());
			if (moment !== undefined) moment.cuts++;
		}
		this.supply.lost(why);
		this.changed();
	}

	private hear(line: string): void {
		const now = this.now();
		this.options.log?.(now, line);
		this.supervision.said(line);
		if (!line.startsWith("reading ")) return;
		this.ledger.measure(Number.parseInt(line.slice(8), 10), {
			utc: now,
			environment: this.machine.sensor.environment,
			signalStrength: this.machine.signalStrength,
			batteryLevel: this.owner.measuresBattery ? chargeOf(this.machine.batteryVolts) : undefined,
			context: this.knowledge.told(),
		});
		this.supervision.sampled();
		const moment = this.history?.at(this.time.ticks());
		if (moment !== undefined) moment.readings++;
	}

	/** Something is otherwise than before: what the light has to tell, and what the board can be expected to do. */
	private changed(): void {
		const { state, joined } = this.machine;
		const runs = state === "on";
		this.uplink.ready(runs && joined && this.owner.isComplete && this.knowledge.known === true);
		if (this.history !== undefined) this.note();
		if (this.scenario.panel) this.judge(() => this.light.tell(runs ? this.lightTruth() : "dark"));
	}

	private lightTruth(): LightTruth | undefined {
		const { held, doubtful } = this.happenings;
		if (doubtful) return undefined;
		if (held !== undefined && held >= 5_000) return held >= 10_000 ? "forgetting" : "setup";
		const { sending, settingsFault } = this.uplink;
		if (!this.owner.isComplete) return "settings fault";
		if (sending === undefined) return undefined;
		if (sending) return "sending";
		if (settingsFault !== false) return settingsFault === undefined ? undefined : "settings fault";
		if (this.owner.effective.power === "battery") return "dark";
		if (!this.machine.joined) return "joining";
		const { known } = this.knowledge;
		if (known === undefined) return undefined;
		return known ? "working" : "no time";
	}

	private noteWaiting(): void {
		const moment = this.history?.at(this.time.ticks());
		if (moment === undefined) return;
		// Asleep or without power it has what it had.
		this.waiting = this.machine.app?.status.waiting ?? Math.max(this.waiting, this.ledger.waiting);
		moment.waiting = Math.max(moment.waiting, this.waiting);
	}

	private note(): void {
		const at = this.time.ticks();
		const how = this.connectivity();
		if (how === this.connected.how) return;
		this.history?.connected(this.connected.how, this.connected.since, at);
		this.connected = { how, since: at };
	}

	private connectivity(): Connectivity {
		const { state, joined } = this.machine;
		if (state !== "on") return state;
		if (!joined) return "no network";
		return this.conditions.internet ? "online" : "no internet";
	}

	/** How wrong the service's clock is, milliseconds. */
	private get clockOffset(): number {
		return this.conditions.of("service clock")?.offset ?? 0;
	}

	/** The true time, milliseconds of Unix time. */
	private now(): number {
		return this.scenario.startedAt + this.time.ticks();
	}

	private judge(judgement: () => void): void {
		try {
			judgement();
		} catch (error) {
			if (error instanceof BrokenPromiseError) error.at ??= this.now();
			this.surroundings.failure ??= error;
			this.time.halt();
		}
	}

	private report(counts: Counts): LifeReport {
		this.history?.connected(this.connected.how, this.connected.since, this.scenario.length);
		const { measured: readings, delivered, duplicates, estimated, overwritten, longestDelay } = this.ledger;
		const quarantined = lookAtQuarantine(this.machine.quarantine).points.size;
		const points = { readings, delivered, duplicates, estimated, overwritten, quarantined, longestDelay };
		const { erases } = this.machine.queue.counts;
		return { ...points, ...counts, erases, writes: this.machine.keyValue.writes };
	}
}

function iso(utc: number): string {
	return new Date(utc).toISOString();
}
