import type { SimulatedNetwork } from "./wifi";

/** The network that `npm start` puts a board on which is set up already. */
export const simulated: SimulatedNetwork = { ssid: "Simulated", strength: -58 };

/** Networks around a simulated board that somebody sets up: one of each kind that there is. */
export const neighbourhood: readonly SimulatedNetwork[] = [
	{ ssid: "Home", password: "correct horse", strength: -52 },
	simulated,
	{ ssid: "Hotel guests", strength: -61, login: true },
	{ ssid: "<img src=x onerror=alert(1)>", password: "hostile name", strength: -66 },
	{ ssid: "Café 🐝 Zürich", password: "espresso doppio", strength: -71 },
	{ ssid: "Far away", password: "too far to hear", strength: -88 },
	{ ssid: "Hidden", password: "nobody sees me", strength: -60, hidden: true },
];
