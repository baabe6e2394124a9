import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DevelopmentCertificates } from "../../simulator/dakkio/certificates";
import {
	countRequest,
	type DownloadConditions,
	type DownloadState,
	downloadWaitMs,
	firstState,
	maxDailyRequests,
	rangeBytes,
	readState,
} from "../../src/update/download-plan";
import { headerBytes } from "../../src/update/image-header";
import { DownloadFixture, imageBytes, type MadeFile, releaseIndex, updateFile } from "./download-fixture";
import { RangeServer } from "./range-server";

const hour = 3_600_000;
const day = 24 * hour;
const indexPath = "/releases/index.json";
const filePath = "/releases/node.update";

const certificates = await DevelopmentCertificates.open();
let server: RangeServer;
let board: DownloadFixture;

beforeEach(async () => {
	server = await RangeServer.start(certificates.server);
	board = new DownloadFixture(certificates, server.port);
});
afterEach(async () => {
	await board.close();
	await server.stop();
	expect(board.maxOpen).toBeLessThanOrEqual(1);
});

function offer(made: MadeFile = {}): Uint8Array {
	const file = updateFile(made);
	server.files.set(indexPath, releaseIndex(file));
	server.files.set(filePath, file);
	return file;
}

const isInstalled = () => board.installed.length > 0;
/** The number of requests for the file. */
const fileRequests = () => server.requests.filter((request) => request.startsWith(filePath));
const indexRequests = () => server.requests.filter((request) => request === indexPath);

describe("a new version", () => {
	test("is found within an hour, downloaded in ranges over one connection, and installed", async () => {
		offer();
		await board.until(isInstalled, hour);
		const expected: string[] = [];
		for (let at = headerBytes; at < total; at += rangeBytes)
			expected.push(`${filePath} bytes=${at}-${Math.min(total, at + rangeBytes) - 1}`);
		expect(server.requests).toEqual([indexPath, ...expected]);
		expect(board.slots).toEqual(["0.2.0", "0.3.0"]);
		expect(board.downloader.offeredVersion).toBe("0.3.0");
	});

	test("resumes after a restart at most 64 KiB before where it stopped", async () => {
		offer();
		await board.until(() => fileRequests().length === 3, hour);
		await board.restart();
		await board.until(isInstalled, 2 * day);
		expect(board.slots).toEqual(["0.2.0", "0.3.0"]);
		const firsts = fileRequests().map((request) => Number(/=(\d+)/.exec(request)?.[1]));
		expect(firsts[3]).toBeGreaterThanOrEqual(0x10000);
	});

	test("is at another server, by its own address", async () => {
		const other = await RangeServer.start(certificates.server);
		const file = updateFile();
		const header = Buffer.from(file.subarray(0, headerBytes)).toString("base64");
		const address = `https://localhost:${other.port}/a/b.update?x=1`;
		server.files.set(indexPath, Buffer.from(JSON.stringify({ images: { node: { address, header } } })));
		other.files.set("/a/b.update?x=1", file);
		await board.until(isInstalled, hour);
		expect(server.requests).toEqual([indexPath]);
		expect(other.requests).toHaveLength(4);
		await other.stop();
	});

	test("no request carries a key, a cookie or anything of the board but its firmware", async () => {
		offer();
		await board.until(isInstalled, hour);
		const names = new Set(server.headers.flat().filter((_, index) => index % 2 === 0));
		expect([...names].sort()).toEqual(["Host", "Range", "User-Agent"]);
	});
});

