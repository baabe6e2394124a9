import type { Status } from "../../src/app/status";
import type { LocalStatus } from "../../src/local-page/local-status";
import { batteryPercent } from "../../src/sensors/inputs/battery";
import type { ReadingLog } from "../../src/store/reading-log";
import type { StartedSlot } from "../hardware/bootloader";
import { OtaData, OtaState, slotOf } from "../hardware/ota-data";
import { accessPoints } from "./active-faults";
import type { DeviceModel } from "./device-model";
import {
	inspectQuarantine,
	inspectReadings,
	pendingSequences,
	type QuarantineContents,
	unreadIn,
} from "./flash-inspection";
import { violate } from "./invariants";
import type { Ledger } from "./ledger";
import type { LightChecker } from "./light-checker";
import { localRequest } from "./local-network";
import type { Scenario, ScenarioFault } from "./scenario";
import { credentials } from "./shared-world";
import type { OpenHandles, SimulatedDevice } from "./simulated-device";
import { isForbidden } from "./simulated-releases";
import { poisonMessage, proxyMessage } from "./simulated-service";
import type { UplinkChecker } from "./uplink-checker";
import type { SimulatedUser } from "./user";

export interface InvariantCheckerOptions {
	readonly scenario: Scenario;
	readonly device: SimulatedDevice;
	readonly user: SimulatedUser;
	readonly ledger: Ledger;
	readonly deviceModel: DeviceModel;
	readonly uplinkChecker: UplinkChecker;
	readonly lightChecker: LightChecker;
	/** Milliseconds of Unix time; and milliseconds since the life began. */
	now(): number;
	at(): number;
	/** Marks in the ledger the readings that may be missing. */
	excuse(): void;
	/** Runs a check later than this one. */
	runCheck(check: () => void): void;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What the firmware may have open at once. Sockets: one asks for the time, and one answers for the board's name. */
const maxOpen: readonly (readonly [what: keyof OpenHandles, max: number])[] = [
	["timers", 16],
	["sockets", 2],
	["connections", 1],
	["listeners", 1],
	["clients", 3],
	["files", 3],
	["peripherals", 4],
];
/** Limits of key-value storage: keys, and bytes of a value (a page of NVS). */
const maxKeys = 18;
const maxValueBytes = 1984;

/** All readings are delivered within this time after the last fault and after their measurement, milliseconds. */
export const deliveryDeadlineMs = day;

const secrets = [credentials.write, accessPoints.home.password, accessPoints.away.password];

/** Checks the invariants of a life: regularly, at each reading and at each log line. */
export class InvariantChecker {
	private readonly options: InvariantCheckerOptions;
	/** When the last reading was taken, or when sampling became possible. */
	private sampledAt = 0;
	/** Since when the sensor and the flash have worked. */
	private soundSince = 0;
	private unsoundFaults = 0;
	/** Delays are excused until then, milliseconds of Unix time. */
	private excusedUntil = 0;
	/** Starts by reset reason. */
	private readonly starts = new Map<string, number>();
	private startsKnown = true;
	/** Whether the firmware's view of the flash must be correct: it does not read again what it already knows. */
	private flashKnown = true;
	/** Whether flash cells or power have failed. */
	private harmed = false;
	/** The firmware neither measures nor sends in this start. */
	isSafeMode = false;
	/** Whether the running image works, and since when it runs. */
	private isWorthy = true;
	private slotStartedAt = 0;
	/** Maximum time that a deliverable reading was pending, milliseconds. */
	maxWaitMs = 0;

	constructor(of: InvariantCheckerOptions) {
		this.options = of;
	}

	onFaultStart(fault: ScenarioFault): void {
		if (preventsSampling(fault)) this.unsoundFaults++;
		if (fault.kind === "flips" || fault.kind === "wear") this.flashKnown = false;
		if (fault.kind === "flips" || (preventsSampling(fault) && fault.kind !== "sensor")) this.harmed = true;
		if (fault.kind === "forgotten" && fault.key === "boots") this.startsKnown = false;
	}

