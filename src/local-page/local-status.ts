import type { Value } from "../reading/reading";

/** What the page on the home network shows, and `/api/status` returns: docs/local-page.md. Holds no secret. */
export interface LocalStatus {
	readonly device: {
		readonly id: string;
		readonly location: string;
		readonly chip: string;
		readonly firmwareVersion: string;
	};
	readonly update: {
		/** Newer version in the release index; `null`: none, or updates are off. */
		readonly offered: string | null;
		/** Version whose trial failed; `null`: none. */
		readonly failed: string | null;
		/** Whether the running version is on trial. */
		readonly isOnTrial: boolean;
	};
	/** Milliseconds of Unix time; `null` until the clock is set. */
	readonly utc: number | null;
	readonly boot: {
		readonly number: number;
		readonly resetReason: string;
		readonly uptimeMs: number;
		/** Number of starts by reset reason. */
		readonly resetCounts: Readonly<Record<string, number>>;
	};
	/** Outside the memory of the JavaScript engine; `null` if unknown. */
	readonly freeMemoryBytes: number | null;
	/** dBm. */
	readonly signalStrength: number | null;
	/** Percent. */
	readonly batteryLevel: number | null;
	/** The last sample; `null` before the first. */
	readonly sample: { readonly ageMs: number; readonly values: readonly LocalValue[] } | null;
	/** Counts of readings since the counters were last reset. */
	readonly readings: {
		readonly pending: number;
		readonly capacity: number;
		readonly overwritten: number;
		readonly quarantined: number;
	};
	readonly damagedFlashBytes: number;
	readonly upload: {
		readonly state: "sending" | "idle" | "settings fault" | "settings incomplete";
		/** Last attempt of this boot; `failure`: why the service did not accept the readings, in its words. */
		readonly last: { readonly ageMs: number; readonly failure: string | null } | null;
	};
	/** API calls of the plan, which all devices of the organization share. */
	readonly calls: { readonly limit: number; readonly remaining: number; readonly resetUtc: number };
}

export interface LocalValue {
	readonly name: string;
	readonly unit: string;
	/** `null`: not measured. */
	readonly value: Exclude<Value, undefined> | null;
}
