import fc from "fast-check";
import { tlsRecord, tlsRecords } from "./tls-record";

const seed = fc.nat();

/** Changes of a flight's bytes or messages. */
export const anyChange = fc.oneof(
	fc.record({ kind: fc.constant("flip" as const), at: seed, bits: fc.integer({ min: 1, max: 255 }) }),
	fc.record({ kind: fc.constant("set" as const), at: seed, bits: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) }),
	fc.record({
		kind: fc.constant("insert" as const),
		at: seed,
		bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
	}),
	fc.record({ kind: fc.constant("remove" as const), at: seed, count: fc.integer({ min: 1, max: 200 }) }),
	fc.record({ kind: fc.constant("cut" as const), at: seed }),
	fc.record({ kind: fc.constant("drop message" as const), at: seed }),
	fc.record({ kind: fc.constant("repeat message" as const), at: seed }),
	fc.record({ kind: fc.constant("swap messages" as const), at: seed }),
	fc.record({ kind: fc.constant("message of another flight" as const), at: seed, from: seed }),
	fc.record({
		kind: fc.constant("insert in message" as const),
		at: seed,
		bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
	}),
	fc.record({
		kind: fc.constant("resize message" as const),
		at: seed,
		count: fc.integer({ min: -40, max: 40 }),
	}),
	fc.record({ kind: fc.constant("alert" as const), at: seed, bytes: fc.uint8Array({ maxLength: 3 }) }),
);

export type Change = typeof anyChange extends fc.Arbitrary<infer T> ? T : never;

/**
 * The changed bytes of a flight: first its messages are changed, then its records of `recordBytes`. `others` are messages of
 * other flights.
 */
export function applyChanges(
	given: readonly Buffer[],
	changes: readonly Change[],
	recordBytes: number,
	others: readonly Buffer[],
): Buffer {
	const messages: Buffer[] = given.map((message) => Buffer.from(message));
	for (const each of changes) {
		const index = each.at % messages.length;
		const message = messages[index] ?? Buffer.alloc(0);
		const inside = each.at % (message.length + 1);
		switch (each.kind) {
			case "drop message":
				if (messages.length > 1) messages.splice(index, 1);
				break;
			case "repeat message":
				messages.splice(index, 0, message);
				break;
			case "swap messages":
				messages.splice(index, 1);
				messages.splice((index + 1) % (messages.length + 1), 0, message);
				break;
			case "message of another flight":
				messages[index] = Buffer.from(others[each.from % others.length] ?? message);
				break;
			case "insert in message":
				messages[index] = withLength(
					Buffer.concat([message.subarray(0, inside), each.bytes, message.subarray(inside)]),
				);
				break;
			case "resize message":
				messages[index] = withLength(
					Buffer.concat([message, Buffer.alloc(40)]).subarray(0, message.length + each.count),
				);
				break;
		}
	}
	let bytes: Buffer = tlsRecords(messages, recordBytes);
	for (const each of changes) {
		const at = each.at % bytes.length;
		switch (each.kind) {
			case "flip":
				bytes[at] = (bytes[at] ?? 0) ^ each.bits;
				break;
			case "set":
				bytes[at] = each.bits;
				break;
			case "insert":
				bytes = Buffer.concat([bytes.subarray(0, at), each.bytes, bytes.subarray(at)]);
				break;
			case "remove":
				bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + each.count), Buffer.of(0)]);
				break;
			case "cut":
				bytes = Buffer.from(bytes.subarray(0, at + 1));
				break;
			case "alert":
				bytes = Buffer.concat([tlsRecord(21, Buffer.from(each.bytes)), bytes]);
				break;
		}
	}
	return bytes;
}

function withLength(message: Buffer): Buffer {
	if (message.length >= 4) message.writeUIntBE(message.length - 4, 1, 3);
	return message;
}
