import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/**
 * `npm run flash` and `npm run build:esp32`, with a stand-in for the SDK's `mcconfig` that reports how it was called, and
 * leaves an image of a wanted size where ESP-IDF would.
 */

const root = join(import.meta.dirname, "../..");
let directory: string;

/** Like the SDK's, it succeeds whatever ESP-IDF said; without `-m` it leaves a makefile. */
const standIn = `#!/bin/sh
echo "mcconfig $* partitions=$PARTITIONS_FILE" | tee "$MODDABLE/calls"
output=$2 mode=release platform= make=
while [ $# -gt 0 ]; do
	case $1 in -d) mode=debug ;; -m) make=yes ;; -p) platform=$2 ;; */manifest.json) name=$(basename "$(dirname "$1")") ;; esac
	shift
done
directory=$output/tmp/$platform/$mode/$name
build=$directory/xsProj-\${platform#*/}/build
mkdir -p "$build"
echo "set(ESP_COMPONENTS esp_wifi esp_wifi )" > "$directory/xs_idf_deps.txt"
image="[ -z \\"$IMAGE_SIZE\\" ] || head -c \\"$IMAGE_SIZE\\" /dev/zero > \\"$build/xs_esp32.bin\\""
if [ -n "$make" ]; then eval "$image"
else printf 'all build:\\n\\t@echo "make $@"\\n\\t@%s || true\\n' "$image" > "$directory/makefile"
fi
`;

beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), "flash-"));
	mkdirSync(join(directory, "tools"));
	writeFileSync(join(directory, "tools/mcconfig.js"), "");
	writeFileSync(join(directory, "export.sh"), "");
	for (const platform of ["lin", "mac"]) {
		const tools = join(directory, "build/bin", platform, "release");
		mkdirSync(tools, { recursive: true });
		const tool = join(tools, "mcconfig");
		writeFileSync(tool, standIn);
		chmodSync(tool, 0o755);
	}
	writeFileSync(join(directory, "board.json"), '{ "interval": 30 }');
	writeFileSync(join(directory, "wrong.json"), '{ "interval": 0, "key": "dakkio_w_secret" }');
});

afterAll(() => rmSync(directory, { recursive: true }));

interface Outcome {
	readonly output: string;
	readonly complaint: string;
	readonly failed: boolean;
}

function run(script: string, args: readonly string[], imageSize: number | undefined): Promise<Outcome> {
	const command = ["--import", "tsx", `scripts/${script}.ts`, ...args];
	// What it builds to lies there.
	const env = { ...process.env, MODDABLE: directory, IDF_PATH: directory, TMPDIR: directory, IMAGE_SIZE: "" };
	if (imageSize !== undefined) env.IMAGE_SIZE = String(imageSize);
	return new Promise((resolve) =>
		execFile(process.execPath, command, { cwd: root, env }, (error, output, complaint) =>
			resolve({ output, complaint, failed: error !== null }),
		),
	);
}

const flash = (...args: readonly string[]) => run("flash-esp32", args, 1_000_000);
const build = (imageSize: number | undefined, ...args: readonly string[]) =>
	run("build-esp32", args, imageSize);

test("it builds with the debugger, for the ESP32 with 4 MB", async () => {
	const { output } = await flash();
	expect(output).toMatch(/^mcconfig -o \S+ -d -m -p esp32 -t build \S+\/manifest\.json partitions=\S+/);
	expect(output).toMatch(/^mcconfig -o \S+ -d -m -p esp32 \S+\/manifest\.json partitions=\S+/m);
	expect(output).toContain(`partitions=${join(root, "partitions.csv")}\n`);
});

test("with --release it builds what is to stay on the board, without the debugger", async () => {
	const { output } = await flash("esp32/esp32s3", "--release", "--flash", "16");
	expect(output).toMatch(
		/^make build\nThe firmware has 1000000 bytes in a slot of 2621440, 61\.9 % free\.\nmake all$/m,
	);
});

test("settings travel in either build, and the user is warned that the image holds them", async () => {
	const { output } = await flash("--release", "--settings", join(directory, "board.json"));
	expect(output).toMatch(/^The image holds the settings, with key and passwords: keep it to yourself\.\n/);
	const hex = Buffer.from('{"interval":30}').toString("hex");
	expect(output).toMatch(/^make build\n(.*\n)make all$/m);
	expect(readFileSync(join(directory, "calls"), "utf8")).toMatch(new RegExp(` -p esp32 settings=${hex} `));
});

test("invalid settings are reported without any secret, and nothing is built", async () => {
	const { output, complaint } = await flash("--settings", join(directory, "wrong.json"));
	expect(output).toBe("");
	expect(complaint).toContain("wrong.json: interval: ");
	expect(complaint).not.toContain("dakkio_w_secret");
});

test("its help names each option", async () => {
	const { output } = await flash("--help");
	for (const option of ["--flash", "--settings", "--release", "--help"])
		expect(output).toContain(`  ${option} `);
});

test("the SDK finds the folder that it writes to when it looks for the board", async () => {
	rmSync(join(directory, "build/tmp"), { recursive: true, force: true });
	await flash();
	expect(existsSync(join(directory, "build/tmp/esp32"))).toBe(true);
});

describe("an image that", () => {
	test("fits is reported with its size and that of its slot", async () => {
		const { output, failed } = await build(1_835_008, "esp32/esp32c3");
		expect(output).toMatch(
			/^Built for esp32\/esp32c3 in \S+: 1835008 bytes in a slot of 1835008, 0\.0 % free$/m,
		);
		expect(failed).toBe(false);
	});

	test.each([
		["4", 1_835_009, 1_835_008],
		["16", 2_621_441, 2_621_440],
	])("does not fit %s MB fails the build", async (megabytes, size, slot) => {
		const { output, complaint, failed } = await build(size, "--flash", megabytes);
		expect(output).not.toContain("Built for");
		expect(complaint).toBe(`The firmware has ${size} bytes, and a slot for it on the flash ${slot}.\n`);
		expect(failed).toBe(true);
	});

	test("ESP-IDF did not make fails the build, also where an older one is", async () => {
		await build(1_000_000);
		const { output, complaint, failed } = await build(undefined);
		expect(output).not.toContain("Built for");
		expect(complaint).toContain("ESP-IDF has built no image");
		expect(failed).toBe(true);
	});
});
