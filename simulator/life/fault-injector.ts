import type { Tear } from "../hardware/nor-flash";
import type { VirtualTime } from "../virtual-time";
import type { ActiveFaults } from "./active-faults";
import type { DeviceModel } from "./device-model";
import {
	inspectQuarantine,
	inspectReadings,
	lowestSequence,
	sectorIn,
	sequenceAfterSector,
} from "./flash-inspection";
import type { InvariantChecker } from "./invariant-checker";
import { violate } from "./invariants";
import type { Ledger } from "./ledger";
import type { PowerSupply } from "./power-supply";
import type { ScenarioFault, ScenarioFaultOf } from "./scenario";
import type { SeededRandom } from "./seeded-random";
import type { SimulatedDevice } from "./simulated-device";
import type { SimulatedService } from "./simulated-service";
import type { UplinkChecker } from "./uplink-checker";
import type { SimulatedUser } from "./user";

/** What faults happen to, and who has to know of them. */
export interface FaultInjectorOptions {
	readonly time: VirtualTime;
	/** For what the world draws. */
	readonly random: SeededRandom;
	readonly activeFaults: ActiveFaults;
	readonly device: SimulatedDevice;
	readonly powerSupply: PowerSupply;
	readonly service: SimulatedService;
	readonly user: SimulatedUser;
	readonly ledger: Ledger;
	readonly deviceModel: DeviceModel;
	readonly uplinkChecker: UplinkChecker;
	readonly invariantChecker: InvariantChecker;
	/** Milliseconds of Unix time. */
	now(): number;
	/** Has what a judgement throws end the life, once the event is over. */
	runCheck(judgement: () => void): void;
	/** What is around the board has changed. */
	onChange(): void;
}

const tears: readonly [Tear, ...Tear[]] = ["prefix", "first half", "last half", "scattered", "almost"];
/**
 * A press sends up to the first, and has all forgotten from the second on up to the third, from which on it is none,
 * milliseconds.
 */
const sendPressMs = 5_000;
const resetPressMs = 10_000;
const maxPressMs = 60_000;
/** The firmware believes a level that has stood for 30 ms; a moment before that. */
const debounceMs = 29;
/** By then it has believed it. */
const debouncedMs = 40;
/** What it does then is done in so long, the start of the board aside. */
const effectMs = 200;

/** Makes happen what a scenario says. */
export class FaultInjector {
	private readonly options: FaultInjectorOptions;
	/** When the button went down that is held. */
	private pressedAt: number | undefined;
	/** The firmware was there for long enough to know that nobody holds it. */
	private isStuck = false;
	private releasedAt = Number.NEGATIVE_INFINITY;
	/** When the firmware began to run, and how often it did. */
	private bootedAt = 0;
	private boots = 0;
	/** Power has gone since all was to be forgotten. */
	private _onPowerCut = false;
	/** All is being forgotten, and nobody has seen yet whether it was. */
	private isResetting = false;
	/** Blocks of the queue that have lost something, with the sector that stood there and its first record's number. */
	private readonly damaged = new Map<
		number,
		{ readonly sectorNumber: number; readonly firstSequence: number }
	>();

	constructor(stage: FaultInjectorOptions) {
		this.options = stage;
	}

	plan(faults: readonly ScenarioFault[]): void {
		const { time } = this.options;
		for (const fault of faults) {
			time.set(() => this.begin(fault), fault.from);
			time.set(() => this.end(fault), fault.to);
		}
	}

	/** Power has gone. */
	onPowerCut(): void {
		this._onPowerCut = true;
	}

	/** The firmware runs. */
	onBoot(): void {
		const { user, device } = this.options;
		const isMarked = device.keyValue.has("dakkio/forgetting");
		if (this.isResetting && this._onPowerCut && user.hasSettings && !isMarked) this.undoFactoryReset();
		const ticks = this.options.time.ticks();
		this.isStuck = this.pressedAt !== undefined && ticks - this.pressedAt >= maxPressMs;
		this.bootedAt = ticks;
		this.boots++;
		if (this.pressedAt !== undefined) this.scheduleHeldChanges();
	}

	/** For how long the firmware has seen the button pressed, milliseconds; `undefined`: it is not. */
	get heldMs(): number | undefined {
		if (this.pressedAt === undefined || this.isStuck) return undefined;
		const held = this.options.time.ticks() - Math.max(this.pressedAt, this.bootedAt);
		return held < maxPressMs ? held : undefined;
	}

