/** What goes on in a day, as far as the radio has a part in it. */
export interface RadioDay {
	/** Times that the network is joined. */
	readonly joins: number;
	/** Connections over TLS. */
	readonly handshakes: number;
	/** Requests. */
	readonly calls: number;
	/** Questions to a time server. */
	readonly timeQueries: number;
	/** Bytes on the wire in both directions. */
	readonly bytes: number;
}

/**
 * A model, not a measurement: no chip was at hand. Every constant is the same for both, so that what differs is how often
 * something is done. Seconds, unless it says otherwise.
 */
export const radioModel = Object.freeze({
	/** An active scan of 13 channels: 120 ms each, what ESP-IDF spends on a channel (`wifi_scan_time_t`). */
	scan: 13 * 0.12,
	/** Authentication, association and the four messages of WPA2: measured at 0.6 to 0.7 s (esp32.com, topic 8942). */
	association: 0.65,
	/** Four packets, and the time in which lwIP makes sure that nobody else has the address. */
	address: 1,
	/** From a home network to a server on the same continent and back. */
	roundTrip: 0.05,
	/**
	 * What the chip works at while the other side waits. Whole handshakes are measured at 1.2 s on an ESP32
	 * (micropython-esp32, issue 131). The TLS here runs on XS and was timed on no chip.
	 */
	handshake: 1.1,
	/** What the service takes for an answer. */
	answer: 0.05,
	/** Bytes a second over TLS, as measured on an ESP32 (micropython, issue 5543): far below what the air could carry. */
	throughput: 70_000,
});

/** Round trips: of a name, of TCP, of TLS 1.2 (RFC 5246, section 7.3), of a request, of a question over UDP. */
const roundTrips = Object.freeze({ name: 1, tcp: 1, tls: 2, request: 1, question: 1 });

/** Seconds of a day that the radio is used for something. `joins` is 0 for a board that stays joined. */
export function radioSeconds({ joins, handshakes, calls, timeQueries, bytes }: RadioDay): number {
	const { scan, association, address, roundTrip, handshake, answer, throughput } = radioModel;
	const { name, tcp, tls, request, question } = roundTrips;
	return (
		joins * (scan + association + address) +
		handshakes * ((name + tcp + tls) * roundTrip + handshake) +
		calls * (request * roundTrip + answer) +
		timeQueries * (name + question) * roundTrip +
		bytes / throughput
	);
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
		`bytes go at ${throughput.toLocaleString("en")} a second. The same for both sides; no chip was at hand to measure it`,
	]
		.join("; ")
		.concat(".");
}
