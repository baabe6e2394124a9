/** A ring that an earlier firmware has written, of 30 records, with marks of each kind; bytes of a block. */
export const earlierBlockLength = 128;

const earlierBytes = [
	"444b51100000000000040000000000190000000000120000000000000000000a0000000000b7e23c0c78dd42a70c71d63ba005cdad6d0d9d0267cc3196fb60c5",
	"2a8f586ef20ec2278cf156bb2085ea4fb419b3c5cd0fe74cb1167be045aa0f74d93ea3b55961020d4ade0331d6a9f0ffffffffffffffffffffffffffffffffff",
	"444b511000000000000200000000000b000000000000000000000000000000000000000000f2e4380c72d73ca1066bd0359aff5626030d97fc61c62b90f55abf",
	"24891b9e540ebc2186eb50b51a7fe449ae1301fab50fe146ab1075da3fa4096ed3389df4235c02074716032b1e2f790450b574a0360575da3fc858ceffffffff",
	"444b5110000000000003000000000013000000000000000000000000000000000000000000c0cfae069aff64c9f2e76e01000a000ad1c5a107bf2489ee534a34",
	"1608e449ae1378dd976f2c0000120000b9845c09096ed3389d0267c654810a2e93f85dc2278cf1963d050b53b81d82e74cb1167b320455ffffffffffffffffff",
].join("");

export function earlierImage(): Uint8Array {
	return Uint8Array.from({ length: earlierBytes.length / 2 }, (_, at) =>
		Number.parseInt(earlierBytes.slice(2 * at, 2 * at + 2), 16),
	);
}

/** The record that was pushed so many records after the first one. */
export function earlierRecord(index: number): Uint8Array {
	return Uint8Array.from({ length: index % 14 }, (_, at) => index * 37 + at * 101);
}

/** The numbers of the records that are pending, and the number that was dropped before. */
export const earlierPending = { first: 19, last: 30, dropped: 10 };
