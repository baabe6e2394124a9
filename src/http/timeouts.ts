/** How long an exchange waits, in milliseconds: for each step, and for all of it. */
export interface ExchangeTimeoutsMs {
	/** For the address of the server's name. */
	readonly resolve: number;
	/** For the TCP connection; on a board that cannot tell when TLS begins, for the handshake too. */
	readonly connect: number;
	/** For the TLS handshake; a chip computes several seconds for it. */
	readonly secure: number;
	/** For the socket to take another part of the request. */
	readonly send: number;
	/** From the request's last byte to the answer's last. */
	readonly receive: number;
	/** For the whole exchange, however steadily it crawls. */
	readonly total: number;
}

/**
 * A resolver repeats its question after seconds, so it gets two or three; lwIP repeats a SYN after 3, 6 and 12
 * seconds; proxies give up on a server behind them after 30 to 60 seconds, and what is stored after that is sent
 * again. 384 KB in the whole time are 2 KB a second, the worst Wi-Fi that is still of use.
 */
export const defaultTimeoutsMs: ExchangeTimeoutsMs = Object.freeze({
	resolve: 10_000,
	connect: 20_000,
	secure: 20_000,
	send: 20_000,
	receive: 30_000,
	total: 180_000,
});