describe("a redirect", () => {
	/** As a store of files signs its addresses. */
	const signature = `?signature=${"s".repeat(1_000)}`;
	let store: RangeServer;
	let storeUrl: string;

	beforeEach(async () => {
		store = await RangeServer.start(certificates.server);
		storeUrl = `https://localhost:${store.port}`;
		store.files.set(`/store${signature}`, offer());
	});
	afterEach(() => store.stop());

	function redirect(path: string, location: string, status = 302): void {
		const { fault } = server;
		server.fault = (request, response, count) =>
			request.url === path
				? !!response.writeHead(status, { Location: location }).end("moved")
				: fault(request, response, count);
	}

	test("is followed to where the index and the file are, and asked for once", async () => {
		server.files.set("/v3/index.json", server.files.get(indexPath) ?? new Uint8Array());
		redirect(indexPath, "../v3/x#top", 301);
		redirect("/releases/../v3/x", "/v3/index.json", 308);
		redirect(filePath, "/releases/moved", 307);
		redirect("/releases/moved", `${storeUrl}/store${signature}`);
		await board.until(isInstalled, hour);
		expect(board.slots).toEqual(["0.2.0", "0.3.0"]);
		expect(server.requests.map((request) => request.split(" ")[0])).toEqual([
			...[indexPath, "/releases/../v3/x", "/v3/index.json", filePath, "/releases/moved"],
		]);
		expect(store.requests).toHaveLength(Math.ceil(imageBytes / rangeBytes));
	});

	test("whose signed address expires is asked for again", async () => {
		redirect(filePath, `${storeUrl}/store${signature}`);
		store.fault = (_, response, count) => count % 2 === 0 && !!response.writeHead(403).end();
		await board.until(isInstalled, hour);
		expect(fileRequests()).toHaveLength(Math.ceil(imageBytes / rangeBytes));
	});

	test.each<[string, (url: string) => string, number]>([
		["to itself", () => filePath, 5],
		["to an address without TLS", () => "http://localhost/store", 1],
		["longer than an address may be", (url) => `${url}/store?${"s".repeat(2_100)}`, 1],
		["to nowhere", () => "", 1],
	])("%s ends the attempt until the next day", async (_, location, requests) => {
		redirect(filePath, location(storeUrl));
		await board.pass(19 * hour);
		expect(fileRequests()).toHaveLength(requests);
		expect(store.requests).toEqual([]);
		expect(board.log.filter((line) => line.includes("302: a redirect that cannot be followed"))).toHaveLength(
			1,
		);
	});

	test("to a file that is forbidden ends the attempt until the next day", async () => {
		redirect(filePath, `${storeUrl}/store${signature}`);
		store.fault = (_, response) => !!response.writeHead(403).end();
		await board.pass(19 * hour);
		expect(fileRequests()).toHaveLength(1);
		expect(store.requests).toHaveLength(1);
	});
});

describe("the index", () => {
	test("is asked once a day, at another time each day, and nothing is downloaded without a newer version", async () => {
		offer({ version: "0.2.0" });
		const random = [0, 0.9, 0.1, 0.5];
		for (let days = 0; days < 20; days++) {
			board.random = random[days % 4] ?? 0;
			await board.pass(day);
		}
		expect(indexRequests().length).toBeGreaterThanOrEqual(17);
		expect(indexRequests().length).toBeLessThanOrEqual(23);
		expect(fileRequests()).toEqual([]);
		expect(board.downloader.offeredVersion).toBeUndefined();
	});

	test.each<[string, MadeFile]>([
		["an older version", { version: "0.1.9" }],
		["the running version", { version: "0.2.0" }],
		["a wrong signature", { forged: true }],
		["a header of another chip", { chip: "esp32" }],
		["an image larger than the slot", { lengthBytes: 65 * 4096 }],
	])("%s is not downloaded", async (_, made) => {
		offer(made);
		await board.pass(3 * day);
		expect(fileRequests()).toEqual([]);
		expect(board.slots).toEqual(["0.2.0", undefined]);
	});

	test.each<[string, string]>([
		["no JSON", "<html>"],
		["no object", "[]"],
		["no images", "{}"],
		["an address without TLS", '{"images":{"node":{"address":"http://x/","header":""}}}'],
		["an address of another host without a scheme", '{"images":{"node":{"address":"//x/y","header":""}}}'],
		["no header", '{"images":{"node":{"address":"x"}}}'],
		["half a header", '{"images":{"node":{"address":"x","header":"REtGVw=="}}}'],
		["a null", '{"images":{"node":null}}'],
		["too much", `{"images":{},"x":"${"x".repeat(5_000)}"}`],
	])("with %s: said in the log, and asked again the next day", async (_, text) => {
		server.files.set(indexPath, Buffer.from(text));
		await board.pass(2.5 * day);
		expect(indexRequests()).toHaveLength(3);
		expect(board.log).toHaveLength(3);
		offer();
		await board.until(isInstalled, 1.5 * day);
	});

	test("without this chip is not an error", async () => {
		server.files.set(indexPath, Buffer.from('{"images":{"esp32":{}}}'));
		await board.pass(day);
		expect(board.log).toEqual([]);
	});

	test("that disappears, and one that says 503, is asked again: the one the next day, the other within the day", async () => {
		await board.pass(1.2 * day);
		expect(server.requests).toEqual([indexPath, indexPath]);
		server.fault = (_, response) => {
			response.writeHead(503).end();
			return true;
		};
		await board.pass(1.2 * day);
		expect(server.requests.length).toBeGreaterThan(6);
		expect(server.requests.length).toBeLessThan(24);

		expect(board.log.filter((line) => line.includes("503"))).toHaveLength(1);
	});
});

const total = headerBytes + imageBytes;
/** Where the second range begins. */
const second = headerBytes + rangeBytes;

