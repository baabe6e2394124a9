import type { Board } from "../boards/board";
import type { Clock } from "../clock/clock";
import type { LocalStatus } from "../local-page/local-status";
import { deviceIdOf, type Settings } from "../settings/settings";
import type { CallBudget } from "../upload/call-budget";
import type { Uploader } from "../upload/uploader";
import { versionOf } from "../version";
import type { FirmwareManager } from "./firmware-manager";
import type { LogTail } from "./log-tail";
import type { SamplingLoop } from "./sampling-loop";
import type { Status } from "./status";

export interface LocalStatusSources {
	readonly board: Pick<Board, "identity" | "time">;
	readonly settings: Settings;
	readonly clock: Pick<Clock, "now">;
	readonly budget: Pick<CallBudget, "quotaAt">;
	readonly sampling: Pick<SamplingLoop, "lastSample">;
	/** `undefined`: the settings are incomplete. */
	readonly uploader: Pick<Uploader, "activity" | "lastAttempt"> | undefined;
	readonly logTail: Pick<LogTail, "reason">;
	readonly firmware: Pick<FirmwareManager, "downloader" | "isOnTrial">;
	readonly status: Status;
}

/** What the page on the home network shows. */
export function localStatus(sources: LocalStatusSources): LocalStatus {
	const { board, settings, clock, budget, sampling, uploader, logTail, firmware, status } = sources;
	const ticks = board.time.ticks();
	const utc = clock.now();
	const sample = sampling.lastSample;
	const last = uploader?.lastAttempt;
	const { limit, remaining, resetUtc } = budget.quotaAt(utc ?? 0);
	return {
		device: {
			id: deviceIdOf(settings, board.identity),
			location: settings.location,
			chip: board.identity.chip,
			firmwareVersion: versionOf(board.identity),
		},
		update: {
			offered: firmware.downloader?.offeredVersion ?? null,
			failed: status.failedUpdate ?? null,
			isOnTrial: firmware.isOnTrial,
		},
		utc: utc === undefined ? null : Math.round(utc),
		boot: {
			number: status.bootInfo.boot,
			resetReason: logTail.reason,
			uptimeMs: Math.round(ticks),
			resetCounts: Object.fromEntries(status.bootInfo.resetCounts),
		},
		freeMemoryBytes: status.freeMemoryBytes ?? null,
		signalStrength: status.signalStrength ?? null,
		batteryLevel: status.batteryLevel ?? null,
		sample:
			sample === undefined
				? null
				: {
						ageMs: Math.round(ticks - sample.ticks),
						values: sample.fields.map(({ name, unit }, index) => ({
							name,
							unit,
							value: sample.values[index] ?? null,
						})),
					},
		readings: {
			// mutation: shown-pending-readings
			pending: status.pending,
			capacity: status.capacity,
			overwritten: status.overwritten,
			quarantined: status.quarantined,
		},
		damagedFlashBytes: status.damagedBytes,
		upload: {
			state: uploader?.activity ?? "settings incomplete",
			last:
				last === undefined ? null : { ageMs: Math.round(ticks - last.ticks), failure: last.failure ?? null },
		},
		calls: { limit, remaining, resetUtc },
	};
}
