import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BoardRunner } from "../../simulator/board-runner";
import { LogLines } from "../../simulator/log-lines";
import { startNetwork } from "../../simulator/simulated-networks";
import { World } from "../../simulator/world";
import { browserPath, PageVisit } from "./setup-page-driver";

/** The page on the home network, of a whole virtual board. Nothing that the board reports may become markup. */

const hostile = '<img src=x onerror="alert(1)">';

let world: World;
let board: BoardRunner;
let url: string;
let visit: PageVisit;
const directory = mkdtempSync(join(tmpdir(), "local-page-"));

describe.skipIf(browserPath === undefined)("a board on the home network, and a phone", () => {
	beforeAll(async () => {
		world = await World.start({ directory, speed: 1 });
		const log = new LogLines();
		board = new BoardRunner(world, (line) => log.append(line));
		const { dakkio, ntp } = world;
		board.configure({
			networks: [{ ssid: startNetwork.ssid, password: "" }],
			...{ ...dakkio.credentials, server: dakkio.url, rootCertificate: dakkio.certificates.root.pem },
			...{ ntpServers: [`${ntp.host}:${ntp.port}`], location: hostile, uploadInterval: 0, interval: 5 },
		});
		board.start("power-on");
		await log.waitFor(/^local page: http:\/\/dakkio-[0-9a-f]{4}\.local:\d+, http:\/\/127\.0\.0\.1:\d+$/);
		await log.waitFor(/^sent point 1:/);
		url = `http://localhost:${board.localPagePort}/`;
	});

	afterAll(async () => {
		await board?.stop();
		await world?.close();
		rmSync(directory, { recursive: true, force: true });
	});

	beforeEach(async () => {
		visit = await PageVisit.open(url, (page) => page.getByRole("heading", { name: "State" }));
	});

	afterEach(async () => {
		await visit.close();
	});

	const fact = (name: string) =>
		visit.page
			.locator("dl > div")
			.filter({ has: visit.page.getByText(name, { exact: true }) })
			.locator("dd");

	test("shows values, state and log, accessible in both colour schemes", async () => {
		const { page } = visit;
		await page.getByText(hostile).waitFor();
		expect(await page.getByRole("heading", { level: 1 }).textContent()).toMatch(/^ESP32-[0-9A-F]{6}$/);
		const temperature = page.locator(".card").filter({ hasText: "temperature" });
		expect(await temperature.locator(".value").textContent()).toMatch(/^−?\d+(\.\d+)? °C$/);
		expect(await fact("Last upload").textContent()).toMatch(/^\d+ s ago$/);
		expect(await fact("Calls this month").textContent()).toMatch(/^\d+ of 1,000,000$/);
		expect(await fact("Starts").textContent()).toBe("1 power-on");
		expect(await fact("Pending readings").textContent()).toMatch(/^\d of at most [\d,]+$/);
		await visit.inspect();
		await page.locator("summary").click();
		await page
			.locator("pre")
			.filter({ hasText: /\d:\d\d:\d\d.{0,3} sent point 1: 201/ })
			.waitFor();
		await visit.inspect();
		await page.setViewportSize({ width: 320, height: 568 });
		expect(await visit.brokenWords()).toEqual([]);
		await visit.settle();
		const { key } = world.dakkio.credentials;
		expect(visit.responses.filter((text) => text.includes(key))).toEqual([]);
		expect(visit.errors).toEqual([]);
	});

	test("draws the course of the day: gaps stay gaps, a single value is a dot", async () => {
		const { page } = visit;
		const values = Array.from({ length: 96 }, (_, index) => (index >= 40 && index < 50 ? null : index / 10));
		const alone = values.map((_, index) => (index === 10 ? 5 : null));
		await page.route("**/api/history", (route) =>
			route.fulfill({
				json: {
					stepMs: 900_000,
					fields: [
						{ name: "temperature", unit: "celsius", values },
						{ name: "humidity", unit: "percent", values: alone },
					],
				},
			}),
		);
		await page.reload();
		const drawing = page.getByRole("img", { name: "The last 24 hours: 0 °C to 9.5 °C" });
		await drawing.waitFor();
		const path = (await drawing.locator("path").getAttribute("d")) ?? "";
		expect(path.match(/M\d+/g)).toEqual(["M0", "M50"]);
		expect(path).toMatch(/^M0 40h0L0 40L1 39\.\d+/);
		expect(path).toMatch(/L95 0$/);
		const dot = page.getByRole("img", { name: "The last 24 hours: 5 % to 5 %" }).locator("path");
		expect(await dot.getAttribute("d")).toBe("M10 20h0L10 20");
		await visit.inspect();
		expect(visit.errors).toEqual([]);
	});

	test("says why nothing is sent, in the service's words", async () => {
		const { page } = visit;
		const status: object = JSON.parse(await (await fetch(`${url}api/status`)).text());
		const last = { ageMs: 90_000, failure: `403: ${hostile}` };
		await page.route("**/api/status", (route) =>
			route.fulfill({
				json: {
					...status,
					...{ upload: { state: "settings fault", last }, signalStrength: -71, freeMemoryBytes: 71_234 },
					sample: { ageMs: 0, values: [{ name: hostile, unit: hostile, value: null }] },
				},
			}),
		);
		await page.reload();
		await page.getByText(`403: ${hostile}`).waitFor();
		expect(await fact("Wi-Fi signal").textContent()).toBe("−71 dBm");
		expect(await fact("Free memory").textContent()).toBe("69 KB");
		await page.getByText("not measured").waitFor();
		await visit.inspect();
		expect(visit.errors).toEqual([]);
	});

	test("says that the board does not respond, and resumes when it does", async () => {
		const { page } = visit;
		const lost = page.getByText("No response from the board.");
		await page.route("**/api/**", (route) => route.abort());
		await lost.waitFor();
		await visit.inspect();
		await page.unroute("**/api/**");
		await lost.waitFor({ state: "hidden" });
		expect(await page.getByText(hostile).isVisible()).toBe(true);
	});

	test("says what keeps the board busy, and resumes afterwards", async () => {
		const { page } = visit;
		const busy = page.getByText("The board is busy with other pages or programs. Close some");
		await page.route("**/api/**", (route) => route.fulfill({ status: 503, json: { error: "busy" } }));
		await busy.waitFor();
		await visit.inspect();
		await page.unroute("**/api/**");
		await busy.waitFor({ state: "hidden" });
		expect(await page.getByText(hostile).isVisible()).toBe(true);
	});
});
