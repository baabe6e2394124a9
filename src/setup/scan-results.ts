import type { AccessPoint, ScanResult } from "../boards/board";
import { checkSsid } from "../settings/saved-networks";
import type { ScanState } from "./api";

/** Bounds the memory, and the list on a small screen. */
const maxResults = 24;

/** The networks found by the last scan. */
export class ScanResults {
	private readonly accessPoint: Pick<AccessPoint, "scan">;
	private isScanning = false;
	private networks: ScanResult[] = [];

	constructor(accessPoint: Pick<AccessPoint, "scan">) {
		this.accessPoint = accessPoint;
	}

	get scanState(): ScanState {
		return {
			scanning: this.isScanning,
			networks: this.networks.map(({ SSID: ssid, RSSI: strength, isSecured }) => ({
				ssid,
				strength,
				secured: isSecured,
				...(checkSsid(ssid) === undefined ? {} : { joinable: false as const }),
			})),
		};
	}

	/** dBm; `undefined` if the last scan did not find it. */
	signalStrengthOf(ssid: string): number | undefined {
		return this.networks.find(({ SSID }) => SSID === ssid)?.RSSI;
	}

	/** Starts a scan unless one is running. If the radio refuses, the last results stay. */
	scan(): void {
		if (this.isScanning) return;
		const found: ScanResult[] = [];
		this.isScanning = true;
		try {
			this.accessPoint.scan({
				onFound: (network) => addResult(found, network),
				onComplete: () => {
					this.isScanning = false;
					this.networks = found;
				},
			});
		} catch {
			this.isScanning = false;
		}
	}
}

/** Keeps the strongest result per name; strongest first. */
function addResult(found: ScanResult[], network: ScanResult): void {
	if (network.SSID === "") return;
	const known = found.findIndex(({ SSID }) => SSID === network.SSID);
	if (known >= 0) {
		if ((found[known]?.RSSI ?? 0) >= network.RSSI) return;
		found.splice(known, 1);
	}
	const at = found.findIndex(({ RSSI }) => RSSI < network.RSSI);
	found.splice(at < 0 ? found.length : at, 0, network);
	if (found.length > maxResults) found.pop();
}
