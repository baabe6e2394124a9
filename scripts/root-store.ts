import { X509Certificate } from "node:crypto";
import { parseCertificate } from "../src/boards/esp32/tls/certificate";
import { crc32 } from "../src/common/crc32";

/** Where the roots were taken from. */
export interface RootSource {
	/** Package and version. */
	readonly name: string;
	/** Date of the package. */
	readonly date: string;
}

/**
 * The roots that boards trust, by common name and SHA-256 fingerprint: those of Mozilla's programme that hosted APIs, tunnels
 * (Cloudflare, ngrok, Tailscale) and content delivery networks use today. Left out: Entrust, GTS Root R2, Comodo AAA and the
 * first roots of DigiCert and Starfield, because Mozilla no longer trusts them or is about to stop; authorities of one country
 * or one company, for which the user has a setting. Let's Encrypt's next roots (YE, YR) are in no store yet, and its
 * certificates lead to X1 and X2, too.
 */
export const trustedRoots: readonly (readonly [name: string, fingerprint: string])[] = [
	["ISRG Root X1", "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6"],
	["ISRG Root X2", "69729b8e15a86efc177a57afb7171dfc64add28c2fca8cf1507e34453ccb1470"],
	["GTS Root R1", "d947432abde7b7fa90fc2e6b59101b1280e0e1c7e4e40fa3c6887fff57a7f4cf"],
	["GTS Root R3", "34d8a73ee208d9bcdb0d956520934b4e40e69482596e8b6f73c8426b010a6f48"],
	["GTS Root R4", "349dfa4058c5e263123b398ae795573c4e1313c83fe68f93556cd5e8031b3c7d"],
	["Amazon Root CA 1", "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e"],
	["Amazon Root CA 2", "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4"],
	["Amazon Root CA 3", "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4"],
	["Amazon Root CA 4", "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092"],
	["DigiCert Global Root G2", "cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f"],
	["DigiCert Global Root G3", "31ad6648f8104138c738f39ea4320133393e3a18cc02296ef97c2ac9ef6731d0"],
	["DigiCert TLS RSA4096 Root G5", "371a00dc0533b3721a7eeb40e8419e70799d2b0a0f2c1d80693165f7cec4ad75"],
	["DigiCert TLS ECC P384 Root G5", "018e13f0772532cf809bd1b17281867283fc48c6e13be9c69812854a490c1b05"],
	[
		"USERTrust RSA Certification Authority",
		"e793c9b02fd8aa13e21c31228accb08119643b749c898964b1746d46c3d4cbd2",
	],
	[
		"USERTrust ECC Certification Authority",
		"4ff460d54b9c86dabfbcfc5712e0400d2bed3fbc4d4fbdaa86e06adcd2a9ad7a",
	],
	[
		"Sectigo Public Server Authentication Root R46",
		"7bb647a62aeeac88bf257aa522d01ffea395e0ab45c73f93f65654ec38f25a06",
	],
	[
		"Sectigo Public Server Authentication Root E46",
		"c90f26f0fb1b4018b22227519b5ca2b53e2ca5b3be5cf18efe1bef47380c5383",
	],
	["GlobalSign Root CA - R3", "cbb522d7b7f127ad6a0113865bdf1cd4102e7d0759af635a7cf4720dc963c53b"],
	["GlobalSign Root CA - R6", "2cabeafe37d06ca22aba7391c0033d25982952c453647349763a3ab5ad6ccf69"],
	["GlobalSign Root R46", "4fa3126d8d3a11d1c4855a4f807cbad6cf919d3a5a88b03bea2c6372d93c40c9"],
	["GlobalSign Root E46", "cbb9c44d84b8043e1050ea31a69f514955d7bfd2e2c6b49301019ad61d9f5058"],
	["SSL.com TLS RSA Root CA 2022", "8faf7d2e2cb4709bb8e0b33666bf75a5dd45b5de480f8ea8d4bfe6bebc17f2ed"],
	["SSL.com TLS ECC Root CA 2022", "c32ffd9f46f936d16c3673990959434b9ad60aafbb9e7cf33654f144cc1ba143"],
	[
		"Microsoft RSA Root Certificate Authority 2017",
		"c741f70f4b2a8d88bf2e71c14122ef53ef10eba0cfa5e64cfa20f418853073e0",
	],
	[
		"Microsoft ECC Root Certificate Authority 2017",
		"358df39d764af9e1b766e9c972df352ee15cfac227af6ad1d70e8e4a6edcba02",
	],
	["Certainly Root R1", "77b82cd8644c4305f7acc5cb156b45675004033d51c60c6202a8e0c33467d3a0"],
	["Certainly Root E1", "b4585f22e4ac756a4e8612a1361c5d9d031a93fd84febb778fa3068b0fc42dc2"],
	[
		"Go Daddy Root Certificate Authority - G2",
		"45140b3247eb9cc8c5b4f0d7b53091f73292089e6e5a63e2749dd3aca9198eda",
	],
	[
		"Starfield Root Certificate Authority - G2",
		"2ce1cb0bf9d2f9e102993fbe215152c3b2dd0cabde1c68e5319b839154dbb7f5",
	],
	["HARICA TLS RSA Root CA 2021", "d95d0e8eda79525bf9beb11b14d2100d3294985f0c62d9fabd9cd999eccb7b1d"],
	["HARICA TLS ECC Root CA 2021", "3f99cc474acfce4dfed58794665e478d1547739f2e780f1bb4ca9b133097d401"],
];

