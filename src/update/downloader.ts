import type { Network, Time } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import type { HttpsUrl } from "../common/https-url";
import { readJsonRecord, writeJsonRecord } from "../common/json-record";
import type { PersistentKey } from "../common/persistent-values";
import type { ExchangeResult } from "../http/exchange-result";
import { HttpConnection } from "../http/http-connection";
import type { HttpRequest } from "../http/request";
import {
	afterDownload,
	type ByteRange,
	countRequest,
	type DownloadConditions,
	type DownloadOutcome,
	type DownloadState,
	downloadHeaders,
	downloadWaitMs,
	firstState,
	isTransient,
	maxBadImages,
	maxHeaderBytes,
	maxRedirects,
	nextRange,
	rangeProblem,
	readState,
	redirectTarget,
} from "./download-plan";
import type { FirmwareUpdate } from "./firmware-update";
import { compareVersions, parseHeader, parseVersion, type Version } from "./image-header";
import { maxIndexBytes, parseReleaseIndex, type Release } from "./release-index";

export interface DownloaderOptions {
	readonly network: Pick<Network, "TCP" | "TLS" | "resolver">;
	readonly time: Time;
	readonly storage: Pick<KeyValue, "read" | "write">;
	/** Address of the release index: as in the settings, and parsed. */
	readonly address: string;
	readonly index: HttpsUrl;
	/** Root certificates trusted in addition to the board's, DER. */
	readonly ca: readonly Uint8Array[];
	readonly chip: string;
	/** Version of the running firmware. */
	readonly version: string;
	readonly userAgent: string;
	readonly update: Pick<FirmwareUpdate, "progress" | "begin" | "write" | "install">;
	readonly owner: DownloaderOwner;
}

export interface DownloaderOwner {
	/** Version whose trial failed, `1.2.3`: it is not downloaded again. */
	readonly failedVersion: string | undefined;
	readonly downloadConditions: DownloadConditions;
	/** {@link Downloader.isActive} has changed. */
	onChange(): void;
	/** A new version is installed: restart into it. */
	onInstalled(): void;
	/** Uniform in 0 … 1. */
	random(): number;
	log(line: string): void;
}

/** How a download ended; `cause`: for the log. */
interface Ending {
	readonly outcome: DownloadOutcome;
	readonly cause?: string | undefined;
}

/** Where a document was found last, after redirects. */
interface Place {
	url: HttpsUrl;
	/** Of the file, from the first response on. */
	etag?: string | undefined;
}

const paused: Ending = Object.freeze({ outcome: "paused" });
const releaseKey: PersistentKey = "release";

/**
 * Checks a release index for a new version once a day, and downloads it in ranges, resuming after interruptions. Connects
 * only while no upload is due, and never throws. The decisions are in `download-plan`.
 */
export class Downloader {
	private readonly options: DownloaderOptions;
	private state: DownloadState | undefined;
	private connection: HttpConnection | undefined;
	private origin: HttpsUrl | undefined;
	/** Settles when the connection is closed. */
	private transfer: Promise<Ending | "complete"> | undefined;
	private running: Promise<void> | undefined;
	private isInstalling = false;
	/** An upload uses the network, until {@link wake}. */
	private hasYielded = false;
	private stopped = false;
	private loggedCause = "";
	private endPause: () => void = () => {};

	constructor(options: DownloaderOptions) {
		this.options = options;
		const saved = readJsonRecord(options.storage, releaseKey);
		this.state = readState(typeof saved === "object" ? saved.value : undefined, options.address);
	}

	start(): void {
		this.running ??= this.run();
	}

	/** Newer version in the index, `1.2.3`; `undefined`: none. */
	get offeredVersion(): string | undefined {
		const { offered = "" } = this.state ?? {};
		return this.isNewer(parseVersion(offered)) ? offered : undefined;
	}

	/** Whether it is downloading, or about to. */
	get isActive(): boolean {
		return !this.stopped && (this.transfer !== undefined || this.isInstalling || this.waitMs() === 0);
	}

	/** Call when conditions have changed: the network is up, the time is known, an upload has ended. */
	wake(): void {
		this.hasYielded = false;
		this.endPause();
	}

	/** Pauses for an upload, until {@link wake}; resolves when the connection is closed. */
	async yieldNetwork(): Promise<void> {
		this.hasYielded = true;
		this.connection?.close();
		await this.transfer;
	}

