import type { Board } from "../boards/board";
import { missingForUpload, type Settings } from "../settings/settings";
import { versionOf } from "../version";
import type { BootInfo } from "./boot-counter";
import type { DeviceStorage } from "./device-storage";

/** The board's state: logged each hour. */
export interface Status {
	readonly bootInfo: BootInfo;
	/** Since the boot began. */
	readonly uptimeMs: number;
	/** `undefined` where the platform does not report it. */
	readonly freeMemoryBytes: number | undefined;
	/** Readings. */
	readonly pending: number;
	readonly capacity: number;
	/** Readings overwritten because the flash was full. */
	readonly overwritten: number;
	readonly quarantined: number;
	/** Points overwritten because the quarantine was full. */
	readonly quarantineOverwritten: number;
	/** Why the service takes nothing, with its words; `undefined` if nothing is known. */
	readonly uploadFault: string | undefined;
	/** Of the flash. */
	readonly damagedBytes: number;
	/** dBm; `undefined` without a network. */
	readonly signalStrength: number | undefined;
	/** Percent; `undefined` where no battery can be measured. */
	readonly batteryLevel: number | undefined;
	/** Version of an update that was rolled back. */
	readonly failedUpdate: string | undefined;
}

/** The status as a log line. */
export function formatStatus(status: Status): string {
	const { bootInfo, uptimeMs, freeMemoryBytes, pending, overwritten, quarantined, damagedBytes } = status;
	const { quarantineOverwritten, uploadFault } = status;
	const parts = [
		`up ${formatDuration(uptimeMs)}`,
		...(freeMemoryBytes === undefined ? [] : [`${Math.floor(freeMemoryBytes / 1024)} KiB free`]),
		...(status.signalStrength === undefined ? [] : [`${status.signalStrength} dBm`]),
		...(status.batteryLevel === undefined ? [] : [`battery ${status.batteryLevel} %`]),
		`${pending} pending`,
		...(overwritten === 0 ? [] : [`${overwritten} overwritten`]),
		...(quarantined === 0 ? [] : [`${quarantined} in quarantine`]),
		...(quarantineOverwritten > 0 ? [`${quarantineOverwritten} overwritten there`] : []),
		...(uploadFault === undefined ? [] : [`no uploads: ${uploadFault}`]),
		...(status.failedUpdate === undefined ? [] : [`update ${status.failedUpdate} failed`]),
		...(damagedBytes === 0 ? [] : [`${damagedBytes} bytes of flash damaged`]),
		`boots: ${bootInfo.resetCounts.map(([reason, count]) => `${count} ${reason}`).join(", ")}`,
	];
	return `status: ${parts.join(", ")}`;
}

/** Logs what a user who has just opened the log needs: firmware, board, boot, and what prevents uploads. */
export function logStartup(
	board: Pick<Board, "identity" | "resetReason" | "log">,
	{ readings, quarantine }: Pick<DeviceStorage, "readings" | "quarantine">,
	{ boot }: BootInfo,
	settings: Settings,
): void {
	const { chip, serial } = board.identity;
	const start = `boot ${boot} (${board.resetReason}), ${readings.length} pending`;
	board.log(`dakkio-esp32 ${versionOf(board.identity)} on ${chip} ${serial}, ${start}`);
	let last = "";
	for (const { sequence, cause } of quarantine.points()) last = `point ${sequence}: ${cause}`;
	if (last !== "") board.log(`${quarantine.length} in quarantine, last ${last}`);
	const missing = missingForUpload(settings);
	if (missing.length > 0) board.log(`no uploads: ${missing.join(", ")}; readings are kept`);
}

/** `3 d 4 h`, `25 min`, `12 s`. */
function formatDuration(milliseconds: number): string {
	const minutes = Math.floor(milliseconds / 60_000);
	const hours = Math.floor(minutes / 60);
	if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
	if (hours > 0) return `${hours} h ${minutes % 60} min`;
	return minutes > 0 ? `${minutes} min` : `${Math.floor(milliseconds / 1000)} s`;
}
