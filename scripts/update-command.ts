import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sendUpdate, type UpdateClient } from "../page/send-update";
import { texts } from "../page/texts";
import { parseArguments } from "../simulator/command-line";
import { readInputFile } from "../simulator/input-file";
import { ProgressBar } from "../simulator/progress-bar";
import { errorMessage } from "../src/common/error-message";
import type { ErrorResponse, SetupState, UpdateRequest, UpdateState } from "../src/setup/api";
import { compareVersions, headerBytes, parseHeader, type Version } from "../src/update/image-header";

const help = `Installs a firmware on a board that is in setup, over its Wi-Fi network.

npm run update -- <address> [file] [--older]

  <address>   of the setup page, such as 192.168.4.1
  [file]      an update file; default: the newest one for the board's chip in the folder releases
  --older     also install a version that is older than the running one
`;

/** Between attempts to reach a board that has left for a moment; then it has restarted. */
const retryDelaysMs = [500, 1_000, 2_000, 4_000];
/** Busy responses in a row until the reason of the delay is shown. A busy board says how long to wait, usually a second. */
const reportedBusyResponses = 5;
/** The largest flash of a board. */
const maxUpdateFileBytes = 16 * 2 ** 20;
const busyWaitSeconds = { min: 0.5, usual: 1, max: 60 };

/** The setup page's API, as the page itself uses it. */
export class BoardUpdateClient implements UpdateClient {
	private readonly address: string;
	private readonly origin: string;
	private readonly onBusy: () => void;
	private token = "";

	/** `address`: with or without `http://`; `onBusy`: the board keeps serving others. */
	constructor(address: string, onBusy: () => void = () => {}) {
		this.address = address;
		this.onBusy = onBusy;
		const url = address.includes("://") ? address : `http://${address}`;
		if (!URL.canParse(url))
			throw new Error(`"${address}" is no address: give that of the setup page, such as 192.168.4.1.`);
		this.origin = new URL(url).origin;
	}

	async state(): Promise<SetupState> {
		const state: SetupState = await this.request("/api/state");
		this.token = state.token;
		return state;
	}

	async update(step: Omit<UpdateRequest, "token">): Promise<UpdateState> {
		const send = (): Promise<UpdateState> =>
			this.request("/api/update", JSON.stringify({ ...step, token: this.token }));
		try {
			return await send();
		} catch (error) {
			// After a restart the board has another token.
			if (!(error instanceof RefusedError && error.status === 403)) throw error;
			await this.state();
			return send();
		}
	}

	async updateState(): Promise<UpdateState> {
		try {
			return await this.request("/api/update");
		} catch (error) {
			if (error instanceof RefusedError) throw error;
			return { phase: "installed" };
		}
	}

	pause(milliseconds: number): Promise<void> {
		return new Promise((resolve) => setTimeout(resolve, milliseconds));
	}

	/** Repeated while there is no response, a few times, and while the board is busy, which is no failure. */
	private async request<T>(path: string, body?: string): Promise<T> {
		let failures = 0;
		for (let busy = 0; ; ) {
			try {
				return await this.requestOnce(path, body);
			} catch (error) {
				if (error instanceof BusyError) {
					if (++busy === reportedBusyResponses) this.onBusy();
					await this.pause(error.waitMs);
					continue;
				}
				const delayMs = retryDelaysMs[failures++];
				if (error instanceof RefusedError || delayMs === undefined) throw error;
				busy = 0;
				await this.pause(delayMs);
			}
		}
	}

	private async requestOnce<T>(path: string, body: string | undefined): Promise<T> {
		const { origin } = this;
		const post =
			body === undefined
				? {}
				: { method: "POST", body, headers: { "Content-Type": "application/json", Origin: origin } };
		const response = await fetch(origin + path, { ...post, signal: AbortSignal.timeout(8_000) });
		const text = await response.text();
		if (response.ok) return JSON.parse(text);
		if (response.status === 503) throw new BusyError(response.headers.get("Retry-After"));
		const { error }: Partial<ErrorResponse> = text.startsWith("{") ? JSON.parse(text) : {};
		// Another server, or the board's page on the home network.
		const isOther = error === undefined || response.status === 404;
		throw new RefusedError(response.status, isOther ? noResponse(this.address) : error);
	}
}

/** Another page, or a program, has its turn. */
class BusyError extends Error {
	readonly waitMs: number;

	constructor(retryAfter: string | null) {
		super("The board serves another request.");
		const { min, usual, max } = busyWaitSeconds;
		const seconds = Number(retryAfter ?? usual);
		this.waitMs = 1_000 * (Number.isNaN(seconds) ? usual : Math.min(max, Math.max(min, seconds)));
	}
}

class RefusedError extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** The newest update file for a chip in a folder. */
export function newestUpdateFile(folder: string, chip: string): string | undefined {
	if (!existsSync(folder)) return undefined;
	let newest: { path: string; version: Version } | undefined;
	for (const name of readdirSync(folder, { withFileTypes: true })) {
		if (!name.isFile() || !name.name.endsWith(".update")) continue;
		const path = join(folder, name.name);
		const header = parseHeader(new Uint8Array(readFileSync(path).subarray(0, headerBytes)));
		if (header?.chip !== chip) continue;
		if (newest === undefined || compareVersions(header.version, newest.version) > 0)
			newest = { path, version: header.version };
	}
	return newest?.path;
}

function readUpdateFile(path: string): Uint8Array<ArrayBuffer> {
	try {
		return readInputFile(path, maxUpdateFileBytes);
	} catch (error) {
		throw new Error(`The update file cannot be read: ${errorMessage(error)}.`);
	}
}

/** Returns the exit code. */
export async function updateBoard(args: readonly string[], folder: string): Promise<number> {
	const { values, positionals } = parseArguments({
		args: [...args],
		allowPositionals: true,
		options: { older: { type: "boolean" }, help: { type: "boolean", short: "h" } },
	});
	const [address, given, ...more] = positionals;
	if (values.help === true || address === undefined || more.length > 0) {
		process.stdout.write(help);
		return values.help === true ? 0 : 2;
	}
	const file = given === undefined ? undefined : readUpdateFile(given);
	const client = new BoardUpdateClient(address, () =>
		process.stderr.write(`${address} is busy with another page: close it, or wait. Trying again…\n`),
	);
	const { board } = await client.state().catch((error: unknown) => {
		throw error instanceof RefusedError ? error : new Error(noResponse(address));
	});
	const path = given ?? newestUpdateFile(folder, board.chip);
	if (path === undefined)
		throw new Error(
			`There is no update file for ${board.chip} in ${folder}: make one with npm run release, or name a file.`,
		);
	process.stdout.write(`${board.name} (${board.chip}, firmware ${board.firmwareVersion}): ${path}\n`);
	const bar = new ProgressBar(process.stdout, 100, (done) => `${Math.round(done)} %`);
	let shown = 0;
	const problem = await sendUpdate(client, file ?? readUpdateFile(path), values.older === true, (share) => {
		bar.advance(100 * share - shown);
		shown = 100 * share;
	});
	bar.clear();
	if (problem === undefined) {
		process.stdout.write(`${texts.update.installed}\n`);
		return 0;
	}
	const remedy = problem === "older" ? " Add --older to install it anyway." : "";
	process.stderr.write(`${texts.update.problems[problem]}${remedy}\n`);
	return 1;
}

function noResponse(address: string): string {
	return `${address} does not respond as a board in setup: hold its button for five seconds, and join its Wi-Fi network.`;
}
