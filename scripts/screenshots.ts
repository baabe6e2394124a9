import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { makeDirectory } from "../boards/node/files";
import { BoardRunner } from "../simulator/board-runner";
import { FreshBoard } from "../simulator/fresh-board";
import { LogLines } from "../simulator/log-lines";
import { startNetwork } from "../simulator/simulated-networks";
import { World } from "../simulator/world";
import { compressPng } from "./compress-png";
import { mainWithoutOptions, root } from "./sdk";

const help = `Takes the README's pictures of the pages, on simulated boards.

npm run screenshots
`;

const directory = join(root, "docs", "images");
const browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
await mainWithoutOptions(help, async () => {
	const executablePath = browsers.find(existsSync);
	if (executablePath === undefined) throw new Error("Chromium is needed: apt install chromium");

	const board = await FreshBoard.start();
	const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
	try {
		const page = await browser.newPage({
			viewport: { width: 375, height: 736 },
			deviceScaleFactor: 2,
			isMobile: true,
			hasTouch: true,
			locale: "en-US",
			timezoneId: "UTC",
		});
		await page.goto(board.url);
		await takePictures(page, board);
		await takeLocalPage(page);
	} finally {
		await browser.close();
		await board.stop();
	}
});

async function takePictures(page: Page, board: FreshBoard): Promise<void> {
	const { key, bucketId } = board.world.dakkio.credentials;
	const password = page.getByRole("textbox", { name: "Password" });
	await page.getByRole("button", { name: /^Home/ }).click();
	await password.fill("wrong horse");
	await page.getByRole("heading", { name: "Wi-Fi" }).click();
	await picture(page, "setup-wifi");

	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByRole("textbox", { name: "API key" }).fill(key);
	await page.getByRole("textbox", { name: "Bucket" }).fill(bucketId);
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByText("BME280 at 0x76").waitFor();
	await page.locator("summary").filter({ hasText: "Temperature" }).click();
	await page.getByRole("textbox", { name: "Name" }).fill("balcony");
	await page.evaluate("document.querySelector('#board h3').scrollIntoView()");
	await picture(page, "setup-board", false);

	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByRole("button", { name: "Start the test" }).click();
	await page.getByRole("button", { name: "Save anyway" }).waitFor();
	await page.emulateMedia({ colorScheme: "dark" });
	await picture(page, "setup-test-failed");
	await page.emulateMedia({ colorScheme: "light" });

	await page.getByRole("button", { name: "Change: Wi-Fi networks" }).click();
	await password.fill("correct horse");
	await page.getByRole("link", { name: /Test/ }).click();
	await page.getByRole("button", { name: "Test again" }).click();
	await page.getByText("Everything works.").last().waitFor();
	await picture(page, "setup-test");

	await page.getByRole("button", { name: "Save and start" }).click();
	await page.getByRole("heading", { name: "Done" }).waitFor();
	await picture(page, "setup-done");
}

/** The page on the home network, after a day in half a minute. */
async function takeLocalPage(page: Page): Promise<void> {
	const directory = mkdtempSync(join(tmpdir(), "screenshots-"));
	const world = await World.start({ directory, speed: 3_600 });
	const log = new LogLines();
	const running = new BoardRunner(world, (line) => log.append(line));
	const { dakkio, ntp } = world;
	running.configure({
		networks: [{ ssid: startNetwork.ssid, password: "" }],
		...{ ...dakkio.credentials, server: dakkio.url, rootCertificate: dakkio.certificates.root.pem },
		...{ ntpServers: [`${ntp.host}:${ntp.port}`], location: "Balcony", interval: 300, uploadInterval: 7_200 },
	});
	running.start("power-on");
	await log.waitFor(/^reading 300:/);
	await page.goto(`http://localhost:${running.localPagePort}/`);
	await page.getByRole("heading", { name: "State" }).waitFor();
	await picture(page, "local-page");
	await running.stop();
	await world.close();
	rmSync(directory, { recursive: true, force: true });
}

async function picture(page: Page, name: string, fromTop = true): Promise<void> {
	if (fromTop) await page.evaluate("scrollTo(0, 0)");
	makeDirectory(directory);
	const bytes = compressPng(await page.screenshot({ animations: "disabled", caret: "hide" }));
	writeFileSync(join(directory, `${name}.png`), bytes);
	process.stdout.write(`docs/images/${name}.png  ${bytes.length} bytes\n`);
}
