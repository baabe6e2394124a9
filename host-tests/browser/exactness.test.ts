import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FreshBoard } from "../../simulator/fresh-board";
import { nearbyNetworks } from "../../simulator/simulated-networks";
import { browserPath, PageVisit, SetupPageDriver } from "./setup-page-driver";

describe.skipIf(browserPath === undefined)("on the page", () => {
	let board: FreshBoard;
	let visit: PageVisit;
	let setup: SetupPageDriver;

	beforeAll(async () => {
		// As the chip shows bytes that are not UTF-8.
		const notText = { ssid: "Caf\ufffd", password: "12345678", meanRssi: -50 };
		board = await FreshBoard.start(undefined, undefined, [notText, ...nearbyNetworks]);
		visit = await PageVisit.open(board.url);
		setup = new SetupPageDriver(visit);
	});

	afterAll(async () => {
		await visit.close();
		await board.stop();
		expect(visit.errors).toEqual([]);
	});

	test("a network whose name is not UTF-8 is shown as not joinable here, and cannot be chosen", async () => {
		const { page } = visit;
		const row = page.locator("li.network", { hasText: "Caf\ufffd" });
		await row.getByText("not joinable here: its name is not text").waitFor();
		expect(await row.getByRole("button").count()).toBe(0);
		expect(await setup.network("Home").count()).toBe(1);
		await visit.inspect();
	});

	test.each([
		["UTF-8 with a byte order mark", (text: string) => Buffer.from(`\ufeff${text}`)],
		["UTF-16", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
		["the code page of western Windows", (text: string) => Buffer.from(text, "latin1")],
	])("a settings file in %s is imported", async (encoding, encode) => {
		const { page } = visit;
		const location = `Küche, ${encoding}`;
		const content = JSON.stringify({ location }, undefined, "\t").replaceAll("\n", "\r\n");
		await setup.go("Board");
		const section = page.locator("details", { has: page.locator("summary").getByText("Settings file") });
		if ((await section.getAttribute("open")) === null) await section.locator("summary").click();
		const file = { name: "board.json", mimeType: "application/json", buffer: encode(content) };
		await page.getByLabel("Settings file").setInputFiles(file);
		await page.getByRole("button", { name: "Import" }).click();
		const field = page.getByRole("textbox", { name: "Location" });
		await expect.poll(() => field.inputValue()).toBe(location);
	});
});
