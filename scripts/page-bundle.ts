import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { noScript, texts } from "../page/texts";
import { root } from "./sdk";

/** A page of the board and where it goes. */
export interface PageSource {
	/** Of its `.css` and `.ts` in page/. */
	readonly name: string;
	/** What it is called. */
	readonly title: string;
	/** The module that holds it, and its export. */
	readonly module: string;
	readonly exported: string;
	/** Texts of the document (page/page.html), by their placeholder. */
	readonly placeholders: Readonly<Record<string, string>>;
}

export const setupPageSource: PageSource = {
	name: "setup-page",
	title: "setup page",
	module: "src/setup/page-data.ts",
	exported: "setupPage",
	placeholders: { title: texts.title, noScript },
};

export const localPageSource: PageSource = {
	name: "local-page",
	title: "page on the home network",
	module: "src/local-page/page-data.ts",
	exported: "localPage",
	placeholders: { title: "Dakkio board", noScript },
};

/** A page as the board serves it. */
export interface BuiltPage {
	/** One document without external references. */
	readonly html: string;
	/** Content security policy sources of its script and its style: `sha256-…`. */
	readonly scriptHash: string;
	readonly styleHash: string;
	/** A strong entity tag (RFC 9110 section 8.8.3), quotes included. */
	readonly etag: string;
}

const sources = join(root, "page");

/** Browsers from 2021 on, as captive portal windows have them. */
const browserTargets = ["chrome92", "firefox90", "safari15"];

/** Deterministic: the same sources give the same document. */
export async function buildPage({ name, placeholders }: PageSource = setupPageSource): Promise<BuiltPage> {
	const [script, style] = await Promise.all([bundle(`${name}.ts`), bundle(`${name}.css`)]);
	const html = readFileSync(join(sources, "page.html"), "utf8")
		.replace(/<!--[\s\S]*?-->/g, "")
		.replace(/\s*\n\s*/g, "\n")
		.replace(/%(\w+)%/g, (_, key: string) => placeholders[key] ?? "")
		.replace("/* style */", () => style)
		.replace("/* script */", () => script)
		.trim();
	return {
		html,
		scriptHash: hash(script),
		styleHash: hash(style),
		etag: `"${digest(html, "base64url").slice(0, 16)}"`,
	};
}

/** As stored on the board. Zopfli's gzip is 3 % smaller than that of zlib, and the same with each release of Node.js. */
export async function compressPage(html: string): Promise<Buffer> {
	// Only here: what else builds a page needs no compressor.
	const { gzipAsync } = await import("@gfx/zopfli");
	return Buffer.from(await gzipAsync(Buffer.from(html), { numiterations: 100 }));
}

/** The source of a module that exports the page; `gzip`: the page, compressed. */
export function pageModule(
	{ exported, title }: PageSource,
	{ scriptHash, styleHash, etag }: BuiltPage,
	gzip: Buffer,
): string {
	return `/* The ${title}, generated from page/ by \`npm run build:page\`: do not edit. */

import { decodeBase64 } from "../common/base64";
import type { StaticPage } from "../http/page-response";

/** Preloaded: decoded at build time, so that flash holds only its bytes. */
export const ${exported}: StaticPage = Object.freeze({
	gzip:
		decodeBase64(
			"${gzip.toString("base64")}",
		) ?? new Uint8Array(0),
	etag: '${etag}',
	scriptHash: "${scriptHash}",
	styleHash: "${styleHash}",
});
`;
}

/** Names of texts that neither the DOM nor the board's API has: shortened, which saves 270 bytes compressed. */
export const textNames: readonly string[] = `
	addTitle anywayHelp bucketMissing careful choosePin createHelp eachReading earlierOf hiddenTitle
	installOlder keepSecret keyMissing leftHelp lengthOf maintenance maybeOpen nameMissing nameTaken
	nextNever nextOnBattery noNumber noResponse noValue notJoinable notJson onePerLine passwordMissing
	passwordOf pinMissing removeOf resetDone resetHelp restartDone restartHelp returnHelp saveAnyway
	saveUntested scanAgain secondsOf secretsHelp sourceId sourceMissing stepDone stepsName tooLarge
	tooWeak typingError unsecured untested wirings
`
	.trim()
	.split(/\s+/);

async function bundle(entry: string): Promise<string> {
	const { outputFiles } = await build({
		entryPoints: [join(sources, entry)],
		bundle: true,
		minify: true,
		format: "iife",
		charset: "utf8",
		legalComments: "none",
		mangleProps: new RegExp(`^(?:${textNames.join("|")})$`),
		// Constants of the firmware that the page does not use.
		pure: ["Object.freeze"],
		target: browserTargets,
		write: false,
	});
	const text = outputFiles[0]?.text.trim() ?? "";
	// Either would end the element that it is inserted in.
	if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${entry} cannot be part of a document`);
	return text;
}

function hash(text: string): string {
	return `sha256-${digest(text, "base64")}`;
}

function digest(text: string, encoding: "base64" | "base64url"): string {
	return createHash("sha256").update(text).digest(encoding);
}
