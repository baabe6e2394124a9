import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { WiredChip } from "../../simulator/hardware/simulated-sensors";
import type { Settings } from "../../src/settings/settings";
import { board, describeSetupPage, openBoard, setup, visit } from "./setup-page-fixture";

/** Sensors and inputs are set up with forms. */

const networks = [{ ssid: "Simulated", password: "" }];
const bme280 = { name: "bme280", address: 0x76 };

async function open(
	settings: Partial<Settings> = {},
	sensors: readonly WiredChip[] = [bme280],
): Promise<void> {
	await openBoard(({ credentials }) => ({ ...credentials, networks, ...settings }), sensors);
	await setup.go("Board");
}

async function save(): Promise<Settings> {
	await setup.go("Test");
	await visit.page.getByRole("button", { name: "Save without a test" }).click();
	await visit.page.getByRole("heading", { name: "Done" }).waitFor();
	return board.savedSettings;
}

describeSetupPage("on the setup page", () => {
	test("a value is renamed, left out and calibrated, and a sensor switched off", async () => {
		await open({}, [bme280, { name: "sht41", address: 0x44 }, { name: "bh1750", address: 0x23 }]);
		const { page } = visit;
		const temperature = setup.value("BME280 at 0x76", "Temperature");
		await temperature.locator("summary").click();
		const opened = setup.card("BME280 at 0x76").locator("details[open]");
		await opened.getByRole("textbox", { name: "Name" }).fill("balcony");
		// The keyboard for numbers has no minus on some phones.
		for (const signed of ["It should read now", "Factor", "Offset"])
			expect(await opened.getByRole("textbox", { name: signed }).getAttribute("inputmode")).toBeNull();
		// Calibrated at once, before anything is saved.
		await opened.getByRole("textbox", { name: "It should read now" }).fill("−10,5");
		await opened.getByRole("button", { name: "Set", exact: true }).click();
		await setup
			.value("BME280 at 0x76", "Balcony")
			.locator("summary")
			.getByText(/^−10\.[45]\d\s°C$/)
			.waitFor();
		await visit.inspect();

		const pressure = setup.value("BME280 at 0x76", "Pressure");
		await pressure.locator("summary").click();
		await pressure.getByRole("checkbox", { name: "Store and send this value" }).uncheck();
		await pressure.locator("summary").getByText("left out").waitFor();
		const humidity = setup.value("SHT4x at 0x44", "Humidity 2");
		await humidity.locator("summary").click();
		await humidity.getByRole("textbox", { name: "Factor" }).fill("1,02");
		await page.getByRole("checkbox", { name: "Use BH1750 at 0x23" }).uncheck();

		const { sensors } = await save();
		const { fields } = sensors["BME280 at 0x76"] ?? {};
		expect(fields?.temperature).toEqual({ name: "balcony", offset: expect.any(Number) });
		expect(fields?.temperature?.offset).toBeLessThan(-15);
		expect(fields?.pressure).toEqual({ off: true });
		expect(sensors["SHT4x at 0x44"]).toEqual({ fields: { humidity: { scale: 1.02 } } });
		expect(sensors["BH1750 at 0x23"]).toEqual({ off: true });
		await board.waitForLine(/^reading \d+: balcony -10\.[45]\d* celsius, humidity /);
	});

	test("what is off can be switched on again, and settings of other sensors stay", async () => {
		const sensors = {
			"BME280 at 0x76": { fields: { pressure: { off: true } } },
			"BH1750 at 0x23": { off: true },
			"INA219 at 0x40": { shunt: 0.01, fields: { current: { name: "pump" } } },
		};
		await open({ sensors }, [bme280, { name: "bh1750", address: 0x23 }]);
		const { page } = visit;
		await page.getByRole("checkbox", { name: "Use BH1750 at 0x23" }).check();
		const pressure = setup.value("BME280 at 0x76", "Pressure");
		await pressure.locator("summary").click();
		await pressure.getByRole("checkbox", { name: "Store and send this value" }).check();
		expect((await save()).sensors).toEqual({ "INA219 at 0x40": sensors["INA219 at 0x40"] });
	});

	test("a sensor has its own settings", async () => {
		const shunt = { "INA219 at 0x40": { shunt: 0.01 } };
		await open({ sensors: shunt }, [
			{ name: "scd41", address: 0x62 },
			{ name: "ina219", address: 0x40 },
		]);
		const scd = setup.card("SCD4x at 0x62");
		await scd.getByText("Settings of the sensor").click();
		await scd.getByRole("textbox", { name: "Temperature offset (°C)" }).fill("2,5");
		await scd.getByRole("textbox", { name: "Calibrate CO₂ to (ppm)" }).fill("425");
		await scd.getByRole("checkbox", { name: "Calibrates itself" }).uncheck();
		const ina = setup.card("INA219 at 0x40");
		await ina.getByText("Settings of the sensor").click();
		expect(await ina.getByRole("textbox", { name: "Shunt (Ω)" }).inputValue()).toBe("0.01");
		await visit.inspect();
		expect((await save()).sensors).toEqual({
			...shunt,
			"SCD4x at 0x62": { temperatureOffset: 2.5, recalibrate: 425, selfCalibration: false },
		});
	});

	test("the problem of a value is shown at its control", async () => {
		await open();
		const humidity = setup.value("BME280 at 0x76", "Humidity");
		await humidity.locator("summary").click();
		await humidity.getByRole("textbox", { name: "Factor" }).fill("none");
		await humidity.getByRole("textbox", { name: "Factor" }).blur();
		const problem = humidity.locator(".problem");
		await problem.getByText("Error: This must be a number from −1000000 to 1000000.").waitFor();
		await visit.inspect();
		// A closed value opens for it.
		await humidity.locator("summary").click();
		await setup.next();
		await visit.focused(humidity.getByRole("textbox", { name: "Factor" }));
		await humidity.getByRole("textbox", { name: "Factor" }).fill("2");
		await setup.next("Test");
	});

	test("inputs are added at free pins, with their values beside them", async () => {
		await open();
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
		const saved = await save();
		expect(saved.inputs).toEqual([
			{ kind: "state", pin: 27, name: "door", active: "high" },
			{ kind: "pulses", pin: 26, name: "rain", scale: 0.2794, unit: "mm" },
		]);
		await board.waitForLine(/^reading \d+: .* door (true|false), rain 0 mm; stored/);
	});

	test("a soil probe is calibrated with two points", async () => {
		await open();
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
		const [input] = (await save()).inputs;
		expect(input).toMatchObject({ kind: "analog", pin: 34, unit: "percent", decimals: 0 });
		expect(input).toMatchObject({ scale: expect.closeTo(-100, 0), offset: expect.closeTo(200, 0) });
	});

	test("saved inputs show the values in use, and are changed and removed", async () => {
		const inputs = [
			{ kind: "state", pin: 27, name: "door" },
			{ kind: "analog", pin: 34, name: "soil", unit: "percent", scale: -50, offset: 100 },
		] as const;
		await open({ inputs });
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
		expect((await save()).inputs).toEqual([
			{ kind: "state", pin: 27, name: "door", pull: "down", active: "high" },
		]);
	});

	test("a name that another value has is refused", async () => {
		await open({}, [bme280, { name: "sht41", address: 0x44 }]);
		const { page } = visit;
		const second = setup.value("SHT4x at 0x44", "Temperature 2");
		await second.locator("summary").click();
		const name = setup.card("SHT4x at 0x44").locator("details[open]").getByRole("textbox", { name: "Name" });
		await name.fill("temperature");
		await setup.next();
		await visit.focused(name);
		await page.locator(".problem").getByText("Another value has the name temperature.").waitFor();
		// The two can be swapped.
		const first = setup.value("BME280 at 0x76", "Temperature");
		await first.locator("summary").click();
		await first.getByRole("textbox", { name: "Name" }).fill("temperature_2");
		await page.getByRole("button", { name: "Add: Contact" }).click();
		await setup.card("Contact").getByRole("combobox", { name: "Pin" }).selectOption("GPIO 27");
		const contact = setup.card("Contact at GPIO 27");
		await contact.getByRole("textbox", { name: "Name" }).fill("humidity");
		await setup.next();
		await contact.locator(".problem").getByText("Another value has the name humidity.").waitFor();
		await contact.getByRole("textbox", { name: "Name" }).fill("door");
		await setup.next("Test");
	});

	test("the problem of an input is shown at its control", async () => {
		await open({ inputs: [{ kind: "pulses", pin: 26, name: "rain" }] });
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

	test("a board without a sensor says what to check, and one that is gone can be forgotten", async () => {
		await open({}, []);
		const { page } = visit;
		await page.getByText("No sensor found. Check its wires").waitFor();
		await visit.inspect();
		const forget = page.getByRole("button", { name: "Forget missing sensors" });
		expect(await forget.isVisible()).toBe(false);
		const sensor = {
			...{ name: "BME280 at 0x76", missing: true, problem: "It is missing: nothing answers at 0x76." },
			values: [{ field: "temperature", name: "temperature", unit: "celsius", decimals: 2 }],
		};
		await page.route("**/api/measure", (route) =>
			route.fulfill({ json: { sensors: [sensor], probed: [], waiting: 1 } }),
		);
		await setup.card("BME280 at 0x76").getByText("It is missing").waitFor();
		await visit.inspect();
		const [request] = await Promise.all([page.waitForRequest("**/api/sensors"), forget.click()]);
		expect(request.postDataJSON()).toMatchObject({ forget: true });
	});

	test("what does not work together is said, and saved", async () => {
		await open({ inputs: [{ kind: "pulses", pin: 26, name: "rain" }] });
		const { page } = visit;
		await page.getByRole("radio", { name: "Battery" }).check();
		const rain = setup.card("Pulses at GPIO 26").getByRole("textbox", { name: "Name" });
		await rain.fill("shower");
		await rain.blur();
		await page.getByText("Note: Number 1: on battery the board sleeps").waitFor();
		await visit.inspect();
		await page.getByRole("radio", { name: "Mains" }).check();
		await page.getByText("on battery the board sleeps").waitFor({ state: "hidden" });
		expect((await save()).inputs).toMatchObject([{ name: "shower" }]);
	});

	test("thermometers on a 1-Wire bus appear as soon as the pin is chosen", async () => {
		await open({}, [bme280, { name: "ds18b20", address: undefined }]);
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
		const { oneWirePin, sensors } = await save();
		expect(oneWirePin).toBe(4);
		expect(Object.values(sensors)).toEqual([{ fields: { temperature: { name: "boiler" } } }]);
		await board.waitForLine(/^reading \d+: .*boiler /);
	});

	test("derived values are ticked", async () => {
		await open();
		const { page } = visit;
		const altitude = page.getByRole("textbox", { name: "Altitude" });
		await page.getByRole("checkbox", { name: "Dew point" }).check();
		await page.getByRole("checkbox", { name: "Sea level pressure" }).check();
		await altitude.fill("430");
		expect(await save()).toMatchObject({ derived: ["dew_point", "sea_level_pressure"], altitude: 430 });
	});

	test("an input is added with only the keyboard", async () => {
		await open();
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
		const { inputs, sensors } = await save();
		expect(inputs).toEqual([{ kind: "state", pin: 33, name: "door" }]);
		expect(sensors).toEqual({ "BME280 at 0x76": { fields: { temperature: { name: "balcony" } } } });
	});

	test("an imported file fills the forms", async () => {
		await open();
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
		expect(await save()).toMatchObject(settings);
	});

	test("the log says how the board started, and it restarts on request", async () => {
		await open();
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
		await open({ location: "Cellar" });
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
