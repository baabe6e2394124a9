import type { Board, Time } from "../boards/board";
import { randomUniform } from "../boards/random";
import type { Clock } from "../clock/clock";
import type { Destination } from "../dakkio/point";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import { deviceIdOf, newDataSource, type Settings, withoutDefaults } from "../settings/settings";
import { SettingsStore } from "../settings/settings-store";
import type { ReadingLog } from "../store/reading-log";
import type { CallBudget } from "../upload/call-budget";
import type { CreatedSource } from "../upload/created-source";
import { resolveSource } from "../upload/data-source";
import type { Quarantine } from "../upload/quarantine";
import { connectService } from "../upload/service-connection";
import { batteryUploadIntervalMs } from "../upload/upload-interval";
import { saveUploadState, type UploadState } from "../upload/upload-state";
import type { UploaderOptions } from "../upload/uploader";
import { userAgent } from "../version";
import type { DeviceStorage } from "./device-storage";
import type { SamplingLoop } from "./sampling-loop";

export interface ServiceUploadsOwner {
	readonly board: Board;
	readonly storage: DeviceStorage;
	readonly clock: Clock;
	readonly budget: CallBudget;
	readonly createdSource: CreatedSource;
	readonly sampling: Pick<SamplingLoop, "knownFields">;
	readonly isOnline: boolean;
	/** Resolves when no other connection is open. */
	claimNetwork(): Promise<void>;
	/** An attempt has ended; `reached`: a server was reached. */
	onNetworkAttempt(reached: boolean): void;
	onChange(): void;
}

/** What an uploader needs for the service in the settings; its interval is what the plan allows. */
export class ServiceUploads implements UploaderOptions {
	readonly time: Time;
	readonly clock: Clock;
	readonly readings: ReadingLog;
	readonly quarantine: Quarantine;
	readonly destination: Destination;
	readonly resolveDestination: UploaderOptions["resolveDestination"];
	readonly key: string;
	readonly budget: CallBudget;
	readonly keptState: UploadState | undefined;
	private readonly owner: ServiceUploadsOwner;
	private readonly settings: Settings;

	/** `settings`: the saved ones, or those under test; `keptState`: of the start before. */
	constructor(owner: ServiceUploadsOwner, settings: Settings, keptState: UploadState | undefined) {
		const { bucketId, dataSourceId, key } = settings;
		this.time = owner.board.time;
		this.clock = owner.clock;
		this.readings = owner.storage.readings;
		this.quarantine = owner.storage.quarantine;
		this.destination = { bucketId, dataSourceId };
		if (dataSourceId === newDataSource) this.resolveDestination = this.findDataSource;
		this.key = key;
		this.budget = owner.budget;
		this.keptState = keptState;
		this.owner = owner;
		this.settings = settings;
	}

	get userAgent(): string {
		return userAgent;
	}

	saveState(state: UploadState): void {
		const { storage } = this.owner;
		storage.tryWrite(() => saveUploadState(storage.keyValue, state));
	}

	intervalMs(now: number): number {
		const { interval, uploadInterval, power } = this.settings;
		const allowed = this.budget.uploadIntervalMs(uploadInterval, interval * 1000, now);
		return power === "battery" && uploadInterval === "auto"
			? Math.max(batteryUploadIntervalMs, allowed)
			: allowed;
	}

	estimateUnanchoredBoots(): void {
		this.clock.estimateUnanchoredBoots(this.readings);
	}

	connect(): HttpConnection {
		return connectService(this.owner.board, this.settings);
	}

	isOnline(): boolean {
		return this.owner.isOnline;
	}

	claimNetwork(): Promise<void> {
		return this.owner.claimNetwork();
	}

	onAttempt(reached: boolean): void {
		this.owner.onNetworkAttempt(reached);
	}

	onChange(): void {
		this.owner.onChange();
	}

	random(): number {
		return randomUniform(this.owner.board);
	}

	log(line: string): void {
		this.owner.board.log(line);
	}

	/** Finds the data source by this device's id, or creates it, and saves its id in the settings. */
	private async findDataSource(
		connection: HttpConnection,
	): Promise<Destination | { readonly cause: string } | ExchangeResult> {
		const { settings, budget, clock } = this;
		const { board, storage, sampling, createdSource } = this.owner;
		const { key, bucketId } = settings;
		const name = deviceIdOf(settings, board.identity);
		const onResponse = (headers: ReadonlyMap<string, string>) => budget.countCall(headers, clock.now() ?? 0);
		const found = await resolveSource(
			{ connection, key, userAgent, bucketId, createdSource, onResponse },
			name,
			sampling.knownFields,
		);
		if (!("id" in found)) return found;
		const store = new SettingsStore(storage.keyValue);
		// If that fails, the next start finds it again.
		storage.tryWrite(() => store.save(withoutDefaults({ ...settings, dataSourceId: found.id })));
		board.log(`data source: ${found.id}, ${JSON.stringify(name)}`);
		return { bucketId, dataSourceId: found.id };
	}
}
