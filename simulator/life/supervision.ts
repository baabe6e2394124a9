import { chargeOf } from "../../src/power/battery";
import type { ReadingLog } from "../../src/store/reading-log";
import { networks } from "./conditions";
import { lookAtQuarantine, lookAtReadings } from "./inspection";
import type { Knowledge } from "./knowledge";
import type { Ledger } from "./ledger";
import type { LightWatch } from "./light-watch";
import type { Machine } from "./machine";
import type { Owner } from "./owner";
import { broken } from "./promises";
import type { Scenario, Trouble } from "./scenario";
import { refusal } from "./service";
import { credentials } from "./surroundings";
import type { Uplink } from "./uplink";

/** What is supervised. */
export interface Supervised {
	readonly scenario: Scenario;
	readonly machine: Machine;
	readonly owner: Owner;
	readonly ledger: Ledger;
	readonly knowledge: Knowledge;
	readonly uplink: Uplink;
	readonly light: LightWatch;
	/** Milliseconds of Unix time, and since the life began. */
	now(): number;
	at(): number;
	/** Lets the ledger know what may go missing. */
	excuse(): void;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The most of each that the firmware may have at once. */
const most = { timers: 16, sockets: 1, connections: 1, files: 2, peripherals: 4 } as const;
/** Of key-value storage: keys, and bytes of one (a page of the chip's holds so much). */
const mostKeys = 14;
const largestValue = 1984;

/** After what went wrong, and after each measurement, everything is delivered within this. */
export const promisedTime = day;

const secrets = [credentials.write, networks.home.password, networks.away.password];

/** Looks at a life from time to time, and at each reading and line, and says what is not as promised. */
export class Supervision {
	private readonly of: Supervised;
	/** When the last reading was taken, or could be taken for the first time. */
	private sampledAt = 0;
	/** Since when the sensor can be read and the flash be written. */
	private soundSince = 0;
	private unsound = 0;
	/** What went wrong until then excuses what is not delivered, milliseconds of Unix time. */
	private excusedUntil = 0;
	/** How often it started, by reason. */
	private readonly starts = new Map<string, number>();
	private startsKnown = true;
	/** Whether the readings' flash is as the board left it or found it: it does not read again what it knows. */
	private flashKnown = true;
	/** Something has been at the flash: cells that failed, or power that went. */
	private harmed = false;
	/** The longest time that anything waited without an excuse. */
	longestWait = 0;

	constructor(of: Supervised) {
		this.of = of;
	}

	/** Something goes wrong. */
	began(trouble: Trouble): void {
		if (isUnsound(trouble)) this.unsound++;
		if (trouble.kind === "flips" || trouble.kind === "wear") this.flashKnown = false;
		if (trouble.kind === "flips" || (isUnsound(trouble) && trouble.kind !== "sensor")) this.harmed = true;
		if (trouble.kind === "forgotten" && trouble.key === "boots") this.startsKnown = false;
	}

	/** It is over. */
	ended(trouble: Trouble): void {
		const now = this.of.now();
		if (isUnsound(trouble) && --this.unsound === 0) this.soundSince = now;
		if (!isInTheWay(trouble, this.of.scenario)) return;
		this.excusedUntil = Math.max(this.excusedUntil, now + aftermath(trouble));
	}

	/** The plan is used up: nothing can be delivered before its reset (milliseconds of Unix time). */
	usedUp(reset: number): void {
		this.excusedUntil = Math.max(this.excusedUntil, reset + hour);
	}

	booted(reason: string): void {
		const now = this.of.now();
		this.flashKnown = true;
		if (reason === "deep sleep") return;
		this.starts.set(reason, (this.starts.get(reason) ?? 0) + 1);
		this.sampledAt = now;
	}

	/** A reading was stored. */
	sampled(): void {
		this.checkInterval();
		this.sampledAt = this.of.now();
		// A board that sleeps is awake at hardly any other time.
		this.checkBounds();
		this.checkStatus();
	}

	/** A line was logged. */
	said(line: string): void {
		for (const secret of secrets) if (line.includes(secret)) broken("secret", `it says: ${line}`);
	}

	/** From time to time, and cheap. */
	look(): void {
		const { machine, uplink, light, scenario } = this.of;
		if (machine.state !== "off") this.checkInterval();
		if (machine.state !== "on") return;
		uplink.check();
		if (scenario.panel) light.check();
		this.checkBounds();
		this.checkStatus();
	}

	/** From time to time, and dear: all that was measured is somewhere. */
	account(): void {
		this.of.excuse();
		const { machine, ledger } = this.of;
		const readings = lookAtReadings(machine.queue);
		const quarantine = lookAtQuarantine(machine.quarantine);
		ledger.account(
			{
				waiting: numbersOf(readings.waiting()),
				dropped: readings.dropped,
				quarantined: quarantine.points,
				quarantineFull: quarantine.full,
			},
			refusal,
		);
		this.checkCounts(readings, quarantine.points.size);
		this.checkDelivery();
		const [violation] = [...machine.queue.violations, ...machine.quarantine.violations];
		if (violation !== undefined) broken("sturdy", `the flash was used against its rules: ${violation}`);
	}

