import type { TrustFault } from "../boards/connection-error";
import type { ExchangePhase } from "../http/exchange-result";
import type { SettingKey } from "../settings/settings";
import type { JoinFailure } from "./wifi-joiner";

/**
 * What the setup page and the board say to each other: JSON over HTTP, all of it from the page's own origin.
 *
 * | request | body | answer |
 * |---|---|---|
 * | `GET /` | | the page |
 * | `GET /api/state` | | {@link SetupState} |
 * | `GET /api/networks` | | {@link ScanState} |
 * | `POST /api/scan` | {@link Authorized} | 202, then look at `/api/networks` |
 * | `POST /api/sensors` | {@link SensorScanRequest} | 202, then look at the sensors of `/api/state` |
 * | `POST /api/check` | {@link SubmittedSettings} | {@link CheckResponse} |
 * | `POST /api/test` | {@link SubmittedSettings} | 202 {@link TestStarted}, or 422 {@link CheckResponse}; then look at `GET /api/test` |
 * | `GET /api/test` | | {@link TestState} |
 * | `POST /api/save` | {@link SubmittedSettings} | 200 {@link CheckResponse} without problems, or 422 with them |
 * | `POST /api/export` | {@link ExportRequest} | the settings file |
 * | `POST /api/finish` | {@link Authorized} | 202: the board leaves setup and starts |
 *
 * A refused request is answered with {@link ErrorResponse} and its status: 400, 403, 404, 405, 409, 413, 415, 421, 500. A POST
 * needs `Content-Type: application/json` and a body, and comes from the page's own origin.
 */

/** Every POST carries the token of the state, so that no other site's page can send one. */
export interface Authorized {
	readonly token: string;
}

/**
 * The settings as the person has filled them in, or a settings file, by their keys in the settings table. One that is
 * left out keeps what the board has. A secret that is left out or
 * empty keeps what the board has; a network without `password` keeps the one that is saved for its name.
 */
export interface SubmittedSettings extends Authorized {
	readonly settings: Readonly<Record<string, unknown>>;
	/** What is left out keeps what was tested last, where that is not saved yet. */
	readonly asTested?: boolean;
}

/** Sensors are to be looked for everywhere, at once. */
export interface SensorScanRequest extends Authorized {
	/** Those that are missing are forgotten first: their fields' names are free for others. */
	readonly forget?: boolean;
}

export interface ExportRequest extends Authorized {
	/** Passwords and key, too. */
	readonly secrets: boolean;
}

export interface ErrorResponse {
	/** A sentence. */
	readonly error: string;
}

export interface CheckResponse {
	readonly problems: readonly FieldProblem[];
	/** Of what is taken all the same: an admin key. */
	readonly warnings: readonly FieldProblem[];
}

export interface FieldProblem {
	/** In the settings table; `networks.1.password` for a part of one; `version` for a settings file's. */
	readonly key: string;
	/** A sentence: what is wrong, and what to do. */
	readonly problem: string;
}

export interface SetupState extends Authorized {
	readonly board: {
		/** Of the access point: `Dakkio-1A2B`. */
		readonly name: string;
		/** Used when none is set: `ESP32-A1B2C3`. */
		readonly deviceId: string;
		readonly chip: string;
		readonly firmwareVersion: string;
	};
	/** As kept; secrets are empty, and a network is `{ ssid, saved }`: whether a password is kept for it. */
	readonly settings: Readonly<Record<string, unknown>>;
	/** Keys of the secrets that are set. */
	readonly secretsSet: readonly string[];
	/** The same of what was tested last and is not saved: a phone that had to load the page anew goes on with it. */
	readonly tested?: Pick<SetupState, "settings" | "secretsSet">;
	readonly table: readonly SettingDescription[];
	readonly sensors: readonly SensorDescription[];
	/** Readings that wait in flash. */
	readonly waiting: number;
	/**
	 * Calls a month of the plan, and how many are left in this one: as the service has told with its answers, which a
	 * test asks for; before that, the smallest plan's.
	 */
	readonly plan: { readonly limit: number; readonly remaining: number };
}

