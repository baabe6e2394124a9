import type { SimulatedNetwork } from "../simulator/hardware/wifi-radio";

/** The tests in the SDK's simulator and their servers: written by the computer, read by the board. */
export interface TestPlan {
	/** Suites to run; empty: all. */
	readonly only: readonly SuiteName[];
	readonly tls: readonly TlsCase[];
	readonly http: readonly HttpCase[];
	readonly ntp: readonly NtpCase[];
	readonly update: UpdatePlan;
	readonly setup: SetupPlan;
	readonly life: LifePlan;
}

/** The suites, in order. */
export const suiteNames = Object.freeze([
	"survival",
	"queue",
	"sensors",
	"sampler",
	"settings",
	"ntp",
	"http",
	"tls",
	"update",
	"setup",
	"life",
] as const);

export type SuiteName = (typeof suiteNames)[number];

/** Whether a suite is selected. */
export function includesSuite({ only }: Pick<TestPlan, "only">, suite: SuiteName): boolean {
	return only.length === 0 || only.includes(suite);
}

/** A TLS server on loopback, and the name under which it is addressed. */
export interface TlsCase {
	readonly name: string;
	readonly port: number;
	readonly host: string;
	/** Additional trusted root, PEM. */
	readonly root: string;
	/** Number of connections, if there are several: each is reported by name and number. */
	readonly connections?: number | undefined;
	/** In place of them: one connection each, to a server that may resume a session. */
	readonly steps?: readonly TlsStep[] | undefined;
}

export interface TlsStep {
	/** Omitted: the case's. */
	readonly host?: string;
	readonly root?: string;
	/**
	 * What the board keeps of the server is changed before: a byte of it, or as if the certificates had expired, or the clock
	 * had been set back: to before the session was made, or before the certificates are valid.
	 */
	readonly change?: "ticket" | "id" | "secret" | "expired" | "set back" | "early" | "suite" | "forgotten";
}

/** A faulty HTTP server on loopback, and the number of exchanges over one connection. */
export interface HttpCase {
	readonly name: string;
	readonly port: number;
	readonly exchanges: number;
	/** Size of each request's body. */
	readonly bodyBytes: number;
}

/** A time server on loopback. */
export interface NtpCase {
	readonly name: string;
	readonly port: number;
}

/** Bytes: of two public keys (x and y), and of an update file that is signed with the first one. */
export interface UpdatePlan {
	readonly releaseKey: readonly number[];
	readonly anotherKey: readonly number[];
	readonly file: readonly number[];
}

/** A board without settings: the ports of its setup page and DNS server. */
export interface SetupPlan {
	readonly pagePort: number;
	readonly dnsPort: number;
	readonly networks: readonly SimulatedNetwork[];
}

/** The whole app against a Dakkio service. */
export interface LifePlan {
	/** As in the settings' record. */
	readonly settings: Readonly<Record<string, unknown>>;
	/** Hours of simulated time with a reading every ten seconds, each sent at once. */
	readonly hours: number;
	/** Uploads that the service lets fail in these hours; no other upload may fail. */
	readonly outages: number;
	/** Days with a reading a minute, sent every half hour. */
	readonly days: number;
	/** Of the board's page, which the computer loads now and then. */
	readonly pagePort: number;
}

/** Readings of the batch during which memory is measured: a full batch, and a few more. */
export const peakBatchReadings = 1_080;

/** The board's reports, one per line. */
export type Report =
	/** The outcome of an exchange or query. */
	| { readonly suite: "tls" | "http" | "ntp"; readonly name: string; readonly outcome: string }
	/** A check that the board evaluates; `problem` if it failed. */
	| { readonly suite: "check"; readonly name: string; readonly problem?: string }
	/** Bytes in use by XS after a collection. */
	| {
			readonly suite: "memory";
			readonly name: string;
			readonly slots: number;
			readonly chunks: number;
			readonly stack: number;
	  }
	/** The setup page is open; setup has ended; the first point was sent. */
	| { readonly suite: "setup"; readonly event: "open" | "closed" | "sent" }
	| { readonly suite: "done" };

/** Precedes a report in the log. */
export const reportMark = "REPORT ";

/** Part of the message of errors that tests throw deliberately. */
export const expectedErrorMark = "meant by the test";
