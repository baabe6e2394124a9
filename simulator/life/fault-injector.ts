import { checkedBlocksAhead } from "../../src/queue/sector-search";
import type { Tear } from "../hardware/nor-flash";
import type { VirtualTime } from "../virtual-time";
import type { ActiveFaults } from "./active-faults";
import type { DeviceModel } from "./device-model";
import {
	inspectQuarantine,
	inspectReadings,
	lowestSequence,
	newestBlock,
	sectorIn,
	sequenceAfterSector,
} from "./flash-inspection";
import type { InvariantChecker } from "./invariant-checker";
import { violate } from "./invariants";
import type { Ledger } from "./ledger";
import type { PowerSupply } from "./power-supply";
import type { ScenarioFault, ScenarioFaultOf, UpdateFileKind } from "./scenario";
import type { SeededRandom } from "./seeded-random";
import type { SimulatedDevice } from "./simulated-device";
import type { SimulatedReleases } from "./simulated-releases";
import type { SimulatedService } from "./simulated-service";
import type { UplinkChecker } from "./uplink-checker";
import type { SimulatedUser } from "./user";

export interface FaultInjectorOptions {
	readonly time: VirtualTime;
	/** For the simulator's own random values. */
	readonly random: SeededRandom;
	readonly activeFaults: ActiveFaults;
	readonly device: SimulatedDevice;
	readonly powerSupply: PowerSupply;
	readonly service: SimulatedService;
	readonly releases: SimulatedReleases;
	readonly user: SimulatedUser;
	readonly ledger: Ledger;
	readonly deviceModel: DeviceModel;
	readonly uplinkChecker: UplinkChecker;
	readonly invariantChecker: InvariantChecker;
	/** Milliseconds of Unix time. */
	now(): number;
	/** Runs a check; a violation ends the life after the current event. */
	runCheck(check: () => void): void;
	/** The board's environment has changed. */
	onChange(): void;
}

const tears: readonly [Tear, ...Tear[]] = ["prefix", "first half", "last half", "scattered", "almost"];
/**
 * How long the button is held, milliseconds: up to `sendPressMs` the board sends, from `resetPressMs` to `maxPressMs` it
 * performs a factory reset, longer presses are ignored.
 */
const sendPressMs = 5_000;
const resetPressMs = 10_000;
const maxPressMs = 60_000;
/** The firmware accepts a level after 30 ms; just before that. */
const debounceMs = 29;
/** By then the firmware has accepted the level. */
const debouncedMs = 40;
/** The firmware acts on a press within this time, starts excluded. */
const effectMs = 200;

/** The place of the newest readings, in key-value storage. */
const ringHintName = "dakkio/ring";

/** Injects the faults of a scenario. */
export class FaultInjector {
	private readonly options: FaultInjectorOptions;
	/** When the button was pressed, while it is. */
	/** What an outdated hint is replaced by. */
	private ringHint: Uint8Array | undefined;
	private pressedAt: number | undefined;
	/** The button has been held for so long that the firmware takes it for stuck. */
	private isStuck = false;
	private releasedAt = Number.NEGATIVE_INFINITY;
	/** When the firmware last started, and how often it has. */
	private bootedAt = 0;
	private boots = 0;
	/** Power has failed since the factory reset began. */
	private powerFailed = false;
	/** A factory reset is in progress and has not been checked. */
	private isResetting = false;
	/** Damaged blocks of the queue, with the sector and the first sequence number in them. */
	private readonly damaged = new Map<
		number,
		{ readonly sectorNumber: number; readonly firstSequence: number }
	>();

	constructor(options: FaultInjectorOptions) {
		this.options = options;
	}

	plan(faults: readonly ScenarioFault[]): void {
		const { time } = this.options;
		for (const fault of faults) {
			time.set(() => this.begin(fault), fault.from);
			time.set(() => this.end(fault), fault.to);
		}
	}

	onPowerCut(): void {
		this.powerFailed = true;
	}

	onBoot(): void {
		const { user, device, uplinkChecker } = this.options;
		uplinkChecker.onBoot(device.keyValue.has("dakkio/attempts"));
		const isMarked = device.keyValue.has("dakkio/forgetting");
		if (this.isResetting && this.powerFailed && user.hasSettings && !isMarked) this.undoFactoryReset();
		const ticks = this.options.time.ticks();
		this.isStuck = this.pressedAt !== undefined && ticks - this.pressedAt >= maxPressMs;
		this.bootedAt = ticks;
		this.boots++;
		if (this.pressedAt !== undefined) this.scheduleHeldChanges();
	}

