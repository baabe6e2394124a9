import { App } from "../../src/app";
import type { Board, Timer } from "../../src/boards/board";
import type { ResetReason } from "../../src/boards/reset";
import type { Settings } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { ReadingLog } from "../../src/store/reading-log";
import { Quarantine, type RefusedPoint } from "../../src/upload/quarantine";
import { SimulatedBus } from "../bus";
import { BME280Chip } from "../chips/bme280";
import { type Account, makeAccount } from "../dakkio/account";
import { NorFlash, type Tear } from "../flash";
import { answerNtp } from "../ntp/answer";
import { SimulatedPins } from "../pins";
import { VirtualTime } from "../virtual-time";
import { weatherAt } from "../weather/weather";
import { Chance } from "./chance";
import { broken, Ledger } from "./ledger";
import { addressOf, SimulatedNetwork } from "./network";
import { type Loss, MemoryKeyValue, Power, poweredStorage } from "./power";
import { makeRadio } from "./radio";
import type { Scenario, Trouble } from "./scenario";
import { SimulatedService, type Stored } from "./service";

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
	/** Starts that began a boot, and those out of deep sleep. */
	readonly boots: number;
	readonly wakes: number;
	readonly cuts: number;
}

export interface LifeOptions {
	readonly scenario: Scenario;
	/** Another life in the same world: the same time, and the same key at the same service. */
	readonly neighbour?: Life;
	/** Each line that the board logs, with the time (milliseconds of Unix time) before it. */
	log?(utc: number, line: string): void;
}

const hour = 3_600_000;
const day = 24 * hour;
const blockLength = 4096;
const timeServers = ["time-a.example", "time-b.example"];
const tears: readonly [Tear, ...Tear[]] = ["prefix", "first half", "last half", "scattered", "almost"];
/** Milliseconds from power to the firmware's first line. */
const bootTime = 300;

/** The whole firmware on a simulated board, from its first power-on through all that a scenario has for it. */
export class Life {
	readonly #scenario: Scenario;
	readonly #log: (utc: number, line: string) => void;
	readonly #time: VirtualTime;
	readonly #chance: Chance;
	readonly #boardChance: Chance;
	readonly #ledger = new Ledger();
	/** Of all lives in this world, by their devices' names. */
	readonly #ledgers: Map<string, Ledger>;
	readonly #serial: string;
	readonly #account: Account;
	readonly #service: SimulatedService;
	readonly #flash: ReadonlyMap<"queue" | "quarantine", NorFlash>;
	readonly #keyValue = new MemoryKeyValue();
	readonly #bus = new SimulatedBus();
	readonly #troubles = new Set<Trouble>();
	#power: Power | undefined;
	/** While it is in deep sleep: what wakes it. */
	#alarm: Timer | undefined;
	/** Ticks of the boot before the present start. */
	#elapsed = 0;
	#whenUnheard: (() => void)[] = [];
	#counts = { boots: 0, wakes: 0, cuts: 0, handshakes: 0, calls: 0, limited: 0 };
	#finished = false;
	/** What the ledger found, thrown when the event that it found it in is over. */
	#failure: unknown;

