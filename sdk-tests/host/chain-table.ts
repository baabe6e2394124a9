import { type CertificateOptions, certify, keyToPem, type TestCertificate, toPem } from "./certificate";

/** A server's chain, and the expected outcome. */
export interface ChainCase {
	readonly name: string;
	/** The name by which the client addresses the server. */
	readonly host: string;
	/** The client's trusted root, PEM. */
	readonly root: string;
	/** The server's certificates and private key, PEM. */
	readonly presented: string;
	readonly key: string;
	/** The expected outcome: `accepted`, or the beginning of the refusal. */
	readonly expected: string;
	/** Why the board is stricter than OpenSSL, or accepts more, if it does. */
	readonly stricter?: string;
	readonly wider?: string;
}

export const host = "api.dakkio.test";

export const forged = "refused, forged";
export const wrongName = "refused, wrong name";

interface CaseOptions {
	readonly host?: string;
	/** The client's root; omitted: the table's. */
	readonly root?: TestCertificate | string;
	/** Whose key the server has; omitted: that of the first certificate. */
	readonly key?: TestCertificate;
	readonly stricter?: string;
	readonly wider?: string;
}

/** Collects cases; has the root and the intermediate that most of them are made with. */
export class ChainTable {
	readonly root: TestCertificate;
	readonly intermediate: TestCertificate;
	/** A server's certificate, signed by the intermediate. */
	readonly good: TestCertificate;
	private readonly chains: Promise<ChainCase>[] = [];

	private constructor(root: TestCertificate, intermediate: TestCertificate, good: TestCertificate) {
		this.root = root;
		this.intermediate = intermediate;
		this.good = good;
	}

	static async make(): Promise<ChainTable> {
		const root = await certify({ name: "Root", authority: true });
		const intermediate = await certify({ name: "Intermediate", issuer: root, authority: 0 });
		return new ChainTable(root, intermediate, await leaf(intermediate));
	}

	add(
		name: string,
		expected: string,
		holders: readonly (TestCertificate | string)[],
		more: CaseOptions = {},
	): void {
		const [first] = holders;
		const holder = more.key ?? (typeof first === "object" ? first : this.good);
		const { stricter, wider } = more;
		const text = (each: TestCertificate | string) => (typeof each === "string" ? each : toPem(each));
		const make = async (): Promise<ChainCase> => ({
			name,
			expected,
			host: more.host ?? host,
			root: text(more.root ?? this.root),
			presented: holders.map(text).join(""),
			key: await keyToPem(holder),
			...(stricter === undefined ? {} : { stricter }),
			...(wider === undefined ? {} : { wider }),
		});
		this.chains.push(make());
	}

	all(): Promise<readonly ChainCase[]> {
		return Promise.all(this.chains);
	}
}

/** A server's certificate. */
export function leaf(
	issuer: TestCertificate,
	more: Partial<CertificateOptions> = {},
): Promise<TestCertificate> {
	return certify({ name: "Server", issuer, names: [host], ...more });
}
