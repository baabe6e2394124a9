import type { ServerAnswer, ServerRequest } from "../http/server";
import { bytesBody, textBody } from "../http/server";
import { readVersion } from "../settings/file";
import type { UsualPins } from "../settings/pins";
import { checkSettings, type Settings } from "../settings/settings";
import { isObject, parseJson, toJson } from "../text/json";
import type { CheckAnswer, ScanState, SetupState, TestBegun, TestState } from "./api";
import { mergeGiven } from "./given";
import { pageEtag, pageGzip, pageScriptHash, pageStyleHash } from "./page-data";

/** What the page can ask of the board. */
export interface SetupBoard {
	/** Of the page: `http://192.168.4.1`. */
	readonly origin: string;
	/** Names, besides the origin's, under which the board itself is asked for. */
	readonly names: readonly string[];
	/** Every POST must carry it. */
	readonly token: string;
	/** What is `auto` in the settings. */
	readonly usualPins: UsualPins;
	/** As kept; `asTested`: as tested last, where that is not saved yet. */
	settings(asTested: boolean): Settings;
	state(): Omit<SetupState, "token">;
	networks(): ScanState;
	scan(): void;
	/** Looks for sensors everywhere; `forget`: those that are missing are forgotten first. */
	lookForSensors(forget: boolean): void;
	/** Begins a test, and gives its number; one that is under way is given up. */
	test(settings: Settings): number;
	testState(): TestState;
	save(settings: Settings): void;
	/** Its Wi-Fi has no password: whatever is answered, everybody around can hear. */
	readonly isOpen: boolean;
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

type Fields = Readonly<Record<string, unknown>>;

/** What the board answers to a request: the page, its data, or a redirect to it for whoever looks for the internet. */
export function answerSetup(request: ServerRequest, board: SetupBoard): ServerAnswer {
	const { method, path } = request;
	if (!isOwnHost(request.host, board)) return misdirected(request, board);
	const routes: Readonly<Record<string, (() => ServerAnswer) | undefined>> =
		method === "GET" || method === "HEAD" ? gets(request, board) : posts(request, board);
	const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
	if (method === "GET" || method === "HEAD") {
		if (route !== undefined) return route();
		return path in posts(request, board) ? notAllowed("POST") : unknown(request, board);
	}
	if (route !== undefined && method === "POST") return route();
	const gettable = path in gets(request, board);
	if (route === undefined && !gettable) return refuse(404, "There is nothing here.");
	return notAllowed(
		[...(gettable ? ["GET", "HEAD"] : []), ...(route === undefined ? [] : ["POST"])].join(", "),
	);
}

function gets(request: ServerRequest, board: SetupBoard): Readonly<Record<string, () => ServerAnswer>> {
	return {
		"/": () => page(request),
		"/api/state": () => json(200, { token: board.token, ...board.state() }),
		"/api/networks": () => json(200, board.networks()),
		"/api/test": () => json(200, board.testState()),
	};
}

function posts(request: ServerRequest, board: SetupBoard): Readonly<Record<string, () => ServerAnswer>> {
	const authorized = (act: (body: Fields) => ServerAnswer) => () => authorize(request, board, act);
	const given = (act: (settings: Settings, answer: CheckAnswer) => ServerAnswer) =>
		authorized((body) => checkGiven(body, board, act));
	return {
		"/api/scan": authorized(() => {
			board.scan();
			return json(202, {});
		}),
		"/api/sensors": authorized(({ forget }) => {
			board.lookForSensors(forget === true);
			return json(202, {});
		}),
		"/api/check": authorized((body) => {
			const checked = judge(body, board);
			return checked === undefined ? noSettings() : json(200, checked.answer);
		}),
		"/api/test": given((settings) => {
			const begun: TestBegun = { number: board.test(settings) };
			return json(202, begun);
		}),
		"/api/save": given((settings, answer) => {
			board.save(settings);
			return json(200, answer);
		}),
		"/api/export": authorized(({ secrets }) => {
			if (secrets === true && board.isOpen)
				return refuse(409, "This Wi-Fi has no password, so everybody around could hear the secrets.");
			const body = textBody(board.export(secrets === true));
			const name = ["Content-Disposition", 'attachment; filename="dakkio-settings.json"'] as const;
			return { status: 200, headers: [...apiHeaders, jsonType, name], body };
		}),
		"/api/finish": authorized(() => {
			board.finish();
			return json(202, {});
		}),
	};
}

/** A POST is the page's own: its origin, its kind of body, its token. */
function authorize(
	{ headers, body: text, host }: ServerRequest,
	board: SetupBoard,
	act: (body: Fields) => ServerAnswer,
): ServerAnswer {
	const origin = headers.get("origin");
	if (origin !== undefined && origin.toLowerCase() !== `http://${host?.toLowerCase()}`)
		return refuse(403, "This request comes from another page.");
	const [type = ""] = (headers.get("content-type") ?? "").split(";");
	if (type.trim().toLowerCase() !== "application/json")
		return refuse(415, "The body must be application/json.");
	const body = parseJson(text);
	if (!isObject(body))
		return refuse(400, "The body must be one JSON object, no larger than settings can be.");
	if (typeof body.token !== "string" || !isSame(body.token, board.token))
		return refuse(403, "The page is out of date: load it again.");
	return act(body);
}

/** Takes the same time wherever they differ, so that it cannot be found out letter by letter. */
function isSame(given: string, secret: string): boolean {
	let difference = given.length ^ secret.length;
	for (let i = 0; i < secret.length; i++)
		difference |= secret.charCodeAt(i) ^ (i < given.length ? given.charCodeAt(i) : 0);
	return difference === 0;
}

function judge({ settings, asTested }: Fields, board: SetupBoard) {
	if (!isObject(settings)) return undefined;
	const { given, problems: ofFile } = readVersion(settings);
	const kept = board.settings(asTested === true);
	const { settings: checked, problems, warnings } = checkSettings(mergeGiven(given, kept), board.usualPins);
	const all = [...ofFile, ...problems, ...keyForAnother(checked, kept, given.key)];
	return { settings: checked, answer: { problems: all, warnings } };
}

/**
 * A key that nobody sees again must not go to a service that it was not typed for, nor to whoever has a certificate that
 * was not trusted then.
 */
function keyForAnother(checked: Settings, kept: Settings, typed: unknown): CheckAnswer["problems"] {
	if (kept.key === "" || (typed !== undefined && typed !== "")) return [];
	const trusted = ["", kept.rootCertificate].includes(checked.rootCertificate);
	if (checked.server === kept.server && trusted) return [];
	const other = trusted ? "address of the service" : "root certificate";
	return [{ key: "key", problem: `The ${other} is another one: enter the key for it.` }];
}

function checkGiven(
	body: Fields,
	board: SetupBoard,
	act: (settings: Settings, answer: CheckAnswer) => ServerAnswer,
): ServerAnswer {
	const checked = judge(body, board);
	if (checked === undefined) return noSettings();
	return checked.answer.problems.length > 0
		? json(422, checked.answer)
		: act(checked.settings, checked.answer);
}

function noSettings(): ServerAnswer {
	return refuse(400, "The body has no settings.");
}

function page({ headers }: ServerRequest): ServerAnswer {
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
function misdirected(request: ServerRequest, board: SetupBoard): ServerAnswer {
	if (request.host === undefined) return refuse(400, "The request does not say whom it asks (Host).");
	if (request.method === "GET" || request.method === "HEAD") return redirect(board);
	return refuse(421, `This is ${board.origin}.`);
}

function unknown({ path }: ServerRequest, board: SetupBoard): ServerAnswer {
	return probes.includes(path) ? redirect(board) : refuse(404, "There is nothing here.");
}

/** What systems ask for to find out whether they are on the internet, should one ask by the board's address. */
const probes: readonly string[] = Object.freeze([
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

function redirect({ origin }: SetupBoard): ServerAnswer {
	return { status: 302, headers: [...apiHeaders, ["Location", `${origin}/`]] };
}

function isOwnHost(host: string | undefined, { origin, names }: SetupBoard): boolean {
	if (host === undefined) return false;
	const [name = "", port, more] = host.toLowerCase().split(":");
	const [own = "", ownPort = "80"] = origin.slice("http://".length).split(":");
	return more === undefined && (port ?? "80") === ownPort && (name === own || names.includes(name));
}

const jsonType = Object.freeze(["Content-Type", "application/json"] as const);

function json(status: number, body: unknown): ServerAnswer {
	return { status, headers: [...apiHeaders, jsonType], body: textBody(toJson(body)) };
}

function refuse(status: number, error: string): ServerAnswer {
	return json(status, { error });
}

function notAllowed(allow: string): ServerAnswer {
	const { headers, ...answer } = refuse(405, `Only ${allow} is possible here.`);
	return { ...answer, headers: [...headers, ["Allow", allow]] };
}
