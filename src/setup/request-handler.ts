import { isJsonObject, parseJson, toJson } from "../common/json";
import { bytesBody, textBody } from "../http/message-stream";
import type { ServerRequest, ServerResponse } from "../http/server-connection";
import type { DefaultPins } from "../settings/pin-conflicts";
import { checkSettings, type Settings } from "../settings/settings";
import { stripVersion } from "../settings/settings-file";
import type { CheckResponse, ScanState, SetupState, TestStarted, TestState } from "./api";
import { mergeSubmitted } from "./form-settings";
import { pageEtag, pageGzip, pageScriptHash, pageStyleHash } from "./page-data";

/** What the page can ask of the board. */
export interface SetupBackend {
	/** Of the page: `http://192.168.4.1`. */
	readonly origin: string;
	/** Names, besides the origin's, under which the board itself is asked for. */
	readonly names: readonly string[];
	/** Every POST must carry it. */
	readonly token: string;
	/** What is `auto` in the settings. */
	readonly defaultPins: DefaultPins;
	/** As kept; `asTested`: as tested last, where that is not saved yet. */
	settings(asTested: boolean): Settings;
	state(): Omit<SetupState, "token">;
	networks(): ScanState;
	scan(): void;
	/** Looks for sensors everywhere; `forget`: those that are missing are forgotten first. */
	scanSensors(forget: boolean): void;
	/** Begins a test, and gives its number; one that is under way is given up. */
	startTest(settings: Settings): number;
	testState(): TestState;
	save(settings: Settings): void;
	/** Its Wi-Fi has no password: whatever is answered, everybody around can hear. */
	readonly isOpenNetwork: boolean;
	/** The settings file, with secrets or without. */
	export(secrets: boolean): string;
	/** Leaves setup, after the answer has gone out. */
	finish(): void;
}

/** Headers of a request that the handler looks at. */
export const requestHeaders: readonly string[] = Object.freeze(["origin", "content-type", "if-none-match"]);

/** For every answer: nothing of it is kept, guessed at, framed or told to others. */
const commonHeaders = Object.freeze([
	["X-Content-Type-Options", "nosniff"],
	["X-Frame-Options", "DENY"],
	["Referrer-Policy", "no-referrer"],
	["Cross-Origin-Resource-Policy", "same-origin"],
	["Cross-Origin-Opener-Policy", "same-origin"],
] as const);

