import { errorMessage } from "../common/error-message";
import { isJsonObject, type RequestLimits, readJson } from "../common/json";
import { lowerCase } from "../common/lower-case";
import { linesBody } from "../http/message-stream";
import {
	dataHeaders,
	errorResponse,
	isOwnHost,
	jsonResponse,
	methodNotAllowed,
	pageResponse,
} from "../http/page-response";
import type { ServerRequest, ServerResponse } from "../http/server-messages";
import { checkEnteredSettings } from "../settings/entered-settings";
import { tidyPem } from "../settings/pem";
import type { DefaultPins } from "../settings/pin-conflicts";
import { checkSettings, type Settings } from "../settings/settings";
import { stripVersion } from "../settings/settings-file";
import type {
	BootLog,
	CheckResponse,
	FieldProblem,
	MeasureState,
	ScanState,
	SensorDescription,
	SetupState,
	TestStarted,
	TestState,
	UpdateState,
} from "./api";
import { setupPage } from "./page-data";

/** What the handler needs of the board. */
export interface SetupBackend {
	/** Origin of the page: `http://192.168.4.1`. */
	readonly origin: string;
	/** Further host names of the board. */
	readonly names: readonly string[];
	/** Every POST must carry it. */
	readonly token: string;
	/** What `auto` means in the settings. */
	readonly defaultPins: DefaultPins;
	/** Milliseconds of Unix time; 0 while unknown. */
	readonly now?: number;
	/** Sensors in use, with their latest values. */
	readonly sensors: readonly SensorDescription[];
	/** The saved settings; `asTested`: those tested last, if not saved since. */
	settings(asTested: boolean): Settings;
	state(): Omit<SetupState, "token">;
	networks(): ScanState;
	scan(): void;
	/** Scans all buses; `forget`: forgets missing sensors first. */
	scanSensors(forget: boolean): void;
	/** `settings`: checked; absent if they have a problem. */
	measure(settings?: Settings): MeasureState;
	/** Starts a test and returns its number; aborts a running one. */
	startTest(settings: Settings): number;
	testState(): TestState;
	save(settings: Settings): void;
	/** The access point has no password: anyone in range can read the responses. */
	readonly isOpenNetwork: boolean;
	/** A factory reset is pending. */
	readonly isErasing: boolean;
	/** The settings file in parts, with secrets or without. Called twice, it must give the same. */
	export(secrets: boolean): Iterable<string>;
	/** Leaves setup after the response is sent. */
	finish(): void;
	log(): BootLog;
	updateState(): UpdateState;
	/** One step of an update. */
	takeUpdate(step: Readonly<Record<string, unknown>>): UpdateState;
	/** Restarts after the response is sent. */
	restart(): void;
	/** Erases the board after the response is sent; false if `name` is not the board's. */
	factoryReset(name: unknown): boolean;
}

/** Request headers that the handler reads. */
export const requestHeaders: readonly string[] = Object.freeze(["origin", "content-type", "if-none-match"]);

type JsonObject = Readonly<Record<string, unknown>>;

/** There are 28 settings, and a board has at most 32 sensors. The longest text of another setting has 200 characters. */
export const requestLimits: RequestLimits = Object.freeze({
	maxEntries: 32,
	maxTextBytes: 1_024,
	longTexts: Object.freeze(["rootCertificate", "data"]),
});

/** The routes, with their `Allow` header. */
const allowedMethods: Readonly<Record<string, string>> = Object.freeze({
	"/": "GET, HEAD",
	"/api/state": "GET, HEAD",
	"/api/networks": "GET, HEAD",
	"/api/scan": "POST",
	"/api/sensors": "POST",
	"/api/measure": "POST",
	"/api/check": "POST",
	"/api/test": "GET, HEAD, POST",
	"/api/save": "POST",
	"/api/export": "POST",
	"/api/finish": "POST",
	"/api/log": "GET, HEAD",
	"/api/restart": "POST",
	"/api/reset": "POST",
	"/api/update": "GET, HEAD, POST",
});