	/** For how long the firmware has seen the button pressed, milliseconds; `undefined`: not pressed. */
	get heldMs(): number | undefined {
		if (this.pressedAt === undefined || this.isStuck) return undefined;
		const held = this.options.time.ticks() - Math.max(this.pressedAt, this.bootedAt);
		return held < maxPressMs ? held : undefined;
	}

	/** Whether the button was released so recently that the firmware may not have noticed. */
	get isDebouncing(): boolean {
		return this.options.time.ticks() - this.releasedAt < debouncedMs;
	}

	private begin(fault: ScenarioFault): void {
		const {
			activeFaults,
			device,
			powerSupply,
			service,
			user,
			deviceModel,
			ledger,
			invariantChecker,
			uplinkChecker,
			releases,
		} = this.options;
		activeFaults.begin(fault);
		invariantChecker.onFaultStart(fault);
		switch (fault.kind) {
			case "radio":
			case "password":
			case "away":
				device.onConditionsChange();
				break;
			case "quota":
				service.exhaustQuota();
				break;
			case "sensor":
				device.sensor.begin(fault.how);
				break;
			case "power":
				this.armPowerCut(fault);
				break;
			case "outage":
			case "brown-out":
				powerSupply.cut();
				break;
			case "wear":
				this.wear(fault);
				break;
			case "flips":
				this.flip(fault);
				break;
			case "forgotten":
				device.keyValue.loseKey(`dakkio/${fault.key}`);
				if (fault.key === "attempts") {
					uplinkChecker.onStateLost();
					ledger.onSentAheadLost();
				}
				if (fault.key === "clock") {
					deviceModel.onClockLost();
					ledger.onClockLost();
				}
				break;
			case "refused writes":
				device.keyValue.isRefusing = true;
				deviceModel.onUnsaved(true);
				ledger.onClockLost();
				break;
			case "sleep memory":
				if (device.state !== "asleep") break;
				if (fault.how === "lost") device.sleepMemory.clear();
				else device.sleepMemory.revert();
				break;
			case "outdated":
				this.ringHint = device.keyValue.copyOf(ringHintName);
				break;
			case "press":
				this.pressedAt = this.options.time.ticks();
				// A board that wakes at a press sends its pending readings.
				if (device.state === "asleep") uplinkChecker.resetWaits();
				device.press(true);
				this.scheduleHeldChanges();
				break;
			case "settings":
				user.change(fault.change);
				powerSupply.restart();
				break;
			case "update":
				if (fault.by === "index") releases.publish(fault.file);
				else this.giveUpdate(fault.file);
		}
		this.options.onChange();
	}

	/** As from the setup page. A network that is down for the old firmware, too, says nothing of the new one. */
	private giveUpdate(file: UpdateFileKind): void {
		const { device, deviceModel, releases } = this.options;
		const isOnline = device.isJoined && deviceModel.isTimeKnown === true;
		if (file === "cannot join" && !isOnline) return;
		void device.installUpdate(releases.makeFile(file)).catch(() => {
			// Power was lost.
		});
	}

	private end(fault: ScenarioFault): void {
		const { activeFaults, device, deviceModel, powerSupply, user, invariantChecker } = this.options;
		activeFaults.end(fault);
		invariantChecker.onFaultEnd(fault);
		switch (fault.kind) {
			case "password":
			case "away":
				device.onConditionsChange();
				break;
			case "sensor":
				device.sensor.end(fault.how);
				break;
			case "power":
			case "brown-out":
				powerSupply.cut();
				break;
			case "wear":
				device.queue.wearOut(this.wornBlock(fault), undefined);
				break;
			case "refused writes":
				device.keyValue.isRefusing = false;
				deviceModel.onUnsaved(false);
				break;
			case "outdated":
				device.keyValue.replace(ringHintName, this.ringHint);
				break;
			case "press":
				this.release(fault);
				break;
			case "settings":
				if (fault.change.key === undefined) break;
				user.fixKey();
				powerSupply.restart();
		}
		this.options.onChange();
	}

	private armPowerCut({ where, step }: ScenarioFaultOf<"power">): void {
		const { random, device } = this.options;
		if (where === "key-value") device.keyValue.cutPower(step, random.nextBoolean(0.5));
		else
			device.partitions[where].schedulePowerCut({
				step,
				tear: random.pick(tears),
				random: () => random.next(),
			});
	}

	/** Readings in damaged blocks may be missing, including those written there since. */
	excuseDamaged(): void {
		const { device, ledger } = this.options;
		for (const [block, { sectorNumber, firstSequence }] of this.damaged) {
			const found = sectorIn(device.queue, block);
			// A board continues in a sector whose header is damaged: it does not read again what it already knows.
			if (found === undefined || found.sectorNumber === sectorNumber)
				ledger.excuse(
					firstSequence,
					Math.min(sequenceAfterSector(device.queue, block, sectorNumber), ledger.newest + 1),
				);
			else this.damaged.delete(block);
		}
	}

