import type { ScenarioFault, ScenarioFaultKind, ScenarioFaultOf, ServiceFault } from "./scenario";
import type { SeededRandom } from "./seeded-random";

/** The access points of the world, by the places that the device can be at. */
export const accessPoints = Object.freeze({
	home: { ssid: "Home", password: "correct horse" },
	away: { ssid: "Cabin", password: "battery staple" },
});

/** dBm, some rooms away from an access point. */
const baseSignalDbm = -60;

/** What is wrong with the world at this moment. */
export class ActiveFaults {
	private readonly random: SeededRandom;
	/** Under way, by their kinds, the one that began first before the others. */
	private readonly active = new Map<ScenarioFaultKind, ScenarioFault[]>();

	constructor(chance: SeededRandom) {
		this.random = chance;
	}

	begin(fault: ScenarioFault): void {
		const before = this.active.get(fault.kind);
		if (before === undefined) this.active.set(fault.kind, [fault]);
		else before.push(fault);
	}

	end(fault: ScenarioFault): void {
		const left = this.active.get(fault.kind)?.filter((each) => each !== fault) ?? [];
		if (left.length === 0) this.active.delete(fault.kind);
		else this.active.set(fault.kind, left);
	}

	/** The one of a kind that began first, of those that are under way. */
	first<Kind extends ScenarioFaultKind>(kind: Kind): ScenarioFaultOf<Kind> | undefined {
		const first = this.active.get(kind)?.[0];
		return first !== undefined && isOfKind(first, kind) ? first : undefined;
	}

	all<Kind extends ScenarioFaultKind>(kind: Kind): readonly ScenarioFaultOf<Kind>[] {
		return (this.active.get(kind) ?? []).filter((fault): fault is ScenarioFaultOf<Kind> =>
			isOfKind(fault, kind),
		);
	}

	/** The network that can be heard where the device is, with the password that it has now. */
	get network(): { readonly ssid: string; readonly password: string } | undefined {
		if (this.active.has("radio")) return undefined;
		const place = this.active.has("away") ? accessPoints.away : accessPoints.home;
		return this.active.has("password") ? { ...place, password: "changed it today" } : place;
	}

	/** Whether the network has a way out. */
	get hasInternet(): boolean {
		return !this.active.has("internet");
	}

	/** Signal strength at a time (milliseconds): it wanders by some dB over the minutes, and is the same at the same time. */
	signalStrength(at: number): number {
		const minutes = at / 60_000;
		const wander = 4 * Math.sin(minutes / 7) + 2 * Math.sin(minutes / 1.7);
		return Math.round((this.first("fading")?.strength ?? baseSignalDbm) + wander);
	}

	/** How often in a row a packet is lost that is sent now. */
	consecutiveLosses(): number {
		const fading = this.first("fading");
		if (fading === undefined) return 0;
		let losses = 0;
		while (losses < 8 && this.random.nextBoolean(fading.loss)) losses++;
		return losses;
	}

	/** Milliseconds that a packet takes, one way. */
	latencyMs(): number {
		return 10 + 30 * this.random.next();
	}

	get serviceFault(): ServiceFault | undefined {
		return this.first("service")?.fault;
	}
}

function isOfKind<Kind extends ScenarioFaultKind>(
	fault: ScenarioFault,
	kind: Kind,
): fault is ScenarioFaultOf<Kind> {
	return fault.kind === kind;
}
