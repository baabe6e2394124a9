import type { Chance } from "./chance";
import type { ServiceFault, Trouble, TroubleKind, TroubleOf } from "./scenario";

/** The access points of the world, by the places that the device can be at. */
export const networks = Object.freeze({
	home: { ssid: "Home", password: "correct horse" },
	away: { ssid: "Cabin", password: "battery staple" },
});

/** dBm, some rooms away from an access point. */
const usualStrength = -60;

/** What is wrong with the world at this moment. */
export class Conditions {
	private readonly chance: Chance;
	/** Under way, by their kinds, the one that began first before the others. */
	private readonly active = new Map<TroubleKind, Trouble[]>();

	constructor(chance: Chance) {
		this.chance = chance;
	}

	begin(trouble: Trouble): void {
		const before = this.active.get(trouble.kind);
		if (before === undefined) this.active.set(trouble.kind, [trouble]);
		else before.push(trouble);
	}

	end(trouble: Trouble): void {
		const left = this.active.get(trouble.kind)?.filter((each) => each !== trouble) ?? [];
		if (left.length === 0) this.active.delete(trouble.kind);
		else this.active.set(trouble.kind, left);
	}

	/** The one of a kind that began first, of those that are under way. */
	of<Kind extends TroubleKind>(kind: Kind): TroubleOf<Kind> | undefined {
		const first = this.active.get(kind)?.[0];
		return first !== undefined && isOf(first, kind) ? first : undefined;
	}

	all<Kind extends TroubleKind>(kind: Kind): readonly TroubleOf<Kind>[] {
		return (this.active.get(kind) ?? []).filter((trouble): trouble is TroubleOf<Kind> => isOf(trouble, kind));
	}

	/** The network that can be heard where the device is, with the password that it has now. */
	get network(): { readonly ssid: string; readonly password: string } | undefined {
		if (this.active.has("radio")) return undefined;
		const place = this.active.has("away") ? networks.away : networks.home;
		return this.active.has("password") ? { ...place, password: "changed it today" } : place;
	}

	/** Whether the network has a way out. */
	get internet(): boolean {
		return !this.active.has("internet");
	}

	/** Signal strength at a time (milliseconds): it wanders by some dB over the minutes, and is the same at the same time. */
	strength(at: number): number {
		const minutes = at / 60_000;
		const wander = 4 * Math.sin(minutes / 7) + 2 * Math.sin(minutes / 1.7);
		return Math.round((this.of("fading")?.strength ?? usualStrength) + wander);
	}

	/** How often in a row a packet is lost that is sent now. */
	losses(): number {
		const fading = this.of("fading");
		if (fading === undefined) return 0;
		let losses = 0;
		while (losses < 8 && this.chance.happens(fading.loss)) losses++;
		return losses;
	}

	/** Milliseconds that a packet takes, one way. */
	latency(): number {
		return 10 + 30 * this.chance.next();
	}

	get service(): ServiceFault | undefined {
		return this.of("service")?.fault;
	}
}

function isOf<Kind extends TroubleKind>(trouble: Trouble, kind: Kind): trouble is TroubleOf<Kind> {
	return trouble.kind === kind;
}
