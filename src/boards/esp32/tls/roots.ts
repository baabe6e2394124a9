/** The public authorities that every board trusts, DER. */
export function* bundledRoots(): Generator<Uint8Array> {}