describe("nothing is requested", () => {
	test.each<[string, Partial<DownloadFixture["conditions"]>]>([
		["offline", { isOnline: false }],
		["while an upload is due", { isUploadDue: true }],
		["during a trial", { isOnTrial: true }],
		["on battery without a measured voltage", { onBattery: true }],
		["on battery with little charge", { onBattery: true, batteryLevel: 39 }],
	])("%s", async (_, conditions) => {
		offer();
		board.conditions = { ...board.conditions, ...conditions };
		await board.pass(3 * day);
		expect(server.requests).toEqual([]);
		board.conditions = { ...board.conditions, isOnline: true, isUploadDue: false, isOnTrial: false };
		if (board.conditions.onBattery) board.conditions = { ...board.conditions, batteryLevel: 40 };
		board.downloader.wake();
		await board.until(isInstalled, hour);
	});

	test("when an upload becomes due during a download: it pauses at once, and resumes afterwards", async () => {
		const file = offer();
		let yielded = false;
		server.fault = (request, response, count) => {
			if (count !== 3) return false;
			// Half of the second range, then the upload.
			response.writeHead(206, {
				"Content-Range": `bytes ${request.headers.range?.slice(6)}/${headerBytes + imageBytes}`,
				"Content-Length": rangeBytes,
				ETag: '"1"',
			});
			response.write(file.subarray(second, second + 10_000));
			return true;
		};
		await board.until(() => (board.update.progress?.writtenBytes ?? 0) >= rangeBytes + 10_000, hour);
		board.conditions = { ...board.conditions, isUploadDue: true };
		void board.downloader.yieldNetwork().then(() => {
			yielded = true;
		});
		await board.until(() => yielded, 1_000);
		expect(board.openCount).toBe(0);
		await board.pass(hour);
		expect(server.requests).toHaveLength(3);
		board.conditions = { ...board.conditions, isUploadDue: false };
		board.downloader.wake();
		await board.until(isInstalled, hour);
		expect(fileRequests()[2]).toContain(`bytes=${headerBytes + rangeBytes + 10_000}-`);
		expect(board.log.join()).not.toContain("cancelled");
	});

	test("of a version that has failed on trial, until there is another one", async () => {
		offer();
		board.failedVersion = "0.3.0";
		await board.pass(3 * day);
		expect(fileRequests()).toEqual([]);
		offer({ version: "0.3.1" });
		await board.until(isInstalled, 2 * day);
		expect(board.slots).toEqual(["0.2.0", "0.3.1"]);
	});
});

