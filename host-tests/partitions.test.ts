import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** The partition tables of the boards: ESP-IDF's rules and the firmware's requirements. */

const root = join(import.meta.dirname, "..");
const KiB = 1024;
const MiB = 1024 * KiB;

interface Partition {
	readonly name: string;
	readonly type: string;
	readonly offset: number;
	readonly size: number;
}

function read(path: string): Partition[] {
	return readFileSync(join(root, path), "utf8")
		.split("\n")
		.filter((line) => line.trim() !== "" && !line.startsWith("#"))
		.map((line) => {
			const [name = "", type = "", , offset, size] = line.split(",").map((cell) => cell.trim());
			return { name, type, offset: Number(offset), size: Number(size) };
		});
}

const settings = (path: string) =>
	readFileSync(join(root, path, "sdkconfig.defaults"), "utf8")
		.split("\n")
		.filter((line) => !line.startsWith("CONFIG_ESPTOOLPY_FLASHSIZE"));

describe.each([
	[4, "partitions.csv", "sdkconfig"],
	[4, "flash/4mb-one-place/partitions.csv", "flash/4mb-one-place/sdkconfig"],
	[8, "flash/8mb/partitions.csv", "flash/8mb/sdkconfig"],
	[16, "flash/16mb/partitions.csv", "flash/16mb/sdkconfig"],
])("%i MB of flash: %s", (megabytes, path, configuration) => {
	const partitions = read(path);
	const size = (name: string) => partitions.find((partition) => partition.name === name)?.size ?? 0;

	test("partitions are consecutive within the flash, aligned as ESP-IDF requires", () => {
		// The bootloader has the first 32 KiB, followed by the table.
		let end = 0x9000;
		for (const { name, type, offset, size } of partitions) {
			expect(offset, name).toBeGreaterThanOrEqual(end);
			expect(offset % (type === "app" ? 64 * KiB : 4 * KiB), name).toBe(0);
			expect(size % (4 * KiB), name).toBe(0);
			expect(name.length).toBeLessThanOrEqual(15);
			end = offset + size;
		}
		expect(end).toBeLessThanOrEqual(megabytes * MiB);
	});

	test("two slots for the firmware, or one large one; partitions for readings, quarantine and settings", () => {
		if (path.includes("one-place")) expect(size("ota_0")).toBeGreaterThanOrEqual(2.75 * MiB);
		else expect(size("ota_1")).toBe(size("ota_0"));
		expect(size("ota_0")).toBeGreaterThanOrEqual(1.375 * MiB);
		expect(size("otadata")).toBe(8 * KiB);
		expect(size("queue")).toBeGreaterThanOrEqual(megabytes === 4 ? MiB : 3 * MiB);
		expect(size("quarantine")).toBeGreaterThanOrEqual(64 * KiB);
		expect(size("nvs")).toBeGreaterThanOrEqual(24 * KiB);
	});

	test("with one slot instead of two, nothing else has moved", () => {
		if (!path.includes("one-place")) return;
		const rest = (list: Partition[]) => list.filter(({ type }) => type !== "app");
		expect(rest(partitions)).toEqual(rest(read("partitions.csv")));
	});

	test("the platform is configured as on every other board", () => {
		expect(settings(configuration)).toEqual(settings("sdkconfig"));
	});
});
