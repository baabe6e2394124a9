import type { AccessPoint, ScanResult } from "../boards/board";
import type { ScanState } from "./api";

/** More are of no use on a small screen, nor in a small memory. */
const maxResults = 24;

/** The networks in reach, as the last scan had them. */
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
			})),
		};
	}

	/** dBm; `undefined` when it was not heard. */
	signalStrengthOf(ssid: string): number | undefined {
		return this.networks.find(({ SSID }) => SSID === ssid)?.RSSI;
	}

	/** Looks anew. One that is under way goes on; where the radio cannot now, the last one's outcome stays. */
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

/** One for each name, strongest first. A network of several access points is as strong as the nearest. */
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
