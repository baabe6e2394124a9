import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";
import { makeDirectory } from "../../boards/node/files";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
	existsSync,
);
/** `undefined` without a browser, which is reported once. */
export const browserPath = executablePath;
if (executablePath === undefined)
	console.warn("The tests in a browser are skipped: Chromium is not installed (apt install chromium)");

/** Only ends what hangs, however busy the computer is. */
const timeoutMs = 120_000;

/** A folder for pictures of each state that is inspected; without it none are taken. */
const pictures = process.env.SCREENSHOTS;
/** Milliseconds that each operation takes longer: shows which tests depend on how fast the computer is. */
const slowMo = Number(process.env.SLOW_MOTION ?? 0);
/** Small phone, usual phone, computer. */
const widths = [320, 390, 1280] as const;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A small phone, for which the page is designed first. */
const phone = {
	viewport: { width: 375, height: 667 },
	isMobile: true,
	hasTouch: true,
	locale: "en-US",
	timezoneId: "UTC",
	// Animations without a graphics card take a whole core.
	reducedMotion: "reduce",
} as const satisfies BrowserContextOptions;

let browser: Promise<Browser> | undefined;

/** One for all tests of a process, which closes it when it ends. */
function launchedBrowser(): Promise<Browser> {
	// The sandbox does not work for root, as which tests run in containers.
	browser ??= chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"], slowMo });
	return browser;
}

/** A page that collects its errors, of which there must be none. */
export class PageVisit {
	/** Pages of visits that have ended: a new one costs three times the processor time of another visit. */
	private static readonly idlePages: Page[] = [];

	readonly page: Page;
	/** Console errors, uncaught exceptions, content policy violations, dialogs, requests to others. */
	readonly errors: string[] = [];
	/** Bodies of all responses of the board. */
	readonly responses: string[] = [];
	private readonly waiting: Promise<void>[] = [];
	private pictureCount = 0;

	private constructor(page: Page, origin: string) {
		this.page = page;
		page.on("console", (message) => {
			if (message.type() === "error" || message.type() === "warning") this.errors.push(message.text());
		});
		page.on("pageerror", (error) => this.errors.push(String(error)));
		page.on("dialog", (dialog) => {
			this.errors.push(`dialog: ${dialog.message()}`);
			void dialog.dismiss();
		});
		page.on("request", (request) => {
			const url = request.url();
			if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) this.errors.push(`asked for ${url}`);
		});
		page.on("response", (response) => {
			const body = response.text().then(
				(text) => void this.responses.push(text),
				() => {},
			);
			this.waiting.push(body);
		});
	}

	static async open(
		url: string,
		ready = (page: Page) => page.getByRole("navigation", { name: "Steps" }),
	): Promise<PageVisit> {
		const page = PageVisit.idlePages.pop() ?? (await PageVisit.newPage());
		const visit = new PageVisit(page, url);
		await page.goto(url);
		await ready(page).waitFor();
		return visit;
	}

	/** Resolves when the bodies of all responses so far are in {@link responses}. */
	async settle(): Promise<void> {
		await Promise.all(this.waiting);
	}

	private static async newPage(): Promise<Page> {
		const context = await (await launchedBrowser()).newContext(phone);
		const page = await context.newPage();
		page.setDefaultTimeout(timeoutMs);
		return page;
	}

	/** Leaves the page as a new one for the next visit. */
	async close(): Promise<void> {
		const { page } = this;
		await this.settle();
		page.removeAllListeners();
		await page.unrouteAll({ behavior: "ignoreErrors" });
		await page.evaluate("sessionStorage.clear(), localStorage.clear()");
		await page.context().clearCookies();
		await page.context().setOffline(false);
		await page.goto("about:blank");
		await page.emulateMedia({ colorScheme: null, reducedMotion: phone.reducedMotion });
		await page.setViewportSize(phone.viewport);
		PageVisit.idlePages.push(page);
	}

	/** Presses Tab until a control has the focus, and checks that the focus is visible. */
	async tabTo(target: Locator): Promise<void> {
		for (let presses = 0; presses < 80; presses++) {
			await this.page.keyboard.press("Tab");
			if (await hasFocus(target)) {
				const outline = await this.page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
				expect(outline).toBe("solid");
				return;
			}
		}
		throw new Error(`Tab does not lead to ${target}`);
	}

	/** Resolves when an element has the focus. */
	async focused(target: Locator): Promise<void> {
		await expect.poll(() => hasFocus(target), { timeout: timeoutMs }).toBe(true);
	}

	/** Records the texts of the live regions; the returned function lists them so far. */
	async recordAnnouncements(): Promise<() => Promise<readonly string[]>> {
		await this.page.evaluate(`{
			window.said = [];
			for (const region of document.querySelectorAll("[role=status], [role=alert]"))
				new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
		}`);
		return () => this.page.evaluate<string[]>("said.filter((text) => text !== '')");
	}

	/** Whether it is on the screen entirely. */
	async isInView(target: Locator): Promise<boolean> {
		const box = await target.boundingBox();
		const height = this.page.viewportSize()?.height ?? 0;
		return box !== null && box.y >= 0 && box.y + box.height <= height;
	}

	/** Words broken in the middle, in headings, labels and buttons. */
	brokenWords(): Promise<string[]> {
		return this.page.evaluate<
			string[]
		>(`[...document.querySelectorAll("nav a, h1, h2, h3, h4, legend, label, dt, button, strong, summary")]
			.flatMap((element) => [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE))
			.flatMap((node) => [...node.data.matchAll(/[^\\s-]+/g)].map((word) => [node, word]))
			.filter(([node, { 0: word, index }]) => {
				const range = document.createRange();
				range.setStart(node, index);
				range.setEnd(node, index + word.length);
				return new Set([...range.getClientRects()].map(({ top }) => top)).size > 1;
			})
			.map(([, [word]]) => word)`);
	}

	/** Checks accessibility (axe, both colour schemes), the width of small and large screens, and the size of controls. */
	async inspect(): Promise<void> {
		const { page } = this;
		await this.takePictures();
		// Over the debugging protocol, to which the content policy does not apply.
		await page.evaluate(axe);
		await page.emulateMedia({ colorScheme: "dark" });
		expect(await violations(page, ["color-contrast", "link-in-text-block"]), "axe, dark").toEqual([]);
		await page.emulateMedia({ colorScheme: "light" });
		expect(await violations(page), "axe").toEqual([]);
		const size = page.viewportSize();
		for (const width of widths) {
			await page.setViewportSize({ width, height: 568 });
			const needed = await page.evaluate<number>("document.scrollingElement.scrollWidth");
			expect(needed, `no scrolling to the side at ${width} pixels`).toBe(width);
			expect(await smallTargets(page), "as large as a fingertip").toEqual([]);
		}
		if (size !== null) await page.setViewportSize(size);
	}

	private async takePictures(): Promise<void> {
		if (pictures === undefined) return;
		const { page } = this;
		const size = page.viewportSize();
		const state = expect.getState().currentTestName?.replace(/\W+/g, "-").slice(-60) ?? "state";
		this.pictureCount++;
		makeDirectory(pictures);
		for (const colorScheme of ["light", "dark"] as const)
			for (const width of widths) {
				await page.emulateMedia({ colorScheme });
				await page.setViewportSize({ width, height: 800 });
				const path = join(pictures, `${state}-${this.pictureCount}-${colorScheme}-${width}.png`);
				await page.screenshot({ path, fullPage: true, animations: "disabled" });
			}
		if (size !== null) await page.setViewportSize(size);
	}
}

