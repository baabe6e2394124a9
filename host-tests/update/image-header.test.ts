import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firmwareCrypto } from "../../boards/node/firmware-crypto";
import { encodeHeader, makeUpdateFile, rawPublicKey } from "../../scripts/update-file";
import {
	checkHeader,
	compareVersions,
	type HeaderConditions,
	headerBytes,
	type ImageHeader,
	parseHeader,
	parseVersion,
	type Version,
} from "../../src/update/image-header";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const another = generateKeyPairSync("ec", { namedCurve: "P-256" });
const releaseKey = rawPublicKey(publicKey);

const content: ImageHeader = {
	chip: "esp32c3",
	version: [0, 3, 1],
	lengthBytes: 1_748_992,
	sha256: Uint8Array.from({ length: 32 }, (_, index) => 7 * index),
};
const header = encodeHeader(content, privateKey);

function check(bytes: Uint8Array, changes: Partial<HeaderConditions> = {}) {
	return checkHeader(bytes, {
		chip: "esp32c3",
		version: [0, 3, 0],
		slotBytes: 0x1c0000,
		allowOlder: false,
		slots: { ...firmwareCrypto, releaseKey },
		...changes,
	});
}

describe("the header", () => {
	test("has the documented layout", () => {
		const hex = Buffer.from(header).toString("hex");
		expect(hex.slice(0, 16)).toBe("444b465701000000");
		expect(hex.slice(16, 48)).toBe("65737033326333000000000000000000");
		expect(hex.slice(48, 64)).toBe("0000000300010000");
		expect(hex.slice(64, 72)).toBe("001ab000");
		expect(hex.slice(72, 136)).toBe(Buffer.from(content.sha256).toString("hex"));
		expect(header).toHaveLength(132);
		expect(headerBytes).toBe(132);
	});

	test("says what was signed", () => {
		expect(check(header)).toEqual(content);
	});

	test("is read back for every content", () => {
		const part = fc.nat(0xffff);
		fc.assert(
			fc.property(
				fc.stringMatching(/^[a-z0-9]{1,16}$/),
				fc.tuple(part, part, part),
				fc.nat(0xffffffff),
				fc.uint8Array({ minLength: 32, maxLength: 32 }),
				(chip, version, lengthBytes, sha256) => {
					const each = { chip, version, lengthBytes, sha256 };
					expect(parseHeader(encodeHeader(each, privateKey))).toEqual(each);
				},
			),
		);
	});

	test("is not valid with any bit changed", () => {
		fc.assert(
			fc.property(fc.nat(headerBytes * 8 - 1), (bit) => {
				const changed = header.slice();
				changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
				expect(["format", "signature"]).toContain(check(changed));
			}),
			{ numRuns: 1000 },
		);
	});

	test("is refused if it is not whole, or longer", () => {
		for (const length of [0, 1, 67, 68, 131]) expect(check(header.subarray(0, length))).toBe("format");
		expect(check(Uint8Array.of(...header, 0))).toBe("format");
	});

	test("of a later format is refused, also with a valid signature", () => {
		const later = header.slice();
		later[4] = 2;
		const signature = sign("sha256", later.subarray(0, 68), { key: privateKey, dsaEncoding: "ieee-p1363" });
		later.set(signature, 68);
		expect(check(later)).toBe("format");
	});

	test("is made from a view into a larger buffer as well", () => {
		const file = makeUpdateFile(Uint8Array.of(0xe9, 1, 2, 3), content, privateKey);
		const parsed = parseHeader(new Uint8Array(file.buffer, file.byteOffset, headerBytes));
		expect(parsed?.lengthBytes).toBe(4);
	});
});

describe("what is refused", () => {
	const signers = { ours: privateKey, another: another.privateKey } as const;
	const versions: Readonly<Record<string, Version>> = { older: [0, 2, 9], same: [0, 3, 0], newer: [0, 3, 1] };
	const rows = (["ours", "another"] as const).flatMap((signer) =>
		["esp32c3", "esp32"].flatMap((chip) =>
			Object.keys(versions).flatMap((version) =>
				[0x1c0000, 0x1c0001].flatMap((lengthBytes) =>
					[false, true].map((allowOlder) => ({ signer, chip, version, lengthBytes, allowOlder })),
				),
			),
		),
	);
	test.each(rows)("$signer key, $chip, $version, $lengthBytes bytes, older allowed: $allowOlder", (row) => {
		const { signer, chip, version, lengthBytes, allowOlder } = row;
		const bytes = encodeHeader(
			{ ...content, chip, version: versions[version] ?? [0, 0, 0], lengthBytes },
			signers[signer],
		);
		const result = check(bytes, { allowOlder });
		const problem = typeof result === "string" ? result : undefined;
		if (signer !== "ours") expect(problem).toBe("signature");
		else if (chip !== "esp32c3") expect(problem).toBe("chip");
		else if (lengthBytes > 0x1c0000) expect(problem).toBe("size");
		else expect(problem).toBe(version === "older" && !allowOlder ? "older" : undefined);
	});

	test("everything, by a build without a key", () => {
		expect(check(header, { slots: firmwareCrypto })).toBe("no key");
	});

	test("everything, with a key that is not a point of the curve", () => {
		const slots = { ...firmwareCrypto, releaseKey: new Uint8Array(64) };
		expect(check(header, { slots })).toBe("signature");
	});
});

test("versions are ordered by their numbers", () => {
	const order = ["0.2.9", "0.2.10", "0.3.0", "1.0.0", "1.0.1", "10.0.0"].map(
		(text) => parseVersion(text) ?? [0, 0, 0],
	) as Version[];
	for (const [i, a] of order.entries())
		for (const [j, b] of order.entries()) expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j));
	for (const text of ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.65536", "1.-2.3", "1.2.3.5", "1..3"])
		expect(parseVersion(text)).toBeUndefined();
});