	onFaultEnd(fault: ScenarioFault): void {
		const now = this.options.now();
		if (preventsSampling(fault) && --this.unsoundFaults === 0) this.soundSince = now;
		// What could not be read is due from now on.
		if (!preventsReading(fault) && !preventsDelivery(fault, this.options.scenario)) return;
		this.excusedUntil = Math.max(this.excusedUntil, now + recoveryMs(fault));
	}

	/** Nothing can be delivered before the plan's reset (milliseconds of Unix time). */
	onQuotaExhausted(reset: number): void {
		this.excusedUntil = Math.max(this.excusedUntil, reset + hour);
	}

	onBoot(reason: string): void {
		const now = this.options.now();
		this.flashKnown = true;
		this.isSafeMode = false;
		if (reason === "deep sleep") return;
		this.sampledAt = now;
	}

	/** After {@link onBoot}: the bootloader has started a slot, or finds none to start. */
	onSlot(started: StartedSlot | undefined, reason: string): void {
		if (started === undefined) violate("sturdy", "the bootloader finds no firmware to start");
		const { version, behaviour } = started.image;
		// What crashes at once cannot count its start.
		if (reason !== "deep sleep" && behaviour !== "crashes at once")
			this.starts.set(reason, (this.starts.get(reason) ?? 0) + 1);
		if (isForbidden(version)) violate("signed", `version ${version} runs`);
		this.isWorthy = behaviour === "works";
		this.slotStartedAt = this.options.now();
		if (!this.isWorthy && !isOnTrial(this.options.device, started.slot))
			violate("worthy", `version ${version}, which ${behaviour}, is started without a trial`);
	}

	onSample(): void {
		this.checkInterval();
		this.sampledAt = this.options.now();
		// A board on battery is awake at hardly any other time.
		this.checkBounds();
		this.checkStatus();
	}

	onLogLine(line: string): void {
		if (line.startsWith("safe mode: ")) this.isSafeMode = true;
		for (const secret of secrets) if (line.includes(secret)) violate("secret", `it logs: ${line}`);
	}

	/** The cheap checks. */
	checkOften(): void {
		if (
			!this.isWorthy &&
			this.options.device.state === "on" &&
			this.options.now() - this.slotStartedAt > hour
		)
			violate("worthy", "an update that does not work has run for an hour");
		const { device, uplinkChecker, lightChecker, scenario } = this.options;
		if (device.state !== "off") this.checkInterval();
		if (device.state !== "on") return;
		uplinkChecker.check();
		if (scenario.panel) lightChecker.check();
		this.checkBounds();
		this.checkStatus();
	}

	/** The expensive checks: every reading is accounted for. */
	checkContents(): void {
		this.options.excuse();
		const { device, ledger } = this.options;
		const readings = inspectReadings(device.queue);
		const quarantine = inspectQuarantine(device.quarantine);
		ledger.checkContents(
			{
				pending: pendingSequences(device.queue),
				dropped: readings.droppedReadings,
				quarantined: quarantine.points,
				quarantineDropped: quarantine.dropped,
			},
			[poisonMessage, proxyMessage],
		);
		this.checkCounts(readings, quarantine);
		this.requestLocalStatus();
		this.checkDelivery();
		const [violation] = [...device.queue.violations, ...device.quarantine.violations];
		if (violation !== undefined) violate("sturdy", `it broke a rule of the flash: ${violation}`);
	}

	/** A client in the home network asks for the board's state: on mains, as long as the network is joined. */
	private requestLocalStatus(): void {
		const { device, user, runCheck } = this.options;
		if (device.state !== "on" || !device.isJoined || user.effective.power === "battery") return;
		const before = device.app?.status;
		if (before === undefined) return;
		const isListening = device.request(localRequest("/api/status"), (response) =>
			runCheck(() => this.checkLocalStatus(response, before)),
		);
		if (!isListening) violate("page", "no server listens");
	}

