import type { Board } from "../boards/board";
import { randomUniform } from "../boards/random";
import type { Clock } from "../clock/clock";
import type { Destination } from "../dakkio/point";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import { deviceIdOf, newDataSource, type Settings, withoutDefaults } from "../settings/settings";
import { SettingsStore } from "../settings/settings-store";
import type { CallBudget } from "../upload/call-budget";
import { resolveSource } from "../upload/data-source";
import { connectService } from "../upload/service-connection";
import { batteryUploadIntervalMs } from "../upload/upload-interval";
import { saveUploadState, type UploadState } from "../upload/upload-state";
import { Uploader } from "../upload/uploader";
import { userAgent } from "../version";
import type { DeviceStorage } from "./device-storage";
import type { SamplingLoop } from "./sampling-loop";

export interface ServiceUploaderOptions {
	readonly board: Board;
	readonly storage: DeviceStorage;
	/** Of the destination: the saved ones, or those under test. */
	readonly settings: Settings;
	readonly clock: Clock;
	readonly budget: CallBudget;
	readonly sampling: Pick<SamplingLoop, "knownFields">;
	/** Of the start before. */
	readonly keptState: UploadState | undefined;
	isOnline(): boolean;
	/** Resolves when no other connection is open. */
	claimNetwork(): Promise<void>;
	/** Whether a server was reached. */
	onAttempt(reached: boolean): void;
	onChange(): void;
}

/** Makes the uploader for the service in the settings; its interval is what the plan allows. */
export function makeServiceUploader(options: ServiceUploaderOptions): Uploader {
	const { board, storage, settings, clock, budget } = options;
	const { key, bucketId, dataSourceId, interval, uploadInterval, power } = settings;
	const { readings, quarantine } = storage;
	return new Uploader({
		time: board.time,
		log: (line) => board.log(line),
		random: () => randomUniform(board),
		clock,
		readings,
		quarantine,
		destination: { bucketId, dataSourceId },
		key,
		userAgent,
		budget,
		keptState: options.keptState,
		saveState: (state) => storage.tryWrite(() => saveUploadState(storage.keyValue, state)),
		estimateUnanchoredBoots: () => clock.estimateUnanchoredBoots(readings.pending()),
		intervalMs: (now) => {
			const allowed = budget.uploadIntervalMs(uploadInterval, interval * 1000, now);
			return power === "battery" && uploadInterval === "auto"
				? Math.max(batteryUploadIntervalMs, allowed)
				: allowed;
		},
		connect: () => connectService(board, settings),
		...(dataSourceId === newDataSource && {
			resolveDestination: (connection) => resolveDataSource(options, connection),
		}),
		isOnline: options.isOnline,
		claimNetwork: options.claimNetwork,
		onAttempt: options.onAttempt,
		onChange: options.onChange,
	});
}

/** Finds the data source by this device's id, or creates it, and saves its id in the settings. */
async function resolveDataSource(
	{ board, storage, settings, clock, budget, sampling }: ServiceUploaderOptions,
	connection: HttpConnection,
): Promise<Destination | ExchangeResult> {
	const { key, bucketId } = settings;
	const name = deviceIdOf(settings, board.identity);
	const onResponse = (headers: ReadonlyMap<string, string>) => budget.countCall(headers, clock.now() ?? 0);
	const found = await resolveSource(
		{ connection, key, userAgent, bucketId, onResponse },
		name,
		sampling.knownFields,
	);
	if (!("id" in found)) return found;
	const store = new SettingsStore(storage.keyValue);
	store.save(withoutDefaults({ ...settings, dataSourceId: found.id }));
	board.log(`data source: ${found.id}, ${JSON.stringify(name)}`);
	return { bucketId, dataSourceId: found.id };
}
