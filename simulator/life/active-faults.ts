import type { ScenarioFault, ScenarioFaultKind, ScenarioFaultOf, ServiceFault } from "./scenario";
import type { SeededRandom } from "./seeded-random";

/** The access points at the two places. */
export const accessPoints = Object.freeze({
	home: { ssid: "Home", password: "correct horse" },
	away: { ssid: "Cabin", password: "battery staple" },
});

/** dBm, in the same flat as the access point. */
const baseSignalDbm = -60;

/** The faults at this moment. */
export class ActiveFaults {
	private readonly random: SeededRandom;
	/** By kind, the earliest first. */
	private readonly active = new Map<ScenarioFaultKind, ScenarioFault[]>();

	constructor(random: SeededRandom) {
		this.random = random;
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

	/** The earliest active fault of a kind. */
	first<Kind extends ScenarioFaultKind>(kind: Kind): ScenarioFaultOf<Kind> | undefined {
		const first = this.active.get(kind)?.[0];
		return first !== undefined && isOfKind(first, kind) ? first : undefined;
	}

	all<Kind extends ScenarioFaultKind>(kind: Kind): readonly ScenarioFaultOf<Kind>[] {
		return (this.active.get(kind) ?? []).filter((fault): fault is ScenarioFaultOf<Kind> =>
			isOfKind(fault, kind),
		);
	}

	/** The network in range, with its current password. */
	get network(): { readonly ssid: string; readonly password: string } | undefined {
		if (this.active.has("radio")) return undefined;
		const place = this.active.has("away") ? accessPoints.away : accessPoints.home;
		return this.active.has("password") ? { ...place, password: "changed it today" } : place;
	}

	get hasInternet(): boolean {
		return !this.active.has("internet");
	}

	/** dBm at a time (milliseconds). It varies by some dB over the minutes, deterministically. */
	signalStrength(at: number): number {
		const minutes = at / 60_000;
		const wander = 4 * Math.sin(minutes / 7) + 2 * Math.sin(minutes / 1.7);
		return Math.round((this.first("fading")?.strength ?? baseSignalDbm) + wander);
	}

	/** How often in a row a packet that is sent now is lost. */
	consecutiveLosses(): number {
		const fading = this.first("fading");
		if (fading === undefined) return 0;
		let losses = 0;
		while (losses < 8 && this.random.nextBoolean(fading.loss)) losses++;
		return losses;
	}

	/** One-way latency of a packet, milliseconds. */
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