const apiHeaders = Object.freeze([
	...commonHeaders,
	["Cache-Control", "no-store"],
	["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
] as const);

const pageHeaders = Object.freeze([
	...commonHeaders,
	["Cache-Control", "no-cache"],
	[
		"Content-Security-Policy",
		`default-src 'none'; script-src '${pageScriptHash}'; style-src '${pageStyleHash}'; img-src data:; ` +
			"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	],
	["ETag", pageEtag],
] as const);

type JsonObject = Readonly<Record<string, unknown>>;

/** What the board answers to a request: the page, its data, or a redirect to it for whoever looks for the internet. */
export function handleSetupRequest(request: ServerRequest, board: SetupBackend): ServerResponse {
	const { method, path } = request;
	if (!isOwnHost(request.host, board)) return foreignHost(request, board);
	const routes: Readonly<Record<string, (() => ServerResponse) | undefined>> =
		method === "GET" || method === "HEAD" ? getRoutes(request, board) : postRoutes(request, board);
	const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
	if (method === "GET" || method === "HEAD") {
		if (route !== undefined) return route();
		return path in postRoutes(request, board) ? methodNotAllowed("POST") : notFound(request, board);
	}
	if (route !== undefined && method === "POST") return route();
	const gettable = path in getRoutes(request, board);
	if (route === undefined && !gettable) return errorResponse(404, "There is nothing here.");
	return methodNotAllowed(
		[...(gettable ? ["GET", "HEAD"] : []), ...(route === undefined ? [] : ["POST"])].join(", "),
	);
}

function getRoutes(
	request: ServerRequest,
	board: SetupBackend,
): Readonly<Record<string, () => ServerResponse>> {
	return {
		"/": () => pageResponse(request),
		"/api/state": () => jsonResponse(200, { token: board.token, ...board.state() }),
		"/api/networks": () => jsonResponse(200, board.networks()),
		"/api/test": () => jsonResponse(200, board.testState()),
	};
}

function postRoutes(
	request: ServerRequest,
	board: SetupBackend,
): Readonly<Record<string, () => ServerResponse>> {
	const authorized = (act: (body: JsonObject) => ServerResponse) => () => authorize(request, board, act);
	const given = (act: (settings: Settings, answer: CheckResponse) => ServerResponse) =>
		authorized((body) => withValidSettings(body, board, act));
	return {
		"/api/scan": authorized(() => {
			board.scan();
			return jsonResponse(202, {});
		}),
		"/api/sensors": authorized(({ forget }) => {
			board.scanSensors(forget === true);
			return jsonResponse(202, {});
		}),
		"/api/check": authorized((body) => {
			const checked = checkSubmitted(body, board);
			return checked === undefined ? missingSettings() : jsonResponse(200, checked.answer);
		}),
		"/api/test": given((settings) => {
			const begun: TestStarted = { number: board.startTest(settings) };
			return jsonResponse(202, begun);
		}),
		"/api/save": given((settings, answer) => {
			board.save(settings);
			return jsonResponse(200, answer);
		}),
		"/api/export": authorized(({ secrets }) => {
			if (secrets === true && board.isOpenNetwork)
				return errorResponse(409, "This Wi-Fi has no password, so everybody around could hear the secrets.");
			const body = textBody(board.export(secrets === true));
			const name = ["Content-Disposition", 'attachment; filename="dakkio-settings.json"'] as const;
			return { status: 200, headers: [...apiHeaders, jsonType, name], body };
		}),
		"/api/finish": authorized(() => {
			board.finish();
			return jsonResponse(202, {});
		}),
	};
}

/** A POST is the page's own: its origin, its kind of body, its token. */
function authorize(
	{ headers, body: text, host }: ServerRequest,
	board: SetupBackend,
	act: (body: JsonObject) => ServerResponse,
): ServerResponse {
	const origin = headers.get("origin");
	if (origin !== undefined && origin.toLowerCase() !== `http://${host?.toLowerCase()}`)
		return errorResponse(403, "This request comes from another page.");
	const [type = ""] = (headers.get("content-type") ?? "").split(";");
	if (type.trim().toLowerCase() !== "application/json")
		return errorResponse(415, "The body must be application/json.");
	const body = parseJson(text);
	if (!isJsonObject(body))
		return errorResponse(400, "The body must be one JSON object, no larger than settings can be.");
	if (typeof body.token !== "string" || !equalsConstantTime(body.token, board.token))
		return errorResponse(403, "The page is out of date: load it again.");
	return act(body);
}

/** Takes the same time wherever they differ, so that it cannot be found out letter by letter. */
function equalsConstantTime(given: string, secret: string): boolean {
	let difference = given.length ^ secret.length;
	for (let i = 0; i < secret.length; i++)
		difference |= secret.charCodeAt(i) ^ (i < given.length ? given.charCodeAt(i) : 0);
	return difference === 0;
}

function checkSubmitted({ settings, asTested }: JsonObject, board: SetupBackend) {
	if (!isJsonObject(settings)) return undefined;
	const { given, problems: ofFile } = stripVersion(settings);
	const kept = board.settings(asTested === true);
	const {
		settings: checked,
		problems,
		warnings,
	} = checkSettings(mergeSubmitted(given, kept), board.defaultPins);
	const all = [...ofFile, ...problems, ...keyProblems(checked, kept, given.key)];
	return { settings: checked, answer: { problems: all, warnings } };
}

/**
 * A key that nobody sees again must not go to a service that it was not typed for, nor to whoever has a certificate that
 * was not trusted then.
 */
function keyProblems(checked: Settings, kept: Settings, typed: unknown): CheckResponse["problems"] {
	if (kept.key === "" || (typed !== undefined && typed !== "")) return [];
	const trusted = ["", kept.rootCertificate].includes(checked.rootCertificate);
	if (checked.server === kept.server && trusted) return [];
	const other = trusted ? "address of the service" : "root certificate";
	return [{ key: "key", problem: `The ${other} is another one: enter the key for it.` }];
}

function withValidSettings(
	body: JsonObject,
	board: SetupBackend,
	act: (settings: Settings, answer: CheckResponse) => ServerResponse,
): ServerResponse {
	const checked = checkSubmitted(body, board);
	if (checked === undefined) return missingSettings();
	return checked.answer.problems.length > 0
		? jsonResponse(422, checked.answer)
		: act(checked.settings, checked.answer);
}

function missingSettings(): ServerResponse {
	return errorResponse(400, "The body has no settings.");
}

function pageResponse({ headers }: ServerRequest): ServerResponse {
	if (headers.get("if-none-match") === pageEtag) return { status: 304, headers: pageHeaders };
	return {
		status: 200,
		headers: [...pageHeaders, ["Content-Type", "text/html; charset=utf-8"], ["Content-Encoding", "gzip"]],
		body: bytesBody(pageGzip),
	};
}

/**
 * A name that is not the board's: a phone that looks whether the internet is there, or an app that thinks it is, is
 * shown the page. Nothing else is answered: the name may be one that somebody has bent to this address.
 */
function foreignHost(request: ServerRequest, board: SetupBackend): ServerResponse {
	if (request.host === undefined) return errorResponse(400, "The request does not say whom it asks (Host).");
	if (request.method === "GET" || request.method === "HEAD") return redirectToPage(board);
	return errorResponse(421, `This is ${board.origin}.`);
}

function notFound({ path }: ServerRequest, board: SetupBackend): ServerResponse {
	return captivePortalProbes.includes(path)
		? redirectToPage(board)
		: errorResponse(404, "There is nothing here.");
}

/** What systems ask for to find out whether they are on the internet, should one ask by the board's address. */
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
	return { status: 302, headers: [...apiHeaders, ["Location", `${origin}/`]] };
}

function isOwnHost(host: string | undefined, { origin, names }: SetupBackend): boolean {
	if (host === undefined) return false;
	const [name = "", port, more] = host.toLowerCase().split(":");
	const [own = "", ownPort = "80"] = origin.slice("http://".length).split(":");
	return more === undefined && (port ?? "80") === ownPort && (name === own || names.includes(name));
}

const jsonType = Object.freeze(["Content-Type", "application/json"] as const);

function jsonResponse(status: number, body: unknown): ServerResponse {
	return { status, headers: [...apiHeaders, jsonType], body: textBody(toJson(body)) };
}

function errorResponse(status: number, error: string): ServerResponse {
	return jsonResponse(status, { error });
}

function methodNotAllowed(allow: string): ServerResponse {
	const { headers, ...answer } = errorResponse(405, `Only ${allow} is possible here.`);
	return { ...answer, headers: [...headers, ["Allow", allow]] };
}
