import type { TrustFault } from "../boards/connection-error";
import type { ResetReason } from "../boards/reset-reason";
import type { ExchangePhase } from "../http/exchange-result";
import type { SensorState } from "../sensors/pipeline/sensor-registry";
import type { DefaultPins } from "../settings/pin-conflicts";
import type { InputType } from "../settings/rules";
import type { SettingKey } from "../settings/settings";
import type { UpdateProblem } from "../update/firmware-update";
import type { JoinFailure } from "../wifi/wifi-joiner";

/**
 * The API between the setup page and the board: JSON over HTTP, same origin.
 *
 * | request | body | response |
 * |---|---|---|
 * | `GET /` | | the page |
 * | `GET /api/state` | | {@link SetupState} |
 * | `GET /api/networks` | | {@link ScanState} |
 * | `POST /api/scan` | {@link Authorized} | 202, then poll `/api/networks` |
 * | `POST /api/sensors` | {@link SensorScanRequest} | 202, then poll the sensors of `/api/state` |
 * | `POST /api/measure` | {@link SubmittedSettings}: pins and inputs, others are defaults | {@link MeasureState}; poll it |
 * | `POST /api/check` | {@link SubmittedSettings} | {@link CheckResponse} |
 * | `POST /api/test` | {@link SubmittedSettings} | 202 {@link TestStarted}, or 422 {@link CheckResponse}; then poll `GET /api/test` |
 * | `GET /api/test` | | {@link TestState} |
 * | `POST /api/save` | {@link SubmittedSettings} | 200 {@link CheckResponse} without problems, or 422 with them |
 * | `POST /api/export` | {@link ExportRequest} | the settings file |
 * | `POST /api/finish` | {@link Authorized} | 202: the board leaves setup and starts |
 * | `GET /api/log` | | {@link BootLog} |
 * | `POST /api/restart` | {@link Authorized} | 202: the board restarts, as by its reset button |
 * | `POST /api/reset` | {@link ResetRequest} | 202: factory reset, or 409 for another name; every later POST gets 409 |
 * | `GET /api/update` | | {@link UpdateState} |
 * | `POST /api/update` | {@link UpdateRequest} | {@link UpdateState} |
 *
 * A refused request gets an {@link ErrorResponse} with status 400, 403, 404, 405, 409, 413, 415, 421 or 500. 503: another
 * request is in progress; repeat it. A POST needs `Content-Type: application/json`, a
 * body and the page's own origin.
 */

/** Every POST carries the token of the state, so that no other site's page can send one (CSRF). */
export interface Authorized {
	readonly token: string;
}

/**
 * The settings as the user entered them, or a settings file, by their keys in the settings table. An absent setting, and
 * a secret that is absent, null or blank, keep the board's value; so does the password of a network of the same name,
 * unless it is marked `open: true`.
 */
export interface SubmittedSettings extends Authorized {
	readonly settings: Readonly<Record<string, unknown>>;
	/** Absent settings keep the last tested value, if it is not saved yet. */
	readonly asTested?: boolean;
}

/** Scans all buses for sensors. */
export interface SensorScanRequest extends Authorized {
	/** Forgets missing sensors first, which frees their field names. */
	readonly forget?: boolean;
}

export interface ExportRequest extends Authorized {
	/** Include passwords and key. */
	readonly secrets: boolean;
}

export interface ResetRequest extends Authorized {
	/** The board's name, typed by the user as confirmation. */
	readonly name: string;
}

/**
 * One step of an update (docs/update-format.md), with `header`, `data` or `install`. To resume after an interruption
 * or restart, send the same header, then the bytes from {@link UpdateState.writtenBytes} on.
 */
export interface UpdateRequest extends Authorized {
	/** Begins or resumes: header of the update file, Base64. */
	readonly header?: string;
	/** With `header`: allows a version older than the running one. */
	readonly older?: boolean;
	/** A piece of the image, Base64, and its offset, which is `writtenBytes`. Recommended maximum: 8 KiB. */
	readonly data?: string;
	readonly at?: number;
	/** After the last piece: verifies and installs the image, and restarts. Poll the state. */
	readonly install?: boolean;
}

export interface UpdateState {
	/** `installed`: the board is about to restart. */
	readonly phase: "open" | "verifying" | "installed";
	/** Version of the update in progress, if any. */
	readonly version?: string;
	/** Bytes of the image received so far. */
	readonly writtenBytes?: number;
	/** Why updates are impossible, or the last step was refused; the page has the words. `one slot`: the flash is too small. */
	readonly problem?: UpdateProblem | "one slot";
}