/** The trusted roots among the certificates of a PEM text, in the list's order. Throws if one is missing. */
export function selectRoots(pem: string): readonly X509Certificate[] {
	const certificates = new Map(
		(pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map((block) => {
			const certificate = new X509Certificate(block);
			return [fingerprint(certificate), certificate];
		}),
	);
	return trustedRoots.map(([name, wanted]) => {
		const certificate = certificates.get(wanted);
		if (certificate === undefined) throw new Error(`${name} is not among these certificates.`);
		return certificate;
	});
}

export function fingerprint(certificate: X509Certificate): string {
	return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

/** The certificates with their source: kept in the repository, so that the module can be made again and checked. */
export function rootsPem(roots: readonly X509Certificate[], { name, date }: RootSource): string {
	return [`Source: ${name}, ${date}\n`, ...roots.map((root) => `${rootName(root)}\n${root.toString()}`)].join(
		"\n",
	);
}

/** The source that {@link rootsPem} wrote. */
export function readRootSource(pem: string): RootSource {
	const [, name = "", date = ""] = /^Source: (.*), (.*)$/m.exec(pem) ?? [];
	return { name, date };
}

/** The module with all roots, as `findBundledRoots` reads them. */
export function rootsModule(roots: readonly X509Certificate[], { name, date }: RootSource): string {
	const base64 = Buffer.concat(roots.map((root) => encodeRoot(root))).toString("base64");
	const lines = base64.match(/.{1,108}/g) ?? [];
	return `import { decodeBase64 } from "../../../common/base64";

/**
 * Key, end of validity, and checksum of the name of ${roots.length} roots, written by \`npm run build:roots\`. Decoded when the firmware is built.
 * Source: ${name}, ${date}.
 */
export const bundledRoots: Uint8Array =
	decodeBase64(
${lines.map((line) => `\t\t"${line}"`).join(" +\n\t")},
	) ?? new Uint8Array(0);
`;
}

/** As `findBundledRoots` reads it. */
function encodeRoot(root: X509Certificate): Buffer {
	const { subject, key, extensions, notAfter } = parseCertificate(new Uint8Array(root.raw));
	const { isCA, pathLength, usage, allowsServerAuth, nameConstraints, hasUnknownConstraint } = extensions;
	const isRestricted = pathLength !== undefined || nameConstraints !== undefined || hasUnknownConstraint;
	if (!isCA || !usage.certificateSign || !allowsServerAuth || isRestricted)
		throw new Error(`${rootName(root)} is restricted; the board has no place for that.`);
	if (key.kind === "RSA" && Buffer.from(key.exponent).toString("hex") !== "010001")
		throw new Error(`${rootName(root)} has an exponent of its own; the board has no place for that.`);
	const keyBytes = key.kind === "RSA" ? key.modulus : key.point;
	const header = Buffer.alloc(10);
	header.writeUInt16BE(keyBytes.length, 0);
	header.writeUInt32BE(notAfter / 1000, 2);
	header.writeUInt32BE(crc32(subject), 6);
	return Buffer.concat([header, keyBytes]);
}

function rootName({ subject }: X509Certificate): string {
	return /^CN=(.*)$/m.exec(subject)?.[1] ?? subject;
}
