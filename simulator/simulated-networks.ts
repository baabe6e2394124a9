import type { SimulatedNetwork } from "./hardware/wifi-radio";

/** The network of a board that `npm start` starts with settings. */
export const startNetwork: SimulatedNetwork = { ssid: "Simulated", meanRssi: -58 };

/** The networks in range of a board in setup: one of each kind. */
export const nearbyNetworks: readonly SimulatedNetwork[] = [
	{ ssid: "Home", password: "correct horse", meanRssi: -52 },
	startNetwork,
	{ ssid: "Hotel guests", meanRssi: -61, captivePortal: true },
	{ ssid: "<img src=x onerror=alert(1)>", password: "hostile name", meanRssi: -66 },
	{ ssid: "Café 🐝 Zürich", password: "espresso doppio", meanRssi: -71 },
	{ ssid: "Far away", password: "too far to hear", meanRssi: -88 },
	{ ssid: "Hidden", password: "nobody sees me", meanRssi: -60, hidden: true },
];
