import { Resolver } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { PageClient } from "../../host-tests/setup/page-client";
import { DakkioServer } from "../../simulator/dakkio/server";
import { NtpServer } from "../../simulator/ntp/ntp-server";
import { nearbyNetworks } from "../../simulator/simulated-networks";
import { errorMessage } from "../../src/common/error-message";
import type { ScanState } from "../../src/setup/api";
import type { SetupPlan } from "../test-plan";

export interface SetupCheck {
	readonly name: string;
	readonly problem: string | undefined;
}

/** When a connection is closed that sends no request, or sends one too slowly, and the tolerance. */
const idleTimeoutS = 5;
const requestTimeoutS = 10;
const graceS = 3;

/** Sets the board up over the SDK's sockets as a phone does, and sends hostile requests. */
export class SetupClient {
	readonly checks: SetupCheck[] = [];
	readonly plan: SetupPlan;
	private readonly dakkio: DakkioServer;
	private readonly ntp: NtpServer;
	private readonly page: PageClient;
	private visit: Promise<void> | undefined;

	private constructor(plan: SetupPlan, dakkio: DakkioServer, ntp: NtpServer) {
		this.plan = plan;
		this.dakkio = dakkio;
		this.ntp = ntp;
		this.page = new PageClient(plan.pagePort);
	}

	static async start(pagePort: number, dnsPort: number): Promise<SetupClient> {
		const dakkio = await DakkioServer.start();
		return new SetupClient({ pagePort, dnsPort, networks: nearbyNetworks }, dakkio, await NtpServer.start());
	}

	/** The setup page is open. */
	begin(): void {
		this.visit ??= this.check("the client finished setup", () => this.run());
	}

	async close(): Promise<void> {
		await this.visit;
		await Promise.all([this.dakkio.close(), this.ntp.close()]);
	}

	/** Number of points that the board has sent, including the connection test's. */
	get points(): number {
		return this.dakkio.stored;
	}

	private async run(): Promise<void> {
		const page = this.page;
		await this.check("the page is complete and compressed", async () => {
			const bytes = await this.bytes("GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: close\r\n\r\n");
			const body = bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
			expect(/<html[\s\S]*<\/html>$/i.test(gunzipSync(body).toString("utf8")), true, "a document");
		});
		await this.check("it reports its state, and each setting", async () => {
			const state = await page.state();
			expect(state.board.chip, "xs");
			expect(state.secretsSet, []);
			expect(state.table.length > 15, true, "a table");
		});
		await this.checkHostileRequests();
		await this.check("every name resolves to the board", async () => {
			const resolver = new Resolver({ timeout: 2000, tries: 2 });
			resolver.setServers([`127.0.0.1:${this.plan.dnsPort}`]);
			expect(await resolver.resolve4("captive.apple.com"), ["127.0.0.1"]);
		});
		await this.check("it lists the networks in range", async () => {
			await page.post("/api/scan");
			let scan = await page.get<ScanState>("/api/networks");
			while (scan.scanning) scan = await page.get<ScanState>("/api/networks");
			expect(scan.networks[0]?.ssid, "Home");
			expect(scan.networks.length, 6);
		});
		await this.checkSetupFlow();
	}

	private async checkHostileRequests(): Promise<void> {
		const page = this.page;
		await this.check("a request for another host is redirected, and cannot change anything", async () => {
			const found = await page.send("GET", "/api/state", { Host: "evil.example" });
			expect(found.status, 302);
			expect((await page.send("POST", "/api/finish", { Host: "evil.example" }, "{}")).status, 421);
		});
		await this.check("a POST without a token, or with a wrong one, is refused", async () => {
			const json = { "Content-Type": "application/json", Origin: page.origin };
			expect((await page.send("POST", "/api/finish", json, "{}")).status, 403);
			const wrong = JSON.stringify({ token: "0".repeat(32) });
			expect((await page.send("POST", "/api/finish", json, wrong)).status, 403);
		});
		await this.check("JSON eight thousand levels deep is refused", async () => {
			const json = { "Content-Type": "application/json", Origin: page.origin };
			expect((await page.send("POST", "/api/save", json, "[".repeat(8_000))).status, 400);
		});
		await this.check("JSON with 700 names, and with 2,500 lists, is refused", async () => {
			const json = { "Content-Type": "application/json", Origin: page.origin };
			const names = Array.from({ length: 700 }, (_, index) => `"n${index}":1`);
			expect((await page.send("POST", "/api/save", json, `{${names.join(",")}}`)).status, 400);
			const lists = Array(2_500).fill("[]").join(",");
			expect((await page.send("POST", "/api/save", json, `{"a":[${lists}]}`)).status, 400);
		});
		await this.check("a body over 8 KB is refused before it has arrived", async () => {
			const head = "POST /api/save HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 8193\r\n\r\n";
			expect((await this.bytes(head + "x".repeat(4_000))).toString("latin1", 0, 12), "HTTP/1.1 413");
		});
		await this.check("a head over 16 KB is refused", async () => {
			const head = `GET / HTTP/1.1\r\n${`A: ${"b".repeat(400)}\r\n`.repeat(50)}\r\n`;
			expect((await this.bytes(head)).toString("latin1", 0, 12), "HTTP/1.1 400");
		});
		await this.check("a silent connection is closed after 5 s", async () => {
			const seconds = await this.connectionLifetime(() => undefined);
			expect(seconds > idleTimeoutS - 1 && seconds < idleTimeoutS + graceS, true, `${seconds.toFixed(1)} s`);
		});
		await this.check("a slow request is closed after 10 s", async () => {
			const seconds = await this.connectionLifetime((socket) => {
				socket.write("GET / HTTP/1.1\r\n");
				return setInterval(() => socket.write("A: b\r\n"), 500);
			});
			expect(
				seconds > requestTimeoutS - 1 && seconds < requestTimeoutS + graceS,
				true,
				`${seconds.toFixed(1)} s`,
			);
		});
		await this.check("ten incomplete requests do not block others", async () => {
			const sockets = Array.from({ length: 10 }, () => this.dial());
			for (const socket of sockets) socket.write("GET / HT");
			await page.state();
			for (const socket of sockets) socket.destroy();
		});
	}