describe("a server that", () => {
	let file: Uint8Array;

	/** Faults from the third request on, the second range. */
	function misbehave(fault: RangeServer["fault"]): void {
		file = offer();
		server.fault = (request, response, count) =>
			count >= 3 && request.url === filePath && fault(request, response, count);
	}

	const head = (first: number, last: number, total: number, length = last + 1 - first) => ({
		"Content-Range": `bytes ${first}-${last}/${total}`,
		"Content-Length": length,
	});
	test.each<[string, RangeServer["fault"], string]>([
		["ignores Range", (_, response) => !!response.end(file), "ignores ranges"],
		[
			"sends another range",
			(_, response) =>
				!!response.writeHead(206, head(0, rangeBytes - 1, total)).end(file.subarray(0, rangeBytes)),
			"other bytes than requested",
		],
		[
			"says another length of the file",
			(_, response) =>
				!!response
					.writeHead(206, head(second, second + rangeBytes - 1, total + 1))
					.end(file.subarray(0, rangeBytes)),
			"other bytes than requested",
		],
		["says no range", (_, response) => !!response.writeHead(206).end("x"), "other bytes than requested"],
		[
			"sends more bytes than it says",
			(_, response) => {
				const length = rangeBytes + 1;
				return !!response
					.writeHead(206, head(second, second + rangeBytes - 1, total, length))
					.end(file.subarray(second, second + length));
			},
			"more bytes than requested",
		],
		["has a shorter file", (_, response) => !!response.writeHead(416).end(), "shorter than announced"],
		[
			"redirects to http",
			(_, response) => !!response.writeHead(302, { Location: "http://localhost/" }).end("moved"),
			"302: a redirect that cannot be followed",
		],
		["has lost the file", (_, response) => !!response.writeHead(404).end("gone"), "responded 404"],
		[
			"changes the file in between",
			(request, response) => {
				server.etag = '"2"';
				server.respond(request, response);
				return true;
			},
			"the file has changed",
		],
	])("%s: the log says so once a day, and the next day it goes on", async (_, fault, words) => {
		misbehave(fault);
		await board.until(() => board.log.some((line) => line.includes(words)), hour);
		const before = server.requests.length;
		expect(before).toBe(3);
		await board.pass(20 * hour);
		expect(server.requests).toHaveLength(before);
		expect(board.log.filter((line) => line.includes(words))).toHaveLength(1);
		server.fault = () => false;
		server.etag = '"1"';
		await board.until(isInstalled, day);
		expect(board.slots).toEqual(["0.2.0", "0.3.0"]);
	});

	test("reads no more than it has to of a response that ignores Range", async () => {
		let sent = 0;
		misbehave((_, response) => {
			const more = () => {
				while (response.write(Buffer.alloc(1000))) sent += 1000;
				response.once("drain", more);
			};
			response.writeHead(200, { "Content-Length": 100_000_000 });
			response.on("close", () => response.removeAllListeners("drain"));
			more();
			return true;
		});
		await board.until(() => board.log.some((line) => line.includes("ignores ranges")), hour);
		expect(sent).toBeLessThan(8_000_000);
	});

	test.each<[string, RangeServer["fault"]]>([
		["closes the connection at once", (request) => !!request.socket.destroy()],
		[
			"closes it in the middle of a range",
			(request, response) => {
				const [, first = "0", last = "0"] = /(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
				response.writeHead(206, head(Number(first), Number(last), total));
				const part = file.subarray(Number(first), Number(first) + 1_000);
				response.write(part, () => response.destroy());
				return true;
			},
		],
		["never answers", () => true],
		["says 500", (_, response) => !!response.writeHead(500).end()],
		["says 429", (_, response) => !!response.writeHead(429).end()],
		["does not speak HTTP", (request) => !!request.socket.end("SSH-2.0\r\n")],
	])("%s: is tried again with growing waits, and at most so often a day", async (_, fault) => {
		misbehave(fault);
		await board.pass(day);
		const { length } = server.requests;
		expect(length).toBeGreaterThan(6);
		expect(length).toBeLessThan(60);
		server.fault = () => false;
		await board.until(isInstalled, 12 * hour);
		expect(board.slots).toEqual(["0.2.0", "0.3.0"]);
	});

	test("sends a byte at a time costs at most the requests of a day", async () => {
		misbehave((request, response) => {
			const [, first = "0", last = "0"] = /(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
			response.writeHead(206, { ...head(Number(first), Number(last), total), ETag: '"1"' });
			response.write(file.subarray(Number(first), Number(first) + 1), () => response.destroy());
			return true;
		});
		await board.pass(3 * day);
		expect(server.requests.length).toBeLessThanOrEqual(3 * maxDailyRequests);
	});

	test("sends another image of that length: refused by its hash, at most three times", async () => {
		const file = offer();
		const changed = Buffer.from(file);
		changed[headerBytes + 50_000] = (changed[headerBytes + 50_000] ?? 0) ^ 1;
		server.files.set(filePath, changed);
		await board.pass(10 * day);
		expect(board.slots).toEqual(["0.2.0", undefined]);
		expect(board.installed).toEqual([]);
		expect(fileRequests()).toHaveLength(3 * 4);
		offer({ version: "0.3.1" });
		await board.until(isInstalled, 2 * day);
	});
});

test("another address starts over, without the state of the first", async () => {
	offer();
	await board.until(isInstalled, hour);
	expect(board.downloader.offeredVersion).toBe("0.3.0");
	board.address = `https://localhost:${server.port}/releases/other.json`;
	await board.restart();
	expect(board.downloader.offeredVersion).toBeUndefined();
});

describe("what is kept", () => {
	const saved: DownloadState = { ...firstState("https://x/y", 1_000, 0), nextUtc: 5_000, offered: "0.3.0" };
	const calm: DownloadConditions = {
		...{ nowUtc: 2_000, isOnline: true, isUploadDue: false, onBattery: false, isOnTrial: false },
	};

	test("is read back, and nothing else is", () => {
		expect(readState(JSON.parse(JSON.stringify(saved)), "https://x/y")).toEqual(saved);
		for (const wrong of [undefined, null, "x", { ...saved, nextUtc: "1" }, { ...saved, offered: 3 }, {}])
			expect(readState(wrong, "https://x/y")).toBeUndefined();
		expect(readState(saved, "https://x/z")).toBeUndefined();
	});

	test("a clock that was years ahead postpones nothing", () => {
		expect(downloadWaitMs(saved, calm)).toBe(3_000);
		expect(downloadWaitMs({ ...saved, nextUtc: 400 * day }, calm)).toBe(0);
	});

	test("after the requests of a day, the next one is a day after the first", () => {
		const busy = { ...saved, requests: maxDailyRequests, nextUtc: 0 };
		expect(downloadWaitMs(busy, calm)).toBe(1_000 + day - 2_000);
		expect(downloadWaitMs(busy, { ...calm, nowUtc: 1_000 + day })).toBe(0);
		expect(countRequest(busy, 1_000 + day).requests).toBe(1);
	});
});