/** A row of the settings table, as a form needs it. */
export interface SettingDescription {
	readonly key: SettingKey;
	readonly defaultValue: unknown;
	readonly kind:
		| "text"
		| "number"
		| "number or word"
		| "choice"
		| "list"
		| "long text"
		| "networks"
		| "object";
	readonly unit?: string;
	readonly secret?: true;
	/** Of a number. */
	readonly min?: number;
	readonly max?: number;
	/** Of a choice; of `number or word`, and of a text that may be a word instead: the words. */
	readonly choices?: readonly string[];
	/** Characters of a text, entries of a list. */
	readonly maxLength?: number;
}

export interface SensorDescription {
	/** `BME280 at 0x76`. */
	readonly name: string;
	/** A sentence when it is not well. */
	readonly problem?: string;
	/** It was there before, and is not now. */
	readonly missing?: true;
	readonly values: readonly {
		readonly name: string;
		readonly unit: string;
		readonly value?: number | boolean | string;
	}[];
}

export interface ScanState {
	readonly scanning: boolean;
	/** One for each name, strongest first. The names come from the air: hostile text. */
	readonly networks: readonly {
		readonly ssid: string;
		/** dBm. */
		readonly strength: number;
		/** It wants a password. */
		readonly secured: boolean;
	}[];
}

export interface TestStarted {
	/** Of {@link TestState}. */
	readonly number: number;
}

/** The steps of a test, in their order. */
export type TestStep = "join" | "name" | "time" | "certificate" | "key" | "source" | "point";

/**
 * Why a step failed: the codes of the layers below, and those of the test itself. The page has the words for each of
 * them: page/failure-texts.ts.
 */
export type FailureCode =
	| JoinFailure
	| ExchangePhase
	| TrustFault
	/** The test was replaced by another one, or setup is over. */
	| "aborted"
	/** Something threw; `message`. */
	| "internal error"
	| "no network set"
	| "no server set"
	| "no key set"
	| "no bucket set"
	/** The network has the addresses of the board's own one: packets would not find its router. */
	| "same subnet"
	| "captive portal"
	/** `host` does not resolve. */
	| "unknown host"
	/** None of the time servers in `message` answered. */
	| "no time"
	/** The service refused the request: `status`, and its own words in `message`. */
	| "refused"
	/** The bucket has no data source with the id of the settings. */
	| "no such source"
	/** The service created a data source and did not return its id. */
	| "no source id"
	/** No sensor was found: a data source would have no fields. */
	| "no fields"
	/** No sensor gave a value: there is no point to send. */
	| "no reading";

/** What a step found, or the arguments of its failure. */
export interface StepDetails {
	readonly ssid?: string;
	/** dBm: of the joined network, or of the one that could not be joined, if the last scan found it. */
	readonly strength?: number | undefined;
	/** IPv4: the board's in the joined network, or that of `host`. */
	readonly address?: string;
	/** Of the service. */
	readonly host?: string;
	/** Milliseconds of Unix time. */
	readonly utc?: number;
	/** The authority that signed the service's certificate. */
	readonly issuer?: string;
	/** `unlisted`: the list of data sources is too long to find it. */
	readonly source?: "found" | "created" | "listed" | "unlisted";
	/** The name of the data source. */
	readonly deviceId?: string;
	/** Of the HTTP response. */
	readonly status?: number;
	/** Technical words: of the log, of the service (with the key redacted), or the time servers. */
	readonly message?: string;
}

export interface StepState {
	readonly step: TestStep;
	readonly state: "waiting" | "running" | "done" | "failed";
	/** Of a failed step. */
	readonly code?: FailureCode;
	/** Of a step that is done or failed. */
	readonly details?: StepDetails;
}

export interface TestState {
	/**
	 * Goes up with each test, so that a page can tell its own from one that another phone has begun since; 0 as long as
	 * none was made since the board started.
	 */
	readonly number: number;
	readonly running: boolean;
	/** All are done. */
	readonly passed: boolean;
	readonly steps: readonly StepState[];
	/** The data source that the test created, to be saved with the settings. */
	readonly dataSourceId?: string;
}
