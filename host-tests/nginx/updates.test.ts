import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeReleaseIndex } from "../../scripts/release-index";
import { DevelopmentCertificates } from "../../simulator/dakkio/certificates";
import { freePort } from "../../simulator/free-port";
import { DownloadFixture, updateFile } from "../update/download-fixture";
import { nginx, startNginx, stopNginx } from "./nginx-process";

/** Releases in a folder of nginx, as an owner of many boards has them. */

let directory: string;
let server: ChildProcess;
let board: DownloadFixture;

/** Somewhat more than an image of the firmware. */
const imageBytes = 1_800_000;

/** `modified`: seconds of Unix time; nginx makes a file's ETag of them and of its length. */
function publish(version: string, modified: number): void {
	const content = updateFile({ version, lengthBytes: imageBytes });
	const file = join(directory, "www/releases/node.update");
	writeFileSync(file, content);
	utimesSync(file, modified, modified);
	const index = makeReleaseIndex([{ address: "node.update", content }]);
	writeFileSync(join(directory, "www/releases/index.json"), index);
}

describe.skipIf(nginx === undefined)("releases at nginx", () => {
	beforeEach(async () => {
		directory = mkdtempSync(join(tmpdir(), "nginx-"));
		mkdirSync(join(directory, "www/releases"), { recursive: true });
		const certificates = await DevelopmentCertificates.open();
		const port = await freePort();
		server = await startNginx(directory, {
			port,
			identity: certificates.server,
			server: `root ${directory}/www; keepalive_requests 20;`,
		});
		board = new DownloadFixture(certificates, port, 448);
		board.isRealTime = true;
	});
	afterEach(async () => {
		await board.close();
		await stopNginx(server);
		rmSync(directory, { recursive: true });
	});

	test("a whole image arrives in ranges, over as few connections as nginx allows, and is installed", async () => {
		publish("0.3.0", 1_800_000_000);
		await board.until(() => board.installed.length > 0, 3_600_000);
		expect(board.slots).toEqual(["0.2.0", "0.3.0"]);
		const lines = readFileSync(join(directory, "access.log"), "latin1").trim().split("\n");
		expect(lines.filter((line) => line.includes('" 206 '))).toHaveLength(Math.ceil(imageBytes / 32_768));
		expect(board.maxOpen).toBe(1);
	});

	test("a release that is replaced during a download is noticed, and the new one is installed the next day", async () => {
		publish("0.3.0", 1_800_000_000);
		await board.until(() => (board.update.progress?.writtenBytes ?? 0) > 300_000, 3_600_000);
		publish("0.3.1", 1_800_000_060);
		await board.until(() => board.installed.length > 0, 48 * 3_600_000);
		expect(board.log.filter((line) => line.includes("the file has changed"))).toHaveLength(1);
		expect(board.slots).toEqual(["0.2.0", "0.3.1"]);
	});
});