/** The page, its API, and a redirect to the page for requests that were meant for the internet. */
export function handleSetupRequest(request: ServerRequest, board: SetupBackend): ServerResponse {
	const { method, path } = request;
	if (!isOwn(request.host, board)) return foreignHost(request, board);
	const isGet = method === "GET" || method === "HEAD";
	const allowed = Object.hasOwn(allowedMethods, path) ? allowedMethods[path] : undefined;
	if (allowed === undefined)
		return isGet && captivePortalProbes.includes(path)
			? redirectToPage(board)
			: errorResponse(404, "Not found.");
	if (!allowed.split(", ").includes(method)) return methodNotAllowed(allowed);
	if (isGet) return handleGet(request, board);
	return authorize(request, board, (body) => handlePost(path, body, board));
}

function handleGet(request: ServerRequest, board: SetupBackend): ServerResponse {
	switch (request.path) {
		case "/api/state":
			return jsonResponse(200, { token: board.token, ...board.state() });
		case "/api/networks":
			return jsonResponse(200, board.networks());
		case "/api/test":
			return jsonResponse(200, board.testState());
		case "/api/log":
			return jsonResponse(200, board.log());
		case "/api/update":
			return jsonResponse(200, board.updateState());
		default:
			return pageResponse(request, setupPage);
	}
}

function handlePost(path: string, body: JsonObject, board: SetupBackend): ServerResponse {
	// A pending factory reset cannot be replaced, and would erase what is saved.
	if (board.isErasing) return errorResponse(409, "This board is being erased.");
	switch (path) {
		case "/api/scan":
			board.scan();
			return jsonResponse(202, {});
		case "/api/sensors":
			board.scanSensors(body.forget === true);
			return jsonResponse(202, {});
		case "/api/measure":
			return measureResponse(body.settings, board);
		case "/api/export":
			return exportResponse(body.secrets === true, board);
		case "/api/finish":
			board.finish();
			return jsonResponse(202, {});
		case "/api/update":
			return jsonResponse(200, board.takeUpdate(body));
		case "/api/restart":
			board.restart();
			return jsonResponse(202, {});
		case "/api/reset":
			return board.factoryReset(body.name)
				? jsonResponse(202, {})
				: errorResponse(409, "This is not the name of this board: nothing is erased.");
		default:
			return handleSettings(path, body, board);
	}
}

/** The request has only pins and inputs, so that polling does not verify a certificate each time. */
function measureResponse(given: unknown, board: SetupBackend): ServerResponse {
	if (!isJsonObject(given)) return errorResponse(400, "The body has no settings.");
	const { settings, problems } = checkSettings(given, board.defaultPins);
	return jsonResponse(200, board.measure(problems.length > 0 ? undefined : settings));
}

/** Checks, tests or saves submitted settings. */
function handleSettings(path: string, body: JsonObject, board: SetupBackend): ServerResponse {
	const checked = checkSubmitted(body, board);
	if (checked === undefined) return errorResponse(400, "The body has no settings.");
	const { settings, response } = checked;
	if (path === "/api/check") return jsonResponse(200, response);
	if (response.problems.length > 0) return jsonResponse(422, response);
	if (path === "/api/test") {
		const started: TestStarted = { number: board.startTest(settings) };
		return jsonResponse(202, started);
	}
	try {
		board.save(settings);
	} catch (error) {
		return errorResponse(
			500,
			`Not saved: ${errorMessage(error)}. Try again; if it stays so, replace the board.`,
		);
	}
	return jsonResponse(200, response);
}

/** Accepts a POST only from the page itself: by its origin, its content type and its token. */
function authorize(
	request: ServerRequest,
	board: SetupBackend,
	act: (body: JsonObject) => ServerResponse,
): ServerResponse {
	const { headers, host } = request;
	if (lowerCase(headers.get("origin") ?? "") !== lowerCase(`http://${host}`))
		return errorResponse(403, "This request comes from another page.");
	const [type = ""] = (headers.get("content-type") ?? "").split(";");
	if (lowerCase(type.trim()) !== "application/json")
		return errorResponse(415, "The body must be application/json.");
	// Read only here, so that its text is freed after parsing.
	const read = readJson(request.takeBody?.() ?? request.body, requestLimits);
	if ("problem" in read) return errorResponse(400, read.problem);
	const body = read.value;
	if (!isJsonObject(body)) return errorResponse(400, "The body must be one JSON object.");
	if (typeof body.token !== "string" || !equalsConstantTime(body.token, board.token))
		return errorResponse(403, "The page is out of date: reload it.");
	return act(body);
}

