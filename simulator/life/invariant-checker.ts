import { batteryPercent } from "../../src/sensors/inputs/battery";
import type { ReadingLog } from "../../src/store/reading-log";
import { accessPoints } from "./active-faults";
import type { DeviceModel } from "./device-model";
import { inspectQuarantine, inspectReadings } from "./flash-inspection";
import { violate } from "./invariants";
import type { Ledger } from "./ledger";
import type { LightChecker } from "./light-checker";
import type { Scenario, ScenarioFault } from "./scenario";
import { credentials } from "./shared-world";
import type { SimulatedDevice } from "./simulated-device";
import { poisonMessage } from "./simulated-service";
import type { UplinkChecker } from "./uplink-checker";
import type { SimulatedUser } from "./user";

/** What is supervised. */
export interface InvariantCheckerOptions {
	readonly scenario: Scenario;
	readonly device: SimulatedDevice;
	readonly user: SimulatedUser;
	readonly ledger: Ledger;
	readonly deviceModel: DeviceModel;
	readonly uplinkChecker: UplinkChecker;
	readonly lightChecker: LightChecker;
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
const maxOpen = { timers: 16, sockets: 1, connections: 1, files: 2, peripherals: 4 } as const;
/** Of key-value storage: keys, and bytes of one (a page of the chip's holds so much). */
const maxKeys = 14;
const maxValueBytes = 1984;

/** After what went wrong, and after each measurement, everything is delivered within this. */
export const deliveryDeadlineMs = day;

const secrets = [credentials.write, accessPoints.home.password, accessPoints.away.password];

/** Looks at a life from time to time, and at each reading and line, and says what is not as promised. */
export class InvariantChecker {
	private readonly options: InvariantCheckerOptions;
	/** When the last reading was taken, or could be taken for the first time. */
	private sampledAt = 0;
	/** Since when the sensor can be read and the flash be written. */
	private soundSince = 0;
	private unsoundFaults = 0;
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
	maxWaitMs = 0;

	constructor(of: InvariantCheckerOptions) {
		this.options = of;
	}

	/** Something goes wrong. */
	onFaultStart(fault: ScenarioFault): void {
		if (preventsSampling(fault)) this.unsoundFaults++;
		if (fault.kind === "flips" || fault.kind === "wear") this.flashKnown = false;
		if (fault.kind === "flips" || (preventsSampling(fault) && fault.kind !== "sensor")) this.harmed = true;
		if (fault.kind === "forgotten" && fault.key === "boots") this.startsKnown = false;
	}

	/** It is over. */
	onFaultEnd(fault: ScenarioFault): void {
		const now = this.options.now();
		if (preventsSampling(fault) && --this.unsoundFaults === 0) this.soundSince = now;
		if (!preventsDelivery(fault, this.options.scenario)) return;
		this.excusedUntil = Math.max(this.excusedUntil, now + recoveryMs(fault));
	}

	/** The plan is used up: nothing can be delivered before its reset (milliseconds of Unix time). */
	onQuotaExhausted(reset: number): void {
		this.excusedUntil = Math.max(this.excusedUntil, reset + hour);
	}

	onBoot(reason: string): void {
		const now = this.options.now();
		this.flashKnown = true;
		if (reason === "deep sleep") return;
		this.starts.set(reason, (this.starts.get(reason) ?? 0) + 1);
		this.sampledAt = now;
	}

	/** A reading was stored. */
	onSample(): void {
		this.checkInterval();
		this.sampledAt = this.options.now();
		// A board that sleeps is awake at hardly any other time.
		this.checkBounds();
		this.checkStatus();
	}

	/** A line was logged. */
	onLogLine(line: string): void {
		for (const secret of secrets) if (line.includes(secret)) violate("secret", `it says: ${line}`);
	}

	/** From time to time, and cheap. */
	checkOften(): void {
		const { device, uplinkChecker, lightChecker, scenario } = this.options;
		if (device.state !== "off") this.checkInterval();
		if (device.state !== "on") return;
		uplinkChecker.check();
		if (scenario.panel) lightChecker.check();
		this.checkBounds();
		this.checkStatus();
	}

	/** From time to time, and dear: all that was measured is somewhere. */
	checkContents(): void {
		this.options.excuse();
		const { device, ledger } = this.options;
		const readings = inspectReadings(device.queue);
		const quarantine = inspectQuarantine(device.quarantine);
		ledger.checkContents(
			{
				pending: numbersOf(readings.pending()),
				dropped: readings.droppedReadings,
				quarantined: quarantine.points,
				quarantineFull: quarantine.full,
			},
			poisonMessage,
		);
		this.checkCounts(readings, quarantine.points.size);
		this.checkDelivery();
		const [violation] = [...device.queue.violations, ...device.quarantine.violations];
		if (violation !== undefined) violate("sturdy", `the flash was used against its rules: ${violation}`);
	}

	/** What the board tells of its flash is what stands there. */
	private checkCounts(readings: ReadingLog, quarantined: number): void {
		const status = this.options.device.app?.status;
		if (status === undefined) return;
		if (status.quarantined !== quarantined)
			violate("status", `it tells of ${status.quarantined} in quarantine, and there are ${quarantined}`);
		if (!this.harmed && status.damagedBytes > 0)
			violate("status", `it tells of ${status.damagedBytes} damaged bytes, and nothing has harmed its flash`);
		if (!this.flashKnown || readings.damagedBytes > 0 || status.damagedBytes > 0) return;
		if (status.pending !== readings.length)
			violate("status", `it tells of ${status.pending} waiting, and there are ${readings.length}`);
		if (status.capacity !== readings.capacityReadings)
			violate(
				"status",
				`it tells of room for ${status.capacity}, and there is for ${readings.capacityReadings}`,
			);
		if (status.overwritten !== readings.droppedReadings)
			violate(
				"status",
				`it tells of ${status.overwritten} overwritten, and there are ${readings.droppedReadings}`,
			);
	}

