/**
 * Whether an IPv4 address is in the board's own network, a /24 as ESP-IDF configures it. Clients in a network that the
 * board has joined must not reach the setup page.
 */
export function isInSameSubnet(address: string | undefined, ownAddress: string): boolean {
	const network = ownAddress.slice(0, ownAddress.lastIndexOf(".") + 1);
	return network !== "" && address !== undefined && address.startsWith(network);
}
