import type { BootInfo } from "./boot-counter";

/** How the board is: a line in the log each hour, and what the setup page shows. */
export interface Status {
	readonly bootInfo: BootInfo;
	/** Milliseconds since the boot began. */
	readonly uptimeMs: number;
	/** Bytes; `undefined` where there is no telling. */
	readonly freeMemoryBytes: number | undefined;
	/** Readings. */
	readonly pending: number;
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
export function formatStatus(status: Status): string {
	const { bootInfo, uptimeMs, freeMemoryBytes, pending, overwritten, quarantined, damagedBytes } = status;
	const parts = [
		`up ${formatDuration(uptimeMs)}`,
		...(freeMemoryBytes === undefined ? [] : [`${Math.floor(freeMemoryBytes / 1024)} KB free`]),
		...(status.signalStrength === undefined ? [] : [`${status.signalStrength} dBm`]),
		...(status.batteryLevel === undefined ? [] : [`battery ${status.batteryLevel} percent`]),
		`${pending} waiting`,
		...(overwritten === 0 ? [] : [`${overwritten} overwritten`]),
		...(quarantined === 0 ? [] : [`${quarantined} in quarantine`]),
		...(damagedBytes === 0 ? [] : [`${damagedBytes} bytes of flash damaged`]),
		`starts: ${bootInfo.resetCounts.map(([reason, count]) => `${count} ${reason}`).join(", ")}`,
	];
	return `status: ${parts.join(", ")}`;
}

/** `3 d 4 h`, `25 min`, `12 s`. */
function formatDuration(milliseconds: number): string {
	const minutes = Math.floor(milliseconds / 60_000);
	const hours = Math.floor(minutes / 60);
	if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
	if (hours > 0) return `${hours} h ${minutes % 60} min`;
	return minutes > 0 ? `${minutes} min` : `${Math.floor(milliseconds / 1000)} s`;
}
