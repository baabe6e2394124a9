import tls from "node:tls";
import { makeResolver } from "../boards/node/resolver";
import { makeTCP } from "../boards/node/tcp";
import { makeTLS } from "../boards/node/tls";
import { DakkioServer } from "../simulator/dakkio/server";
import { NorFlash } from "../simulator/hardware/nor-flash";
import type { Time } from "../src/boards/board";
import { rateLimitHeaders } from "../src/dakkio/rate-limits";
import { HttpConnection } from "../src/http/http-connection";
import { ReadingLog } from "../src/store/reading-log";
import { planBatch } from "../src/upload/batch";
import { firmwareVersion } from "../src/version";
import { type PostTarget, postAsArduino } from "./arduino-client";
import { readingAt, readingContext } from "./readings";
import { type Traffic, TrafficTap } from "./traffic-tap";

/** The traffic of 1,000 points. */
export interface WireFigures {
	/** Bytes over TCP in both directions. */
	readonly bytes: number;
	readonly handshakes: number;
	/** Bytes per handshake, and the rest per connection. */
	readonly handshake: number;
	readonly application: number;
}

export const uploadPoints = 1_000;

/** The firmware with this many points per upload; and one connection and request per point. */
export interface Wire {
	firmware(perUpload: number): Promise<WireFigures>;
	arduino(): Promise<WireFigures>;
	close(): Promise<void>;
}

/** The capabilities of the chip's TLS, for both sides: no later version, so that every Node version counts the same. */
const chipTLS = {
	DEFAULT_MAX_VERSION: "TLSv1.2",
	DEFAULT_CIPHERS: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
	DEFAULT_ECDH_CURVE: "prime256v1",
} as const;

/** An embedded service behind a tap. */
export async function openWire(): Promise<Wire> {
	const { DEFAULT_MAX_VERSION, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE } = tls;
	Object.assign(tls, chipTLS);
	const dakkio = await DakkioServer.start({ plan: 1_000_000, now: () => Date.UTC(2026, 10, 24, 12) });
	const tap = await TrafficTap.start(dakkio.port);
	const { key, bucketId, dataSourceId } = dakkio.credentials;
	const target = { port: tap.port, root: dakkio.certificates.root.pem, key, bucketId, dataSourceId };
	const measure = async (post: () => Promise<void>) => {
		tap.reset();
		await post();
		return figuresOf(tap.traffic);
	};
	return {
		firmware: (perUpload) => measure(() => postAsFirmware(target, perUpload)),
		arduino: () => measure(() => postAsSketch(target)),
		close: async () => {
			Object.assign(tls, { DEFAULT_MAX_VERSION, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE });
			await tap.close();
			await dakkio.close();
		},
	};
}

function figuresOf({ connections, application, handshake }: Traffic): WireFigures {
	return {
		bytes: application + handshake,
		handshakes: connections,
		handshake: handshake / connections,
		application: application / connections,
	};
}

async function postAsSketch(target: PostTarget): Promise<void> {
	for (let i = 0; i < uploadPoints; i++) {
		const [temperature, humidity, pressure] = readingAt(i).values;
		await postAsArduino(target, {
			temperature: Number(temperature),
			humidity: Number(humidity),
			pressure: Number(pressure),
		});
	}
}

/** The firmware's own queue, batches and HTTP, over Node's sockets. */
async function postAsFirmware(target: PostTarget, perUpload: number): Promise<void> {
	const log = new ReadingLog(new NorFlash({ blocks: 16, blockLength: 4096 }));
	for (let sent = 0; sent < uploadPoints; ) {
		const now = Math.min(perUpload, uploadPoints - sent);
		for (let i = 0; i < now; i++) log.append(readingAt(sent + i), readingContext);
		await upload(target, log);
		sent += now;
	}
}

async function upload({ port, root, key, ...destination }: PostTarget, log: ReadingLog): Promise<void> {
	const source = function* (from: number | undefined) {
		for (const reading of log.pending(from))
			yield { reading, utc: "utc" in reading.time ? reading.time.utc : 0, estimated: false };
	};
	const batch = planBatch(source, destination, { maxPoints: uploadPoints, maxBytes: 384 * 1024 });
	if (batch === undefined) throw new Error("nothing waits");
	const connection = new HttpConnection({
		network: { TCP: makeTCP(), TLS: makeTLS({ roots: [Buffer.from(root)] }), resolver: makeResolver() },
		time,
		...{ host: "localhost", port, secure: true, responseHeaders: rateLimitHeaders },
	});
	const outcome = await connection.exchange({
		method: "POST",
		path: batch.path,
		headers: [
			["User-Agent", `dakkio-esp32/${firmwareVersion}`],
			["X-API-Key", key],
			["Content-Type", "application/json"],
		],
		body: () => batch.body(),
	});
	connection.close();
	if (outcome.kind !== "response" || outcome.status !== 201) throw new Error(JSON.stringify(outcome));
	log.acknowledge(batch.lastSequence);
}

const time: Time = {
	ticks: () => performance.now(),
	set: (callback, delay) => setTimeout(callback, delay),
	clear: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
	setWallClock: () => {},
};
