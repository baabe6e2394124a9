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

/** Sensors are set up with forms. */

describeSetupPage("on the setup page", () => {
	test("a value is renamed, left out and calibrated, and a sensor switched off", async () => {
		await openBoardStep({}, [bme280, { name: "sht41", address: 0x44 }, { name: "bh1750", address: 0x23 }]);
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

		const { sensors } = await saveWithoutTest();
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
		await openBoardStep({ sensors }, [bme280, { name: "bh1750", address: 0x23 }]);
		const { page } = visit;
		await page.getByRole("checkbox", { name: "Use BH1750 at 0x23" }).check();
		const pressure = setup.value("BME280 at 0x76", "Pressure");
		await pressure.locator("summary").click();
		await pressure.getByRole("checkbox", { name: "Store and send this value" }).check();
		expect((await saveWithoutTest()).sensors).toEqual({ "INA219 at 0x40": sensors["INA219 at 0x40"] });
	});

	test("a sensor has its own settings", async () => {
		const shunt = { "INA219 at 0x40": { shunt: 0.01 } };
		await openBoardStep({ sensors: shunt }, [
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
		expect((await saveWithoutTest()).sensors).toEqual({
			...shunt,
			"SCD4x at 0x62": { temperatureOffset: 2.5, recalibrate: 425, selfCalibration: false },
		});
	});

	test("the problem of a value is shown at its control", async () => {
		await openBoardStep();
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

	test("a name that another value has is refused", async () => {
		await openBoardStep({}, [bme280, { name: "sht41", address: 0x44 }]);
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

	test("a board without a sensor says what to check, and one that is gone can be forgotten", async () => {
		await openBoardStep({}, []);
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

	test("derived values are ticked", async () => {
		await openBoardStep();
		const { page } = visit;
		const altitude = page.getByRole("textbox", { name: "Altitude" });
		await page.getByRole("checkbox", { name: "Dew point" }).check();
		await page.getByRole("checkbox", { name: "Sea level pressure" }).check();
		await altitude.fill("430");
		expect(await saveWithoutTest()).toMatchObject({
			derived: ["dew_point", "sea_level_pressure"],
			altitude: 430,
		});
	});
});
