/** Radio activity of a day. */
export interface RadioDay {
	/** Number of Wi-Fi joins. */
	readonly joins: number;
	/** TLS connections. */
	readonly handshakes: number;
	/** HTTP requests. */
	readonly calls: number;
	/** Time queries. */
	readonly timeQueries: number;
	/** Bytes on the wire in both directions. */
	readonly bytes: number;
}

/**
 * A model, not a measurement: no chip was available. Both sides use the same constants, so that they differ only in how
 * often something is done. Seconds unless stated otherwise.
 */
export const radioModel = Object.freeze({
	/** An active scan of 13 channels: 120 ms each, what ESP-IDF spends on a channel (`wifi_scan_time_t`). */
	scan: 13 * 0.12,
	/** Authentication, association and the four messages of WPA2: measured at 0.6 to 0.7 s (esp32.com, topic 8942). */
	association: 0.65,
	/** DHCP's four packets, and lwIP's check that no other device has the address. */
	address: 1,
	/** Round trip from a home network to a server on the same continent. */
	roundTrip: 0.05,
	/**
	 * CPU time of the chip during a handshake. Whole handshakes are measured at 1.2 s on an ESP32 (micropython-esp32, issue
	 * 131). The TLS of the firmware runs on XS and was not timed on a chip.
	 */
	handshake: 1.1,
	/** The service's response time. */
	answer: 0.05,
	/** Bytes per second over TLS, as measured on an ESP32 (micropython, issue 5543): far below the capacity of Wi-Fi. */
	throughput: 70_000,
});

/** Round trips of a DNS lookup, TCP, TLS 1.2 (RFC 5246, section 7.3), a request, and a UDP query. */
const roundTrips = Object.freeze({ name: 1, tcp: 1, tls: 2, request: 1, question: 1 });

/** What the firmware keeps, over a deep sleep, too. */
export const kept = Object.freeze({
	/** The channel: one is scanned. */
	join: { scan: 0.12 },
	/** Seconds of arithmetic of a handshake that is not resumed: one a day. At 160 MHz; bench/RESULTS.md has the instructions. */
	handshake: 0.4,
	/** Of a resumed session (RFC 5246, section 7.3), which has a round trip less, and fewer bytes. */
	resumed: { handshake: 0.02, roundTrips: 1, bytes: 1_300 },
});

/** Seconds of radio use per day. `joins` is 0 for a board that stays connected. */
export function radioSeconds(
	{ joins, handshakes, calls, timeQueries, bytes }: RadioDay,
	changed: Partial<Readonly<Record<keyof typeof radioModel, number>>> = {},
): number {
	const { scan, association, address, roundTrip, handshake, answer, throughput } = {
		...radioModel,
		...changed,
	};
	const { name, tcp, tls, request, question } = roundTrips;
	return (
		joins * (scan + association + address) +
		handshakes * ((name + tcp + tls) * roundTrip + handshake) +
		calls * (request * roundTrip + answer) +
		timeQueries * (name + question) * roundTrip +
		bytes / throughput
	);
}

/** The same of the firmware, with what it keeps: all handshakes of a day but one resume a session. */
export function firmwareRadioSeconds(day: RadioDay): number {
	const resumed = Math.max(0, day.handshakes - 1);
	const { handshake, roundTrips: fewer, bytes } = kept.resumed;
	const saved = kept.handshake - handshake + fewer * radioModel.roundTrip + bytes / radioModel.throughput;
	return radioSeconds(day, { ...kept.join, handshake: kept.handshake }) - resumed * saved;
}

/** The model as a sentence. */
export function describeRadioModel(): string {
	const { scan, association, address, roundTrip, handshake, answer, throughput } = radioModel;
	return [
		`The model: joining takes ${scan.toFixed(2)} s to scan 13 channels, ${association} s to associate and ${address} s to get an address`,
		`a round trip takes ${1000 * roundTrip} ms`,
		`a connection takes a name, TCP (a round trip each), TLS (two) and ${handshake} s of the chip's arithmetic`,
		`a request takes a round trip and ${1000 * answer} ms of the service`,
		`a question to a time server takes two round trips, its name included`,
		`bytes go at ${throughput.toLocaleString("en")} a second. No chip was at hand to measure it`,
		`ours keeps the channel (${kept.join.scan} s of scan) and a TLS session: one handshake a day takes ${kept.handshake} s of arithmetic, the others ${kept.resumed.handshake}, a round trip and ${kept.resumed.bytes.toLocaleString("en")} bytes less`,
	]
		.join("; ")
		.concat(".");
}