	/** Whether the newest sector, or a block where a newer one may be, cannot be read: then nothing can be stored. */
	get mayRefuseReadings(): boolean {
		const { queue } = this.options.device;
		const { blocks } = queue.status();
		const newest = newestBlock(queue);
		for (let ahead = 0; ahead <= checkedBlocksAhead; ahead++)
			if (!queue.canRead((newest + ahead) % blocks)) return true;
		return false;
	}

	/** The block of a fault, modulo the number of blocks. */
	private wornBlock({ block }: ScenarioFaultOf<"wear">): number {
		return block % this.options.device.queue.status().blocks;
	}

	private wear(fault: ScenarioFaultOf<"wear">): void {
		const { device, ledger } = this.options;
		const { how } = fault;
		const at = this.wornBlock(fault);
		device.queue.wearOut(at, how);
		if (how === "read throws") ledger.onReadsFail(lowestSequence(device.queue));
		else this.damage();
	}

	private flip({ bits }: ScenarioFaultOf<"flips">): void {
		const { random, device } = this.options;
		const { size, blockLength } = device.queue.status();
		// Neighbouring cells fail together.
		const block = random.below(size / blockLength);
		this.loseRecords(block);
		for (let i = 0; i < bits; i++)
			device.queue.flipBit(block * blockLength + random.below(blockLength), random.below(8));
		this.damage();
	}

	/** A block loses part of its contents. */
	private loseRecords(block: number): void {
		const found = sectorIn(this.options.device.queue, block);
		if (found === undefined) return;
		this.damaged.set(block, found);
		this.options.uplinkChecker.onDataLost();
		this.excuseDamaged();
	}

	private damage(): void {
		const { device, ledger } = this.options;
		ledger.onDamage(lowestSequence(device.queue));
	}

	/** While the button is held, the light changes at these times. */
	private scheduleHeldChanges(): void {
		const { time, onChange } = this.options;
		for (const held of [sendPressMs, resetPressMs, maxPressMs]) time.set(onChange, held);
	}

	private release({ setUpAfter }: ScenarioFaultOf<"press">): void {
		const { device, time, uplinkChecker, onChange } = this.options;
		const held = device.state === "on" ? this.heldMs : 0;
		this.pressedAt = undefined;
		this.isStuck = false;
		device.press(false);
		this.releasedAt = time.ticks();
		time.set(onChange, debouncedMs);
		if (held === undefined) return;
		if (held < sendPressMs) uplinkChecker.resetWaits();
		if (held >= resetPressMs) time.set(() => this.startFactoryReset(this.boots, setUpAfter), debounceMs);
	}

	/** The firmware is about to accept that the button was released. */
	private startFactoryReset(boots: number, setUpAfter: number): void {
		const { device, time, ledger, user, uplinkChecker, now } = this.options;
		if (device.state !== "on" || boots !== this.boots) return;
		const { newest } = ledger;
		this.powerFailed = false;
		this.isResetting = true;
		ledger.onFactoryReset(now());
		user.onFactoryReset();
		uplinkChecker.onStateLost();
		time.set(() => this.checkFactoryReset({ newest, setUpAfter }), effectMs);
	}

	/** Power failed before the factory reset began. */
	private undoFactoryReset(): void {
		const { ledger, user } = this.options;
		this.isResetting = false;
		ledger.undoFactoryReset();
		user.undoFactoryReset();
	}

	/** Checks that a factory reset erased everything; if power failed during it, everything or nothing. */
	private checkFactoryReset(before: { readonly newest: number; readonly setUpAfter: number }): void {
		const { time, device, user, powerSupply, runCheck } = this.options;
		if (!this.isResetting) return;
		if (device.state !== "on" || time.ticks() - this.bootedAt < effectMs) {
			time.set(() => this.checkFactoryReset(before), effectMs);
			return;
		}
		if (user.hasSettings && this.powerFailed) {
			this.undoFactoryReset();
			return;
		}
		this.isResetting = false;
		runCheck(() => {
			if (user.hasSettings) violate("forgotten", "the settings still exist");
			const { oldestSequence } = inspectReadings(device.queue);
			if (oldestSequence !== undefined && oldestSequence <= before.newest)
				violate("forgotten", `reading ${oldestSequence} is still pending`);
			const [quarantined] = inspectQuarantine(device.quarantine).points.keys();
			if (quarantined !== undefined) violate("forgotten", `point ${quarantined} is still in quarantine`);
		});
		time.set(() => {
			user.setUp();
			powerSupply.restart();
		}, before.setUpAfter);
	}
}
