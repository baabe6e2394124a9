import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { driverNames, leaveOutDrivers } from "../../scripts/left-out-drivers";

const folder = "src/sensors/drivers/";
const modules = [
	{ specifier: "src/main", javascript: 'import { allDrivers } from "./sensors/drivers/all-drivers";' },
	{
		specifier: `${folder}all-drivers`,
		javascript: [
			'import { one } from "./one";',
			'import { two, three } from "./pair";',
			"export const allDrivers = Object.freeze([",
			"    one,",
			"    two,",
			"    three,",
			"]);",
		].join("\n"),
	},
	{ specifier: `${folder}one`, javascript: 'import { help } from "./helper"; export const one = help;' },
	{ specifier: `${folder}pair`, javascript: "export const two = 2; export const three = 3;" },
	{ specifier: `${folder}helper`, javascript: "export const help = 1;" },
];

function left(names: readonly string[]): readonly string[] {
	return leaveOutDrivers(modules, names).map(({ specifier }) => specifier.replace(folder, ""));
}

test("a driver that is left out is neither imported nor listed, and what only it imports goes with it", () => {
	expect(left([])).toEqual(["src/main", "all-drivers", "one", "pair", "helper"]);
	expect(left(["one"])).toEqual(["src/main", "all-drivers", "pair"]);
	expect(left(["two"])).toEqual(["src/main", "all-drivers", "one", "pair", "helper"]);
	expect(left(["two", "three"])).toEqual(["src/main", "all-drivers", "one", "helper"]);
	const list = leaveOutDrivers(modules, ["two", "one"]).find(({ specifier }) =>
		specifier.endsWith("all-drivers"),
	);
	expect(list?.javascript.replace(/\s+/g, " ").trim()).toBe(
		'import { three } from "./pair"; export const allDrivers = Object.freeze([three]);',
	);
});

test("an unknown name is refused, with those that there are", () => {
	expect(() => leaveOutDrivers(modules, ["four"])).toThrow("there is no four; there is one, two, three.");
});

test("the list of the firmware is read", () => {
	const source = readFileSync(join(import.meta.dirname, "../../src/sensors/drivers/all-drivers.ts"), "utf8");
	const javascript = source.replace(": readonly I2CDriver[]", "");
	expect(driverNames([{ specifier: `${folder}all-drivers`, javascript }])).toContain("max17048");
});