	/** What the board tells of its flash is what stands there. */
	private checkCounts(readings: ReadingLog, quarantined: number): void {
		const status = this.of.machine.app?.status;
		if (status === undefined) return;
		if (status.quarantined !== quarantined)
			broken("status", `it tells of ${status.quarantined} in quarantine, and there are ${quarantined}`);
		if (!this.harmed && status.damagedBytes > 0)
			broken("status", `it tells of ${status.damagedBytes} damaged bytes, and nothing has harmed its flash`);
		if (!this.flashKnown || readings.damagedBytes > 0 || status.damagedBytes > 0) return;
		if (status.waiting !== readings.length)
			broken("status", `it tells of ${status.waiting} waiting, and there are ${readings.length}`);
		if (status.capacity !== readings.capacity)
			broken("status", `it tells of room for ${status.capacity}, and there is for ${readings.capacity}`);
		if (status.overwritten !== readings.dropped)
			broken("status", `it tells of ${status.overwritten} overwritten, and there are ${readings.dropped}`);
	}

	private checkDelivery(): void {
		const { ledger, now } = this.of;
		const oldest = ledger.oldestDue();
		if (oldest === Number.POSITIVE_INFINITY || this.isDisturbed()) return;
		const waited = now() - Math.max(this.excusedUntil, oldest);
		this.longestWait = Math.max(this.longestWait, waited);
		if (waited > promisedTime)
			broken("delivered", `what was measured at ${iso(oldest)} still waits at ${iso(now())}`);
	}

	/** Whether something is wrong now that keeps things from being delivered. */
	private isDisturbed(): boolean {
		const { scenario, at } = this.of;
		const now = at();
		return scenario.troubles.some(
			(trouble) => trouble.from <= now && now < trouble.to && isInTheWay(trouble, scenario),
		);
	}

	private checkInterval(): void {
		const { owner, scenario, now } = this.of;
		if (this.unsound > 0) return;
		const { interval } = owner.effective;
		const tolerance = scenario.power === "battery" ? 0.02 : 0.001;
		const since = Math.max(this.sampledAt, this.soundSince);
		// A sensor that is back is found with the next sample, and told with the one after it.
		const usual = since === this.sampledAt ? interval : 2 * interval;
		const passed = now() - since;
		if (passed > usual * 1000 * (1 + tolerance) + 2_500)
			broken(
				"sampled",
				`for ${Math.round(passed / 1000)} s there was none, and the interval is ${interval} s`,
			);
	}

	private checkBounds(): void {
		const { held, keyValue } = this.of.machine;
		if (held === undefined) return;
		for (const what of ["timers", "sockets", "connections", "files", "peripherals"] as const)
			if (held[what] > most[what]) broken("bounded", `it holds ${held[what]} ${what}`);
		if (keyValue.open > 2) broken("bounded", `it has key-value storage open ${keyValue.open} times`);
		if (keyValue.keys > mostKeys) broken("bounded", `it keeps ${keyValue.keys} keys`);
		if (keyValue.largest > largestValue) broken("bounded", `it keeps a value of ${keyValue.largest} bytes`);
	}

	private checkStatus(): void {
		const { machine, owner } = this.of;
		const status = machine.app?.status;
		if (status === undefined) return;
		const { signalStrength, batteryLevel, uptime, boots } = status;
		if (signalStrength !== machine.signalStrength)
			broken("status", `it tells of ${signalStrength} dBm, and there are ${machine.signalStrength}`);
		if (Math.abs(uptime - machine.ticks) > 1)
			broken("status", `it tells of ${uptime} ms since its start, and there are ${machine.ticks}`);
		const charge = owner.measuresBattery ? chargeOf(machine.batteryVolts) : undefined;
		if (batteryLevel !== charge)
			broken("status", `it tells of a battery at ${batteryLevel} percent, and it is at ${charge}`);
		if (!this.startsKnown) return;
		const starts = [...this.starts.values()].reduce((sum, count) => sum + count, 0);
		if (boots.boot < starts)
			broken("status", `it calls this boot ${boots.boot}, and has started ${starts} times`);
		for (const [reason, count] of boots.reasons)
			if (count !== this.starts.get(reason))
				broken(
					"status",
					`it tells of ${count} starts by ${reason}, and there were ${this.starts.get(reason) ?? 0}`,
				);
	}
}

function* numbersOf(readings: Iterable<{ readonly sequence: number }>): Generator<number> {
	for (const { sequence } of readings) yield sequence;
}

/** Whether no reading can be taken, or kept, while it goes on. */
function isUnsound({ kind }: Trouble): boolean {
	return (
		kind === "sensor" || kind === "wear" || kind === "power" || kind === "outage" || kind === "brown-out"
	);
}

/** Whether a trouble may keep things from being delivered while it goes on. */
function isInTheWay(trouble: Trouble, { networks }: Scenario): boolean {
	switch (trouble.kind) {
		case "away":
			// Of the other place it has the network, or not.
			return networks === 1;
		case "sensor":
		case "service clock":
		case "flips":
		case "forgotten":
			return false;
		case "settings":
			return trouble.change.key !== undefined;
		default:
			return true;
	}
}

/** For how long a trouble may keep things from being delivered after its end, milliseconds. */
function aftermath(trouble: Trouble): number {
	switch (trouble.kind) {
		case "press":
			return trouble.setUpAfter;
		case "time servers":
			// A server that has asked to be left alone is, for a day at most.
			return trouble.fault.kind === "kiss" ? day : 0;
		case "service":
			return trouble.fault.kind === "status" ? Math.min(6 * hour, 1000 * (trouble.fault.wait ?? 0)) : 0;
		default:
			return 0;
	}
}

function iso(utc: number): string {
	return new Date(utc).toISOString();
}
