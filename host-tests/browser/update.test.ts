import { beforeEach, expect, test } from "vitest";
import { texts } from "../../page/texts";
import type { UpdateRequest, UpdateState } from "../../src/setup/api";
import { describeSetupPage, openBoard, setup, visit } from "./setup-page-fixture";

/** Where an update file has the length of its image, and where the image begins. */
const lengthAt = 32;
const headerBytes = 132;

describeSetupPage("an update on the setup page", () => {
	beforeEach(async () => {
		await openBoard();
		await setup.go("Board");
		await setup.group("Firmware update");
	});

	const choose = (bytes: Buffer) =>
		visit.page
			.getByLabel("Update file (.update)")
			.setInputFiles({ name: "a.update", mimeType: "application/octet-stream", buffer: bytes });
	const install = () => visit.page.getByRole("button", { name: "Install", exact: true }).click();

	test("needs a file that is one", async () => {
		const { page } = visit;
		await install();
		const result = page.locator(".result").filter({ visible: true });
		await result.getByText("Choose a file.").waitFor();
		await choose(Buffer.from('{ "version": 1 }'));
		await install();
		await expect.poll(() => result.textContent()).toMatch(/^This .*\.$/);
		expect(await result.textContent()).not.toContain("Choose a file.");
		await visit.inspect();
	});

	test("asks before an older version, shows its progress, and says what follows", async () => {
		const { page } = visit;
		const image = Buffer.alloc(8_000, 0xe9);
		const header = Buffer.alloc(headerBytes);
		header.writeUInt32BE(image.length, lengthAt);
		let writtenBytes = 0;
		const writtenAt = new Set<number | undefined>();
		let goOn = () => {};
		const isHeld = new Promise<void>((resolve) => {
			goOn = resolve;
		});
		const answer = async (step: UpdateRequest | undefined): Promise<UpdateState> => {
			if (step === undefined) return { phase: "installed" };
			if (step.header !== undefined && step.older !== true) return { phase: "open", problem: "older" };
			if (step.data !== undefined) {
				if (step.at !== 0) await isHeld;
				// The page sends a step again that is held for longer than it waits.
				if (!writtenAt.has(step.at)) {
					expect(step.at).toBe(writtenBytes);
					writtenBytes += Buffer.from(step.data, "base64").length;
					writtenAt.add(step.at);
				}
			}
			return { phase: step.install === true ? "verifying" : "open", writtenBytes };
		};
		await page.route("**/api/update", async (route) => {
			const post = route.request().method() === "POST";
			await route.fulfill({ json: await answer(post ? route.request().postDataJSON() : undefined) });
		});
		await choose(Buffer.concat([header, image]));
		await install();
		await page.getByText("This version is older than the present one.").first().waitFor();
		await visit.inspect();
		await page.getByRole("button", { name: "Install the older version" }).click();
		const bar = page.getByRole("progressbar", { name: "Firmware update" });
		await expect.poll(() => bar.getAttribute("value")).toMatch(/^0\.38/);
		expect(await page.locator(".result").getByText("This version is older").isVisible()).toBe(false);
		await visit.inspect();
		goOn();
		await page.getByText("The board restarts with the new firmware.").waitFor();
		expect(writtenBytes).toBe(image.length);
		await visit.inspect();
	});

	test("waits while another page is served, and does not count as installed meanwhile", async () => {
		const { page } = visit;
		const image = Buffer.alloc(100, 0xe9);
		const header = Buffer.alloc(headerBytes);
		header.writeUInt32BE(image.length, lengthAt);
		let questions = 0;
		await page.route("**/api/update", async (route) => {
			const step: UpdateRequest | undefined =
				route.request().method() === "POST" ? route.request().postDataJSON() : undefined;
			if (step === undefined && ++questions <= 4)
				return route.fulfill({
					status: 503,
					json: { error: "The board serves another request: try again." },
				});
			const writtenBytes = step?.header === undefined ? image.length : 0;
			const state: UpdateState =
				step === undefined
					? { phase: "open", problem: "signature" }
					: { phase: step.install === true ? "verifying" : "open", writtenBytes };
			return route.fulfill({ json: state });
		});
		await choose(Buffer.concat([header, image]));
		await install();
		const busy = page.getByText("The board is busy with a test or another page: wait, or close it.");
		await busy.waitFor();
		const result = page.locator(".result").filter({ visible: true });
		await result.getByText(texts.update.problems.signature).waitFor();
		expect(await busy.isVisible()).toBe(false);
		expect(questions).toBe(5);
		// The browser reports each of them.
		expect(visit.errors.splice(0).filter((error) => !error.includes("503"))).toEqual([]);
	});
});