/** Live values; the next request returns newer ones. */
export interface MeasureState {
	/** Sensors and inputs in use. */
	readonly sensors: readonly SensorDescription[];
	/**
	 * Inputs and 1-Wire thermometers of the submitted settings at pins that are not in use yet; empty if the settings have
	 * a problem. Pulses are the total since the first request.
	 */
	readonly probed: readonly SensorDescription[];
	/** Pending readings. */
	readonly waiting: number;
}

/** The running boot, or the one that opened setup. */
export interface BootStatus {
	/** Why it began. */
	readonly reason: ResetReason;
	/** Number of boots by reason. */
	readonly resetCounts: readonly (readonly [ResetReason, number])[];
	readonly uptimeMs: number;
	/** Absent if the platform does not report it. */
	readonly freeMemoryBytes?: number;
}

export interface BootLog {
	readonly status: BootStatus;
	/** Oldest first; also from before setup was opened. Untrusted text: network names are in it. */
	readonly lines: readonly string[];
}

export interface ErrorResponse {
	/** A sentence. */
	readonly error: string;
}

export interface CheckResponse {
	readonly problems: readonly FieldProblem[];
	/** Warnings about accepted settings, such as an admin key. */
	readonly warnings: readonly FieldProblem[];
}

export interface FieldProblem {
	/** Key in the settings table; `networks.1.password` for a part of one; `version` of a settings file. */
	readonly key: string;
	/** A sentence: what is wrong, and what to do. */
	readonly problem: string;
}

export interface SetupState extends Authorized {
	readonly board: {
		/** Name of the access point: `Dakkio-1A2B`. */
		readonly name: string;
		/** Default device id: `ESP32-A1B2C3`. */
		readonly deviceId: string;
		readonly chip: string;
		readonly firmwareVersion: string;
		/** What `auto` means in the settings of pins. */
		readonly pins: DefaultPins;
	};
	/**
	 * As saved; secrets are empty, and a network is `{ ssid, saved }`: whether a password is saved for it. Tested, it also has
	 * `unsaved: true` if its password is another than the saved one.
	 */
	readonly settings: Readonly<Record<string, unknown>>;
	/** Keys of the secrets that are set. */
	readonly secretsSet: readonly string[];
	/** The last tested settings, if not saved: a reloaded page continues with them. */
	readonly tested?: Pick<SetupState, "settings" | "secretsSet"> & {
		/** The key is another than the saved one. */
		readonly isKeyUnsaved?: boolean;
	};
	readonly table: readonly SettingDescription[];
	readonly sensors: readonly SensorDescription[];
	/** Pending readings in flash. */
	readonly waiting: number;
	/**
	 * Calls per month of the plan, and calls left this month: from the service's response headers, known after a test; until
	 * then, those of the smallest plan.
	 */
	readonly plan: { readonly limit: number; readonly remaining: number };
}

/** A row of the settings table, for the form. */
export interface SettingDescription extends InputType {
	readonly key: SettingKey;
	readonly defaultValue: unknown;
	readonly unit?: string;
	readonly secret?: true;
}

/** A sensor or an input, with its latest values. */
export type SensorDescription = SensorState;
export type ValueDescription = SensorState["values"][number];

export interface ScanState {
	readonly scanning: boolean;
	/** One for each name, strongest first. The names are untrusted text. */
	readonly networks: readonly {
		readonly ssid: string;
		/** dBm. */
		readonly strength: number;
		/** It requires a password. */
		readonly secured: boolean;
		/** Its name is not valid UTF-8, or has control characters. */
		readonly joinable?: false;
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
	/** An exception; `message`. */
	| "internal error"
	| "no network set"
	| "no server set"
	| "no key set"
	| "no bucket set"
	/** The network has the same subnet as the access point: packets would not reach its router. */
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
	/** The list of data sources is cut off, a page of several, or in no known form: none was created. */
	| "unclear list"
	/** The service created a data source, now or before, did not return its id, and does not list it. */
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
	/** `unlisted`: the list of data sources was too long to find it. */
	readonly source?: "found" | "created" | "listed" | "unlisted";
	/** The name of the data source; untrusted text. */
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
	 * Counts up with each test, so that a page notices one started by another phone; 0 before the first one since boot.
	 */
	readonly number: number;
	readonly running: boolean;
	/** All are done. */
	readonly passed: boolean;
	readonly steps: readonly StepState[];
	/** Id of the data source that the test created; save it with the settings. */
	readonly dataSourceId?: string;
}
