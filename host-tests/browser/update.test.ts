import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FreshBoard } from "../../simulator/fresh-board";
import { browserPath, launchBrowser, PageVisit, phone, SetupPageDriver } from "./setup-page-driver";

let browser: Browser;
let board: FreshBoard;
let visit: PageVisit;

const narrow = { ...phone, viewport: { width: 320, height: 568 } };

/** The page's n-th piece does not leave it before the returned function is called. */
async function holdPiece(page: Page, number: number): Promise<() => void> {
	let goOn = () => {};
	const held = new Promise<void>((resolve) => {
		goOn = resolve;
	});
	let count = 0;
	await page.route("**/api/update", async (route) => {
		const { at } = JSON.parse(route.request().postData() ?? "{}");
		if (typeof at === "number" && ++count === number) await held;
		await route.continue().catch(() => {});
	});
	return goOn;
}

/** Where the pieces belong that the page sends from now on. */
function recordPieces(page: Page): readonly number[] {
	const pieces: number[] = [];
	page.on("request", (request) => {
		const { at } = JSON.parse(request.postData() ?? "{}");
		if (request.url().endsWith("/api/update") && typeof at === "number") pieces.push(at);
	});
	return pieces;
}

describe.skipIf(browserPath === undefined)("a firmware update on the setup page", () => {
	beforeAll(async () => {
		browser = await launchBrowser();
	});
	afterAll(async () => {
		await browser?.close();
	});
	beforeEach(async () => {
		board = await FreshBoard.start();
	});
	afterEach(async () => {
		await visit.close();
		await board.stop();
	});

	/** The opened section, and its controls. */
	async function openSection(options = narrow) {
		visit = await PageVisit.open(browser, board.url, options);
		const setup = new SetupPageDriver(visit);
		await setup.go("Board");
		const { page } = visit;
		await setup.group("Firmware update");
		const section = page.locator("details[open]", { hasText: "Firmware update" });
		return {
			...{ page, section },
			file: section.getByLabel("Update file (.update)"),
			install: section.getByRole("button", { name: "Install", exact: true }),
			older: section.getByRole("button", { name: "Install the older version" }),
			result: section.locator(".result"),
			progress: section.getByRole("progressbar", { name: "Firmware update" }),
		};
	}

	test("is sent with progress, and the board restarts into it", async () => {
		const { page, file, install, progress } = await openSection();
		await file.setInputFiles(board.world.release.write());
		const goOn = await holdPiece(page, 5);
		await install.tap();
		await progress.waitFor();
		await expect.poll(() => progress.getAttribute("value")).not.toBe("0");
		goOn();
		await page.getByRole("heading", { name: "Restarting" }).waitFor();
		await page.getByText("Unless that works within 15 minutes, the present one returns.").waitFor();
		await board.waitForLine(/^update: 0\.2\.1 on trial/);
		expect(visit.errors).toEqual([]);
	});

	test("is clean for axe in both colour schemes, and fits 320 pixels, with a problem and a bar", async () => {
		const { page, section, file, install, older } = await openSection();
		await file.setInputFiles(board.world.release.write([0, 1, 0]));
		await install.tap();
		await older.waitFor();
		await section.locator("progress").evaluate("(bar) => { bar.hidden = false; bar.value = 0.3; }");
		await visit.inspect();
		expect(await visit.brokenWords()).toEqual([]);
		expect(await page.evaluate("document.scrollingElement.scrollWidth")).toBe(320);
	});

	test("of an older version is installed only after a confirmation", async () => {
		const { file, install, older, result } = await openSection();
		await file.setInputFiles(board.world.release.write([0, 1, 0]));
		expect(await older.isVisible()).toBe(false);
		await install.tap();
		await result.getByText("This version is older than the present one.").waitFor();
		await older.tap();
		await board.waitForLine(/^update: 0\.1\.0 on trial/);
	});

	test("that is none, damaged or forged is refused in words, and a good one is taken afterwards", async () => {
		const { file, install, result } = await openSection();
		const good = board.world.release.write();
		const damaged = join(board.world.release.directory, "damaged.update");
		copyFileSync(good, damaged);
		const bytes = readFileSync(damaged);
		bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000);
		writeFileSync(damaged, bytes);
		const forged = Buffer.from(bytes);
		forged.writeUInt8(forged.readUInt8(40) ^ 1, 40);
		for (const [content, words] of [
			[Buffer.from("firmware"), "This is not an update file."],
			[forged, "This file is not signed with the board’s release key."],
			[bytes.subarray(0, 50_000), "This file is damaged."],
			[bytes, "This file is damaged."],
		] as const) {
			await file.setInputFiles({ name: "x.update", mimeType: "application/octet-stream", buffer: content });
			await install.tap();
			await result.getByText(words).waitFor();
			await file.setInputFiles([]);
			await install.tap();
			await result.getByText("Choose a file.").waitFor();
		}
		await file.setInputFiles(good);
		await install.tap();
		await board.waitForLine(/^update: 0\.2\.1 on trial/);
	});

	test("goes on after a reload with the same file", async () => {
		const first = await openSection();
		await first.file.setInputFiles(board.world.release.write());
		await holdPiece(first.page, 5);
		const sent = recordPieces(first.page);
		await first.install.tap();
		await expect.poll(() => sent.length, { timeout: 60_000 }).toBe(5);
		await visit.close();
		const again = await openSection();
		const rest = recordPieces(again.page);
		await again.file.setInputFiles(board.world.release.write());
		await again.install.tap();
		await board.waitForLine(/^update: 0\.2\.1 on trial/);
		expect(rest[0]).toBe(4 * 3_072);
	});
});
