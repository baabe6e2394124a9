import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CertificateFault } from "../../simulator/dakkio/certificates";
import { respondWith } from "../../simulator/dakkio/misbehaviours";
import { FreshBoard } from "../../simulator/fresh-board";
import { browserPath, launchBrowser, PageVisit, SetupPageDriver } from "./setup-page-driver";

let browser: Browser;
let board: FreshBoard;
let visit: PageVisit;
let setup: SetupPageDriver;

interface Failure {
	/** What goes wrong in the world, or is wrong on the page. */
	readonly fault: () => unknown;
	/** What makes the page right again. */
	readonly remedy?: () => Promise<void>;
	/** The line in which the test ends. */
	readonly line: string;
	readonly cause: RegExp;
	readonly cure: RegExp;
	/** The label of the setting to which the line leads. */
	readonly change?: string;
}

const failures: readonly (readonly [what: string, failure: Failure])[] = [
	[
		"a wrong password",
		{
			fault: () => setup.password("Home").fill("wrong horse"),
			remedy: () => onlyHome(),
			line: "Join the Wi-Fi",
			cause: /“Home” did not accept the password/,
			cure: /Type the password again/,
			change: "Wi-Fi networks",
		},
	],
	[
		"a weak signal",
		{
			fault: () => insteadOfHome("Far away", "wrong password"),
			remedy: () => onlyHome(),
			line: "Join the Wi-Fi",
			cause: /“Far away” did not accept the password/,
			cure: /signal is weak.*nearer to the router/,
			change: "Wi-Fi networks",
		},
	],
	[
		"a network that is not there",
		{
			fault: async () => {
				await visit.page.getByRole("button", { name: "Remove Home" }).click();
				await visit.page.getByRole("button", { name: "Hidden network…" }).click();
				await visit.page.getByRole("textbox", { name: "Name of the network" }).fill("Nowhere");
			},
			remedy: () => onlyHome(),
			line: "Join the Wi-Fi",
			cause: /No network called “Nowhere”/,
			cure: /2\.4 GHz/,
			change: "Wi-Fi networks",
		},
	],
	[
		"a network that wants a login",
		{
			fault: () => insteadOfHome("Hotel guests"),
			remedy: () => onlyHome(),
			line: "Set the clock",
			cause: /wants a login in a browser/,
			cure: /Use another network/,
		},
	],
	[
		"a name that does not exist",
		{
			fault: () => setServer("https://nothing.invalid"),
			remedy: () => setServer("https://api.dakkio.io"),
			line: "Find the service",
			cause: /nothing\.invalid could not be found/,
			cure: /look at the address of the service/,
			change: "Service address",
		},
	],
	[
		"clock servers that do not answer",
		{
			fault: () => {
				board.world.ntp.fault = { kind: "silent" };
			},
			line: "Set the clock",
			cause: /None of the time servers answered/,
			cure: /UDP port 123/,
			change: "Time servers",
		},
	],
	["an expired certificate", certificate("expired", /expired/, /renew its certificate/)],
	["a certificate for another name", certificate("wrong name", /name/, /the one in the certificate/)],
	["a certificate from an unknown root", certificate("unknown root", /./, /enter its root certificate/)],
	[
		"a key that is unknown",
		{
			fault: () => setDakkio({ key: "dakkio_w_00000000000000000000000000000000" }),
			remedy: () => setDakkio(board.world.dakkio.credentials),
			line: "Key and bucket",
			cause: /does not know this key/,
			cure: /create a new write key/,
			change: "API key",
		},
	],
	[
		"a key for another bucket",
		{
			fault: () => refuse(403),
			line: "Key and bucket",
			cause: /for another bucket/,
			cure: /from the same bucket/,
			change: "API key",
		},
	],
	[
		"a bucket that is not there",
		{
			fault: () => setDakkio({ bucketId: "0".repeat(24) }),
			remedy: () => setDakkio(board.world.dakkio.credentials),
			line: "Key and bucket",
			cause: /There is no bucket with this id|for another bucket/,
			cure: /Copy/,
			change: "API key",
		},
	],
	[
		"a data source that is not there",
		{
			fault: async () => {
				await setup.go("Dakkio");
				await visit.page.getByRole("radio", { name: "Use this one" }).check();
				await visit.page.getByRole("textbox", { name: "Id of the data source" }).fill("0".repeat(24));
			},
			remedy: async () => {
				await setup.go("Dakkio");
				await visit.page.getByRole("radio", { name: "Create one for me" }).check();
			},
			line: "Data source",
			cause: /no data source with this id/,
			cure: /let the board create one/,
			change: "Data source",
		},
	],
	[
		"a plan that is used up",
		{
			fault: () => refuse(429),
			line: "Key and bucket",
			cause: /calls are used up/,
			cure: /sent when the plan allows it again/,
		},
	],
	[
		"a service in trouble",
		{
			fault: () => refuse(503),
			line: "Key and bucket",
			cause: /a problem of its own: 503/,
			cure: /Try again/,
		},
	],
];

