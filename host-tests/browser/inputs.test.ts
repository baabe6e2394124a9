import { expect, test } from "vitest";
import {
	bme280,
	board,
	describeSetupPage,
	openBoardStep,
	saveWithoutTest,
	setup,
	visit,
} from "./setup-page-fixture";

/** Inputs at pins, and what is on a 1-Wire bus, are set up with forms. */

describeSetupPage("on the setup page", () => {
	test("inputs are added at free pins, with their values beside them", async () => {
		await openBoardStep();
		const { page } = visit;
		await page.getByRole("button", { name: "Add: Contact" }).click();
		const contact = setup.card("Contact");
		const pin = contact.getByRole("combobox", { name: "Pin" });
		await visit.focused(pin);
		// What the board uses is shown, and cannot be chosen.
		const used = pin.locator("optgroup[label='In use'] option");
		expect(await used.allTextContents()).toEqual([
			"GPIO 0 – the button",
			"GPIO 2 – the status light",
			"GPIO 21 – the I²C data line",
			"GPIO 22 – the I²C clock line",
		]);
		expect(await used.evaluateAll((options) => options.every((option) => option.matches(":disabled")))).toBe(
			true,
		);
		expect(
			await pin
				.locator("option")
				.getByText(/GPIO (6|11|20|24|40)\b/)
				.count(),
		).toBe(0);
		// Nothing is wrong with it before the user goes on.
		await contact.getByRole("textbox", { name: "Name" }).fill("door");
		await contact.getByRole("textbox", { name: "Name" }).blur();
		await setup.next();
		await contact.getByText("Choose the pin that it is wired to.").waitFor();
		await visit.inspect();
		await visit.focused(pin);
		await pin.selectOption("GPIO 27");
		const door = setup.card("Contact at GPIO 27");
		await door.locator(".live").getByText("false").waitFor();
		board.pins?.drive(27, 0);
		await door.locator(".live").getByText("true").waitFor();
		await door.getByRole("combobox", { name: "Wired to" }).selectOption("GND, open is true");
		await door.locator(".live").getByText("false").waitFor();

		await page.getByRole("button", { name: "Add: Pulses" }).click();
		await setup.card("Pulses").getByRole("combobox", { name: "Pin" }).selectOption("GPIO 26");
		const rain = setup.card("Pulses at GPIO 26");
		await rain.getByRole("textbox", { name: "Name" }).fill("rain");
		await rain.getByRole("textbox", { name: "Per pulse" }).fill("0.2794");
		await rain.getByRole("textbox", { name: "Unit" }).fill("mm");
		await rain.locator(".live").getByText("0 pulses").waitFor();
		// The pin of the first is not free for the second.
		expect(await rain.locator("optgroup[label='In use'] option").allTextContents()).toContain(
			"GPIO 27 – the input door",
		);
		await visit.inspect();
		const saved = await saveWithoutTest();
		expect(saved.inputs).toEqual([
			{ kind: "state", pin: 27, name: "door", active: "high" },
			{ kind: "pulses", pin: 26, name: "rain", scale: 0.2794, unit: "mm" },
		]);
		await board.waitForLine(/^reading \d+: .* door (true|false), rain 0 mm; stored/);
	});

	test("a soil probe is calibrated with two points", async () => {
		await openBoardStep();
		const { page } = visit;
		await page.getByRole("button", { name: "Add: Voltage" }).click();
		const pin = setup.card("Voltage").getByRole("combobox", { name: "Pin" });
		// With the Wi-Fi on, an ESP32 measures these only.
		expect(await pin.locator("optgroup[label='Free'] option").allTextContents()).toEqual(
			[32, 33, 34, 35, 36, 37, 38, 39].map((number) => `GPIO ${number}`),
		);
		board.pins?.setVolts(34, 2);
		await pin.selectOption("GPIO 34");
		const soil = setup.card("Voltage at GPIO 34");
		await soil
			.locator(".live")
			.getByText(/^2\.000\sV$/)
			.waitFor();
		await soil.getByRole("textbox", { name: "Unit" }).fill("percent");
		await soil.getByRole("textbox", { name: "Decimals" }).fill("0");
		const actual = soil.getByRole("textbox", { name: "It should read now" });
		await actual.fill("0");
		await soil.getByRole("button", { name: "Set", exact: true }).click();
		board.pins?.setVolts(34, 1);
		await soil
			.locator(".live")
			.getByText(/\(1\.000\sV\)/)
			.waitFor();
		await actual.fill("100");
		await soil.getByRole("button", { name: "Set as second point" }).click();
		await soil
			.locator(".live")
			.getByText(/^100\s% \(1\.000\sV\)$/)
			.waitFor();
		await visit.inspect();
		const [input] = (await saveWithoutTest()).inputs;
		expect(input).toMatchObject({ kind: "analog", pin: 34, unit: "percent", decimals: 0 });
		expect(input).toMatchObject({ scale: expect.closeTo(-100, 0), offset: expect.closeTo(200, 0) });
	});

	test("saved inputs show the values in use, and are changed and removed", async () => {
		const inputs = [
			{ kind: "state", pin: 27, name: "door" },
			{ kind: "analog", pin: 34, name: "soil", unit: "percent", scale: -50, offset: 100 },
		] as const;
		await openBoardStep({ inputs });
		const door = setup.card("Contact at GPIO 27");
		await door.locator(".live").getByText("false").waitFor();
		await setup
			.card("Voltage at GPIO 34")
			.locator(".live")
			.getByText(/^79\.\d+\s% \(0\.4\d\d\sV\)$/)
			.waitFor();
		// Another resistor is there after the settings are in use.
		await door.getByRole("combobox", { name: "Wired to" }).selectOption("3.3 V, closed is true");
		await door.locator(".live").getByText("shown after the test").waitFor();
		await setup.card("Voltage at GPIO 34").getByRole("button", { name: "Remove" }).click();
		await visit.focused(visit.page.getByRole("button", { name: "Add: Voltage" }));
		expect((await saveWithoutTest()).inputs).toEqual([
			{ kind: "state", pin: 27, name: "door", pull: "down", active: "high" },
		]);
	});

	test("the problem of an input is shown at its control", async () => {
		await openBoardStep({ inputs: [{ kind: "pulses", pin: 26, name: "rain" }] });
		const rain = setup.card("Pulses at GPIO 26");
		const bounce = rain.getByRole("textbox", { name: "Bounces for (ms)" });
		await bounce.fill("-1");
		await rain.getByRole("textbox", { name: "Name" }).fill("rain.total");
		await setup.next();
		await visit.focused(rain.getByRole("textbox", { name: "Name" }));
		await rain.locator(".field").filter({ hasText: "Name" }).locator(".problem").waitFor();
		await rain.getByRole("textbox", { name: "Name" }).fill("rain");
		await setup.next();
		await visit.focused(bounce);
		await rain.locator(".problem").getByText("Error: This must be a number from 0 to 1000.").waitFor();
	});

	test("what does not work together is said, and saved", async () => {
		await openBoardStep({ inputs: [{ kind: "pulses", pin: 26, name: "rain" }] });
		const { page } = visit;
		await page.getByRole("radio", { name: "Battery" }).check();
		const rain = setup.card("Pulses at GPIO 26").getByRole("textbox", { name: "Name" });
		await rain.fill("shower");
		await rain.blur();
		await page.getByText("Note: Number 1: on battery the board sleeps").waitFor();
		await visit.inspect();
		await page.getByRole("radio", { name: "Mains" }).check();
		await page.getByText("on battery the board sleeps").waitFor({ state: "hidden" });
		expect((await saveWithoutTest()).inputs).toMatchObject([{ name: "shower" }]);
	});

	test("thermometers on a 1-Wire bus appear as soon as the pin is chosen", async () => {
		await openBoardStep({}, [bme280, { name: "ds18b20", address: undefined }]);
		const { page } = visit;
		await page.getByRole("button", { name: "Add: 1-Wire" }).click();
		const pin = page.getByRole("combobox", { name: "1-Wire pin" });
		await visit.focused(pin);
		await pin.selectOption("GPIO 18");
		await page.getByText("none found").waitFor();
		await pin.selectOption("GPIO 4");
		await page.getByText("1 thermometer found").waitFor();
		const found = page.locator(".card").filter({ hasText: "DS18B20 28-" });
		await found.locator("summary").getByText(/°C$/).waitFor();
		await found.locator("summary").click();
		await found.getByRole("textbox", { name: "Name" }).fill("boiler");
		await visit.inspect();
		const { oneWirePin, sensors } = await saveWithoutTest();
		expect(oneWirePin).toBe(4);
		expect(Object.values(sensors)).toEqual([{ fields: { temperature: { name: "boiler" } } }]);
		await board.waitForLine(/^reading \d+: .*boiler /);
	});

	test("an input is added with only the keyboard", async () => {
		await openBoardStep();
		const { page } = visit;
		await visit.tabTo(page.getByRole("button", { name: "Add: Contact" }));
		await page.keyboard.press("Enter");
		await page.keyboard.type("GPIO 33");
		await setup.card("Contact at GPIO 33").locator(".live").getByText("false").waitFor();
		await visit.tabTo(setup.card("Contact at GPIO 33").getByRole("textbox", { name: "Name" }));
		await page.keyboard.press("Control+A");
		await page.keyboard.type("door");
		const temperature = setup.value("BME280 at 0x76", "Temperature");
		for (let presses = 0; presses < 40; presses++) {
			await page.keyboard.press("Shift+Tab");
			if (await temperature.locator("summary:focus").count()) break;
		}
		await page.keyboard.press("Enter");
		await page.keyboard.press("Tab");
		await page.keyboard.type("balcony");
		await setup.value("BME280 at 0x76", "Balcony").waitFor();
		const { inputs, sensors } = await saveWithoutTest();
		expect(inputs).toEqual([{ kind: "state", pin: 33, name: "door" }]);
		expect(sensors).toEqual({ "BME280 at 0x76": { fields: { temperature: { name: "balcony" } } } });
	});
});
