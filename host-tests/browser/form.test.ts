import { beforeEach, expect, test } from "vitest";
import { settingTexts } from "../../page/setting-texts";
import type { SetupState } from "../../src/setup/api";
import { board, describeSetupPage, openBoard, saveWithoutTest, setup, visit } from "./setup-page-fixture";

describeSetupPage("the form", () => {
	beforeEach(() => openBoard());

	test("takes up to three networks, in the order in which they are tried", async () => {
		const { page } = visit;
		await setup.choose("Home", "correct horse");
		await setup.choose("Simulated");
		await setup.chosen("Simulated").getByText("it needs no password").waitFor();
		await setup.choose("Far away", "too far to hear");
		await setup.chosen("Far away").getByText("very weak").waitFor();
		await setup.network("Hotel guests").click();
		const full = page
			.locator(".warning")
			.getByText("Note: The board can store three networks: remove one first.");
		await full.waitFor();
		// It stays when the values are checked.
		await setup.password("Home").fill("correct horses");
		await Promise.all([page.waitForResponse("**/api/check"), setup.password("Home").blur()]);
		await visit.inspect();
		expect(await full.isVisible()).toBe(true);
		await page.getByRole("button", { name: "Move Far away up" }).click();
		await page.getByRole("button", { name: "Remove Home" }).click();
		expect(await full.isVisible()).toBe(false);
		expect(await page.locator(".entries h3").allTextContents()).toEqual(["Far away", "Simulated"]);
		expect(await setup.password("Far away").inputValue()).toBe("too far to hear");
		// One that was chosen is not added a second time.
		await setup.network("Simulated").click();
		expect(await page.locator(".entries > li").count()).toBe(2);
	});

	test("scans again, and shows a password on request", async () => {
		const { page } = visit;
		await setup.choose("Home", "correct horse");
		await page.getByRole("button", { name: "Scan again" }).click();
		await page.getByText("Scanning for networks…").first().waitFor();
		await setup.network("Home").waitFor();
		await page.locator("p.busy").waitFor({ state: "hidden" });
		await page.getByRole("button", { name: "Show: Password of Home" }).click();
		expect(await setup.password("Home").getAttribute("type")).toBe("text");
	});

	test("shows a problem at each field, and focuses the first", async () => {
		const { page } = visit;
		await setup.network("Home").waitFor();
		await setup.next();
		await page.getByText("Choose a network, or add a hidden one.").waitFor();
		await setup.choose("Home");
		await setup.next();
		await page.getByText("Type the password of this network.").waitFor();
		await visit.focused(setup.password("Home"));
		await setup.password("Home").fill("short");
		await setup.next();
		await page.getByText("at least 8 characters").waitFor();
		await visit.inspect();
		await setup.password("Home").fill("correct horse");
		await page.getByText("at least 8 characters").waitFor({ state: "hidden" });
		await setup.next("Dakkio");

		const key = page.getByRole("textbox", { name: "API key" });
		await setup.next();
		await page.getByText("Paste a write key for this board.").waitFor();
		await setup.dakkio({ key: "dakkio_r_0123456789abcdef", bucketId: "12" });
		await setup.next();
		await page.getByText("This is a read key (dakkio_r_)").waitFor();
		await page.getByText("An id has 24 hexadecimal digits").waitFor();
		await visit.focused(key);
		expect(await key.getAttribute("aria-invalid")).toBe("true");
		await visit.inspect();
		await key.fill("dakkio_a_0123456789abcdef");
		await key.blur();
		await page.getByText("Note: This is an admin key").waitFor();
		await page.getByText("This is a read key (dakkio_r_)").waitFor({ state: "hidden" });
	});

	test("counts characters as a person does, while they are typed", async () => {
		const { page } = visit;
		await setup.go("Board");
		const location = page.getByRole("textbox", { name: "Location" });
		const count = page.locator(".field").filter({ has: location }).locator(".count");
		expect(await count.isVisible()).toBe(false);
		await location.fill("🐝".repeat(64));
		await count.getByText("64 of 64").waitFor();
		await location.fill(`${"🇨🇭".repeat(64)}é`);
		await count.getByText("65 of 64").waitFor();
		expect(await count.getAttribute("class")).toContain("problem");
		await location.blur();
		await page.getByText("This is longer than 64 characters: it has 65.").waitFor();
		expect(await count.isVisible()).toBe(false);
		await location.focus();
		await visit.inspect();
		await location.fill("Café");
		await count.getByText("4 of 64").waitFor();
		expect(await count.getAttribute("class")).not.toContain("problem");
	});

	test("asks whether a comma is one of decimals or of thousands", async () => {
		const { page } = visit;
		await setup.choose("Simulated");
		await setup.go("Board");
		const altitude = page.getByRole("textbox", { name: "Altitude" });
		await altitude.fill("1,500");
		await setup.next();
		await visit.focused(altitude);
		await page
			.getByText("The comma may mean decimals or thousands: write a point, or leave it out.")
			.waitFor();
		const temperature = setup.value("BME280 at 0x76", "Pressure");
		await temperature.locator("summary").click();
		await setup
			.card("BME280 at 0x76")
			.locator("details[open]")
			.getByRole("textbox", { name: "It should read now" })
			.fill("1,013");
		await temperature.getByRole("button", { name: "Set", exact: true }).click();
		await temperature.getByText("Type what it should read").waitFor();
		await altitude.fill("1500,5");
		await setup.next("Test");
		await page.getByRole("button", { name: "Save without a test" }).click();
		await page.getByRole("heading", { name: "Done" }).waitFor();
		expect(board.savedSettings).toMatchObject({ altitude: 1500.5, sensors: {} });
	});

	test("hints at a network nearby whose name is nearly that of the hidden one", async () => {
		const { page } = visit;
		await setup.network("Home").waitFor();
		await page.getByRole("button", { name: "Hidden network…" }).click();
		const name = page.getByRole("textbox", { name: "Name of the network" });
		const hint = page.getByText(/Note: Did you mean “.*”\? Capitals, blanks and accents count\./);
		for (const [typed, meant] of [
			["home ", "Home"],
			["hotel-guests", "Hotel guests"],
		] as const) {
			await name.fill(typed);
			await hint.getByText(`“${meant}”`).waitFor();
		}
		expect(await name.getAttribute("aria-invalid")).toBe(null);
		await visit.inspect();
		for (const typed of ["Home", "Homes", ""]) {
			await name.fill(typed);
			await hint.waitFor({ state: "hidden" });
		}
		// A name from the list of those nearby is that network, which needs its password.
		await name.fill("Home");
		await setup.next();
		await page.getByText("Type the password of this network.").waitFor();
		// It is a hint, and no more: such a network may exist.
		await name.fill("HOME");
		await hint.waitFor();
		await setup.next("Dakkio");
	});

	test("shows a problem in a collapsed section", async () => {
		const { page } = visit;
		await setup.choose("Simulated");
		await setup.furtherSettings();
		const server = page.getByRole("textbox", { name: "Service address" });
		await server.fill("http://api.dakkio.io");
		await server.blur();
		await page.getByText("Only https is possible").waitFor();
		await setup.group("Service and clock");
		await server.waitFor({ state: "hidden" });
		await setup.go("Test");
		await page.getByRole("button", { name: "Save without a test" }).click();
		await visit.focused(server);
	});

	test("shows a pin conflict at both settings, also at one with its default", async () => {
		const { page } = visit;
		await setup.choose("Simulated");
		await setup.furtherSettings();
		await page.getByRole("combobox", { name: "Status light pin" }).selectOption("Number…");
		const light = page.getByRole("textbox", { name: "Status light pin: number" });
		await light.fill("21");
		await light.blur();
		await page.getByText("Pin 21 is also for the I²C data line (by default).").waitFor();
		await setup.go("Test");
		await page.getByRole("button", { name: "Save without a test" }).click();
		await visit.focused(light);
		await page.getByText("The default pin 21 is also for the status light.").waitFor();
		await visit.inspect();
		await light.fill("17");
		await light.blur();
		await page.getByText("The default pin 21 is also for the status light.").waitFor({ state: "hidden" });
	});

	test("shows why a typed pin needs care, and names words as the page does", async () => {
		const { page } = visit;
		await setup.furtherSettings();
		const note = page.getByText("Note: GPIO 1 – serial log.");
		for (const label of ["Button pin", "Status light pin"]) {
			await page.getByRole("combobox", { name: label }).selectOption("Number…");
			const pin = page.getByRole("textbox", { name: `${label}: number` });
			await pin.fill("1");
			await pin.blur();
			await note.waitFor();
			await pin.fill("99");
			await pin.blur();
			await page.getByText("This must be a whole number from 0 to 48 or Automatic or None.").waitFor();
			await pin.fill(label === "Button pin" ? "34" : "22");
			await pin.blur();
			if (label === "Button pin") await page.getByText("Note: GPIO 34 – no pull-up inside.").waitFor();
			await note.waitFor({ state: "hidden" });
		}
	});

	test("is readable on a small phone with text at 200 %", async () => {
		const { page } = visit;
		await page.setViewportSize({ width: 360, height: 640 });
		await page.evaluate("document.documentElement.style.fontSize = '200%'");
		await setup.choose("<img src=x");
		for (const step of ["Wi-Fi", "Dakkio", "Board", "Test"] as const) {
			await setup.go(step);
			expect(await page.evaluate("document.scrollingElement.scrollWidth")).toBe(360);
			expect(await visit.brokenWords(), step).toEqual([]);
		}
	});

	test("shows the calls per month of the intervals", async () => {
		const { page } = visit;
		await setup.go("Board");
		const plan = page.locator(".plan");
		await plan.getByText("About 7,000 calls per month").waitFor();
		await page.getByRole("combobox", { name: "Upload interval" }).selectOption("With each reading");
		await plan.getByText("About 44,640 calls per month: one every minute").waitFor();
		await plan.getByText("The Free plan has only 10,000.").waitFor();
		await visit.inspect();
		await page.getByRole("combobox", { name: "Sampling interval" }).selectOption("Other…");
		await page.getByRole("textbox", { name: "Sampling interval: seconds" }).fill("600");
		await plan.getByText("About 4,464 calls per month: one every 10 minutes").waitFor();
		await page.getByRole("textbox", { name: "Sampling interval: seconds" }).fill("soon");
		await plan.getByText("not valid").waitFor();
		await page.getByText("This must be a whole number from 5 to 86400 seconds.").waitFor();
	});

	test("saves without a test", async () => {
		const { page } = visit;
		await setup.choose("Simulated");
		await saveWithoutTest();
		await page.getByText("but not tested").waitFor();
		await page.getByText("when key and bucket are set").waitFor();
		await visit.inspect();
		await board.waitForLine(/no uploads: the API key is not set/);
		await board.waitForLine(/Wi-Fi: joined "Simulated"/);
	});

	test("has a field for every setting of the table", async () => {
		const { page } = visit;
		const answer = await page.request.get(`${board.url}api/state`);
		const { table }: SetupState = await answer.json();
		expect(table.length).toBeGreaterThan(15);
		await setup.furtherSettings();
		const texts = await page.locator("label, legend").allTextContents();
		// Groups of controls have their name as an attribute.
		const groups = await page.evaluate<string[]>(
			"[...document.querySelectorAll('[role=group]')].map((group) => group.getAttribute('aria-label'))",
		);
		const labels = [...texts, ...groups];
		for (const { key } of table) {
			const { label } = settingTexts[key];
			expect(labels.filter((text) => text === label || text.startsWith(`${label} (`))).toHaveLength(1);
		}
	});

	test("saves every kind of field", async () => {
		const { page } = visit;
		await setup.choose("Simulated");
		await setup.furtherSettings();
		await page.getByRole("textbox", { name: "Location" }).fill('Under the <roof> & "gutter"');
		await page.getByRole("combobox", { name: "Sampling interval" }).selectOption("5 minutes");
		await page.getByRole("combobox", { name: "Upload interval" }).selectOption("With each reading");
		await page.getByRole("radio", { name: "Low" }).check();
		await page.getByRole("combobox", { name: "Status light pin" }).selectOption("Number…");
		await page.getByRole("textbox", { name: "Status light pin: number" }).fill("17");
		await page.getByRole("combobox", { name: "Button pin" }).selectOption("None");
		await page.getByRole("textbox", { name: "Battery divider ratio" }).fill("3,5");
		await page.getByRole("textbox", { name: "Time servers" }).fill("time.example\n\n 192.168.1.1:1123 ");
		await page.getByRole("textbox", { name: "Custom root certificate" }).fill(root());
		expect(await saveWithoutTest()).toMatchObject({
			networks: [{ ssid: "Simulated", password: "" }],
			location: 'Under the <roof> & "gutter"',
			interval: 300,
			uploadInterval: 0,
			power: "mains",
			ledActive: "low",
			ledPin: 17,
			buttonPin: "none",
			batteryRatio: 3.5,
			ntpServers: ["time.example", "192.168.1.1:1123"],
			rootCertificate: root(),
			dataSourceId: "create",
		});
	});
});

function root(): string {
	return board.world.dakkio.certificates.root.pem.trim();
}
