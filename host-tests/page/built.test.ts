import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import {
	type BuiltPage,
	buildPage,
	localPageSource,
	setupPageSource,
	textNames,
} from "../../scripts/page-bundle";
import { root } from "../../scripts/sdk";
import { localPage } from "../../src/local-page/page-data";
import { setupPage } from "../../src/setup/page-data";

/**
 * Bytes that a phone loads and the chip stores. Labels, help and failure texts count here, where they are compressed:
 * on the device they would take about twice as much. A third of them are texts; the forms of sensors and inputs are a
 * fifth, the installation of updates a thirtieth.
 */
const pages = [
	{ source: setupPageSource, stored: setupPage, maxBytes: 31_000 },
	{ source: localPageSource, stored: localPage, maxBytes: 4_096 },
];

describe.each(pages)("the $source.title", ({ source, stored, maxBytes }) => {
	let page: BuiltPage;
	beforeAll(async () => {
		page = await buildPage(source);
	});

	test("is up to date with its sources; if not: npm run build:page", () => {
		const html = gunzipSync(Buffer.from(stored.gzip)).toString("utf8");
		expect(html === page.html).toBe(true);
		expect(stored).toMatchObject({
			etag: page.etag,
			scriptHash: page.scriptHash,
			styleHash: page.styleHash,
		});
	});

	test("is the same document each time it is built", async () => {
		expect(await buildPage(source)).toEqual(page);
	});

	test(`is under ${maxBytes} bytes as the chip stores it`, () => {
		expect(Buffer.from(stored.gzip).length).toBeLessThan(maxBytes);
	});

	test("is one document without external resources", () => {
		const addresses = page.html.match(/(?:src|href)="[^"]*"|url\([^)]*\)|@import[^;]*|https?:\/\/[^\s"'`]+/g);
		expect([...new Set(addresses)].sort()).toEqual(['href="data:,"', "http://www.w3.org/2000/svg"]);
		expect(page.html.match(/<script/g)).toHaveLength(1);
		expect(page.html.match(/<style/g)).toHaveLength(1);
	});
});

const sources = readdirSync(join(root, "page")).map((name) => {
	const text = readFileSync(join(root, "page", name), "utf8");
	return { name, code: text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "") };
});

test("only names of texts are shortened, not those of the board's API", () => {
	const texts = readFileSync(join(root, "page/texts.ts"), "utf8");
	const api = ["api", "form-settings"].map((name) =>
		readFileSync(join(root, `src/setup/${name}.ts`), "utf8"),
	);
	const isNameIn = (text: string, name: string) => new RegExp(`\\b${name}\\b`).test(text);
	expect(textNames.filter((name) => !isNameIn(texts, name))).toEqual([]);
	expect(textNames.filter((name) => api.some((text) => isNameIn(text, name)))).toEqual([]);
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
		"../src/common/characters",
		"../src/common/json",
		"../src/dakkio/identifiers",
		"../src/dakkio/rate-limits",
		"../src/local-page/local-status",
		"../src/settings/input-settings",
		"../src/settings/pin-conflicts",
		"../src/settings/settings",
		"../src/setup/api",
		"../src/upload/upload-interval",
	]);
});
