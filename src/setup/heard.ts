import type { AccessPoint, HeardNetwork } from "../boards/board";
import type { ScanState } from "./api";

/** More are of no use on a small screen, nor in a small memory. */
const most = 24;

/** The networks in reach, as the last scan had them. */
export class HeardNetworks {
	private readonly accessPoint: Pick<AccessPoint, "scan">;
	private scanning = false;
	private networks: HeardNetwork[] = [];

	constructor(accessPoint: Pick<AccessPoint, "scan">) {
		this.accessPoint = accessPoint;
	}

	get state(): ScanState {
		return {
			scanning: this.scanning,
			networks: this.networks.map(({ SSID: ssid, RSSI: strength, secured }) => ({
				ssid,
				strength,
				secured,
			})),
		};
	}

	/** dBm; `undefined` when it was not heard. */
	strengthOf(ssid: string): number | undefined {
		return this.networks.find(({ SSID }) => SSID === ssid)?.RSSI;
	}

	/** Looks anew. One that is under way goes on; where the radio cannot now, the last one's outcome stays. */
	scan(): void {
		if (this.scanning) return;
		const found: HeardNetwork[] = [];
		this.scanning = true;
		try {
			this.accessPoint.scan({
				onFound: (network) => add(found, network),
				onComplete: () => {
					this.scanning = false;
					this.networks = found;
				},
			});
		} catch {
			this.scanning = false;
		}
	}
}

/** One for each name, strongest first. A network of several access points is as strong as the nearest. */
function add(found: HeardNetwork[], network: HeardNetwork): void {
	if (network.SSID === "") return;
	const known = found.findIndex(({ SSID }) => SSID === network.SSID);
	if (known >= 0) {
		if ((found[known]?.RSSI ?? 0) >= network.RSSI) return;
		found.splice(known, 1);
	}
	const at = found.findIndex(({ RSSI }) => RSSI < network.RSSI);
	found.splice(at < 0 ? found.length : at, 0, network);
	if (found.length > most) found.pop();
}
