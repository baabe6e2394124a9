import type { Tear } from "../flash";
import type { VirtualTime } from "../virtual-time";
import type { Chance } from "./chance";
import type { Conditions } from "./conditions";
import { endOf, lookAtQuarantine, lookAtReadings, lowestNumber, sectorIn } from "./inspection";
import type { Knowledge } from "./knowledge";
import type { Ledger } from "./ledger";
import type { Machine } from "./machine";
import type { Owner } from "./owner";
import { broken } from "./promises";
import type { Trouble, TroubleOf } from "./scenario";
import type { SimulatedService } from "./service";
import type { Supervision } from "./supervision";
import type { Supply } from "./supply";
import type { Uplink } from "./uplink";

/** What troubles happen to, and who has to know of them. */
export interface Stage {
	readonly time: VirtualTime;
	/** For what the world draws. */
	readonly chance: Chance;
	readonly conditions: Conditions;
	readonly machine: Machine;
	readonly supply: Supply;
	readonly service: SimulatedService;
	readonly owner: Owner;
	readonly ledger: Ledger;
	readonly knowledge: Knowledge;
	readonly uplink: Uplink;
	readonly supervision: Supervision;
	/** Milliseconds of Unix time. */
	now(): number;
	/** Has what a judgement throws end the life, once the event is over. */
	judge(judgement: () => void): void;
	/** What is around the board has changed. */
	onChange(): void;
}

const tears: readonly [Tear, ...Tear[]] = ["prefix", "first half", "last half", "scattered", "almost"];
/**
 * A press sends up to the first, and has all forgotten from the second on up to the third, from which on it is none,
 * milliseconds.
 */
const sendPress = 5_000;
const forgetPress = 10_000;
const longestPress = 60_000;
/** The firmware believes a level that has stood for 30 ms; a moment before that. */
const debounce = 29;
/** By then it has believed it. */
const believed = 40;
/** What it does then is done in so long, the start of the board aside. */
const effectTime = 200;

/** Makes happen what a scenario says. */
export class Happenings {
	private readonly stage: Stage;
	/** When the button went down that is held. */
	private pressedAt: number | undefined;
	/** The firmware was there for long enough to know that nobody holds it. */
	private stuck = false;
	private releasedAt = Number.NEGATIVE_INFINITY;
	/** When the firmware began to run, and how often it did. */
	private bootedAt = 0;
	private boots = 0;
	/** Power has gone since all was to be forgotten. */
	private _cut = false;
	/** All is being forgotten, and nobody has seen yet whether it was. */
	private forgetting = false;
	/** Blocks of the queue that have lost something, with the sector that stood there and its first record's number. */
	private readonly damaged = new Map<number, { readonly sector: number; readonly first: number }>();

	constructor(stage: Stage) {
		this.stage = stage;
	}

	plan(troubles: readonly Trouble[]): void {
		const { time } = this.stage;
		for (const trouble of troubles) {
			time.set(() => this.begin(trouble), trouble.from);
			time.set(() => this.end(trouble), trouble.to);
		}
	}

	/** Power has gone. */
	cut(): void {
		this._cut = true;
	}

	/** The firmware runs. */
	booted(): void {
		const { owner, machine } = this.stage;
		const isMarked = machine.keyValue.has("dakkio/forgetting");
		if (this.forgetting && this._cut && owner.isKnown && !isMarked) this.remember();
		const ticks = this.stage.time.ticks();
		this.stuck = this.pressedAt !== undefined && ticks - this.pressedAt >= longestPress;
		this.bootedAt = ticks;
		this.boots++;
		if (this.pressedAt !== undefined) this.lookAtHeld();
	}

	/** For how long the firmware has seen the button pressed, milliseconds; `undefined`: it is not. */
	get held(): number | undefined {
		if (this.pressedAt === undefined || this.stuck) return undefined;
		const held = this.stage.time.ticks() - Math.max(this.pressedAt, this.bootedAt);
		return held < longestPress ? held : undefined;
	}

	/** Whether the button was let go this moment, and the firmware may not believe it yet. */
	get doubtful(): boolean {
		return this.stage.time.ticks() - this.releasedAt < believed;
	}

	private begin(trouble: Trouble): void {
		const { conditions, machine, supply, service, owner, knowledge, ledger, supervision, uplink } =
			this.stage;
		conditions.begin(trouble);
		supervision.began(trouble);
		switch (trouble.kind) {
			case "radio":
			case "password":
			case "away":
				machine.listen();
				break;
			case "quota":
				service.useUp();
				break;
			case "sensor":
				machine.sensor.begin(trouble.how);
				break;
			case "power":
				this.arm(trouble);
				break;
			case "outage":
			case "brown-out":
				supply.cut();
				break;
			case "wear":
				this.wear(trouble);
				break;
			case "flips":
				this.flip(trouble);
				break;
			case "forgotten":
				machine.keyValue.lose(`dakkio/${trouble.key}`);
				if (trouble.key === "attempts") uplink.forgive();
				if (trouble.key === "clock") {
					knowledge.forget();
					ledger.loseTime();
				}
				break;
			case "press":
				this.pressedAt = this.stage.time.ticks();
				// A board that is woken by it sends what waits.
				if (machine.state === "asleep") uplink.forgive();
				machine.press(true);
				this.lookAtHeld();
				break;
			case "settings":
				owner.change(trouble.change);
				supply.restart();
		}
		this.stage.onChange();
	}

