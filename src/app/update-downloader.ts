import type { Board } from "../boards/board";
import { randomUniform } from "../boards/random";
import { parseHttpsUrl } from "../common/https-url";
import { decodeCertificates } from "../settings/pem";
import type { Settings } from "../settings/settings";
import { Downloader, type DownloaderOptions } from "../update/downloader";
import type { FirmwareUpdate } from "../update/firmware-update";
import { userAgent, versionOf } from "../version";
import type { DeviceStorage } from "./device-storage";

export interface UpdateDownloaderOptions
	extends Pick<DownloaderOptions, "conditions" | "failedVersion" | "onChange" | "onInstalled"> {
	readonly board: Board;
	readonly storage: Pick<DeviceStorage, "keyValue">;
	readonly settings: Pick<Settings, "update" | "rootCertificate">;
	readonly firmwareUpdate: FirmwareUpdate;
}

/** Makes the downloader for the release index in the settings; `undefined` if there is none, or no key to check with. */
export function makeDownloader({
	board,
	storage,
	settings,
	firmwareUpdate: update,
	...callbacks
}: UpdateDownloaderOptions): Downloader | undefined {
	const index = parseHttpsUrl(settings.update);
	if (index === undefined || board.firmware?.releaseKey === undefined) return undefined;
	return new Downloader({
		...{ network: board.network, time: board.time, storage: storage.keyValue },
		...{ address: settings.update, index, userAgent, update },
		ca: decodeCertificates(settings.rootCertificate),
		chip: board.identity.chip,
		version: versionOf(board.identity),
		random: () => randomUniform(board),
		log: (line) => board.log(line),
		...callbacks,
	});
}
