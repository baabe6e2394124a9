/** A record of TLS 1.2 (RFC 5246 section 6.2.1); `length` can differ from the length of `content`. */
export function tlsRecord(type: number, content: Buffer, length = content.length): Buffer {
	return Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), content]);
}