/** In constant time, so that the token cannot be guessed character by character. */
function equalsConstantTime(given: string, secret: string): boolean {
	let difference = given.length ^ secret.length;
	for (let i = 0; i < secret.length; i++)
		difference |= secret.charCodeAt(i) ^ (i < given.length ? given.charCodeAt(i) : 0);
	return difference === 0;
}

function checkSubmitted({ settings, asTested }: JsonObject, board: SetupBackend) {
	if (!isJsonObject(settings)) return undefined;
	// Here no copy of the settings has the text yet, so that it can be freed. The check finds a problem with it again.
	tidyPem(settings);
	const { given, problems: ofFile } = stripVersion(settings);
	const own = board.settings(asTested === true);
	const checked = checkEnteredSettings(given, own, board.defaultPins, board.now);
	const { warnings } = checked;
	// Renamed fields are also in the settings.
	const unsent = inputWarnings(checked.settings, board.sensors).filter(
		({ problem }) => !warnings.some((other) => other.problem === problem),
	);
	const response: CheckResponse = {
		problems: [...ofFile, ...checked.problems],
		warnings: [...warnings, ...unsent],
	};
	return { settings: checked.settings, response };
}

/** Warns of inputs that would not be sent: a sensor's field keeps its name, even if it is no longer derived. */
function inputWarnings({ inputs, sensors }: Settings, present: readonly SensorDescription[]): FieldProblem[] {
	const names = present.flatMap(({ name: sensor, input, values }) => {
		const { off, fields } = Object.hasOwn(sensors, sensor) ? (sensors[sensor] ?? {}) : {};
		if (input !== undefined || off === true) return [];
		return values
			.filter(({ field }) => fields?.[field]?.off !== true)
			.map(({ field, name }) => fields?.[field]?.name ?? name);
	});
	const taken = inputs.find(({ name }) => names.includes(name));
	return taken === undefined
		? []
		: [{ key: "inputs", problem: `A field of a sensor has the name ${taken.name}, too.` }];
}

function exportResponse(secrets: boolean, board: SetupBackend): ServerResponse {
	if (secrets && board.isOpenNetwork)
		return errorResponse(409, "This Wi-Fi has no password: anyone in range could read the secrets.");
	const body = linesBody(() => board.export(secrets));
	const type = ["Content-Type", "application/json"] as const;
	const name = ["Content-Disposition", 'attachment; filename="dakkio-settings.json"'] as const;
	return { status: 200, headers: [...dataHeaders, type, name], body };
}

/**
 * Response to a request for another host name: a phone's check for internet access is redirected to the page. All else is
 * refused, because the name may be rebound to the board's address (DNS rebinding).
 */
function foreignHost({ host, method }: ServerRequest, board: SetupBackend): ServerResponse {
	if (host === undefined) return errorResponse(400, "The Host header is missing.");
	if (method === "GET" || method === "HEAD") return redirectToPage(board);
	return errorResponse(421, `This is ${board.origin}.`);
}

/** Paths that phones and computers request, also by the board's own address, to check for internet access. */
const captivePortalProbes: readonly string[] = Object.freeze([
	"/generate_204",
	"/gen_204",
	"/hotspot-detect.html",
	"/library/test/success.html",
	"/connecttest.txt",
	"/ncsi.txt",
	"/redirect",
	"/success.txt",
	"/canonical.html",
]);

function redirectToPage({ origin }: SetupBackend): ServerResponse {
	return { status: 302, headers: [...dataHeaders, ["Location", `${origin}/`]] };
}

function isOwn(host: string | undefined, { origin, names }: SetupBackend): boolean {
	const [own = "", port = "80"] = origin.slice("http://".length).split(":");
	return host !== undefined && isOwnHost(host, Number(port), [own, ...names]);
}
