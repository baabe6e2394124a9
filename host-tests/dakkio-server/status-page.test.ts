import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DakkioServer } from "../../simulator/dakkio/server";
import { ApiClient } from "./api-client";

let server: DakkioServer;
let client: ApiClient;

beforeAll(async () => {
	server = await DakkioServer.start({ pagePort: 0 });
	client = new ApiClient(server);
});

afterAll(async () => {
	client.close();
	await server.close();
});

/** Over plain HTTP. */
function ask({ method = "GET", path = "/", host = `localhost:${server.pagePort}` } = {}) {
	return new Promise<{ status: number | undefined; text: string; policy: unknown }>((resolve, reject) => {
		const headers = { Host: host };
		request({ host: "127.0.0.1", port: server.pagePort, method, path, headers }, (answer) => {
			let text = "";
			answer.setEncoding("utf8");
			answer.on("data", (part: string) => {
				text += part;
			});
			const { "content-security-policy": policy } = answer.headers;
			answer.on("end", () => resolve({ status: answer.statusCode, text, policy }));
		})
			.on("error", reject)
			.end();
	});
}

describe("the status page", () => {
	test("says that there are no points yet", async () => {
		expect(await ask()).toMatchObject({ status: 200, text: expect.stringContaining("None yet.") });
	});

	test("shows the latest points and the calls used, over HTTP and over HTTPS", async () => {
		await client.post({ temperature: 22.48, humidity: 41 }, { metadata: { deviceId: "ESP32-1", seq: 9 } });
		await client.post({ pressure: 1013.25 });
		const { text } = await ask();
		expect(text).toContain("<td>ESP32-1</td><td>9</td><td>22.48</td><td>41</td><td>–</td>");
		expect(text).toContain("2 of 10,000");
		expect((await client.send("/", { method: "GET" })).text).toBe(text);
	});

	test("shows hostile text as text, without running scripts", async () => {
		const attack = `<img src=x onerror="alert('1')">&`;
		await client.post({ [attack]: attack }, { metadata: { deviceId: attack, seq: { attack } } });
		const { text, policy } = await ask();
		expect(text).not.toContain("<img");
		expect(text).toContain("&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;");
		expect(policy).toContain("default-src 'none'");
	});

	test("never shows a key", async () => {
		expect((await ask()).text).not.toMatch(/dakkio_[awr]_/);
	});

	test("over HTTP is for this computer only, and read-only", async () => {
		expect((await ask({ host: "evil.example" })).status).toBe(403);
		expect((await ask({ method: "POST" })).status).toBe(405);
		expect((await ask({ path: "/api/data" })).status).toBe(404);
	});
});
