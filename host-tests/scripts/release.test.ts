import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { firmwareCrypto } from "../../boards/node/firmware-crypto";
import { writeReleaseIndex, writeUpdateFile } from "../../scripts/release-files";
import { makeReleaseKey, readPublicKey } from "../../scripts/release-key-files";
import { root } from "../../scripts/sdk";
import { rawPublicKey } from "../../scripts/update-file";
import { parseHttpsUrl } from "../../src/common/https-url";
import { checkHeader, headerBytes } from "../../src/update/image-header";
import { parseReleaseIndex } from "../../src/update/release-index";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "dakkio-release-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const privateFile = () => join(folder, "user", "release-key.pem");
const publicFile = () => join(folder, "release-key.pub.pem");
const makeKey = () => makeReleaseKey(privateFile(), publicFile());

describe("a release key", () => {
	test("is readable by its owner only, and its public half is what builds contain", () => {
		makeKey();
		expect(statSync(privateFile()).mode & 0o777).toBe(0o600);
		expect(statSync(join(folder, "user")).mode & 0o777).toBe(0o700);
		const key = createPublicKey(readFileSync(privateFile()));
		expect(readPublicKey(publicFile())).toEqual(rawPublicKey(key));
		expect(readFileSync(publicFile(), "utf8")).not.toContain("PRIVATE");
	});

	test("an existing one is never overwritten; its public half can be written again", () => {
		makeKey();
		const [secret, shared] = [readFileSync(privateFile()), readFileSync(publicFile())];
		rmSync(publicFile());
		makeKey();
		makeKey();
		expect([readFileSync(privateFile()), readFileSync(publicFile())]).toEqual([secret, shared]);
	});

	test("does not replace the public half of another one: boards have it", () => {
		makeKey();
		rmSync(privateFile());
		expect(makeKey).toThrow("of another key");
	});

	test("is never put into the project", () => {
		const inProject = join(root, "release-key.pem");
		expect(() => makeReleaseKey(inProject, publicFile())).toThrow("private key");
		expect(existsSync(inProject)).toBe(false);
	});
});

test("without a public half, a build takes no updates", () => {
	expect(readPublicKey(publicFile())).toBeUndefined();
});

test("an update file and its index are what a board accepts", () => {
	makeKey();
	const key = createPrivateKey(readFileSync(privateFile()));
	const image = Uint8Array.of(0xe9, 1, 2, 3);
	for (const chip of ["esp32", "esp32c3"]) writeUpdateFile({ image, chip, version: "1.2.3" }, key, folder);
	const index = readFileSync(writeReleaseIndex("1.2.3", folder), "utf8");
	const address = parseHttpsUrl("https://example.org/firmware/index.json");
	if (address === undefined) throw new Error("no address");
	for (const chip of ["esp32", "esp32c3"]) {
		const release = parseReleaseIndex(index, chip, address);
		if (release === undefined || "problem" in release) throw new Error(`no release for ${chip}`);
		expect(release.url.path).toBe(`/firmware/dakkio-esp32-1.2.3-${chip}.update`);
		const file = readFileSync(join(folder, `dakkio-esp32-1.2.3-${chip}.update`));
		expect(Buffer.from(release.header).equals(file.subarray(0, headerBytes))).toBe(true);
		const slots = { ...firmwareCrypto, releaseKey: readPublicKey(publicFile()) };
		const conditions = { chip, version: [1, 2, 2], slotBytes: 100, allowOlder: false, slots } as const;
		expect(checkHeader(release.header, conditions)).toMatchObject({ chip, lengthBytes: 4 });
	}
	writeUpdateFile({ image, chip: "esp32", version: "1.3.0" }, key, folder);
	const newer: unknown = JSON.parse(readFileSync(writeReleaseIndex("1.3.0", folder), "utf8"));
	expect(newer).toMatchObject({ version: "1.3.0", images: { esp32: {} } });
	expect(JSON.stringify(newer)).not.toContain("esp32c3");
});

test("an invalid version is refused", () => {
	makeKey();
	const key = createPrivateKey(readFileSync(privateFile()));
	const image = Uint8Array.of(0xe9);
	expect(() => writeUpdateFile({ image, chip: "esp32", version: "next" }, key, folder)).toThrow("no version");
});

test("no private key of a release is in the repository", () => {
	const files = execFileSync("git", ["ls-files", "*.pem", "*.key"], { cwd: root, encoding: "utf8" });
	for (const file of files.split("\n").filter((name) => name !== ""))
		expect(readFileSync(join(root, file), "utf8"), file).not.toContain("PRIVATE KEY");
	expect(readFileSync(join(root, ".gitignore"), "utf8").split("\n")).toContain("release-key.pem");
});