	/** `before`: when it was sent; a reading may be stored before the response. */
	private checkLocalStatus(response: string, before: Status): void {
		const { device } = this.options;
		const status = device.app?.status;
		if (status === undefined) return;
		for (const secret of secrets) if (response.includes(secret)) violate("page", `it shows: ${response}`);
		if (!response.startsWith("HTTP/1.1 200 OK\r\n")) violate("page", `it responds: ${response}`);
		const shown: LocalStatus = JSON.parse(response.slice(response.indexOf("\r\n\r\n")));
		const { uptimeMs, number } = shown.boot;
		// The response took some milliseconds.
		if (Math.abs(uptimeMs - device.ticks) > 100)
			violate("page", `it shows an uptime of ${uptimeMs} ms instead of ${device.ticks}`);
		if (number !== status.bootInfo.boot)
			violate("page", `it shows boot ${number} instead of ${status.bootInfo.boot}`);
		for (const count of ["pending", "overwritten", "quarantined"] as const)
			if (shown.readings[count] !== status[count] && shown.readings[count] !== before[count])
				violate("page", `it shows ${shown.readings[count]} ${count} readings instead of ${status[count]}`);
	}

	/** Compares the status with the contents of the flash. */
	private checkCounts(readings: ReadingLog, { count, dropped }: QuarantineContents): void {
		const status = this.options.device.app?.status;
		if (status === undefined) return;
		if (status.quarantined !== count)
			violate("status", `it reports ${status.quarantined} points in quarantine instead of ${count}`);
		if (status.quarantineOverwritten !== dropped)
			violate(
				"status",
				`it reports ${status.quarantineOverwritten} points overwritten in quarantine instead of ${dropped}`,
			);
		if (!this.harmed && status.damagedBytes > 0)
			violate("status", `it reports ${status.damagedBytes} damaged bytes in an undamaged flash`);
		if (!this.flashKnown || readings.damagedBytes > 0 || status.damagedBytes > 0) return;
		if (status.pending !== readings.length)
			violate("status", `it reports ${status.pending} pending readings instead of ${readings.length}`);
		if (status.capacity !== readings.capacityReadings)
			violate(
				"status",
				`it reports a capacity of ${status.capacity} instead of ${readings.capacityReadings}`,
			);
		if (status.overwritten !== readings.droppedReadings)
			violate(
				"status",
				`it reports ${status.overwritten} overwritten readings instead of ${readings.droppedReadings}`,
			);
	}

	private checkDelivery(): void {
		const { ledger, now } = this.options;
		// The others do not wait for those that cannot be read.
		const oldest = ledger.oldestDue(unreadIn(this.options.device.queue));
		if (oldest === Number.POSITIVE_INFINITY || this.isDisturbed()) return;
		const waited = now() - Math.max(this.excusedUntil, oldest);
		this.maxWaitMs = Math.max(this.maxWaitMs, waited);
		if (waited > deliveryDeadlineMs)
			violate("delivered", `a reading of ${iso(oldest)} is still pending at ${iso(now())}`);
	}

	/** Whether a current fault can prevent delivery. */
	private isDisturbed(): boolean {
		const { scenario, at } = this.options;
		const now = at();
		return scenario.faults.some(
			(fault) => fault.from <= now && now < fault.to && preventsDelivery(fault, scenario),
		);
	}

	private checkInterval(): void {
		const { user, scenario, now } = this.options;
		if (this.unsoundFaults > 0 || this.isSafeMode) return;
		const { interval } = user.effective;
		const tolerance = scenario.power === "battery" ? 0.02 : 0.001;
		const since = Math.max(this.sampledAt, this.soundSince);
		// A sensor that returns is found at one sample and read at the next.
		const usual = since === this.sampledAt ? interval : 2 * interval;
		const passed = now() - since;
		if (passed > usual * 1000 * (1 + tolerance) + 2_500)
			violate("sampled", `no reading for ${Math.round(passed / 1000)} s at an interval of ${interval} s`);
	}

