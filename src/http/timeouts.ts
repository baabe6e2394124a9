/** Timeouts of an exchange, milliseconds: of each phase, and in total. */
export interface ExchangeTimeoutsMs {
	/** DNS resolution. */
	readonly resolve: number;
	/** The TCP connection; includes the handshake on a board that does not report when TLS begins. */
	readonly connect: number;
	/** The TLS handshake, which takes a chip several seconds of computing. */
	readonly secure: number;
	/** For the socket to accept the next part of the request. */
	readonly send: number;
	/** From the last byte of the request to the last of the response. */
	readonly receive: number;
	/** The whole exchange, even if it makes slow progress. */
	readonly total: number;
}

/**
 * Long enough for two or three DNS queries, and for lwIP's SYN repetitions after 3, 6 and 12 seconds. Proxies time out after
 * 30 to 60 seconds; points stored after the timeout are sent again. The total allows 384 KB at 2 KB/s, the slowest usable Wi-Fi.
 */
export const defaultTimeoutsMs: ExchangeTimeoutsMs = Object.freeze({
	resolve: 10_000,
	connect: 20_000,
	secure: 20_000,
	send: 20_000,
	receive: 30_000,
	total: 180_000,
});
