import { describe, expect, test } from "vitest";
import { makeReleaseIndex } from "../../scripts/release-index";
import { type HttpsUrl, parseHttpsUrl } from "../../src/common/https-url";
import { headerBytes } from "../../src/update/image-header";
import { maxIndexBytes, parseReleaseIndex } from "../../src/update/release-index";
import { updateFile } from "./download-fixture";

describe("an address", () => {
	test.each<[string, HttpsUrl | undefined]>([
		["https://a.example", { host: "a.example", port: 443, path: "/" }],
		["HTTPS://A.Example:8443/x/Y.json?a=b&c", { host: "a.example", port: 8443, path: "/x/Y.json?a=b&c" }],
		["https://192.168.1.5/i", { host: "192.168.1.5", port: 443, path: "/i" }],
		["http://a.example/", undefined],
		["https:/a.example/", undefined],
		["https://", undefined],
		["https://a.example:0/", undefined],
		["https://user@a.example/", undefined],
		["https://a.example?x", undefined],
		["https://a.example/#part", undefined],
		["https://a.example/ö", undefined],
		["https://a.example/a b", undefined],
		["https://a.example/\r\nX: y", undefined],
		["https://[::1]/", undefined],
	])("%s", (text, expected) => {
		expect(parseHttpsUrl(text)).toEqual(expected);
	});
});

const index: HttpsUrl = { host: "a.example", port: 443, path: "/r/index.json?x=/y/z" };
const file = updateFile({ lengthBytes: 100 });
const header = file.subarray(0, headerBytes);

function parse(address: string): ReturnType<typeof parseReleaseIndex> {
	const image = { address, header: Buffer.from(header).toString("base64") };
	return parseReleaseIndex(JSON.stringify({ images: { node: image } }), "node", index);
}

describe("an update file is", () => {
	test.each<[string, Partial<HttpsUrl>]>([
		["a.update", { path: "/r/a.update" }],
		["b/a.update?1", { path: "/r/b/a.update?1" }],
		["/a.update", { path: "/a.update" }],
		["https://B.example:99/c", { host: "b.example", port: 99, path: "/c" }],
		["?token=1", { path: "/r/index.json?token=1" }],
		["//b.example/c", { host: "b.example", path: "/c" }],
		["a.update?from=https://b.example/", { path: "/r/a.update?from=https://b.example/" }],
	])("at %s", (address, where) => {
		expect(parse(address)).toEqual({ url: { ...index, ...where }, header: new Uint8Array(header) });
	});

	test.each(["", "http://b.example/c", "ftp:c", "//", "a b", "a\nb", "a#b"])("not at %j", (address) => {
		expect(parse(address)).toHaveProperty("problem");
	});
});

describe("what npm run release writes", () => {
	const chips = ["esp32", "esp32c3", "esp32c6", "esp32s3"];
	const files = chips.map((chip) => ({
		address: `https://releases.a-long-name.example/dakkio-esp32/0.3.0/dakkio-esp32-0.3.0-${chip}.update`,
		content: updateFile({ chip, lengthBytes: 100 }),
	}));

	test("has each chip's update, and room to spare", () => {
		const text = makeReleaseIndex(files);
		for (const [i, chip] of chips.entries())
			expect(parseReleaseIndex(text, chip, index)).toMatchObject({
				header: new Uint8Array(files[i]?.content.subarray(0, headerBytes) ?? []),
			});
		expect(parseReleaseIndex(text, "node", index)).toBeUndefined();
		expect(text.length).toBeLessThan(maxIndexBytes / 2);
	});

	test("is not written of several versions, of a chip twice, or of something else", () => {
		const [first = { address: "", content: file }] = files;
		const newer = { address: "x", content: updateFile({ version: "0.4.0", lengthBytes: 100 }) };
		expect(() => makeReleaseIndex([first, newer])).toThrow("one version");
		expect(() => makeReleaseIndex([first, first])).toThrow("two files");
		expect(() => makeReleaseIndex([{ address: "x", content: new Uint8Array(200) }])).toThrow(
			"not an update file",
		);
		expect(() => makeReleaseIndex([])).toThrow("one version");
	});
});