	private checkBounds(): void {
		const { openHandles, keyValue } = this.options.device;
		if (openHandles === undefined) return;
		for (const [what, max] of maxOpen)
			if (openHandles[what] > max) violate("bounded", `${openHandles[what]} ${what} are open`);
		if (keyValue.openCount > 2) violate("bounded", `key-value storage is open ${keyValue.openCount} times`);
		if (keyValue.keyCount > maxKeys) violate("bounded", `there are ${keyValue.keyCount} keys`);
		if (keyValue.maxValueBytes > maxValueBytes)
			violate("bounded", `a value has ${keyValue.maxValueBytes} bytes`);
	}

	private checkStatus(): void {
		const { device, user } = this.options;
		const status = device.app?.status;
		if (status === undefined) return;
		const { signalStrength, batteryLevel, uptimeMs, bootInfo } = status;
		if (signalStrength !== device.signalStrength)
			violate("status", `it reports ${signalStrength} dBm instead of ${device.signalStrength}`);
		if (Math.abs(uptimeMs - device.ticks) > 1)
			violate("status", `it reports an uptime of ${uptimeMs} ms instead of ${device.ticks}`);
		const { isSending, hasSettingsFault } = this.options.uplinkChecker;
		if (isSending === false && user.isComplete && hasSettingsFault !== undefined) {
			const { uploadFault } = status;
			if ((uploadFault !== undefined) !== hasSettingsFault)
				violate(
					"status",
					`it reports ${uploadFault === undefined ? "no fault" : `"${uploadFault}"`} of the uploads`,
				);
		}
		const charge = user.measuresBattery ? batteryPercent(device.batteryVolts) : undefined;
		if (batteryLevel !== charge)
			violate("status", `it reports a battery level of ${batteryLevel} percent instead of ${charge}`);
		if (!this.startsKnown) return;
		const starts = [...this.starts.values()].reduce((sum, count) => sum + count, 0);
		if (bootInfo.boot < starts) violate("status", `it reports boot ${bootInfo.boot} after ${starts} starts`);
		for (const [reason, count] of bootInfo.resetCounts)
			if (count !== this.starts.get(reason))
				violate(
					"status",
					`it reports ${count} starts by ${reason} instead of ${this.starts.get(reason) ?? 0}`,
				);
	}
}

/** Whether what the bootloader has started in this slot is on trial. */
function isOnTrial({ firmware }: SimulatedDevice, slot: number): boolean {
	const otaData = new OtaData(firmware.otadata);
	const { active } = otaData;
	if (active === undefined) return false;
	const entry = otaData.read(active);
	return slotOf(entry) === slot && entry.state === OtaState.pendingVerify;
}

/** Whether no reading can be taken or stored during a fault. */
function preventsSampling({ kind }: ScenarioFault): boolean {
	return (
		kind === "sensor" || kind === "wear" || kind === "power" || kind === "outage" || kind === "brown-out"
	);
}

/** Whether some readings cannot be read during a fault. */
function preventsReading(fault: ScenarioFault): boolean {
	return fault.kind === "wear" && fault.how === "read throws";
}

/** Whether a fault can prevent the delivery of all readings. */
function preventsDelivery(fault: ScenarioFault, { networks }: Scenario): boolean {
	switch (fault.kind) {
		case "away":
			// At the other place there may be no saved network.
			return networks === 1;
		case "sensor":
		case "service clock":
		case "wear":
		case "flips":
		case "forgotten":
		case "outdated":
			return false;
		case "settings":
			return fault.change.key !== undefined;
		default:
			return true;
	}
}

/** How long a fault can prevent delivery after its end, milliseconds. */
function recoveryMs(fault: ScenarioFault): number {
	switch (fault.kind) {
		case "press":
			return fault.setUpAfter;
		case "time servers":
			// A kiss-o'-death blocks a time server for up to a day.
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
