import type { Board } from "../boards/board";
import { randomUniform } from "../boards/random";
import type { Clock } from "../clock/clock";
import { parseHttpsUrl } from "../common/https-url";
import { decodeCertificates } from "../settings/pem";
import type { Settings } from "../settings/settings";
import type { DownloadConditions } from "../update/download-plan";
import { Downloader } from "../update/downloader";
import { FirmwareUpdate } from "../update/firmware-update";
import { parseVersion } from "../update/image-header";
import { Reach } from "../update/trial";
import { userAgent, versionOf } from "../version";
import type { DeviceStorage } from "./device-storage";
import { FirmwareTrial } from "./firmware-trial";
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
	isWithoutNetwork(): boolean;
	/** Of the network, which a download leaves to an upload. */
	network(): Pick<DownloadConditions, "isOnline" | "isUploadDue">;
	/** A trial or a download began or ended. */
	onChange(): void;
	/** Before the restart into the firmware before. */
	onRollBack(): void;
	/** An update is activated: the board has to restart into it. */
	onInstalled(): void;
}

/** The running firmware and what may replace it: how long its starts live, its trial, and the update it takes. */
export class FirmwareManager {
	/** `trial`, `update`: where the flash has two slots. */
	readonly trial: FirmwareTrial | undefined;
	readonly update: FirmwareUpdate | undefined;
	/** With the setting `update`, once {@link startDownloads} was called. */
	downloader: Downloader | undefined;
	private readonly options: FirmwareManagerOptions;

	constructor(options: FirmwareManagerOptions) {
		this.options = options;
		const { board, storage, sampling, settings, clock, isWithoutNetwork, onChange, onRollBack } = options;
		const { firmware: slots } = board;
		if (slots === undefined) return;
		const trial = new FirmwareTrial({
			...{ board, slots, storage, sampling, onRollBack },
			requiredReach: (reached) => {
				if (settings.networks.length === 0) return Reach.none;
				// Before this wake, or before setup.
				const wasHeard = clock.now() !== undefined && !isWithoutNetwork();
				return wasHeard ? Reach.heard : reached;
			},
			onKept: onChange,
		});
		this.trial = trial;
		this.update = new FirmwareUpdate({
			slots,
			storage: storage.keyValue,
			time: board.time,
			chip: board.identity.chip,
			version: parseVersion(versionOf(board.identity)) ?? [0, 0, 0],
			log: (line) => board.log(line),
			onActivated: (version) => trial.prepare(version),
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
		const { board, storage, settings, clock, sampling, network, onChange, onInstalled } = this.options;
		const { update } = this;
		const index = parseHttpsUrl(settings.update);
		if (update === undefined || index === undefined || board.firmware?.releaseKey === undefined) return;
		this.downloader = new Downloader({
			...{ network: board.network, time: board.time, storage: storage.keyValue },
			...{ address: settings.update, index, userAgent, update, onChange, onInstalled },
			ca: decodeCertificates(settings.rootCertificate),
			chip: board.identity.chip,
			version: versionOf(board.identity),
			random: () => randomUniform(board),
			log: (line) => board.log(line),
			conditions: () => ({
				...network(),
				nowUtc: clock.now(),
				onBattery: settings.power === "battery",
				batteryLevel: sampling.batteryLevel,
				isOnTrial: this.isOnTrial,
			}),
			failedVersion: () => this.trial?.failedVersion,
		});
		this.downloader.start();
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