	constructor({ scenario, neighbour, log = () => {} }: LifeOptions) {
		this.#scenario = scenario;
		this.#log = log;
		this.#chance = new Chance(scenario.seed).fork("world");
		this.#boardChance = new Chance(scenario.seed).fork("board");
		this.#time = neighbour === undefined ? new VirtualTime() : neighbour.#time;
		this.#account = neighbour === undefined ? makeAccount(scenario.startedAt) : neighbour.#account;
		this.#service = neighbour === undefined ? this.#makeService() : neighbour.#service;
		this.#ledgers = neighbour === undefined ? new Map() : neighbour.#ledgers;
		this.#serial = String(this.#ledgers.size + 1).padStart(6, "0");
		this.#ledgers.set(`ESP32-${this.#serial}`, this.#ledger);
		const partition = (blocks: number) => new NorFlash({ blocks, blockLength });
		this.#flash = new Map([
			["queue", partition(scenario.sectors)],
			["quarantine", partition(2)],
		]);
		const [key] = this.#account.keys;
		const [bucket] = this.#account.buckets;
		this.#configure({
			key: key?.key ?? "",
			bucketId: bucket?._id ?? "",
			dataSourceId: bucket?.sources[0]?._id ?? "",
			networks: [{ ssid: "Home", password: "correct horse" }],
			server: "https://dakkio.example",
			ntpServers: timeServers,
			interval: scenario.interval,
			uploadInterval: scenario.uploadInterval,
			power: scenario.power,
		});
	}

	/** Throws a {@link BrokenPromiseError} with the first promise that was broken. */
	async run(): Promise<LifeReport> {
		this.start();
		await this.#advance(this.#scenario.length);
		return this.finish();
	}

	/** Power is there, and everything takes its course as time goes on. */
	start(): void {
		this.#ledger.synchronize(this.#now());
		for (const trouble of this.#scenario.troubles) this.#plan(trouble);
		this.#boot("power-on");
	}

	/** Lets the board bring what it still has, and draws up the account. */
	async finish(): Promise<LifeReport> {
		await this.#recover();
		this.#finished = true;
		this.#cut();
		return this.#report();
	}

	#makeService(): SimulatedService {
		return new SimulatedService({
			account: this.#account,
			plan: this.#scenario.plan,
			now: () => this.#now(),
			fault: () => this.#trouble("service")?.fault,
			clockOffset: () => this.#trouble("service clock")?.offset ?? 0,
			onStored: (stored) => this.#judge(() => this.#ledgerOf(stored).store(stored, this.#now())),
			onAnswered: (status) => {
				if (this.#time.ticks() > this.#scenario.length) return;
				this.#counts.calls++;
				if (status === 429) this.#counts.limited++;
			},
		});
	}

	#ledgerOf({ points }: Stored): Ledger {
		const device = points[0]?.metadata.deviceId;
		return this.#ledgers.get(String(device)) ?? broken(`points of ${String(device)}, which is nobody`);
	}

	/** After the last trouble everything that waits is delivered within the day, or the day after the plan's reset. */
	async #recover(): Promise<void> {
		const end = this.#now();
		const usedUp = this.#scenario.troubles.some(({ kind }) => kind === "quota");
		const promised = (usedUp ? nextMonth(end) : end) + day;
		while (this.#oldestWaiting() < end) {
			if (this.#now() > promised) broken(`not all was delivered by ${new Date(promised).toISOString()}`);
			await this.#advance(hour);
		}
		const aside = new Set(this.#quarantined().map(({ sequence }) => sequence));
		const missing = this.#ledger.missing(end).filter((sequence) => !aside.has(sequence));
		const { dropped } = this.#peek();
		if (missing.length > dropped)
			broken(`${missing.length} readings are lost (${missing.slice(0, 5)} …), ${dropped} were overwritten`);
	}

	async #advance(milliseconds: number): Promise<void> {
		const end = this.#time.ticks() + milliseconds;
		while (this.#time.ticks() < end) {
			await this.#time.advance(Math.min(hour, end - this.#time.ticks()));
			if (this.#failure !== undefined) throw this.#failure;
		}
	}

	#plan(trouble: Trouble): void {
		this.#time.set(() => this.#begin(trouble), trouble.from);
		this.#time.set(() => this.#end(trouble), trouble.to);
	}

	#begin(trouble: Trouble): void {
		this.#troubles.add(trouble);
		switch (trouble.kind) {
			case "radio":
				for (const callback of this.#whenUnheard.splice(0)) callback();
				break;
			case "quota":
				this.#service.useUp();
				break;
			case "sensor":
				this.#bus.detach(0x76);
				break;
			case "power":
				this.#arm(trouble);
				break;
			case "brown-out":
				this.#cut();
				break;
		}
	}

	#end(trouble: Trouble): void {
		this.#troubles.delete(trouble);
		if (trouble.kind === "sensor") this.#plugIn();
		if (trouble.kind === "power" || trouble.kind === "brown-out") this.#cut();
	}

	#arm({ where, step }: Trouble & { kind: "power" }): void {
		if (where === "key-value") this.#keyValue.cutPower(step, this.#chance.happens(0.5));
		else {
			const tear = this.#chance.pick(tears);
			this.#flash.get(where)?.cutPower({ step, tear, random: () => this.#chance.next() });
		}
	}

	/** Power goes, awake or asleep. */
	#cut(): void {
		if (this.#power !== undefined) this.#power.lose();
		else if (this.#alarm !== undefined) {
			this.#time.clear(this.#alarm);
			this.#alarm = undefined;
			this.#lost("cut");
		}
	}

	/** Power has gone; it comes back when what took it is over. */
	#lost(why: Loss): void {
		const now = this.#now();
		this.#power = undefined;
		if (why === "sleep") return;
		this.#ledger.cut(now);
		if (why === "restart") {
			this.#time.set(() => this.#boot("restart"), bootTime);
			return;
		}
		this.#counts.cuts++;
		const weak = this.#trouble("brown-out");
		const out = [...this.#troubles].filter(({ kind }) => kind === "power").map(({ to }) => to);
		const back = Math.max(0, ...out.map((to) => to - this.#time.ticks()));
		const reason = weak === undefined ? "power-on" : "brown-out";
		this.#time.set(() => this.#boot(reason), weak === undefined ? back + bootTime : bootTime);
		if (weak !== undefined)
			this.#time.set(() => {
				if (this.#troubles.has(weak)) this.#cut();
			}, bootTime + weak.each);
	}

	/** `ticks`: of the boot, at the moment of falling asleep. */
	#sleep(power: Power, milliseconds: number, ticks: number): void {
		power.lose("sleep");
		this.#alarm = this.#time.set(() => {
			this.#alarm = undefined;
			// The slow oscillator has counted what it was told to wait, however long that truly was.
			this.#elapsed = ticks + milliseconds;
			this.#boot("deep sleep");
		}, milliseconds / this.#slowRate());
	}

	/** Ticks of the slow oscillator in a true millisecond: it wanders with the temperature of the day. */
	#slowRate(): number {
		const wander = 1e-4 * Math.sin((2 * Math.PI * this.#time.ticks()) / day);
		return 1 + this.#scenario.sleepDrift / 1e6 + wander;
	}

	#boot(reason: ResetReason): void {
		if (this.#power !== undefined || this.#alarm !== undefined || this.#finished) return;
		for (const flash of this.#flash.values()) flash.powerUp();
		this.#keyValue.powerUp();
		this.#bus.release();
		const power = new Power((why) => this.#lost(why));
		this.#power = power;
		if (reason === "deep sleep") this.#counts.wakes++;
		else {
			this.#counts.boots++;
			this.#elapsed = 0;
		}
		if (this.#trouble("sensor") === undefined) this.#plugIn();
		try {
			new App(this.#board(power, reason)).start();
		} catch (error) {
			if (power.on) this.#judge(() => broken(`the firmware does not start: ${String(error)}`));
		}
	}

	#board(power: Power, resetReason: ResetReason): Board {
		const { drift } = this.#scenario;
		const rate = 1 + drift / 1e6;
		const bootedAt = this.#time.ticks();
		const elapsed = this.#elapsed;
		const ticks = () => elapsed + (this.#time.ticks() - bootedAt) * rate;
		const after = (delay: number, callback: () => void): Timer =>
			this.#time.set(() => {
				if (power.on) callback();
			}, delay);
		const network = this.#network(power, after);
		return {
			identity: { chip: "simulated", serial: this.#serial },
			resetReason,
			time: {
				ticks,
				// On a grid of microseconds, as real timers have theirs: the sum of two times is not always their sum.
				set: (callback, delay) => after(Math.ceil((1000 * Math.max(0, delay)) / rate) / 1000, callback),
				clear: (timer) => this.#time.clear(timer),
				setWallClock: () => {},
			},
			network,
			storage: {
				flash: poweredStorage(this.#flash, power),
				keyValue: this.#keyValue.storage(power),
			},
			i2c: { io: this.#bus.SMBus, data: 21, clock: 22, hz: 100_000 },
			fillRandom: (bytes) => {
				for (let i = 0; i < bytes.length; i++) bytes[i] = this.#boardChance.below(256);
			},
			pins: new SimulatedPins((callback, delay) => after(delay, callback)).provider(),
			freeMemory: () => undefined,
			log: (line) => {
				if (power.on) this.#hear(line);
			},
			restart: () => power.lose("restart"),
			sleep: (milliseconds) => this.#sleep(power, milliseconds, ticks()),
		};
	}

	#network(power: Power, after: (delay: number, callback: () => void) => Timer): Board["network"] {
		const heard = () => this.#trouble("radio") === undefined;
		const network = new SimulatedNetwork({
			after,
			reachable: () => power.on && heard() && this.#trouble("internet") === undefined,
			latency: () => 10 + 30 * this.#chance.next(),
			names: () => this.#trouble("names")?.how ?? "answered",
			door: () => {
				const fault = this.#trouble("service")?.fault;
				if (fault?.kind === "refused") return "refused";
				return fault?.kind === "certificate" ? fault.trust : "open";
			},
			accept: (board) => {
				this.#counts.handshakes++;
				if (network.open.size > 1) this.#judge(() => broken("two connections are open at once"));
				return this.#service.accept(board);
			},
			askTime: (packet, address) => this.#askTime(packet, address),
		});
		return {
			...network,
			WiFi: makeRadio({
				after,
				heard,
				onceUnheard: (callback) => this.#whenUnheard.push(callback),
				strength: () => -60,
			}),
		};
	}

	#askTime(packet: Uint8Array, address: string): Uint8Array | undefined {
		const trouble = this.#trouble("time servers");
		const isFirst = address === addressOf(timeServers[0] ?? "");
		const fault = trouble !== undefined && (trouble.all || isFirst) ? trouble.fault : undefined;
		const now = this.#now();
		return answerNtp(packet, { receive: now, transmit: now }, fault);
	}

	#hear(line: string): void {
		const now = this.#now();
		this.#log(now, line);
		if (/^time: \d{4}-/.test(line)) this.#ledger.synchronize(now);
		const [, number] = /^reading (\d+): /.exec(line) ?? [];
		if (number === undefined) return;
		const measured = { utc: now, environment: weatherAt(now), boot: this.#counts.boots };
		this.#judge(() => this.#ledger.measure(Number(number), measured));
	}

	#plugIn(): void {
		const environment = () => weatherAt(this.#now());
		this.#bus.attach(0x76, new BME280Chip({ ticks: () => this.#time.ticks(), environment }));
	}

	#configure(settings: Partial<Settings>): void {
		const storage = this.#keyValue.storage(new Power(() => {}));
		new SettingsStore(storage.open({ path: "dakkio", format: "buffer" })).save(settings);
	}

	#trouble<Kind extends Trouble["kind"]>(kind: Kind): (Trouble & { readonly kind: Kind }) | undefined {
		for (const trouble of this.#troubles) if (isOf(trouble, kind)) return trouble;
		return undefined;
	}

	/** The true time, milliseconds of Unix time. */
	#now(): number {
		return this.#scenario.startedAt + this.#time.ticks();
	}

	#judge(judgement: () => void): void {
		try {
			judgement();
		} catch (error) {
			this.#failure ??= error;
		}
	}

	/** What is on the queue's flash, without touching it. */
	#peek(): ReadingLog {
		const image = this.#flash.get("queue")?.image.slice() ?? new Uint8Array(0);
		return new ReadingLog({
			flash: new NorFlash({ blocks: image.length / blockLength, blockLength, image }),
		});
	}

	/** What is in the quarantine, without touching it. */
	#quarantined(): readonly RefusedPoint[] {
		const image = this.#flash.get("quarantine")?.image.slice() ?? new Uint8Array(0);
		const flash = new NorFlash({ blocks: image.length / blockLength, blockLength, image });
		return [...new Quarantine(flash).points()];
	}

	/** When the oldest reading that waits was measured; without end when none waits. */
	#oldestWaiting(): number {
		const { oldest } = this.#peek();
		if (oldest === undefined) return Number.POSITIVE_INFINITY;
		// The oldest itself may be one that power took while it was being stored, of which the world knows nothing.
		const first = this.#ledger.missing(Number.POSITIVE_INFINITY).find((sequence) => sequence >= oldest);
		return first === undefined ? Number.POSITIVE_INFINITY : this.#ledger.measuredAt(first);
	}

	#report(): LifeReport {
		const { measured: readings, delivered, duplicates, estimated, longestDelay } = this.#ledger;
		const erases = this.#flash.get("queue")?.counts.erases ?? 0;
		const overwritten = this.#peek().dropped;
		const quarantined = this.#quarantined().length;
		const points = { readings, delivered, duplicates, estimated, overwritten, quarantined, longestDelay };
		return { ...points, ...this.#counts, erases };
	}
}

function isOf<Kind extends Trouble["kind"]>(
	trouble: Trouble,
	kind: Kind,
): trouble is Trouble & { readonly kind: Kind } {
	return trouble.kind === kind;
}

function nextMonth(utc: number): number {
	const date = new Date(utc);
	return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
