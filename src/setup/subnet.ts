/**
 * Whether a dotted address is in the board's own network: of 256 addresses, as ESP-IDF makes it. A network that the
 * board has joined is another's: who is there has no business with the page.
 */
export function isInSameSubnet(address: string | undefined, ownAddress: string): boolean {
	const network = ownAddress.slice(0, ownAddress.lastIndexOf(".") + 1);
	return network !== "" && address !== undefined && address.startsWith(network);
}
