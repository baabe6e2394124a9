import { generateKeyPairSync } from "node:crypto";
import { makeReleaseIndex } from "../../scripts/release-index";
import { makeUpdateFile, rawPublicKey } from "../../scripts/update-file";
import { parseVersion, type Version } from "../../src/update/image-header";
import { makeFirmwareImage } from "../hardware/firmware-image";
import { type BoardSender, type ReceivedRequest, RequestParser } from "./request-parser";
import type { ReleaseServerFault, UpdateFileKind } from "./scenario";

export const releaseHost = "releases.example";
/** Where it redirects to: no host has this address. */
export const redirectHost = "elsewhere.example";
export const releaseIndexUrl = `https://${releaseHost}/index.json`;

/** The owner's key, and a stranger's. */
const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
const foreign = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** As the firmware has it. */
export const releaseKey = rawPublicKey(own.publicKey);

const chip = "simulated";
/** A range and a bit. */
const imageBytes = 34_000;

/** Major versions: of updates, and of what must never run. */
const goodMajor = 1;
const evilMajor = 6;

/** Whether no firmware of this version may ever run. */
export function isForbidden(version: string): boolean {
	return version.startsWith(`${evilMajor}.`) || version.startsWith("0.0.");
}

export interface ReleasesOptions {
	fault(): ReleaseServerFault | undefined;
}

/** The owner of the firmware, and the web server with the releases. */
export class SimulatedReleases {
	private readonly options: ReleasesOptions;
	private count = 0;
	private readonly files = new Map<string, Uint8Array>();

	constructor(options: ReleasesOptions) {
		this.options = options;
	}

	/** A new update file; what must not run has a version that says so. */
	makeFile(kind: UpdateFileKind): Uint8Array {
		this.count++;
		const isEvil = kind === "damaged" || kind === "other chip" || kind === "other key";
		const text = kind === "older" ? `0.0.${this.count}` : `${isEvil ? evilMajor : goodMajor}.0.${this.count}`;
		const behaviour = isEvil || kind === "older" ? "works" : kind;
		const image = makeFirmwareImage({ version: text, behaviour }, imageBytes);
		const about = { chip: kind === "other chip" ? "esp32" : chip, version: versionOf(text) };
		const file = makeUpdateFile(image, about, kind === "other key" ? foreign.privateKey : own.privateKey);
		// The image stays one that a bootloader starts: another version's.
		if (kind === "damaged")
			file.set(makeFirmwareImage({ version: text, behaviour }, imageBytes - 4), file.length - imageBytes);
		return file;
	}

	/** From now on, the index has this file. */
	publish(kind: UpdateFileKind): void {
		const file = this.makeFile(kind);
		this.files.set("/node.update", file);
		const index = makeReleaseIndex([{ address: "node.update", content: file }]);
		// An index may name a file for this chip, whatever is in its header.
		this.files.set("/index.json", Buffer.from(index.replace('"esp32"', `"${chip}"`)));
	}

	accept(board: BoardSender): RequestParser {
		return new RequestParser({
			onBytes: () => this.options.fault() !== "silent",
			onRequest: (request) => this.respond(request, board),
			onPipelined: () => {},
		});
	}

	private respond({ path, headers }: ReceivedRequest, board: BoardSender): void {
		const file = this.files.get(path);
		const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
		const fault = this.options.fault();
		if (file === undefined) send(board, 404, {}, Buffer.from("not found"));
		else if (fault === "redirect")
			send(board, 302, { Location: `https://${redirectHost}/` }, Buffer.alloc(0));
		else if (first === undefined || fault === "no ranges") send(board, 200, {}, file);
		else this.sendRange(board, file, Number(first), Number(last));
	}

	private sendRange(board: BoardSender, file: Uint8Array, first: number, last: number): void {
		const fault = this.options.fault();
		const from = first + (fault === "wrong range" ? 4_096 : 0);
		const total = file.length + (fault === "longer" ? 4_096 : 0);
		const bytes = Buffer.from(file.subarray(from, last + 1));
		if (fault === "other image") bytes.fill(0x55, bytes.length / 2);
		const range = { "Content-Range": `bytes ${from}-${Math.min(last, file.length - 1)}/${total}` };
		if (fault !== "stops") {
			send(board, 206, range, bytes);
			return;
		}
		board.send(head(206, { ...range, "Content-Length": String(bytes.length) }));
		board.send(bytes.subarray(0, bytes.length / 3));
		board.reset();
	}
}

const segmentBytes = 4_096;

function send(
	board: BoardSender,
	status: number,
	headers: Readonly<Record<string, string>>,
	body: Uint8Array,
): void {
	board.send(head(status, { ...headers, "Content-Length": String(body.length) }));
	for (let at = 0; at < body.length; at += segmentBytes) board.send(body.subarray(at, at + segmentBytes));
}

function head(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
	const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	return Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join("")}\r\n`);
}

function versionOf(text: string): Version {
	const version = parseVersion(text);
	if (version === undefined) throw new RangeError(`${text} is no version`);
	return version;
}
