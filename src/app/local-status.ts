import type { Board } from "../boards/board";
import type { ResetReason } from "../boards/reset-reason";
import type { Clock } from "../clock/clock";
import type { LocalStatus } from "../local-page/local-status";
import { deviceIdOf, type Settings } from "../settings/settings";
import type { CallBudget } from "../upload/call-budget";
import type { Uploader } from "../upload/uploader";
import { versionOf } from "../version";
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
	/** Why the boot began. */
	readonly resetReason: ResetReason;
	readonly status: Status;
	/** The version that a release index has. */
	readonly offeredUpdate: string | undefined;
	/** The running firmware has yet to prove itself. */
	readonly isOnTrial: boolean;
}

/** What the page on the home network shows. */
export function localStatus({
	board,
	settings,
	clock,
	budget,
	sampling,
	uploader,
	resetReason,
	status,
	offeredUpdate,
	isOnTrial,
}: LocalStatusSources): LocalStatus {
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
			offered: offeredUpdate ?? null,
			failed: status.failedUpdate ?? null,
			isOnTrial,
		},
		utc: utc === undefined ? null : Math.round(utc),
		boot: {
			number: status.bootInfo.boot,
			resetReason,
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
