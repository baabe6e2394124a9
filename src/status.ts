import type { Boots } from "./boot";

/** How the board is: a line in the log each hour, and what the setup page shows. */
export interface Status {
	readonly boots: Boots;
	/** Milliseconds since the boot began. */
	readonly uptime: number;
	/** Bytes; `undefined` where there is no telling. */
	readonly freeMemory: number | undefined;
	/** Readings. */
	readonly waiting: number;
	readonly capacity: number;
	/** Readings that went because the flash was full. */
	readonly overwritten: number;
	readonly quarantined: number;
	readonly damagedBytes: number;
	/** dBm. */
	readonly signalStrength: number | undefined;
	readonly batteryLevel: number | undefined;
}

/** The status as a line of the log. */
export function describeStatus(status: Status): string {
	const { boots, uptime, freeMemory, waiting, overwritten, quarantined, damagedBytes } = status;
	const parts = [
		`up ${duration(uptime)}`,
		...(freeMemory === undefined ? [] : [`${Math.floor(freeMemory / 1024)} KB free`]),
		...(status.signalStrength === undefined ? [] : [`${status.signalStrength} dBm`]),
		...(status.batteryLevel === undefined ? [] : [`battery ${status.batteryLevel} percent`]),
		`${waiting} waiting`,
		...(overwritten === 0 ? [] : [`${overwritten} overwritten`]),
		...(quarantined === 0 ? [] : [`${quarantined} in quarantine`]),
		...(damagedBytes === 0 ? [] : [`${damagedBytes} bytes of flash damaged`]),
		`starts: ${boots.reasons.map(([reason, count]) => `${count} ${reason}`).join(", ")}`,
	];
	return `status: ${parts.join(", ")}`;
}

/** `3 d 4 h`, `25 min`, `12 s`. */
function duration(milliseconds: number): string {
	const minutes = Math.floor(milliseconds / 60_000);
	const hours = Math.floor(minutes / 60);
	if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
	if (hours > 0) return `${hours} h ${minutes % 60} min`;
	return minutes > 0 ? `${minutes} min` : `${Math.floor(milliseconds / 1000)} s`;
}
