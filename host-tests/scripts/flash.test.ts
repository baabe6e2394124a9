import { execFile } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { largeSettingsFile } from "../settings/large-settings-file";

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
	case $1 in -d) mode=debug ;; -m) make=yes ;; -p) platform=$2 ;; */manifest.json) manifest=$1 name=$(basename "$(dirname "$1")") ;; esac
	shift
done
cp "$manifest" "$MODDABLE/seen-manifest"
for path in "$manifest" "$(dirname "$manifest")" "$output"; do ls -ld "$path" | cut -c1-10; done > "$MODDABLE/seen-modes"
[ -z "$SIGNAL" ] || { mkdir -p "$output"; cp "$manifest" "$output"; kill -s "$SIGNAL" $PPID; sleep 1; }
[ -z "$SIGNALS" ] || {
	mkdir -p "$output/many"; (cd "$output/many"; seq 3000 | xargs touch)
	cp "$manifest" "$output"; while kill -s "$SIGNALS" $PPID; do :; done 2> /dev/null
}
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
	writeFileSync(join(directory, "large.json"), largeSettingsFile);
	writeFileSync(join(directory, "wrong.json"), '{ "interval": 0, "key": "dakkio_w_secret" }');
});

afterAll(() => rmSync(directory, { recursive: true }));

interface Outcome {
	readonly output: string;
	readonly complaint: string;
	readonly failed: boolean;
}

function run(
	script: string,
	args: readonly string[],
	imageSize: number | undefined,
	more: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
	const command = ["--import", "tsx", `scripts/${script}.ts`, ...args];
	// What it builds to lies there.
	const env = {
		...process.env,
		MODDABLE: directory,
		IDF_PATH: directory,
		TMPDIR: directory,
		IMAGE_SIZE: "",
		...more,
	};
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
	expect(output).toMatch(/^The image contains the settings, with key and passwords: do not share it\.\n/);
	const hex = Buffer.from('{"interval":30}').toString("hex");
	expect(output).toMatch(/^make build\n(.*\n)make all$/m);
	expect(JSON.parse(readFileSync(join(directory, "seen-manifest"), "utf8"))).toEqual({
		include: [join(root, "manifest.json")],
		config: { settings: hex },
	});
});

describe("settings that are compiled in", () => {
	const secret = "correct horse battery";
	const file = () => {
		const path = join(directory, "secret.json");
		const key = `dakkio_w_${"k".repeat(32)}`;
		writeFileSync(path, JSON.stringify({ networks: [{ ssid: "Home", password: secret }], key }));
		return path;
	};
	const inHex = Buffer.from(secret).toString("hex");

	/** All files below a folder that hold the password, as text or as the image has it. */
	function holders(folder: string): string[] {
		return readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
			.filter((entry) => entry.isFile() && !entry.name.startsWith("seen-") && entry.name !== "secret.json")
			.map(({ parentPath, name }) => join(parentPath, name))
			.filter((path) => {
				const content = readFileSync(path, "latin1");
				return content.includes(inHex) || content.includes(secret);
			});
	}

	test.each<[what: string, size: number | undefined, more: Readonly<Record<string, string>>]>([
		["after it was flashed", 1_000_000, {}],
		["after a build that failed", undefined, {}],
		["after SIGTERM", 1_000_000, { SIGNAL: "TERM" }],
		["after SIGINT", 1_000_000, { SIGNAL: "INT" }],
		["after SIGHUP", 1_000_000, { SIGNAL: "HUP" }],
		["after one SIGTERM after another", 1_000_000, { SIGNALS: "TERM" }],
		["after one SIGINT after another", 1_000_000, { SIGNALS: "INT" }],
	])("lie where only this user can read them, in no arguments, and nowhere %s", async (_, size, more) => {
		for (const seen of ["seen-manifest", "seen-modes", "calls"])
			rmSync(join(directory, seen), { force: true });
		const before = readdirSync(directory);
		const args = ["--release", "--settings", file()];
		const { output, complaint, failed } = await run("flash-esp32", args, size, more);
		expect(failed).toBe(size === undefined || Object.keys(more).length > 0);
		expect(readFileSync(join(directory, "seen-manifest"), "utf8")).toContain(inHex);
		const modes = readFileSync(join(directory, "seen-modes"), "utf8");
		expect(modes).toBe("-rw-------\ndrwx------\ndrwx------\n");
		const calls = readFileSync(join(directory, "calls"), "utf8");
		for (const text of [calls, output, complaint]) expect(text).not.toMatch(new RegExp(`${inHex}|${secret}`));
		expect(holders(directory)).toEqual([]);
		const left = readdirSync(directory).filter((name) => !before.includes(name));
		expect(left.filter((name) => name.startsWith("dakkio-"))).toEqual([]);
	});
});

test("nothing is built in a folder that another user, or a link, has put there", async () => {
	await flash();
	const output = readdirSync(directory).find((name) => name.startsWith("dakkio-esp32-")) ?? "";
	expect(statSync(join(directory, output)).mode & 0o777).toBe(0o700);
	rmSync(join(directory, output), { recursive: true });
	symlinkSync(tmpdir(), join(directory, output));
	const { complaint, failed } = await flash();
	rmSync(join(directory, output));
	expect([failed, complaint]).toEqual([true, expect.stringContaining("is not this user's folder")]);
});

test("invalid settings are reported without any secret, and nothing is built", async () => {
	const { output, complaint } = await flash("--settings", join(directory, "wrong.json"));
	expect(output).toBe("");
	expect(complaint).toContain("wrong.json: interval: ");
	expect(complaint).not.toContain("dakkio_w_secret");
});

test("settings without key or bucket are flashed with a warning", async () => {
	const { complaint, failed } = await flash("--release", "--settings", join(directory, "board.json"));
	expect(failed).toBe(false);
	expect(complaint).toContain(
		"board.json: the API key is not set, the bucket is not set. The board sends nothing ",
	);
});

test("a network without a password must be marked as open", async () => {
	const file = join(directory, "names.json");
	writeFileSync(file, '{ "networks": [{ "ssid": "Home" }] }');
	const { output, complaint } = await flash("--settings", file);
	expect([output, complaint]).toEqual(["", expect.stringContaining("names.json: networks.0.password: ")]);
});

test("settings that a board has no room for are reported, and nothing is built", async () => {
	const { output, complaint } = await flash("--settings", join(directory, "large.json"));
	expect(output).toBe("");
	expect(complaint).toContain("large.json: sensors: All settings together take ");
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
