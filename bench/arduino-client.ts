import { connect } from "node:tls";

/** The server of an example. */
export interface PostTarget {
	readonly port: number;
	readonly root: string;
	readonly key: string;
	readonly bucketId: string;
	readonly dataSourceId: string;
}

/** A measurement in such a sketch. */
export interface ArduinoSample {
	readonly temperature: number;
	readonly humidity: number;
	readonly pressure: number;
}

/**
 * Does what the service's documentation shows for an ESP32 under Arduino, for each point: connects with TLS, posts the
 * point with the headers of the ESP32's HTTPClient, reads the response, and closes. Resolves when the connection is
 * closed.
 */
export async function postAsArduino(target: PostTarget, sample: ArduinoSample): Promise<void> {
	const body = Buffer.from(
		JSON.stringify({
			bucketId: target.bucketId,
			dataSourceId: target.dataSourceId,
			values: sample,
			metadata: { deviceId: "ESP32-A1B2C3", location: "Balcony" },
		}),
	);
	const head = [
		"POST /api/data HTTP/1.1",
		`Host: localhost:${target.port}`,
		"User-Agent: ESP32HTTPClient",
		"Connection: keep-alive",
		"Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0",
		"Content-Type: application/json",
		`X-API-Key: ${target.key}`,
		`Content-Length: ${body.length}`,
	];
	const socket = connect({ port: target.port, host: "127.0.0.1", servername: "localhost", ca: target.root });
	socket.setNoDelay(true);
	await new Promise<void>((resolve, reject) => {
		let answer = "";
		socket.on("secureConnect", () => {
			// HTTPClient sends head and body separately.
			socket.write(`${head.join("\r\n")}\r\n\r\n`);
			socket.write(body);
		});
		socket.on("data", (data) => {
			answer += data.toString("latin1");
			if (!isComplete(answer)) return;
			if (!answer.startsWith("HTTP/1.1 201")) reject(new Error(answer));
			socket.end();
		});
		socket.on("close", () => resolve());
		socket.on("error", reject);
	});
}

function isComplete(answer: string): boolean {
	const end = answer.indexOf("\r\n\r\n");
	if (end < 0) return false;
	const [, length = "0"] = /content-length: *(\d+)/i.exec(answer) ?? [];
	return answer.length >= end + 4 + Number(length);
}
