import type { SimulatedNetwork } from "../simulator/hardware/wifi-radio";

/** What the tests in the SDK's simulator are to meet, and where: written by the computer, read by the board. */
export interface TestPlan {
	/** What of it is to be run; empty: everything. */
	readonly only: readonly SuiteName[];
	readonly tls: readonly TlsCase[];
	readonly http: readonly HttpCase[];
	readonly ntp: readonly NtpCase[];
	readonly setup: SetupPlan;
	readonly life: LifePlan;
}

/** The parts of the tests, in the order in which they run. */
export const suiteNames = Object.freeze([
	"survival",
	"queue",
	"sensors",
	"sampler",
	"settings",
	"ntp",
	"http",
	"tls",
	"setup",
	"life",
] as const);

export type SuiteName = (typeof suiteNames)[number];

/** Whether a part is to be run. */
export function includesSuite({ only }: Pick<TestPlan, "only">, suite: SuiteName): boolean {
	return only.length === 0 || only.includes(suite);
}

/** A TLS server on loopback, and by which name it is called. */
export interface TlsCase {
	readonly name: string;
	readonly port: number;
	readonly host: string;
	/** What the board is told to trust besides its bundle: PEM. */
	readonly root: string;
}

/** An HTTP server on loopback that misbehaves; asked so many times over one connection. */
export interface HttpCase {
	readonly name: string;
	readonly port: number;
	readonly exchanges: number;
	/** Bytes of each request's body. */
	readonly bodyBytes: number;
}

/** A time server on loopback. */
export interface NtpCase {
	readonly name: string;
	readonly port: number;
}

/** A board that nobody has set up: where its page and its name server are. */
export interface SetupPlan {
	readonly pagePort: number;
	readonly dnsPort: number;
	readonly networks: readonly SimulatedNetwork[];
}

/** The whole app against a Dakkio service. */
export interface LifePlan {
	/** As the settings' record has them. */
	readonly settings: Readonly<Record<string, unknown>>;
	/** Hours of the board's time with a reading each ten seconds, each sent at once. */
	readonly hours: number;
	/** Days with a reading a minute, sent each half an hour. */
	readonly days: number;
}

/** What the board tells, a line each. */
export type Report =
	/** How one exchange or question of a case ended. */
	| { readonly suite: "tls" | "http" | "ntp"; readonly name: string; readonly outcome: string }
	/** A check that the board judges itself; `problem` when it failed. */
	| { readonly suite: "check"; readonly name: string; readonly problem?: string }
	/** Bytes that XS uses after a collection. */
	| {
			readonly suite: "memory";
			readonly name: string;
			readonly slots: number;
			readonly chunks: number;
			readonly stack: number;
	  }
	/** The setup page is there; the board has left it; the board that was set up has sent its first point. */
	| { readonly suite: "setup"; readonly event: "open" | "closed" | "sent" }
	| { readonly suite: "done" };

/** What stands before a report in the log. */
export const reportMark = "REPORT ";

/** In the words of an error that a test lets go astray. */
export const expectedErrorMark = "meant by the test";
