import { beforeEach, expect, test } from "vitest";
import { board, describeSetupPage, holdClockStep, openBoard, setup, visit } from "./setup-page-fixture";

describeSetupPage("a fresh board and a phone", () => {
	beforeEach(() => openBoard());

	test("from a fresh board to the first points, accessible in each state", async () => {
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.network("Home").waitFor();
		await visit.inspect();

		await setup.choose("Home", "correct horse");
		await visit.inspect();
		await setup.next("Dakkio");

		await setup.dakkio({ key, bucketId });
		await visit.inspect();
		await setup.next("This board");

		const sensor = setup.card("BME280 at 0x76");
		await sensor.getByText(/^−?\d+\.\d\d\s°C$/).waitFor();
		const looked = page.waitForResponse("**/api/sensors");
		await page.getByRole("button", { name: "Scan again" }).click();
		expect((await looked).status()).toBe(202);
		expect(await page.getByRole("button", { name: /^Forget missing/ }).isVisible()).toBe(false);
		// They are looked at again and again, as long as they can be seen.
		await page.waitForResponse(/\/api\/measure$/);
		await setup.furtherSettings();
		await visit.inspect();
		await page.getByRole("textbox", { name: "Location" }).fill("Balcony");
		await setup.next("Test");

		await visit.inspect();
		// Some browsers do not keep in view what a growing list moves down.
		await page.evaluate("document.documentElement.style.overflowAnchor = 'none'");
		await setup.startTest();
		await setup.passed();
		expect(await visit.isInView(page.getByRole("button", { name: "Save and start" }))).toBe(true);
		for (const [line, found] of [
			["Join the Wi-Fi", /Home, address 127\.0\.0\.1, (strong|good) signal \(−\d\d\sdBm\)/],
			["Find the service", /api\.dakkio\.io is 127\.0\.0\.1/],
			["Set the clock", /20\d\d/],
			["Verify the certificate", /./],
			["Key and bucket", /accepted/],
			["Data source", /Created as ESP32-/],
			["First point", /201/],
		] as const)
			expect(await setup.line(line).locator("p").textContent()).toMatch(found);
		await page.getByRole("link", { name: /^Test\W+done$/ }).waitFor();
		await visit.inspect();

		// What comes next stands first.
		const buttons = await page.locator("#test button").allTextContents();
		expect(buttons.slice(-2)).toEqual(["Save and start", "Test again"]);
		await page.getByRole("button", { name: "Save and start" }).click();
		await page.getByRole("heading", { name: "Done" }).waitFor();
		await visit.inspect();
		const ending = await page.locator(".end").textContent();
		expect(ending).toContain("Hold the board’s button for 5 seconds");
		expect(ending).toMatch(/Data sourceESP32-[0-9A-F]{6} \([0-9a-f]{24}\)/);
		expect(ending).not.toMatch(/[ (]-\d/);
		await board.waitForLine(/Wi-Fi: joined "Home"/);
		await board.waitForPoint(({ metadata }) => metadata.location === "Balcony");
	});

	test("with only the keyboard", async () => {
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.network("Home").waitFor();
		await visit.tabTo(setup.network("Home"));
		await page.keyboard.press("Enter");
		// The focus is where the person types next.
		await page.keyboard.type("correct horse");
		await page.keyboard.press("Enter");

		await visit.focused(page.getByRole("heading", { name: "Dakkio" }));
		await visit.tabTo(page.getByRole("textbox", { name: "API key" }));
		await page.keyboard.type(key);
		await visit.tabTo(page.getByRole("textbox", { name: "Bucket" }));
		await page.keyboard.type(bucketId);
		await page.keyboard.press("Enter");

		await visit.focused(page.getByRole("heading", { name: "This board" }));
		await visit.tabTo(page.getByRole("button", { name: "Continue" }));
		await page.keyboard.press("Space");

		await visit.focused(page.getByRole("heading", { name: "Test" }));
		await visit.tabTo(page.getByRole("button", { name: "Start the test" }));
		await page.keyboard.press("Enter");
		await setup.passed();
		await visit.tabTo(page.getByRole("button", { name: "Save and start" }));
		await page.keyboard.press("Enter");
		await visit.focused(page.getByRole("heading", { name: "Done" }));
		await board.waitForLine(/setup: settings saved/);
	});

	test("announces to screen readers what happens, once", async () => {
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.network("Home").waitFor();
		expect(await setup.network("Home").getAttribute("class")).toBe("network");
		const said = await visit.recordAnnouncements();
		await setup.choose("Home", "correct horse");
		await page.getByRole("button", { name: /^Home\W+strong, needs a password, chosen$/ }).waitFor();
		await setup.go("Dakkio");
		await setup.dakkio({ key, bucketId });
		// So slow that the page polls many times.
		board.world.ntp.fault = { kind: "silent" };
		await setup.go("Test");
		await setup.startTest();
		await page.getByText("The test failed.").last().waitFor();
		const announced = await said();
		expect(announced.at(-1)).toMatch(
			/^Set the clock: failed\. None of the time servers .* The test failed\.$/,
		);
		expect(announced.filter((text) => text.startsWith("Find the service: done."))).toHaveLength(1);
	});

	test("without animation for users who prefer reduced motion", async () => {
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await page.emulateMedia({ reducedMotion: "no-preference" });
		await setup.choose("Home", "correct horse");
		await setup.go("Dakkio");
		await setup.dakkio({ key, bucketId });
		const resume = holdClockStep();
		await setup.go("Test");
		await setup.startTest();
		await setup.line("Set the clock").and(page.locator(".running")).waitFor();
		expect(await page.evaluate("document.getAnimations().length")).toBe(1);
		await page.emulateMedia({ reducedMotion: "reduce" });
		expect(await page.evaluate("document.getAnimations().length")).toBe(0);
		await visit.inspect();
		resume();
	});

	test("shows a network name with markup as text, and joins it", async () => {
		const { page } = visit;
		const name = "<img src=x onerror=alert(1)>";
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.choose(name, "hostile name");
		expect(await setup.network(name).locator("bdi").textContent()).toBe(name);
		await setup.go("Dakkio");
		await setup.dakkio({ key, bucketId });
		await setup.go("Test");
		await setup.startTest();
		await setup.passed();
		expect(await setup.line("Join the Wi-Fi").locator("p").textContent()).toContain(name);
		await page.getByRole("button", { name: "Save and start" }).click();
		await page.getByRole("heading", { name: "Done" }).waitFor();
		expect(await page.locator(".end").textContent()).toContain(name);
		expect(await page.locator("img").count()).toBe(0);
	});

	test("a hidden network by its name", async () => {
		const { page } = visit;
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.network("Home").waitFor();
		expect(await setup.network("Hidden").count()).toBe(0);
		await page.getByRole("button", { name: "Hidden network…" }).click();
		await setup.next();
		await page.getByText("Type the name of the network.").waitFor();
		await visit.inspect();
		const name = page.getByRole("textbox", { name: "Name of the network" });
		await visit.focused(name);
		await name.fill("Hidden");
		await setup.chosen("Hidden").getByRole("textbox", { name: "Password" }).fill("nobody sees me");
		await setup.next("Dakkio");
		await setup.dakkio({ key, bucketId });
		await setup.next("This board");
		await setup.next("Test");
		await setup.startTest();
		await setup.passed();
	});
});