	private async checkSetupFlow(): Promise<void> {
		const page = this.page;
		const { key, bucketId } = this.dakkio.credentials;
		const settings = {
			networks: [{ ssid: "Home", password: "correct horse" }],
			key,
			bucketId,
			server: this.dakkio.url,
			rootCertificate: this.dakkio.certificates.root.pem,
			ntpServers: [`127.0.0.1:${this.ntp.port}`],
			location: "Balcony",
			interval: 5,
			uploadInterval: 0,
		};
		await page.state();
		await this.check("a wrong password is reported", async () => {
			const state = await page.test({ ...settings, networks: [{ ssid: "Home", password: "wrong horse" }] });
			expect(state.steps[0]?.state, "failed");
			expect(state.steps[0]?.code, "wrong password");
		});
		await this.check("an untrusted certificate is reported", async () => {
			const state = await page.test({ ...settings, rootCertificate: "" });
			expect(state.steps[3]?.state, "failed");
			expect(state.steps[3]?.code, "untrusted");
		});
		let dataSourceId = "create";
		await this.check("with valid settings, the first point is stored, and the issuer reported", async () => {
			const state = await page.test(settings);
			expect(
				state.steps.map((step) => step.state),
				Array(7).fill("done"),
				JSON.stringify(state.steps.find((step) => step.state === "failed")),
			);
			expect(state.steps[3]?.details?.issuer, "Dakkio development");
			expect(this.dakkio.stored > 0, true, "a point");
			dataSourceId = state.dataSourceId ?? "";
		});
		await this.check("after saving, no secret is disclosed", async () => {
			expect((await page.post("/api/save", { settings: { ...settings, dataSourceId } })).status, 200);
			const state = JSON.stringify(await page.state());
			expect(state.includes(key) || state.includes("correct horse"), false, "a secret");
			expect((await page.post("/api/finish")).status, 202);
		});
	}

	private async check(name: string, run: () => Promise<void>): Promise<void> {
		try {
			await run();
			this.checks.push({ name, problem: undefined });
		} catch (error) {
			this.checks.push({ name, problem: errorMessage(error) });
		}
	}

	private dial(): Socket {
		const socket = connect(this.plan.pagePort, "127.0.0.1");
		socket.on("error", () => {});
		return socket;
	}

	/** The response to these bytes, until the board closes the connection. */
	private bytes(request: string): Promise<Buffer> {
		return new Promise((resolve) => {
			const parts: Buffer[] = [];
			const socket = this.dial();
			socket.on("data", (part) => parts.push(part));
			socket.on("close", () => resolve(Buffer.concat(parts)));
			socket.write(request.replace("PORT", String(this.plan.pagePort)));
		});
	}

	/** Seconds until the board closes a connection. */
	private connectionLifetime(begin: (socket: Socket) => NodeJS.Timeout | undefined): Promise<number> {
		return new Promise((resolve) => {
			const started = Date.now();
			const socket = this.dial();
			socket.resume();
			const timer = begin(socket);
			socket.on("close", () => {
				clearInterval(timer ?? undefined);
				resolve((Date.now() - started) / 1000);
			});
		});
	}
}

/** Throws unless both have the same JSON. */
function expect(found: unknown, expected: unknown, what = "it"): void {
	const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
	if (a !== b) throw new Error(`${what} is ${a}, expected ${b}`);
}
