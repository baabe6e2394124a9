/**
 * Whether a dotted address is in the board's own network: of 256 addresses, as ESP-IDF makes it. A network that the
 * board has joined is another's: who is there has no business with the page.
 */
export function isNear(other: string | undefined, own: string): boolean {
	const network = own.slice(0, own.lastIndexOf(".") + 1);
	return network !== "" && other !== undefined && other.startsWith(network);
}
