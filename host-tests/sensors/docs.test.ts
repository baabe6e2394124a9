import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allDrivers } from "../../src/sensors/drivers/all-drivers";
import { ds18b20 } from "../../src/sensors/drivers/ds18b20";
import { pms5003 } from "../../src/sensors/drivers/pms5003";

const root = join(import.meta.dirname, "..", "..");
const docs = readFileSync(join(root, "docs/sensors.md"), "utf8");

/** `0x40 … 0x4f` for more than four consecutive addresses. */
function listed(addresses: readonly number[]): string {
	const hex = addresses.map((address) => `0x${address.toString(16)}`);
	return hex.length > 4 ? `${hex[0]} … ${hex.at(-1)}` : hex.join(", ");
}

test("the table of sensors has every driver, in order, with its fields and addresses", () => {
	const rows = allDrivers.map(({ name, fields, addresses }) => {
		const list = fields.map((field) => `\`${field.name}\` ${field.unit} ${field.decimals}`).join(", ");
		return `| ${name} | ${list === "" ? "–" : list} | ${listed(addresses)} |`;
	});
	const table = docs.slice(docs.indexOf("| sensor | fields |"), docs.indexOf("The number after"));
	const found = table.split("\n").flatMap((line) => /^(\| [A-Z][^|]*\|[^|]*\|[^|]*\|)/.exec(line)?.[1] ?? []);
	expect(found).toEqual(rows);
});

test("the table of bad states has a row with six answers for every driver, in order", () => {
	const table = docs.slice(docs.indexOf("| driver | own reset |"), docs.indexOf("## Detection"));
	const rows = table
		.split("\n")
		.filter((line) => /^\| [A-Z]/.test(line))
		.map((line) => line.split("|").map((cell) => cell.trim()));
	expect(rows.map(([, name]) => name)).toEqual([...allDrivers, ds18b20, pms5003].map(({ name }) => name));
	for (const [, ...cells] of rows) {
		expect(cells).toHaveLength(8);
		expect(cells.slice(0, 7).filter((cell) => cell === "")).toEqual([]);
	}
});

test("a driver whose row names no reset has none, and the others have one", () => {
	for (const { name, reset } of allDrivers) {
		const row = docs
			.split("\n")
			.find((line) => line.startsWith(`| ${name} |`) && line.split("|").length === 9);
		expect(row?.split("|")[2]?.trim().startsWith("none"), name).toBe(reset === undefined);
	}
});

test("the driver in the page is the source that runs, in fewer than 70 lines", () => {
	const source = readFileSync(join(root, "src/sensors/drivers/tmp117.ts"), "utf8");
	expect(docs).toContain(`\`\`\`ts\n${source}\`\`\``);
	expect(source.trimEnd().split("\n").length).toBeLessThan(70);
});

test("the files that the page names exist", () => {
	const paths = [...docs.matchAll(/(?:src|simulator|host-tests|sdk-tests)\/[\w/.-]+\.(?:ts|json)/g)].map(
		([path]) => path,
	);
	expect(paths.length).toBeGreaterThan(8);
	expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("the wiring is the README's", () => {
	const readme = readFileSync(join(root, "README.md"), "utf8");
	for (const line of ["SDA", "SCL"])
		expect(docs).toContain(readme.split("\n").find((row) => row.startsWith(`| ${line} |`)));
});
