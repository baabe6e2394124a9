import { expect, test } from "vitest";
import { refusePoints } from "../../simulator/dakkio/misbehaviours";
import { SetupPageDriver } from "./setup-page-driver";
import {
	board,
	describeSetupPage,
	holdClockStep,
	openBoard,
	pauseTime,
	setup,
	visit,
	visitBoard,
} from "./setup-page-fixture";

const password = "correct horse";

/** A board, fresh or set up before, and its page on a phone. */
async function open(how: "fresh" | "set up"): Promise<void> {
	const networks = [{ ssid: "Home", password }];
	await openBoard(
		how === "fresh" ? undefined : ({ credentials }) => ({ ...credentials, networks, location: "Cellar" }),
	);
}

/** The service answers, and the board's time goes on, only once the function that is returned is called. */
function holdResponses(): () => void {
	const { misbehaviours } = board.world.dakkio;
	let release = () => {};
	const released = new Promise<void>((resolve) => {
		release = resolve;
	});
	misbehaviours.exchange = () => async (exchange) => {
		const resume = pauseTime();
		await released;
		resume();
		await refusePoints(() => false, 400, "")(exchange);
	};
	return () => {
		misbehaviours.exchange = undefined;
		release();
	};
}

/** All that an attacker could read: the page, its inputs, its storage, and the responses. */
async function readable(): Promise<string> {
	await visit.settle();
	const values = await visit.page.evaluate<string[]>(
		"[...document.querySelectorAll('input, textarea, select')].map(({ value }) => value)",
	);
	const kept = await visit.page.evaluate<string>("JSON.stringify({ ...sessionStorage, ...localStorage })");
	return [await visit.page.content(), ...values, kept, ...visit.responses].join("\n");
}