	private checkDelivery(): void {
		const { ledger, now } = this.options;
		const oldest = ledger.oldestDue();
		if (oldest === Number.POSITIVE_INFINITY || this.isDisturbed()) return;
		const waited = now() - Math.max(this.excusedUntil, oldest);
		this.maxWaitMs = Math.max(this.maxWaitMs, waited);
		if (waited > deliveryDeadlineMs)
			violate("delivered", `what was measured at ${iso(oldest)} still waits at ${iso(now())}`);
	}

	/** Whether something is wrong now that keeps things from being delivered. */
	private isDisturbed(): boolean {
		const { scenario, at } = this.options;
		const now = at();
		return scenario.faults.some(
			(fault) => fault.from <= now && now < fault.to && preventsDelivery(fault, scenario),
		);
	}

	private checkInterval(): void {
		const { user, scenario, now } = this.options;
		if (this.unsoundFaults > 0) return;
		const { interval } = user.effective;
		const tolerance = scenario.power === "battery" ? 0.02 : 0.001;
		const since = Math.max(this.sampledAt, this.soundSince);
		// A sensor that is back is found with the next sample, and told with the one after it.
		const usual = since === this.sampledAt ? interval : 2 * interval;
		const passed = now() - since;
		if (passed > usual * 1000 * (1 + tolerance) + 2_500)
			violate(
				"sampled",
				`for ${Math.round(passed / 1000)} s there was none, and the interval is ${interval} s`,
			);
	}

	private checkBounds(): void {
		const { openHandles, keyValue } = this.options.device;
		if (openHandles === undefined) return;
		for (const what of ["timers", "sockets", "connections", "files", "peripherals"] as const)
			if (openHandles[what] > maxOpen[what]) violate("bounded", `it holds ${openHandles[what]} ${what}`);
		if (keyValue.openCount > 2)
			violate("bounded", `it has key-value storage open ${keyValue.openCount} times`);
		if (keyValue.keyCount > maxKeys) violate("bounded", `it keeps ${keyValue.keyCount} keys`);
		if (keyValue.maxValueBytes > maxValueBytes)
			violate("bounded", `it keeps a value of ${keyValue.maxValueBytes} bytes`);
	}

	private checkStatus(): void {
		const { device, user } = this.options;
		const status = device.app?.status;
		if (status === undefined) return;
		const { signalStrength, batteryLevel, uptimeMs, bootInfo } = status;
		if (signalStrength !== device.signalStrength)
			violate("status", `it tells of ${signalStrength} dBm, and there are ${device.signalStrength}`);
		if (Math.abs(uptimeMs - device.ticks) > 1)
			violate("status", `it tells of ${uptimeMs} ms since its start, and there are ${device.ticks}`);
		const charge = user.measuresBattery ? batteryPercent(device.batteryVolts) : undefined;
		if (batteryLevel !== charge)
			violate("status", `it tells of a battery at ${batteryLevel} percent, and it is at ${charge}`);
		if (!this.startsKnown) return;
		const starts = [...this.starts.values()].reduce((sum, count) => sum + count, 0);
		if (bootInfo.boot < starts)
			violate("status", `it calls this boot ${bootInfo.boot}, and has started ${starts} times`);
		for (const [reason, count] of bootInfo.resetCounts)
			if (count !== this.starts.get(reason))
				violate(
					"status",
					`it tells of ${count} starts by ${reason}, and there were ${this.starts.get(reason) ?? 0}`,
				);
	}
}

function* numbersOf(readings: Iterable<{ readonly sequence: number }>): Generator<number> {
	for (const { sequence } of readings) yield sequence;
}

/** Whether no reading can be taken, or kept, while it goes on. */
function preventsSampling({ kind }: ScenarioFault): boolean {
	return (
		kind === "sensor" || kind === "wear" || kind === "power" || kind === "outage" || kind === "brown-out"
	);
}

/** Whether a fault may keep things from being delivered while it goes on. */
function preventsDelivery(fault: ScenarioFault, { networks }: Scenario): boolean {
	switch (fault.kind) {
		case "away":
			// Of the other place it has the network, or not.
			return networks === 1;
		case "sensor":
		case "service clock":
		case "flips":
		case "forgotten":
			return false;
		case "settings":
			return fault.change.key !== undefined;
		default:
			return true;
	}
}

/** For how long a fault may keep things from being delivered after its end, milliseconds. */
function recoveryMs(fault: ScenarioFault): number {
	switch (fault.kind) {
		case "press":
			return fault.setUpAfter;
		case "time servers":
			// A server that has asked to be left alone is, for a day at most.
			return fault.fault.kind === "kiss" ? day : 0;
		case "service":
			return fault.fault.kind === "status" ? Math.min(6 * hour, 1000 * (fault.fault.wait ?? 0)) : 0;
		default:
			return 0;
	}
}

function iso(utc: number): string {
	return new Date(utc).toISOString();
}
