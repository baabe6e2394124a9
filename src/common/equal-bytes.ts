/** Whether two byte sequences are equal. Not for secrets: the comparison is not constant-time. */
export function areBytesEqual(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	let at = a.length;
	while (at > 0 && a[at - 1] === b[at - 1]) at--;
	return at === 0;
}
