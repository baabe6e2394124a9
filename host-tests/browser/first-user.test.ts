import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DataPoint } from "../../simulator/dakkio/api";
import { StartProcess, withState } from "../start/start-process";
import { browserPath, PageVisit, SetupPageDriver } from "./setup-page-driver";

describe.skipIf(browserPath === undefined)("a first-time user", () => {
	test("goes from npm start -- --fresh to a point with two renamed sensors and a contact, by tapping and typing names", async () => {
		await withState(async (state) => {
			const start = new StartProcess(state, ["--fresh", "--sensors", "bme280,sht41"]);
			const [url, key, bucketId] = await Promise.all([
				start.fact("Setup"),
				start.fact("Key"),
				start.fact("Bucket"),
			]);
			await start.waitForLine(/reading 1:/);
			const visit = await PageVisit.open(url);
			const { page } = visit;
			const setup = new SetupPageDriver(visit);

			await setup.choose("Home", "correct horse");
			await setup.next("Dakkio");
			await setup.dakkio({ key, bucketId });
			await setup.next("This board");

			for (const [sensor, field, name] of [
				["BME280 at 0x76", "Temperature", "balcony"],
				["SHT4x at 0x44", "Temperature 2", "kitchen"],
			] as const) {
				await setup.value(sensor, field).locator("summary").tap();
				await setup.card(sensor).locator("details[open]").getByRole("textbox", { name: "Name" }).fill(name);
			}
			await page.getByRole("button", { name: "Add: Contact" }).tap();
			await page.getByRole("combobox", { name: "Pin", exact: true }).selectOption("GPIO 27");
			const door = setup.card("Contact at GPIO 27");
			await door.getByRole("textbox", { name: "Name" }).fill("door");
			await door.locator(".live").getByText("false").waitFor();
			await page.getByRole("combobox", { name: "Sampling interval" }).selectOption("5 seconds");
			await page.getByRole("combobox", { name: "Upload interval" }).selectOption("With each reading");
			await setup.next("Test");
			await setup.startTest();
			await setup.passed();
			await page.getByRole("button", { name: "Save and start" }).tap();
			await page.getByRole("heading", { name: "Done" }).waitFor();
			expect(visit.errors).toEqual([]);
			await visit.close();

			// From here on, without the page.
			await start.waitForLine(/Wi-Fi: joined "Home"/);
			await start.waitForLine(/balcony .* kitchen .* door false; stored/);
			const points = (): readonly DataPoint[] =>
				readFileSync(join(state, "dakkio", "points.jsonl"), "utf8")
					.split("\n")
					.flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
			// Those that were taken before the test have the board's own names.
			const renamed = () => points().find(({ values }) => "door" in values);
			await expect
				.poll(() => renamed()?.values, { timeout: 60_000 })
				.toMatchObject({
					balcony: expect.any(Number),
					kitchen: expect.any(Number),
					door: false,
				});
		});
	});
});
