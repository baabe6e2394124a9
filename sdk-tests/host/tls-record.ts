/** A record of TLS 1.2 (RFC 5246 section 6.2.1); `length` can differ from the length of `content`. */
export function tlsRecord(type: number, content: Buffer, length = content.length): Buffer {
	return Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), content]);
}

const handshake = 22;

/** Handshake messages in records of at most `recordBytes`. */
export function tlsRecords(messages: readonly Buffer[], recordBytes = 16_384): Buffer {
	const stream = Buffer.concat(messages);
	const records: Buffer[] = [];
	for (let at = 0; at < stream.length; at += recordBytes)
		records.push(tlsRecord(handshake, stream.subarray(at, at + recordBytes)));
	return Buffer.concat(records);
}