describeSetupPage("a page that is opened again", () => {
	test("continues a running test after a reload, without typing anything again", async () => {
		await open("fresh");
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.choose("Home", password);
		await setup.go("Dakkio");
		await setup.dakkio({ key, bucketId });
		await setup.go("Board");
		await page.getByRole("textbox", { name: "Location" }).fill("Roof");
		await setup.go("Test");
		const release = holdResponses();
		await setup.startTest();
		// Before, while certificates are verified, the board has no memory for its state.
		await setup.line("Key and bucket").and(page.locator(".running")).waitFor();

		// A captive portal window starts without storage.
		await page.evaluate("sessionStorage.clear()");
		await page.goto(board.url);
		await page.getByRole("heading", { name: "Test", level: 2 }).waitFor();
		release();
		await setup.passed();
		await setup.go("Dakkio");
		await page
			.getByText("Use one per device. From the last test, not saved yet. Leave empty to keep it.")
			.waitFor();
		await setup.go("Wi-Fi");
		await setup.chosen("Home").getByText("From the last test, not saved yet.").waitFor();
		expect(await readable()).not.toContain(key);
		expect(await readable()).not.toContain(password);

		await setup.go("Test");
		await page.getByRole("button", { name: "Save and start" }).click();
		await page.getByRole("heading", { name: "Done" }).waitFor();
		await page.getByText("within a minute, then every").waitFor();
		await board.waitForLine(/Wi-Fi: joined "Home"/);
		await board.waitForPoint(({ metadata }) => metadata.location === "Roof");
	});

	test("keeps the values after a reload, except secrets", async () => {
		await open("fresh");
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.choose("Home", password);
		await setup.go("Dakkio");
		await setup.dakkio({ key, bucketId });
		await page.reload();
		await page.getByRole("heading", { name: "Dakkio", level: 2 }).waitFor();
		expect(await page.getByRole("textbox", { name: "Bucket" }).inputValue()).toBe(bucketId);
		const text = await readable();
		expect(text).not.toContain(key);
		expect(text).not.toContain(password);
		// The test needs them.
		await setup.go("Test");
		await setup.startTest();
		await page.getByText("Type the password of this network.").waitFor();
		await visit.focused(setup.password("Home"));
	});

	test("changes one setting, and the board keeps its secrets without showing them", async () => {
		await open("set up");
		const { page } = visit;
		const { key } = board.world.dakkio.credentials;
		await setup.chosen("Home").getByText("Saved on the board. Leave empty to keep it.").waitFor();
		await visit.inspect();
		await setup.go("Board");
		expect(await page.getByRole("textbox", { name: "Location" }).inputValue()).toBe("Cellar");
		await page.getByRole("textbox", { name: "Location" }).fill("Attic");
		const text = await readable();
		expect(text).not.toContain(key);
		expect(text).not.toContain(password);
		await setup.go("Test");
		await setup.startTest();
		await setup.passed();
		await page.getByRole("button", { name: "Save and start" }).click();
		await page.getByRole("heading", { name: "Done" }).waitFor();
		await board.waitForPoint(({ metadata }) => metadata.location === "Attic");
	});

	test("asks for the key again for another service", async () => {
		await open("set up");
		const { page } = visit;
		await setup.furtherSettings();
		const server = page.getByRole("textbox", { name: "Service address" });
		await server.fill(board.world.dakkio.url);
		await setup.go("Test");
		await setup.startTest();
		await page.getByText("The service address has changed: enter the key again.").waitFor();
		await visit.focused(page.getByRole("textbox", { name: "API key" }));
	});

	test("asks for another test after a change", async () => {
		await open("set up");
		const { page } = visit;
		await setup.go("Test");
		await setup.startTest();
		await setup.passed();
		await setup.go("Board");
		await page.getByRole("textbox", { name: "Location" }).fill("Elsewhere");
		await setup.go("Test");
		await page.getByText("Settings have changed since this test.").waitFor();
		await visit.inspect();
		await page.getByRole("button", { name: "Save without a test" }).waitFor();
	});

	test("exports settings, secrets only when asked for, and imports them into the next board", async () => {
		await open("set up");
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.go("Board");
		await page.locator("summary").getByText("Settings file").click();
		await page.getByRole("button", { name: "Export" }).click();
		const file = page.getByRole("textbox", { name: "The settings file:" });
		expect(JSON.parse(await file.inputValue())).toMatchObject({ bucketId, networks: [{ ssid: "Home" }] });
		expect(await readable()).not.toContain(key);
		expect(await readable()).not.toContain(password);
		await visit.inspect();

		await page.getByRole("checkbox", { name: "With passwords and key" }).check();
		await page.getByRole("button", { name: "Export" }).click();
		await expect.poll(() => file.inputValue()).toContain(key);
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			page.getByRole("link", { name: "Download" }).click(),
		]);
		expect(download.suggestedFilename()).toMatch(/^Dakkio-[0-9A-F]{4}\.json$/);
		await page.getByRole("button", { name: "Copy" }).click();
		await page.getByRole("button", { name: "Copied." }).waitFor();
		const exported = await file.inputValue();
		expect(JSON.parse(exported)).toMatchObject({ key, networks: [{ ssid: "Home", password }] });
		await page.getByRole("button", { name: "Close" }).click();
		expect(await page.content()).not.toContain(key);

		await visit.close();
		await board.stop();
		await open("fresh");
		await importFile(exported);
		// The data source is unique to the other board.
		await visit.page.locator(".result").getByText("6 settings imported.").waitFor();
		await setup.go("Dakkio");
		expect(await visit.page.getByRole("textbox", { name: "Bucket" }).inputValue()).toBe(bucketId);
		expect(await visit.page.getByRole("radio", { name: "Create one for me" }).isChecked()).toBe(true);
		await setup.go("Wi-Fi");
		expect(await setup.password("Home").inputValue()).toBe(password);
	});

	test("a key in an imported file is for the file's own service", async () => {
		await open("set up");
		const { page } = visit;
		await setup.go("Board");
		await setup.furtherSettings();
		const server = page.getByRole("textbox", { name: "Service address" });
		await server.fill("https://other.example");
		const { key } = board.world.dakkio.credentials;
		const text = page.getByRole("textbox", { name: "or its text" });
		// Blanks are no key.
		await text.fill('{ "key": "  ", "location": "Barn" }');
		await page.getByRole("button", { name: "Import" }).click();
		await page.locator(".result").getByText("2 settings imported.").waitFor();
		expect(await server.inputValue()).toBe("https://other.example");
		await text.fill(JSON.stringify({ version: 1, key }));
		await page.getByRole("button", { name: "Import" }).click();
		await page.locator(".result").getByText("1 setting imported.").waitFor();
		const reset = "The file has a key, but no service address: it is set to its default.";
		await page.locator(".result").getByText(reset).waitFor();
		expect(await server.inputValue()).toBe("https://api.dakkio.io");
		expect(await page.getByRole("textbox", { name: "Custom root certificate" }).inputValue()).toBe("");
	});

	test("an import leaves what is not in the file, and says what that is", async () => {
		await open("set up");
		const { page } = visit;
		await setup.go("Board");
		const location = page.getByRole("textbox", { name: "Location" });
		const interval = page.getByRole("combobox", { name: "Sampling interval" });
		await interval.selectOption("5 minutes");
		await setup.group("Settings file");
		const text = page.getByRole("textbox", { name: "or its text" });
		const result = page.locator(".result");
		await text.fill('{ "version": 1, "interval": 900, "deviceId": "Other board" }');
		await page.getByRole("button", { name: "Import" }).click();
		await result.getByText("1 setting imported.").waitFor();
		await result
			.getByText("Not in the file, so left as they are: Wi-Fi networks, Bucket, Location.")
			.waitFor();
		expect(await location.inputValue()).toBe("Cellar");
		expect(await interval.inputValue()).toBe("900");
		// What has its default already is not worth a line.
		await text.fill('{ "location": "Barn", "networks": [], "bucketId": "" }');
		await page.getByRole("button", { name: "Import" }).click();
		await result.getByText("Not in the file, so left as they are: Sampling interval.").waitFor();
		expect(await location.inputValue()).toBe("Barn");
		await visit.inspect();
	});

	test("asks for the passwords missing in an imported file", async () => {
		await open("fresh");
		const { page } = visit;
		await setup.network("Home").waitFor();
		const networks = [{ ssid: "Home" }, { ssid: "Simulated" }, { ssid: "Elsewhere", open: true }];
		await importFile(JSON.stringify({ version: 1, networks }));
		await page.locator(".result").getByText("1 setting imported.").waitFor();
		await setup.go("Wi-Fi");
		await setup.next();
		// One of them is in reach, and open; the file says it of another.
		await page.getByText("Type the password of this network.").first().waitFor();
		expect(await page.getByText("Type the password of this network.").count()).toBe(1);
		await setup.chosen("Elsewhere").getByText("it needs no password").waitFor();
		await visit.focused(setup.password("Home"));
		await setup.chosen("Simulated").getByText("it needs no password").waitFor();
	});

	test("shows the problems of an imported file, and imports the rest", async () => {
		await open("fresh");
		const { page } = visit;
		await setup.go("Board");
		await page.locator("summary").getByText("Settings file").click();
		const importButton = page.getByRole("button", { name: "Import" });
		await importButton.click();
		await page.getByText("Choose a file, or paste its text.").first().waitFor();
		const text = page.getByRole("textbox", { name: "or its text" });
		await text.fill('{\n\t"key": "dakkio_w_secret"\n\t"interval": 30\n}');
		await importButton.click();
		await page.locator(".result").getByText("There is a typing error in line 3 at column 2").waitFor();
		expect(await page.locator(".result").first().textContent()).not.toContain("secret");
		for (const broken of ["[]", "null", '"text"']) {
			await text.fill(broken);
			await importButton.click();
			await page.getByText("This is not a settings file").first().waitFor();
		}
		await text.fill('{ "version": 2, "location": "Barn" }');
		await importButton.click();
		await page.getByText("This settings file has version 2").first().waitFor();
		await text.fill(`{
			"version": 1,
			"location": "Barn",
			"interval": "often",
			"networks": [{ "ssid": "<b>Farm</b>", "password": "short" }],
			"colour": "green",
			"__proto__": { "polluted": true }
		}`);
		await importButton.click();
		const result = page.locator(".result");
		await result.getByText("1 setting imported, 2 invalid.").waitFor();
		await result.getByText("Sampling interval: This must be a whole number").waitFor();
		await result.getByText("Unknown to this board, ignored: colour, __proto__.").waitFor();
		await visit.inspect();
		expect(await page.getByRole("textbox", { name: "Location" }).inputValue()).toBe("Barn");
		await page
			.locator(".problem")
			.getByText("This must be a whole number from 5 to 86400 seconds.")
			.waitFor();
		await setup.go("Wi-Fi");
		await setup.chosen("<b>Farm</b>").getByText("at least 8 characters").waitFor();

		// Problems that no field can show are listed; a file that is too large is not read.
		await setup.go("Board");
		await text.fill('{ "networks": [{ "ssid": 7 }], "location": ["a", "list"] }');
		await importButton.click();
		await result.getByText("Wi-Fi networks: A network needs its name (SSID).").waitFor();
		await result.getByText("Location: This must be text.").waitFor();
		const large = { name: "large.json", mimeType: "application/json", buffer: Buffer.alloc(5_000_000, " ") };
		await page.getByLabel("Settings file").setInputFiles(large);
		await importButton.click();
		await page.getByText("it is too large").first().waitFor();
	});

	test("with two phones, ignores the other one's test", async () => {
		await open("set up");
		const { page } = visit;
		board.world.ntp.fault = { kind: "silent" };
		await setup.go("Test");
		await setup.startTest();
		const other = await visitBoard();
		// It shows the running test, or its result.
		await new SetupPageDriver(other).go("Test");
		await other.page.locator(".failed").getByText("None of the time servers answered").waitFor();
		await page.locator(".failed").getByText("None of the time servers answered").waitFor();
		const resume = holdClockStep();
		await setup.startTest();
		await setup.line("Set the clock").and(page.locator(".running")).waitFor();
		await new SetupPageDriver(other).startTest();
		await page.locator(".verdict").getByText("another phone started one").waitFor();
		await page.getByRole("button", { name: "Save without a test" }).waitFor();
		resume();
		await new SetupPageDriver(other).passed();
		await other.close();
		expect(other.errors).toEqual([]);
	});

	test("reports a lost connection, retries, and continues", async () => {
		await open("fresh");
		const { page } = visit;
		await setup.choose("Home", password);
		await page.context().setOffline(true);
		await page.getByRole("button", { name: "Scan again" }).click();
		await page.getByText("No response from the board. Is this phone still on the Wi-Fi “Dakkio-").waitFor();
		await visit.inspect();
		await page.context().setOffline(false);
		await page.getByText("No response from the board.").waitFor({ state: "hidden" });
		await page.locator("p.busy").waitFor({ state: "hidden" });
		expect(await setup.password("Home").inputValue()).toBe(password);
		expect(
			visit.errors.splice(0).filter((error) => !error.includes("net::ERR_INTERNET_DISCONNECTED")),
		).toEqual([]);
	});

	test("continues after the board restarts", async () => {
		await open("fresh");
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.choose("Home", password);
		await setup.go("Dakkio");
		await setup.dakkio({ key, bucketId });
		const resume = holdClockStep();
		await setup.go("Test");
		await setup.startTest();
		await setup.line("Set the clock").and(page.locator(".running")).waitFor();
		await board.switchOff();
		resume();
		await board.switchOn();
		await page.getByText("The board has restarted, and the test was lost.").first().waitFor();
		await visit.inspect();
		// The page still has the old token.
		await setup.startTest();
		await setup.passed();
		const expected = /status of 403|net::ERR_(CONNECTION_(REFUSED|RESET)|EMPTY_RESPONSE|FAILED)/;
		expect(visit.errors.splice(0).filter((error) => !expected.test(error))).toEqual([]);
	});

	test("reports a request that is too large for the board", async () => {
		await open("fresh");
		const { page } = visit;
		await setup.furtherSettings();
		await page.getByRole("textbox", { name: "Custom root certificate" }).fill("x".repeat(20_000));
		await setup.next();
		await page.getByRole("alert").getByText("too large for the board").waitFor();
		await visit.inspect();
		expect(visit.errors.splice(0).filter((error) => !error.includes("status of 413"))).toEqual([]);
	});
});

async function importFile(content: string): Promise<void> {
	const { page } = visit;
	await setup.go("Board");
	await page.locator("summary").getByText("Settings file").click();
	const file = { name: "board.json", mimeType: "application/json", buffer: Buffer.from(content) };
	await page.getByLabel("Settings file").setInputFiles(file);
	await page.getByRole("button", { name: "Import" }).click();
}
