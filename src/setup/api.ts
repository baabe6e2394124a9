import type { SettingKey } from "../settings/settings";

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

export interface TestState {
	/**
	 * Goes up with each test, so that a page can tell its own from one that another phone has begun since; 0 as long as
	 * none was made since the board started.
	 */
	readonly number: number;
	readonly running: boolean;
	/** All are done. */
	readonly passed: boolean;
	readonly steps: readonly {
		readonly step: TestStep;
		readonly state: "waiting" | "running" | "done" | "failed";
		/** What was found, or the cause of the failure: a sentence or less. */
		readonly text?: string;
		/** What to do. */
		readonly cure?: string;
	}[];
	/** The data source that the test made, to be kept with the settings. */
	readonly dataSourceId?: string;
}