	/** Stops for good; resolves when the connection is closed. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.connection?.close();
		this.endPause();
		await this.running;
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			const waitMs = this.waitMs();
			if (waitMs > 0) await this.pause(waitMs);
			else await this.download();
		}
	}

	/** Milliseconds until the next request; plans the first check. */
	private waitMs(): number {
		const { address, owner } = this.options;
		const given = owner.downloadConditions;
		if (given.nowUtc === undefined || this.hasYielded) return Number.POSITIVE_INFINITY;
		if (this.state === undefined) this.save(firstState(address, given.nowUtc, owner.random()));
		return this.state === undefined ? Number.POSITIVE_INFINITY : downloadWaitMs(this.state, given);
	}

	private pause(waitMs: number): Promise<void> {
		const { time } = this.options;
		return new Promise((resolve) => {
			const timer = waitMs === Number.POSITIVE_INFINITY ? undefined : time.set(() => this.endPause(), waitMs);
			this.endPause = () => {
				time.clear(timer);
				this.endPause = () => {};
				resolve();
			};
		});
	}

	private async download(): Promise<void> {
		const { owner } = this.options;
		this.transfer = this.transferFile();
		owner.onChange();
		const transferred = await this.transfer;
		this.transfer = undefined;
		const ending = transferred === "complete" ? await this.install() : transferred;
		const { state } = this;
		const { nowUtc } = owner.downloadConditions;
		if (state !== undefined && nowUtc !== undefined)
			this.save(afterDownload(state, ending.outcome, nowUtc, owner.random()));
		this.logEnding(ending);
		owner.onChange();
	}

	/** Fetches the index, then the missing part of the file. */
	private async transferFile(): Promise<Ending | "complete"> {
		try {
			const release = await this.findRelease();
			if ("outcome" in release) return release;
			const place: Place = { url: release.url };
			for (;;) {
				const step = await this.fetchRange(release, place);
				if (step !== "progress") return step;
			}
		} catch (error) {
			return { outcome: "broken", cause: errorMessage(error) };
		} finally {
			this.disconnect();
		}
	}

	/** Finds the update for this board and begins it; or why there is none to fetch. */
	private async findRelease(): Promise<Release | Ending> {
		const { index, chip, update, owner } = this.options;
		const result = await this.request({ url: index }, { maxKeptBodyBytes: maxIndexBytes });
		if ("outcome" in result) return result;
		if (result.kind === "failure")
			return this.isInterrupted ? paused : { outcome: "broken", cause: result.message };
		if (result.status !== 200)
			return {
				outcome: isTransient(result.status) ? "broken" : "unusable",
				cause: `the index: the server responded ${result.status}`,
			};
		if (result.truncated === true)
			return result.oddity === undefined
				? { outcome: "unusable", cause: "the index is too long" }
				: { outcome: "broken", cause: result.oddity };
		const release = parseReleaseIndex(result.body, chip, index);
		if (release === undefined) return this.offerNothing();
		if ("problem" in release) return { outcome: "unusable", cause: `the index: ${release.problem}` };
		const version = parseHeader(release.header)?.version;
		if (version !== undefined && !this.isNewer(version)) return this.offerNothing();
		const text = version?.join(".") ?? "";
		const { offered = "", badImages = 0 } = this.state ?? {};
		if (text === owner.failedVersion || (text === offered && badImages >= maxBadImages))
			return { outcome: "none" };
		const problem = update.begin(release.header, false);
		if (problem !== undefined)
			return { outcome: "unusable", cause: `version ${text} is refused: ${problem}` };
		if (text !== offered) this.change({ offered: text, badImages: 0 });
		return release;
	}

	private offerNothing(): Ending {
		if (this.state?.offered !== "") this.change({ offered: "", badImages: 0 });
		return { outcome: "none" };
	}

