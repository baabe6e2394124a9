import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { board, describeSetupPage, openBoardStep, saveWithoutTest, setup, visit } from "./setup-page-fixture";

/** A settings file, the log, a restart and a factory reset. */

describeSetupPage("on the setup page", () => {
	test("an imported file fills the forms", async () => {
		await openBoardStep();
		const { page } = visit;
		const settings = {
			sensors: { "BME280 at 0x76": { fields: { temperature: { name: "cellar", offset: -2 } } } },
			inputs: [{ kind: "state", pin: 27, name: "door", pull: "none" }],
			oneWirePin: 4,
		};
		await setup.group("Settings file");
		await page.getByRole("textbox", { name: "or its text" }).fill(JSON.stringify(settings));
		await page.getByRole("button", { name: "Import" }).click();
		await setup.value("BME280 at 0x76", "Cellar").waitFor();
		expect(
			await setup.card("Contact at GPIO 27").getByRole("combobox", { name: "Wired to" }).inputValue(),
		).toBe("none low");
		expect(await page.getByRole("combobox", { name: "1-Wire pin" }).inputValue()).toBe("4");
		expect(await saveWithoutTest()).toMatchObject(settings);
	});

	test("the log says how the board started, and it restarts on request", async () => {
		await openBoardStep();
		const { page } = visit;
		await setup.group("Restart, log, factory reset");
		await page.getByText(/dakkio-esp32 .*boot 1 \(power-on\)/).waitFor();
		expect(await page.locator(".groups dd").first().textContent()).toBe("power-on");
		await visit.inspect();
		await page.getByRole("button", { name: "Restart", exact: true }).click();
		await visit.focused(page.getByRole("heading", { name: "Restarting" }));
		await page.getByText("The board restarts with its saved settings.").waitFor();
		await visit.inspect();
		await board.waitForLine(/boot 2 \(restart\)/);
		await board.waitForLine(/Wi-Fi: joined "Simulated"/);
	});

	test("a factory reset needs the board's name", async () => {
		await openBoardStep({ location: "Cellar" });
		const { page } = visit;
		await setup.group("Restart, log, factory reset");
		const name = await page.locator("header .board").textContent();
		const reset = page.getByRole("button", { name: "Factory reset" });
		const confirmation = page.getByRole("textbox", { name: `Type ${name} to confirm` });
		await confirmation.fill("yes");
		expect(await reset.getAttribute("aria-disabled")).toBe("true");
		await reset.click({ force: true });
		await confirmation.fill(name ?? "");
		await visit.inspect();
		// So long that live values would be asked for again meanwhile, which an erasing board refuses.
		await page.route("**/api/reset", async (route) => {
			await delay(2_500);
			await route.continue();
		});
		await reset.click();
		await page.getByText("The board erases everything and restarts.").waitFor();
		await board.waitForLine(/boot 2 \(restart\)/);
		expect(board.savedSettings).toMatchObject({ location: "", networks: [], key: "" });
	});
});