	private end(trouble: Trouble): void {
		const { conditions, machine, supply, owner, supervision } = this.stage;
		conditions.end(trouble);
		supervision.ended(trouble);
		switch (trouble.kind) {
			case "password":
			case "away":
				machine.listen();
				break;
			case "sensor":
				machine.sensor.end(trouble.how);
				break;
			case "power":
			case "brown-out":
				supply.cut();
				break;
			case "wear":
				machine.queue.wearOut(this.worn(trouble), undefined);
				break;
			case "press":
				this.release(trouble);
				break;
			case "settings":
				if (trouble.change.key === undefined) break;
				owner.mendKey();
				supply.restart();
		}
		this.stage.onChange();
	}

	private arm({ where, step }: TroubleOf<"power">): void {
		const { chance, machine } = this.stage;
		if (where === "key-value") machine.keyValue.cutPower(step, chance.happens(0.5));
		else machine[where].cutPower({ step, tear: chance.pick(tears), random: () => chance.next() });
	}

	/** What stands in blocks that have lost something, or came to stand there since, may go missing. */
	excuse(): void {
		const { machine, ledger } = this.stage;
		for (const [block, { sector, first }] of this.damaged) {
			const found = sectorIn(machine.queue, block);
			// A board goes on in a sector whose header is lost: it does not read again what it knows.
			if (found === undefined || found.sector === sector)
				ledger.excuse(first, Math.min(endOf(machine.queue, block, sector), ledger.newest + 1));
			else this.damaged.delete(block);
		}
	}

	/** The block that is meant, however many there are. */
	private worn({ block }: TroubleOf<"wear">): number {
		return block % this.stage.machine.queue.status().blocks;
	}

	private wear(trouble: TroubleOf<"wear">): void {
		const { machine } = this.stage;
		const { how } = trouble;
		const at = this.worn(trouble);
		if (how === "read throws") this.lose(at);
		machine.queue.wearOut(at, how);
		this.damage();
	}

	private flip({ bits }: TroubleOf<"flips">): void {
		const { chance, machine } = this.stage;
		const { size, blockLength } = machine.queue.status();
		// Cells that are near each other go together.
		const block = chance.below(size / blockLength);
		this.lose(block);
		for (let i = 0; i < bits; i++)
			machine.queue.flip(block * blockLength + chance.below(blockLength), chance.below(8));
		this.damage();
	}

	/** A block loses something of what stands in it. */
	private lose(block: number): void {
		const found = sectorIn(this.stage.machine.queue, block);
		if (found === undefined) return;
		this.damaged.set(block, found);
		this.stage.uplink.lose();
		this.excuse();
	}

	private damage(): void {
		const { machine, ledger } = this.stage;
		ledger.damage(lowestNumber(machine.queue));
	}

	/** How long the button has been held tells the light something else from these moments on. */
	private lookAtHeld(): void {
		const { time, onChange } = this.stage;
		for (const held of [sendPress, forgetPress, longestPress]) time.set(onChange, held);
	}

	private release({ setUpAfter }: TroubleOf<"press">): void {
		const { machine, time, uplink, onChange } = this.stage;
		const held = machine.state === "on" ? this.held : 0;
		this.pressedAt = undefined;
		this.stuck = false;
		machine.press(false);
		this.releasedAt = time.ticks();
		time.set(onChange, believed);
		if (held === undefined) return;
		if (held < sendPress) uplink.forgive();
		if (held >= forgetPress) time.set(() => this.forget(this.boots, setUpAfter), debounce);
	}

	/** The firmware is about to believe that the button was let go. */
	private forget(boots: number, setUpAfter: number): void {
		const { machine, time, ledger, owner, now } = this.stage;
		if (machine.state !== "on" || boots !== this.boots) return;
		const { newest } = ledger;
		this._cut = false;
		this.forgetting = true;
		ledger.forget(now());
		owner.forget();
		time.set(() => this.seeForgotten({ newest, setUpAfter }), effectTime);
	}

	/** Power went before it had begun: nothing was forgotten. */
	private remember(): void {
		const { ledger, owner } = this.stage;
		this.forgetting = false;
		ledger.remember();
		owner.remember();
	}

	/** All is forgotten; where power has gone in the middle of it, once the firmware runs again: all or nothing. */
	private seeForgotten(before: { readonly newest: number; readonly setUpAfter: number }): void {
		const { time, machine, owner, supply, judge } = this.stage;
		if (!this.forgetting) return;
		if (machine.state !== "on" || time.ticks() - this.bootedAt < effectTime) {
			time.set(() => this.seeForgotten(before), effectTime);
			return;
		}
		if (owner.isKnown && this._cut) {
			this.remember();
			return;
		}
		this.forgetting = false;
		judge(() => {
			if (owner.isKnown) broken("forgotten", "its settings are still there");
			const { oldest } = lookAtReadings(machine.queue);
			if (oldest !== undefined && oldest <= before.newest)
				broken("forgotten", `reading ${oldest} still waits`);
			const [aside] = lookAtQuarantine(machine.quarantine).points.keys();
			if (aside !== undefined) broken("forgotten", `point ${aside} is still in quarantine`);
		});
		time.set(() => {
			owner.setUp();
			supply.restart();
		}, before.setUpAfter);
	}
}