async function hasFocus(target: Locator): Promise<boolean> {
	return (await target.and(target.page().locator(":focus")).count()) === 1;
}

/** Of all axe rules, or of `rules`. */
async function violations(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
	const options = JSON.stringify({ resultTypes: ["violations"], ...(rules && { runOnly: rules }) });
	const found = await page.evaluate<{ id: string; nodes: { html: string; failureSummary?: string }[] }[]>(
		`axe.run(document, ${options}).then(({ violations }) => violations)`,
	);
	return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

/** Controls that are less than 44 pixels high or wide. */
function smallTargets(page: Page): Promise<string[]> {
	return page.evaluate<
		string[]
	>(`[...document.querySelectorAll("button, a, select, textarea, summary, input, .choices label, .check")]
		.filter((control) => !control.matches("[type=radio], [type=checkbox]"))
		.map((control) => [control, control.getBoundingClientRect()])
		.filter(([, { width, height }]) => width > 0 && (width < 44 || height < 44))
		.map(([control, { width, height }]) => control.outerHTML + " " + width + " x " + height)`);
}

/** Operates the steps of the page. */
export class SetupPageDriver {
	private readonly page: Page;

	constructor({ page }: PageVisit) {
		this.page = page;
	}

	async go(step: "Wi-Fi" | "Dakkio" | "Board" | "Test"): Promise<void> {
		await this.page.getByRole("link", { name: new RegExp(`^\\d?\\s*${step}`) }).click();
		const title = step === "Board" ? "This board" : step;
		await this.page.getByRole("heading", { name: title, level: 2 }).waitFor();
	}

	/** Continues; waits for the step with this title. */
	async next(title?: string): Promise<void> {
		await this.page.getByRole("button", { name: "Continue" }).click();
		if (title !== undefined) await this.page.getByRole("heading", { name: title, level: 2 }).waitFor();
	}

	/** A network in the list of those in reach. */
	network(name: string): Locator {
		return this.page.locator(".networks button").filter({ hasText: name });
	}

	/** A chosen network. */
	chosen(name: string): Locator {
		return this.page.locator(".entries > li").filter({ hasText: name });
	}

	async choose(name: string, password?: string): Promise<void> {
		await this.network(name).click();
		if (password !== undefined) await this.password(name).fill(password);
	}

	password(name: string): Locator {
		return this.chosen(name).getByRole("textbox", { name: "Password" });
	}

	async dakkio({ key, bucketId }: { key?: string; bucketId?: string }): Promise<void> {
		if (key !== undefined) await this.page.getByRole("textbox", { name: "API key" }).fill(key);
		if (bucketId !== undefined) await this.page.getByRole("textbox", { name: "Bucket" }).fill(bucketId);
	}

	startTest(): Promise<void> {
		return this.page.getByRole("button", { name: /^(Start the test|Test again)$/ }).click();
	}

	/** A step of the test. */
	line(name: string): Locator {
		return this.page.locator("ol.test > li").filter({ hasText: name });
	}

	async passed(): Promise<void> {
		await this.page.locator(".verdict").getByText("Everything works.").waitFor();
	}

	/** Opens all further settings of the step "Board". */
	async furtherSettings(): Promise<void> {
		await this.go("Board");
		const closed = this.page.locator(".groups > details:not([open]) > summary");
		while ((await closed.count()) > 0) await closed.first().click();
	}

	/** Opens a group of further settings, or closes it. */
	group(title: string): Promise<void> {
		return this.page.locator(".groups > details > summary").getByText(title).click();
	}

	/** The card of a sensor or an input. */
	card(title: string): Locator {
		return this.page
			.locator(".card")
			.filter({ has: this.page.getByRole("heading", { name: title, exact: true }) });
	}

	/** A value of a sensor. */
	value(sensor: string, name: string): Locator {
		return this.card(sensor)
			.locator("details")
			.filter({ has: this.page.locator("summary").getByText(name) });
	}
}
