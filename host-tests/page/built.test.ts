import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { type BuiltPage, buildPage } from "../../scripts/page-bundle";
import { root } from "../../scripts/sdk";
import { setupPage } from "../../src/setup/page-data";

/**
 * Bytes that a phone loads and the chip stores. Labels, help and failure texts count here, where they are compressed:
 * on the device they would take about twice as much.
 */
const maxPageBytes = 30_000;

let page: BuiltPage;
beforeAll(async () => {
	page = await buildPage();
});

test("page-data.ts is up to date with the sources; if not: npm run build:page", () => {
	const html = gunzipSync(Buffer.from(setupPage.gzip)).toString("utf8");
	expect(html === page.html).toBe(true);
	expect(setupPage.etag).toBe(page.etag);
	expect(setupPage.scriptHash).toBe(page.scriptHash);
	expect(setupPage.styleHash).toBe(page.styleHash);
});

test("the same sources give the same document", async () => {
	expect(await buildPage()).toEqual(page);
});

test("it is under 30 KB as the chip stores it", () => {
	expect(Buffer.from(setupPage.gzip).length).toBeLessThan(maxPageBytes);
});

test("it is one document without external resources", () => {
	const addresses = page.html.match(/(?:src|href)="[^"]*"|url\([^)]*\)|@import[^;]*|https?:\/\/[^\s"'`]+/g);
	expect([...new Set(addresses)].sort()).toEqual(['href="data:,"', "http://www.w3.org/2000/svg"]);
	expect(page.html.match(/<script/g)).toHaveLength(1);
	expect(page.html.match(/<style/g)).toHaveLength(1);
});

const sources = readdirSync(join(root, "page")).map((name) => {
	const text = readFileSync(join(root, "page", name), "utf8");
	return { name, code: text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "") };
});

test("no text becomes markup or script: hostile network names stay text", () => {
	const unsafe =
		/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\b|new Function/;
	expect(sources.filter(({ code }) => unsafe.test(code)).map(({ name }) => name)).toEqual([]);
});

test("it imports only its own modules and a few pure ones of the firmware", () => {
	const outside = sources.flatMap(({ code }) =>
		[...code.matchAll(/from\s+"([^"]+)"/g)].flatMap(([, name = ""]) => (name.startsWith("./") ? [] : [name])),
	);
	expect([...new Set(outside)].sort()).toEqual([
		"../src/dakkio/rate-limits",
		"../src/settings/input-settings",
		"../src/settings/pin-conflicts",
		"../src/settings/settings",
		"../src/setup/api",
		"../src/upload/upload-interval",
	]);
});
