import { certify, derToPem, type TestCertificate } from "./certificate";
import { type ChainTable, forged, leaf } from "./chain-table";
import { type PssParameters, pssAlgorithm, resign, signPss, withSignature } from "./resign";

/** Signatures in certificates: RSASSA-PSS, and bytes behind one. */
export async function addSignatures(table: ChainTable): Promise<void> {
	const { intermediate, good } = table;
	const add = table.add.bind(table);
	const root = await certify({ name: "RSA", key: "RSA 2048", authority: true });
	for (const [hash, saltLength] of [
		["SHA-256", 32],
		["SHA-384", 48],
		["SHA-512", 64],
		["SHA-256", 20],
		["SHA-256", 0],
		["SHA-256", 222],
	] as const)
		add(
			`RSA-PSS, ${hash}, a salt of ${saltLength} bytes`,
			"accepted",
			[await leaf(root, { hash, saltLength })],
			{ root },
		);
	const large = await certify({ name: "RSA 4096", key: "RSA 4096", authority: true, saltLength: 32 });
	const middle = await certify({
		name: "RSA 2048",
		key: "RSA 2048",
		issuer: large,
		hash: "SHA-384",
		saltLength: 48,
		authority: 0,
	});
	const server = await leaf(middle, { key: "RSA 2048", saltLength: 32 });
	add("a whole chain with RSA-PSS", "accepted", [server, middle], { root: large });
	const plain = await leaf(root);
	const der = ({ certificate }: TestCertificate) => new Uint8Array(certificate.rawData);
	const signed = (
		name: string,
		expected: string,
		parameters: PssParameters | undefined,
		used: Partial<PssParameters> = {},
		more: { stricter?: string } = {},
	) => {
		const { hash = "SHA-256", saltLength = 32 } = { ...parameters, ...used };
		const presented = resign(der(plain), pssAlgorithm(parameters), signPss(root.keys, hash, saltLength));
		add(`RSA-PSS: ${name}`, expected, [derToPem(presented)], { root, key: plain, ...more });
	};
	const usual = { hash: "SHA-256", saltLength: 32 } as const;
	signed("as usual", "accepted", usual);
	signed("an explicit trailer of 1", "accepted", { ...usual, trailer: 1 });
	signed("a trailer of 2", forged, { ...usual, trailer: 2 });
	signed("SHA-1", forged, { hash: "SHA-1", saltLength: 20 });
	signed("the defaults, which are SHA-1", forged, undefined, { hash: "SHA-1", saltLength: 20 });
	signed("a mask by SHA-1", forged, { ...usual, mask: "SHA-1" });
	signed("a mask by another hash", forged, { ...usual, mask: "SHA-512" });
	signed("another hash than named", forged, usual, { hash: "SHA-384" });
	signed("a shorter salt than named", forged, usual, { saltLength: 20 });
	signed("a longer salt than named", forged, usual, { saltLength: 48 });
	signed("a salt longer than the key", forged, { ...usual, saltLength: 250 }, { saltLength: 32 });
	signed("bytes behind the parameters", forged, { ...usual, more: Buffer.of(5, 0) });
	const asPss = (parameters: PssParameters, change: (signature: Buffer) => Buffer) => {
		const sign = signPss(root.keys, "SHA-256", 32);
		return derToPem(resign(der(plain), pssAlgorithm(parameters), (bytes) => change(sign(bytes))));
	};
	const flipped = (signature: Buffer) => {
		signature[100] = (signature[100] ?? 0) ^ 1;
		return signature;
	};
	add("RSA-PSS: a damaged signature", forged, [asPss(usual, flipped)], { root, key: plain });
	add(
		"RSA-PSS: a byte behind the signature",
		forged,
		[asPss(usual, (all) => Buffer.concat([all, Buffer.of(0)]))],
		{
			root,
			key: plain,
		},
	);
	add("RSA-PSS: all zeros", forged, [asPss(usual, () => Buffer.alloc(256))], { root, key: plain });
	add("RSA-PSS: one", forged, [asPss(usual, () => Buffer.concat([Buffer.alloc(255), Buffer.of(1)]))], {
		root,
		key: plain,
	});
	const pkcs1 = Buffer.from(der(plain));
	add(
		"RSA-PSS: a PKCS #1 signature under its name",
		forged,
		[
			derToPem(
				resign(pkcs1, pssAlgorithm(usual), () => {
					let own: Buffer = Buffer.alloc(0);
					withSignature(pkcs1, (signature) => (own = signature));
					return own;
				}),
			),
		],
		{ root, key: plain },
	);
	const ec = (
		name: string,
		expected: string,
		change: (signature: Buffer) => Buffer,
		more: { stricter?: string } = {},
	) =>
		add(`ECDSA: ${name}`, expected, [derToPem(withSignature(der(good), change)), intermediate], {
			key: good,
			...more,
		});
	ec("as it is", "accepted", (signature) => signature);
	ec("bytes behind the signature", forged, (signature) => Buffer.concat([signature, Buffer.of(5, 0)]));
	ec("bytes within, behind the numbers", forged, (signature) => {
		const longer = Buffer.concat([signature, Buffer.of(5, 0)]);
		longer[1] = (longer[1] ?? 0) + 2;
		return longer;
	});
	ec("two ones", forged, () => Buffer.from("3006020101020101", "hex"));
	ec("two zeros", forged, () => Buffer.from("3006020100020100", "hex"));
	ec("empty", forged, () => Buffer.alloc(0));
	ec("no sequence", forged, () => Buffer.of(5, 0));
}
