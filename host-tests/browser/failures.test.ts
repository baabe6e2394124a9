import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CertificateFault } from "../../simulator/dakkio/certificates";
import { respondWith } from "../../simulator/dakkio/misbehaviours";
import { FreshBoard } from "../../simulator/fresh-board";
import { browserPath, PageVisit, SetupPageDriver } from "./setup-page-driver";

let board: FreshBoard;
let visit: PageVisit;
let setup: SetupPageDriver;

interface Failure {
	/** Causes the failure, in the world or on the page. */
	readonly fault: () => unknown;
	/** Corrects the page again. */
	readonly undo?: () => Promise<void>;
	/** The failed step. */
	readonly line: string;
	readonly cause: RegExp;
	readonly remedy: RegExp;
	/** The label of the setting that the step's button shows. */
	readonly change?: string;
}

const failures: readonly (readonly [what: string, failure: Failure])[] = [
	[
		"a wrong password",
		{
			fault: () => setup.password("Home").fill("wrong horse"),
			undo: () => onlyHome(),
			line: "Join the Wi-Fi",
			cause: /“Home” did not accept the password/,
			remedy: /Type the password again/,
			change: "Wi-Fi networks",
		},
	],
	[
		"a weak signal",
		{
			fault: () => insteadOfHome("Far away", "wrong password"),
			undo: () => onlyHome(),
			line: "Join the Wi-Fi",
			cause: /“Far away” did not accept the password/,
			remedy: /signal is also weak.*closer to the router/,
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
			undo: () => onlyHome(),
			line: "Join the Wi-Fi",
			cause: /No network named “Nowhere”/,
			remedy: /5 GHz only/,
			change: "Wi-Fi networks",
		},
	],
	[
		"a captive portal",
		{
			fault: () => insteadOfHome("Hotel guests"),
			undo: () => onlyHome(),
			line: "Set the clock",
			cause: /requires a login in a browser/,
			remedy: /Use another network/,
			change: "Wi-Fi networks",
		},
	],
	[
		"a name that does not exist",
		{
			fault: () => setServer("https://nothing.invalid"),
			undo: () => setServer("https://api.dakkio.io"),
			line: "Find the service",
			cause: /nothing\.invalid was not found/,
			remedy: /check the service address/,
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
			remedy: /UDP port 123/,
			change: "Time servers",
		},
	],
	["an expired certificate", certificate("expired", /has expired/, /renew its certificate/)],
	[
		"a certificate for another name",
		certificate("wrong name", /is not for api\.dakkio\.io/, /the one in the certificate/, "Service address"),
	],
	[
		"a certificate from an unknown root",
		certificate(
			"unknown root",
			/not issued by an authority that this board trusts/,
			/enter its root certificate/,
			"Custom root certificate",
		),
	],
	[
		"a key that is unknown",
		{
			fault: () => setDakkio({ key: "dakkio_w_00000000000000000000000000000000" }),
			undo: () => setDakkio(board.world.dakkio.credentials),
			line: "Key and bucket",
			cause: /does not know this key/,
			remedy: /create a new write key/,
			change: "API key",
		},
	],
	[
		"a key for another bucket",
		{
			fault: () => refuse(403),
			line: "Key and bucket",
			cause: /for another bucket/,
			remedy: /from the same bucket/,
			change: "API key",
		},
	],
	[
		"a bucket that is not there",
		{
			fault: () => setDakkio({ bucketId: "0".repeat(24) }),
			undo: () => setDakkio(board.world.dakkio.credentials),
			line: "Key and bucket",
			cause: /There is no bucket with this id/,
			remedy: /Copy/,
			change: "Bucket",
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
			undo: async () => {
				await setup.go("Dakkio");
				await visit.page.getByRole("radio", { name: "Create one for me" }).check();
			},
			line: "Data source",
			cause: /no data source with this id/,
			remedy: /let the board create one/,
			change: "Data source",
		},
	],
	[
		"a plan that is used up",
		{
			fault: () => refuse(429),
			line: "Key and bucket",
			cause: /calls are used up/,
			remedy: /sent when the plan allows it again/,
		},
	],
	[
		"a service with a problem",
		{
			fault: () => refuse(503),
			line: "Key and bucket",
			cause: /Dakkio has a problem: 503/,
			remedy: /Test again/,
		},
	],
];

describe.skipIf(browserPath === undefined)("a failed test shows its cause and the remedy", () => {
	beforeAll(async () => {
		board = await FreshBoard.start();
		visit = await PageVisit.open(board.url);
		setup = new SetupPageDriver(visit);
		await setup.choose("Home", "correct horse");
		await setup.go("Dakkio");
		const { key, bucketId } = board.world.dakkio.credentials;
		await setup.dakkio({ key, bucketId });
	});

	afterAll(async () => {
		await visit?.close();
		await board?.stop();
	});

	afterEach(() => {
		const { dakkio, ntp } = board.world;
		ntp.fault = undefined;
		dakkio.misbehaviours.exchange = undefined;
		dakkio.useIdentity(dakkio.certificates.server);
		expect(visit.errors).toEqual([]);
	});

	test.each(failures)("%s", async (_, { fault, undo, line, cause, remedy, change }) => {
		const { page } = visit;
		await setup.go("Wi-Fi");
		await fault();
		await setup.go("Test");
		await setup.startTest();
		await page.locator(".verdict").getByText("The test failed.").waitFor();
		const failed = page.locator("ol.test > li.failed");
		expect(await failed.count()).toBe(1);
		expect(await failed.textContent()).toContain(line);
		expect(await failed.textContent()).toContain("failed");
		expect(await failed.locator("p").first().textContent()).toMatch(cause);
		expect(await failed.locator(".remedy").textContent()).toMatch(remedy);
		await page.getByRole("button", { name: "Save anyway" }).waitFor();
		await visit.inspect();
		if (change !== undefined) {
			await page.getByRole("button", { name: `Change: ${change}` }).click();
			await page.locator("ol.test").waitFor({ state: "hidden" });
		} else expect(await failed.getByRole("button").count()).toBe(0);
		await undo?.();
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
	if (!(await server.isVisible())) await setup.group("Service and clock");
	await server.fill(address);
}

function refuse(status: number): void {
	board.world.dakkio.misbehaviours.exchange = () => respondWith(status);
}

function certificate(fault: CertificateFault, cause: RegExp, remedy: RegExp, change?: string): Failure {
	return {
		fault: async () => {
			const { dakkio } = board.world;
			dakkio.useIdentity(await dakkio.certificates.faulty(fault));
		},
		line: "Verify the certificate",
		cause,
		remedy,
		...(change === undefined ? {} : { change }),
	};
}
