import type { Board } from "../boards/board";
import { randomUniform } from "../boards/random";
import type { Clock } from "../clock/clock";
import { parseHttpsUrl } from "../common/https-url";
import { decodeCertificates } from "../settings/pem";
import type { Settings } from "../settings/settings";
import type { DownloadConditions } from "../update/download-plan";
import { Downloader, type DownloaderOwner } from "../update/downloader";
import { FirmwareUpdate, type FirmwareUpdateOwner } from "../update/firmware-update";
import { parseVersion } from "../update/image-header";
import { Reach } from "../update/trial";
import { userAgent, versionOf } from "../version";
import type { DeviceStorage } from "./device-storage";
import { FirmwareTrial, type FirmwareTrialOwner } from "./firmware-trial";
import type { SamplingLoop } from "./sampling-loop";
import type { StartCounter } from "./start-counter";

export interface FirmwareManagerOptions {
	readonly board: Board;
	readonly storage: DeviceStorage;
	readonly settings: Settings;
	readonly clock: Pick<Clock, "now">;
	readonly sampling: SamplingLoop;
	/** Not after a deep sleep. */
	readonly starts: StartCounter | undefined;
	/** Setup was opened because there was no network. */
	readonly isWithoutNetwork: boolean;
	/** Of the network, which a download leaves to an upload. */
	readonly isOnline: boolean;
	readonly isUploadDue: boolean;
	/** A trial or a download began or ended. */
	onChange(): void;
	/** Before the restart into the firmware before. */
	onRollBack(): void;
	/** An update is activated: the board has to restart into it. */
	restartForUpdate(): void;
}

/** The running firmware and what may replace it: how long its starts live, its trial, and the update it takes. */
export class FirmwareManager implements FirmwareTrialOwner, FirmwareUpdateOwner, DownloaderOwner {
	/** `trial`, `update`: where the flash has two slots. */
	readonly trial: FirmwareTrial | undefined;
	readonly update: FirmwareUpdate | undefined;
	/** With the setting `update`, once {@link startDownloads} was called. */
	downloader: Downloader | undefined;
	private readonly options: FirmwareManagerOptions;

	constructor(options: FirmwareManagerOptions) {
		this.options = options;
		const { board, storage, sampling } = options;
		const { firmware: slots } = board;
		if (slots === undefined) return;
		this.trial = new FirmwareTrial({ board, slots, storage, sampling, owner: this });
		this.update = new FirmwareUpdate({
			slots,
			storage: storage.keyValue,
			time: board.time,
			chip: board.identity.chip,
			version: parseVersion(versionOf(board.identity)) ?? [0, 0, 0],
			owner: this,
		});
	}

	/** Whether the firmware has yet to prove itself. */
	get isOnTrial(): boolean {
		return this.trial?.isRunning === true;
	}

	/** Call at the start. True: the board is restarted for another attempt of an update. */
	start(): boolean {
		const { starts, board } = this.options;
		starts?.start(board.time);
		return this.trial?.start() === true;
	}

	/** Looks for updates, if the settings say where and there is a key to check them with. */
	startDownloads(): void {
		const { board, storage, settings } = this.options;
		const { update } = this;
		const index = parseHttpsUrl(settings.update);
		if (update === undefined || index === undefined || board.firmware?.releaseKey === undefined) return;
		this.downloader = new Downloader({
			...{ network: board.network, time: board.time, storage: storage.keyValue },
			...{ address: settings.update, index, userAgent, update, owner: this },
			ca: decodeCertificates(settings.rootCertificate),
			chip: board.identity.chip,
			version: versionOf(board.identity),
		});
		this.downloader.start();
	}

	get failedVersion(): string | undefined {
		return this.trial?.failedVersion;
	}

	get downloadConditions(): DownloadConditions {
		const { settings, clock, sampling, isOnline, isUploadDue } = this.options;
		return {
			...{ isOnline, isUploadDue },
			nowUtc: clock.now(),
			onBattery: settings.power === "battery",
			batteryLevel: sampling.batteryLevel,
			isOnTrial: this.isOnTrial,
		};
	}

	log(line: string): void {
		this.options.board.log(line);
	}

	random(): number {
		return randomUniform(this.options.board);
	}

	onActivated(version: string): void {
		this.trial?.prepare(version);
	}

	onInstalled(): void {
		this.options.restartForUpdate();
	}

	onKept(): void {
		this.options.onChange();
	}

	onChange(): void {
		this.options.onChange();
	}

	onRollBack(): void {
		this.options.onRollBack();
	}

	requiredReach(reached: number): number {
		const { settings, clock, isWithoutNetwork } = this.options;
		if (settings.networks.length === 0) return Reach.none;
		// Before this wake, or before setup.
		const wasHeard = clock.now() !== undefined && !isWithoutNetwork;
		return wasHeard ? Reach.heard : reached;
	}

	/** Before each restart and sleep that the firmware asks for. */
	onLeave(): void {
		this.trial?.settle();
		this.options.starts?.reset();
	}

	async stop(): Promise<void> {
		await this.downloader?.stop();
		this.update?.close();
	}
}