	private async fetchRange(
		{ url, header }: Release,
		place: Place,
	): Promise<Ending | "progress" | "complete"> {
		const { update } = this.options;
		const { progress } = update;
		if (progress === undefined) return { outcome: "unusable", cause: "the update was given up" };
		const { writtenBytes } = progress;
		const { lengthBytes } = progress.header;
		if (writtenBytes === lengthBytes) return "complete";
		const total = header.length + lengthBytes;
		const range = nextRange(header.length + writtenBytes, total);
		const { url: askedUrl } = place;
		let at = writtenBytes;
		let cause: string | undefined;
		const refuse = (problem: string | undefined) => {
			cause ??= problem;
			// Ends the exchange.
			if (cause !== undefined) throw new Error(cause);
		};
		const result = await this.request(place, {
			range,
			makeBodyReader: () => (part, head) => {
				if (redirectTarget(head, place.url) !== undefined) return;
				refuse(rangeProblem(head, range, place.etag));
				place.etag ??= head.headers.get("etag");
				if (header.length + at + part.length > range.last + 1) refuse("more bytes than requested");
				refuse(update.write(part, at));
				at += part.length;
			},
		});
		if ("outcome" in result) return result;
		if (result.kind === "response") {
			cause ??= rangeProblem(result, range, place.etag);
			if (isTransient(result.status)) return { outcome: "broken", cause };
			if (result.status >= 400 && askedUrl !== url) {
				// Redirect targets may be valid only for minutes.
				place.url = url;
				return "progress";
			}
		}
		if (cause !== undefined) return { outcome: "unusable", cause };
		if (header.length + at > range.last) return "progress";
		if (this.isInterrupted) return paused;
		return { outcome: "broken", cause: result.kind === "failure" ? result.message : result.oddity };
	}

	/** Sends a request and follows redirects. */
	private async request(
		place: Place,
		request: Parameters<Downloader["requestOnce"]>[1],
	): Promise<ExchangeResult | Ending> {
		for (let redirects = 0; ; redirects++) {
			const result = await this.requestOnce(place.url, request);
			if ("outcome" in result || result.kind === "failure" || redirects === maxRedirects) return result;
			const target = redirectTarget(result, place.url);
			if (target === undefined) return result;
			place.url = target;
		}
	}

	/** The connection stays open for the next request to the same server. */
	private async requestOnce(
		url: HttpsUrl,
		{ range, ...rest }: Pick<HttpRequest, "maxKeptBodyBytes" | "makeBodyReader"> & { range?: ByteRange },
	): Promise<ExchangeResult | Ending> {
		const { network, time, ca, userAgent, owner } = this.options;
		const given = owner.downloadConditions;
		const { state } = this;
		if (this.isInterrupted || state === undefined || given.nowUtc === undefined) return paused;
		if (this.origin?.host !== url.host || this.origin.port !== url.port) this.disconnect();
		this.origin = url;
		this.connection ??= new HttpConnection({
			...{ network, time, ca, host: url.host, port: url.port },
			secure: true,
			responseHeaders: downloadHeaders,
			maxHeaderBytes,
		});
		this.save(countRequest(state, given.nowUtc));
		const headers: [string, string][] = [["User-Agent", userAgent]];
		if (range !== undefined) headers.push(["Range", `bytes=${range.first}-${range.last}`]);
		return this.connection.exchange({ method: "GET", path: url.path, headers, ...rest });
	}

	/** Whether an upload uses the network, or the conditions no longer allow a request. */
	private get isInterrupted(): boolean {
		const { stopped, hasYielded, state } = this;
		if (stopped || hasYielded || state === undefined) return true;
		return downloadWaitMs({ ...state, nextUtc: 0 }, this.options.owner.downloadConditions) > 0;
	}

	private disconnect(): void {
		this.connection?.close();
		this.connection = undefined;
	}

	private async install(): Promise<Ending> {
		const { update, owner } = this.options;
		this.isInstalling = true;
		const problem = await update.install();
		this.isInstalling = false;
		if (problem !== undefined)
			return { outcome: problem === "storage" ? "broken" : "bad image", cause: `not installed: ${problem}` };
		owner.log(`update: version ${this.state?.offered} is installed`);
		owner.onInstalled();
		return { outcome: "none" };
	}

	private isNewer(version: Version | undefined): boolean {
		const running = parseVersion(this.options.version);
		return version !== undefined && running !== undefined && compareVersions(version, running) > 0;
	}

	private change(changed: Partial<DownloadState>): void {
		if (this.state !== undefined) this.save({ ...this.state, ...changed });
	}

	/** Keeps the state in memory and in storage. */
	private save(state: DownloadState): void {
		this.state = state;
		try {
			writeJsonRecord(this.options.storage, releaseKey, state);
		} catch {
			// The state in memory is used; a storage failure must not end the app.
		}
	}

	/** Logs a persistent cause only once a day. */
	private logEnding({ outcome, cause }: Ending): void {
		if (cause === undefined || (outcome === "broken" && cause === this.loggedCause)) return;
		this.loggedCause = cause;
		this.options.owner.log(`update: ${cause}`);
	}
}