	/** Whether the button was let go this moment, and the firmware may not believe it yet. */
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
				if (fault.key === "attempts") uplinkChecker.resetWaits();
				if (fault.key === "clock") {
					deviceModel.onClockLost();
					ledger.onClockLost();
				}
				break;
			case "press":
				this.pressedAt = this.options.time.ticks();
				// A board that is woken by it sends what waits.
				if (device.state === "asleep") uplinkChecker.resetWaits();
				device.press(true);
				this.scheduleHeldChanges();
				break;
			case "settings":
				user.change(fault.change);
				powerSupply.restart();
		}
		this.options.onChange();
	}

	private end(fault: ScenarioFault): void {
		const { activeFaults, device, powerSupply, user, invariantChecker } = this.options;
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
		else device[where].schedulePowerCut({ step, tear: random.pick(tears), random: () => random.next() });
	}

	/** What stands in blocks that have lost something, or came to stand there since, may go missing. */
	excuseDamaged(): void {
		const { device, ledger } = this.options;
		for (const [block, { sectorNumber, firstSequence }] of this.damaged) {
			const found = sectorIn(device.queue, block);
			// A board goes on in a sector whose header is lost: it does not read again what it knows.
			if (found === undefined || found.sectorNumber === sectorNumber)
				ledger.excuse(
					firstSequence,
					Math.min(sequenceAfterSector(device.queue, block, sectorNumber), ledger.newest + 1),
				);
			else this.damaged.delete(block);
		}
	}

	/** The block that is meant, however many there are. */
	private wornBlock({ block }: ScenarioFaultOf<"wear">): number {
		return block % this.options.device.queue.status().blocks;
	}

	private wear(fault: ScenarioFaultOf<"wear">): void {
		const { device } = this.options;
		const { how } = fault;
		const at = this.wornBlock(fault);
		if (how === "read throws") this.loseRecords(at);
		device.queue.wearOut(at, how);
		this.damage();
	}

	private flip({ bits }: ScenarioFaultOf<"flips">): void {
		const { random, device } = this.options;
		const { size, blockLength } = device.queue.status();
		// Cells that are near each other go together.
		const block = random.below(size / blockLength);
		this.loseRecords(block);
		for (let i = 0; i < bits; i++)
			device.queue.flipBit(block * blockLength + random.below(blockLength), random.below(8));
		this.damage();
	}

	/** A block loses something of what stands in it. */
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

	/** How long the button has been held tells the light something else from these moments on. */
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

	/** The firmware is about to believe that the button was let go. */
	private startFactoryReset(boots: number, setUpAfter: number): void {
		const { device, time, ledger, user, now } = this.options;
		if (device.state !== "on" || boots !== this.boots) return;
		const { newest } = ledger;
		this._onPowerCut = false;
		this.isResetting = true;
		ledger.onFactoryReset(now());
		user.onFactoryReset();
		time.set(() => this.checkFactoryReset({ newest, setUpAfter }), effectMs);
	}

	/** Power went before it had begun: nothing was forgotten. */
	private undoFactoryReset(): void {
		const { ledger, user } = this.options;
		this.isResetting = false;
		ledger.undoFactoryReset();
		user.undoFactoryReset();
	}

	/** All is forgotten; where power has gone in the middle of it, once the firmware runs again: all or nothing. */
	private checkFactoryReset(before: { readonly newest: number; readonly setUpAfter: number }): void {
		const { time, device, user, powerSupply, runCheck } = this.options;
		if (!this.isResetting) return;
		if (device.state !== "on" || time.ticks() - this.bootedAt < effectMs) {
			time.set(() => this.checkFactoryReset(before), effectMs);
			return;
		}
		if (user.hasSettings && this._onPowerCut) {
			this.undoFactoryReset();
			return;
		}
		this.isResetting = false;
		runCheck(() => {
			if (user.hasSettings) violate("forgotten", "its settings are still there");
			const { oldestSequence } = inspectReadings(device.queue);
			if (oldestSequence !== undefined && oldestSequence <= before.newest)
				violate("forgotten", `reading ${oldestSequence} still waits`);
			const [aside] = inspectQuarantine(device.quarantine).points.keys();
			if (aside !== undefined) violate("forgotten", `point ${aside} is still in quarantine`);
		});
		time.set(() => {
			user.setUp();
			powerSupply.restart();
		}, before.setUpAfter);
	}
}