describe.skipIf(browserPath === undefined)("what can be wrong is told with its cause and its cure", () => {
	beforeAll(async () => {
		browser = await launchBrowser();
		board = await FreshBoard.start();
		visit = await PageVisit.open(browser, board.url);
		setup = new SetupPageDriver(visit);
		await setup.choose("Home", "correct horse");
		await setup.go("Dakkio");
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.dakkio({ key, bucketId });
	});

	afterAll(async () => {
		await browser?.close();
		await board?.stop();
	});

	afterEach(() => {
		const { dakkio, ntp } = board.world;
		ntp.fault = undefined;
		dakkio.misbehaviours.exchange = undefined;
		dakkio.useIdentity(dakkio.certificates.server);
		expect(visit.errors).toEqual([]);
	});

	test.each(failures)("%s", async (_, { fault, remedy, line, cause, cure, change }) => {
		const { page } = visit;
		await setup.go("Wi-Fi");
		await fault();
		await setup.go("Test");
		await setup.startTest();
		await page.locator(".verdict").getByText("This did not work yet.").waitFor();
		const failed = page.locator("ol.test > li.failed");
		expect(await failed.count()).toBe(1);
		expect(await failed.textContent()).toContain(line);
		expect(await failed.textContent()).toContain("failed");
		expect(await failed.locator("p").first().textContent()).toMatch(cause);
		expect(await failed.locator(".cure").textContent()).toMatch(cure);
		await page.getByRole("button", { name: "Save anyway" }).waitFor();
		if (change !== undefined) {
			await page.getByRole("button", { name: `Change: ${change}` }).click();
			await page.locator("ol.test").waitFor({ state: "hidden" });
		}
		await remedy?.();
	});
});

async function onlyHome(): Promise<void> {
	const { page } = visit;
	await setup.go("Wi-Fi");
	await page.getByRole("button", { name: /^Remove / }).click();
	await setup.choose("Home", "correct horse");
}

async function insteadOfHome(name: string, password?: string): Promise<void> {
	await visit.page.getByRole("button", { name: "Remove Home" }).click();
	await setup.choose(name, password);
}

async function setDakkio(values: { key?: string; bucketId?: string }): Promise<void> {
	await setup.go("Dakkio");
	await setup.dakkio(values);
}

async function setServer(address: string): Promise<void> {
	const { page } = visit;
	await setup.go("Board");
	const server = page.getByRole("textbox", { name: "Service address" });
	if (!(await server.isVisible())) await page.locator("summary").getByText("Advanced").click();
	await server.fill(address);
}

function refuse(status: number): void {
	board.world.dakkio.misbehaviours.exchange = () => respondWith(status);
}

function certificate(fault: CertificateFault, cause: RegExp, cure: RegExp): Failure {
	return {
		fault: async () => {
			const { dakkio } = board.world;
			dakkio.useIdentity(await dakkio.certificates.faulty(fault));
		},
		line: "Verify the certificate",
		cause,
		cure,
		change: "Custom root certificate",
	};
}
