import { Agent, request } from "node:http";
import { gunzipSync } from "node:zlib";
import { randomFrom } from "../host-tests/queue/seeded-random";
import { PageClient } from "../host-tests/setup/page-client";
import { largestSettings, publicRoot } from "../host-tests/setup/request-bodies";
import { sendUpdate, type UpdateClient } from "../page/send-update";
import { boardAddress } from "../scripts/emulated-chip";
import { NorFlash } from "../simulator/hardware/nor-flash";
import { defaultServerLimits } from "../src/http/http-server";
import type { UpdateState } from "../src/setup/api";
import { ReadingLog } from "../src/store/reading-log";
import { answerGuardMs, type ChipBench, type MemoryFigures } from "./chip-bench";
import {
	sendHostileLocalRequests,
	sendHostileRequests,
	sendManyLocalRequests,
	sendUntilAnswered,
} from "./hostile-requests";
import { sendImpatientClients } from "./impatient-clients";

const { maxBodyBytes } = defaultServerLimits;

/** Bytes that have to be free at any time, as a station. */
const minFreeHeap = 56_000;

/** Lines of the board's log that the cases wait for. */
export const log = {
	/** Without a start of line: it may follow what is left of the bootloader's last one. */
	boot: /dakkio-esp32 \S+ on (\S+) \S+, boot (\d+) \(([^)]+)\), (\d+) /,
	stored: /^reading (\d+): .*; stored$/,
	joined: /^Wi-Fi: joined ".*", address ([\d.]+)/,
	sent: /^sent points? (\d+)\D?.*: 201$/,
	setup: /^setup: .*, and open http:\/\/10\.0\.2\.15/,
	/** Of a certificate that does not verify. */
	refused: /^not sent: .*certificate.*$/,
	onTrial: /^update: \S+ on trial, attempt 1$/,
	kept: /^update: \S+ is kept$/,
	rolledBack: /^update: \S+ did not prove itself \((\w+)\); \S+ runs again$/,
	factoryReset: /^button: factory reset/,
};

export interface CaseOptions {
	/** Power cuts at random instants. */
	readonly resets: number;
	readonly seed: number;
	/** Connections of clients that give up. */
	readonly clients: number;
	/** Memory at a point of a case. */
	onMemory(point: string, figures: MemoryFigures): void;
	/** What the slots of XS are at rest, as `ChipBench.slotKinds` has it. */
	onSlots(kinds: readonly (readonly [kind: number, count: number])[]): void;
}

export interface ChipCase {
	readonly name: string;
	/** Rejects when it does not hold; resolves with what is worth a remark. */
	run(bench: ChipBench, options: CaseOptions): Promise<string | undefined>;
}

export const chipCases: readonly ChipCase[] = [
	{
		name: "starts, stores a reading and sends it",
		async run(bench, { onMemory }) {
			bench.configure(bench.settings);
			bench.powerOn();
			const [, chip, boot, , pending] = await bench.line(log.boot);
			expectEqual("the chip", chip, bench.platform.replace("esp32/", ""));
			expectEqual("the boot and what is pending", [boot, pending], ["1", "0"]);
			onMemory("started", await bench.memory());
			await bench.line(log.sent);
			expectEqual("the first point", bench.arrived[0], 1);
			onMemory("connected, after the first upload", await bench.memory());
			return undefined;
		},
	},
	{
		name: "keeps settings and sequence numbers over two power cuts",
		async run(bench) {
			bench.configure(bench.settings);
			bench.powerOn();
			await bench.line(log.sent);
			bench.configure(undefined);
			for (const boot of ["2", "3"]) {
				await bench.powerOff();
				bench.powerOn();
				const [, , started] = await bench.line(log.boot);
				expectEqual("the boot", started, boot);
				await bench.line(log.stored);
				await bench.line(log.sent);
			}
			expectWithoutGap(bench);
			return `${bench.arrived.length} points`;
		},
	},
	{
		name: "is set up through its page",
		run: setUpThroughPage,
	},
	{
		name: "survives clients of its page that give up",
		run: survivePageClients,
	},
	{
		name: "has the memory for any request to its setup page",
		run: takeHostileRequests,
	},
	{
		name: "has the memory for any request over the largest settings saved",
		run: takeHostileRequestsOverTheLargest,
	},
	{
		name: "has the memory for any request from the home network",
		async run(bench, { onMemory }) {
			bench.configure(bench.settings);
			bench.powerOn();
			const [, address = ""] = await bench.line(log.joined);
			await bench.line(log.sent);
			const count = await sendHostileLocalRequests(bench.pagePort, address);
			onMemory("after hostile requests from the home network", await bench.memory());
			const connections = 600;
			await sendManyLocalRequests(bench.pagePort, address, connections);
			const memory = await bench.memory();
			onMemory(`after ${connections} connections without a pause`, memory);
			if (memory.minFree < minFreeHeap) throw new Error(`${memory.minFree} bytes of the heap were free`);
			await bench.line(log.sent);
			expectEqual("boots", bench.lines.filter((line) => log.boot.test(line)).length, 1);
			return `${count + connections} requests`;
		},
	},
	{
		name: "takes an update, keeps it, and goes back from one that crashes",
		run: update,
	},
	{
		name: "factory reset by its button",
		async run(bench) {
			bench.configure(bench.settings);
			bench.powerOn();
			await bench.line(log.sent);
			bench.configure(undefined);
			await bench.command("press 15000");
			await bench.line(log.factoryReset);
			const [, , , , pending] = await bench.line(log.boot);
			expectEqual("pending readings", pending, "0");
			await bench.line(log.setup);
			await bench.powerOff();
			const { key } = bench.settings;
			expectEqual("the key is in NVS", bench.readPartition("nvs").includes(key ?? "no key"), false);
			return "pressed through the control port: QEMU drives no pins";
		},
	},
	{
		name: "sends 3,000 readings over one connection",
		async run(bench, { onMemory }) {
			const count = 3000;
			bench.configure(bench.settings);
			bench.writePartition(
				"queue",
				queueWith(count, bench.readPartition("queue").length, Date.now() - 60_000),
			);
			bench.powerOn();
			const [, , , , pending] = await bench.line(log.boot);
			expectEqual("pending readings", pending, String(count));
			await within(900, bench.dakkio.waitForPoints(count));
			expectEqual("handshakes", bench.dakkio.handshakes, 1);
			onMemory("after the backlog", await bench.memory());
			expectEqual("the last of the backlog", bench.arrived.includes(count), true);
			expectWithoutGap(bench);
			return `${bench.dakkio.requests} requests`;
		},
	},
	{
		name: "sends nothing to a server with another root",
		async run(bench, { onMemory, onSlots }) {
			bench.dakkio.useIdentity(await bench.dakkio.certificates.faulty("unknown root"));
			bench.configure(bench.settings);
			bench.powerOn();
			const [line] = await bench.line(log.refused);
			expectEqual("requests", bench.dakkio.requests, 0);
			// The next attempt is in an hour.
			await bench.line(log.stored);
			onMemory("at rest, no connection", await bench.memory());
			onSlots(await bench.slotKinds());
			return line;
		},
	},
	{
		name: "restarts after a panic",
		async run(bench) {
			bench.configure(bench.settings);
			bench.powerOn();
			await bench.line(log.sent);
			await bench.order("panic");
			const [, , boot, reason] = await bench.line(log.boot);
			// QEMU's ESP32-C3 keeps the watchdog running, which then ends the next start once.
			expectEqual("its reason", /panic|watchdog/.test(reason ?? ""), true);
			expectEqual("the boot", boot, "2");
			await bench.line(log.sent);
			expectWithoutGap(bench);
			return reason;
		},
	},
	{
		name: "restarts when its event loop is blocked",
		async run(bench) {
			bench.configure(bench.settings);
			bench.powerOn();
			await bench.line(log.sent);
			const blocked = Date.now();
			await bench.order("block");
			const [, , boot, reason] = await bench.line(log.boot);
			expectEqual("the boot", boot, "2");
			expectEqual("its reason", /watchdog|panic/.test(reason ?? ""), true);
			await bench.line(log.sent);
			expectWithoutGap(bench);
			return `${reason}, after ${Math.round((Date.now() - blocked) / 1000)} s`;
		},
	},
	// Last, as it takes longest with many cuts.
	{
		name: "loses no reading by power cuts at random instants",
		run: cutPowerAtRandom,
	},
];

/** Each stored reading arrives once power stays on; the numbers have no gap. */
async function cutPowerAtRandom(bench: ChipBench, { resets, seed }: CaseOptions): Promise<string> {
	const random = randomFrom(seed);
	bench.configure(bench.settings);
	bench.powerOn();
	await bench.line(log.sent);
	bench.configure(undefined);
	for (let reset = 0; reset < resets; reset++) {
		await bench.powerOff();
		bench.skipLines();
		bench.powerOn();
		// By what the board has said, not by this computer's time: in the start; or after the boot, with readings stored, the
		// network, the time, the handshake, and requests.
		// After five starts that do not live a minute, safe mode would begin.
		const lives = reset % 4 === 0;
		if (lives || random() < 0.8) {
			await bench.line(log.boot);
			if (lives) {
				await bench.command("live");
				await bench.line(log.stored);
			}
			for (let lines = Math.floor(random() * 6); lines > 0; lines--) await bench.line(/./);
		}
		await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
	}
	expectEqual("readings for each four cuts", bench.stored.length >= resets / 4, true);
	await bench.powerOff();
	bench.skipLines();
	bench.powerOn();
	await bench.line(log.boot);
	const [, last] = await bench.line(log.stored);
	while (!bench.arrived.includes(Number(last))) await bench.line(log.sent);
	const lost = bench.stored.filter(
		(sequence) => sequence <= Number(last) && !bench.arrived.includes(sequence),
	);
	expectEqual("stored and never delivered", lost, []);
	return `${resets} cuts, ${bench.stored.length} readings, ${bench.dakkio.duplicates} sent twice`;
}

async function setUpThroughPage(bench: ChipBench, { onMemory }: CaseOptions): Promise<string> {
	bench.powerOn();
	await bench.line(log.setup);
	const page = new PageClient(bench.pagePort, boardAddress, false, answerGuardMs);
	await bench.command("ping");
	const { board, table } = await page.state();
	expectEqual("settings on the page", table.length > 15, true);
	const { status, bytes } = await fetchPage(bench.pagePort);
	expectEqual("status of the page", status, 200);
	expectEqual("a document", /<html[\s\S]*<\/html>$/i.test(gunzipSync(bytes).toString("utf8")), true);
	onMemory("setup, page loaded", await bench.memory());
	const tested = await page.test(bench.settings, 1_000);
	expectEqual("what failed in the test", tested.passed ? [] : tested.steps, []);
	onMemory("setup, after a test", await bench.memory());
	const saved = await page.post("/api/save", { settings: bench.settings });
	expectEqual("status of the save", saved.status, 200);
	await page.post("/api/finish");
	const [, , boot] = await bench.line(log.boot);
	expectEqual("the boot", boot, "2");
	await bench.line(log.sent);
	return board.name;
}

/** The board neither restarts nor stops answering. */
async function survivePageClients(bench: ChipBench, { seed, clients }: CaseOptions): Promise<string> {
	bench.powerOn();
	await bench.line(log.setup);
	const page = new PageClient(bench.pagePort, boardAddress, false, answerGuardMs);
	await bench.command("ping");
	await page.state();
	const before = await bench.memory();
	await within(900, sendImpatientClients(bench.pagePort, boardAddress, clients, seed));
	await page.state();
	const after = await bench.memory();
	expectEqual("boots", bench.lines.filter((line) => log.boot.test(line)).length, 1);
	// lwIP remembers for ten seconds each connection that the board ended. A record each would be 40 KiB.
	const taken = before.free - after.free;
	if (taken > 32_768) throw new Error(`${clients} connections have taken ${taken} bytes of the heap`);
	return `${clients} connections, ${taken} bytes of the heap`;
}

/** Just after the start, then while a test goes on; in between settings that fill a request are saved, and replaced. */
async function takeHostileRequests(bench: ChipBench, { onMemory }: CaseOptions): Promise<string> {
	bench.powerOn();
	await bench.line(log.setup);
	const page = new PageClient(bench.pagePort, boardAddress, false, answerGuardMs);
	await bench.command("ping");
	let count = await sendHostileRequests(bench, page);
	onMemory("setup, after hostile requests", await bench.memory());
	const largest = largestSettings(bench.dakkio.certificates.root.pem, maxBodyBytes);
	// What is not given stays.
	const small = { deviceId: "", location: "", sensors: {}, derived: [], ...bench.settings };
	for (const settings of [largest, small]) {
		expectEqual("status of the save", (await page.post("/api/save", { settings })).status, 200);
		expectEqual("status of the export", (await page.post("/api/export", { secrets: true })).status, 200);
		onMemory("setup, after a save", await bench.memory());
	}
	const tested = page.test(bench.settings, 1_000).catch(() => undefined);
	count += await sendHostileRequests(bench, page);
	await tested;
	await page.state();
	await page.get("/api/log");
	expectEqual("status of the export", (await page.post("/api/export", { secrets: true })).status, 200);
	onMemory("setup, after hostile requests in a test", await bench.memory());
	const { status } = await fetchPage(bench.pagePort);
	expectEqual("status of the page", status, 200);
	expectEqual("boots", bench.lines.filter((line) => log.boot.test(line)).length, 1);
	return `${count} requests`;
}

/** With the largest settings saved; then others as large, of which no value is the same, are tested, and saved in their place. */
async function takeHostileRequestsOverTheLargest(
	bench: ChipBench,
	{ onMemory }: CaseOptions,
): Promise<string> {
	bench.powerOn();
	await bench.line(log.setup);
	const page = new PageClient(bench.pagePort, boardAddress, false, answerGuardMs);
	await bench.command("ping");
	await page.state();
	const settings = largestSettings(bench.dakkio.certificates.root.pem, maxBodyBytes);
	expectEqual("status of the save", (await page.post("/api/save", { settings })).status, 200);
	onMemory("setup, the largest settings saved", await bench.memory());
	const count = await sendHostileRequests(bench, page);
	onMemory("setup, hostile requests over them", await bench.memory());
	const others = largestSettings(publicRoot, maxBodyBytes, "b");
	await page.test(others, 1_000);
	await page.state();
	onMemory("setup, others as large tested", await bench.memory());
	expectEqual("status of the save", (await page.post("/api/save", { settings: others })).status, 200);
	expectEqual("status of the export", (await page.post("/api/export", { secrets: true })).status, 200);
	onMemory("setup, others as large saved", await bench.memory());
	expectEqual("boots", bench.lines.filter((line) => log.boot.test(line)).length, 1);
	return `${count} requests`;
}

/** The image is the board's own: what counts is the slot, and the bootloader's part in it. */
async function update(bench: ChipBench, { onMemory }: CaseOptions): Promise<string> {
	bench.configure(bench.settings);
	bench.powerOn();
	await bench.line(log.sent);
	bench.configure(undefined);
	await sendUpdateThroughPage(bench, "99.0.0", asBrowser, () =>
		bench.memory().then((at) => onMemory("update, half", at)),
	);
	await bench.line(log.onTrial);
	await bench.line(log.sent);
	await bench.line(log.kept);
	await bench.powerOff();
	bench.powerOn();
	await bench.line(log.boot);
	await bench.line(log.sent);
	await sendUpdateThroughPage(bench, "99.0.1", aConnectionEach, () => Promise.resolve());
	await bench.line(log.onTrial);
	await bench.line(log.sent);
	await bench.order("panic");
	const [, why] = await bench.line(log.rolledBack);
	expectEqual("why it was rolled back", why, "crash");
	await bench.line(log.sent);
	await sendUpdateThroughPage(bench, "99.0.2", asBrowser, () => Promise.resolve());
	// Before it is started.
	await bench.powerOff();
	bench.crashIn(0);
	bench.powerOn();
	await bench.line(log.rolledBack);
	await bench.line(log.sent);
	expectWithoutGap(bench);
	return `${bench.arrived.length} points`;
}

/** As a browser sends an update, over one connection; and as a script does. */
const asBrowser = new Agent({ keepAlive: true, maxSockets: 1 });
const aConnectionEach = new Agent({ keepAlive: false });

/** Opens setup by the button, and sends the update as the page does. */
async function sendUpdateThroughPage(
	bench: ChipBench,
	version: string,
	agent: Agent,
	atHalf: () => Promise<void>,
): Promise<void> {
	await bench.command("press 7000");
	await bench.line(log.setup);
	await bench.command("ping");
	const page = new PageClient(bench.pagePort, boardAddress, agent, answerGuardMs);
	await page.state();
	const client: UpdateClient = {
		update: async (step) => JSON.parse((await sendUntilAnswered(() => page.post("/api/update", step))).body),
		updateState: () => page.get<UpdateState>("/api/update").catch(() => ({ phase: "installed" })),
		pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
	};
	let isHalf = false;
	const problem = await sendUpdate(client, bench.updateFile(version), true, (share) => {
		if (share < 0.5 || isHalf) return;
		isHalf = true;
		void atHalf();
	});
	agent.destroy();
	expectEqual("what is wrong with the update", problem, undefined);
}

/** The page as it comes, compressed. */
export function fetchPage(port: number): Promise<{ readonly status: number; readonly bytes: Buffer }> {
	return new Promise((resolve, reject) => {
		const headers = { Host: boardAddress };
		const asked = request({ host: "127.0.0.1", port, headers, agent: false }, (answer) => {
			const parts: Buffer[] = [];
			answer.on("data", (part: Buffer) => parts.push(part));
			answer.on("error", reject);
			answer.on("end", () => resolve({ status: answer.statusCode ?? 0, bytes: Buffer.concat(parts) }));
		});
		asked.on("error", reject);
		asked.end();
	});
}

/** Readings of a board that was offline, a minute apart. */
export function queueWith(readings: number, bytes: number, until: number): Uint8Array {
	const blockLength = 4096;
	const flash = new NorFlash({ blocks: bytes / blockLength, blockLength });
	const { image } = flash;
	const readingLog = new ReadingLog(flash);
	for (let i = 0; i < readings; i++) {
		const utc = until - (readings - i) * 60_000;
		readingLog.append(
			{ time: { utc }, values: [20 + (i % 50) / 100, 45 + (i % 30) / 10, 1013.25] },
			backlogContext,
		);
	}
	readingLog.close();
	return image;
}

const backlogContext = {
	boot: 1,
	deviceId: "ESP32-000001",
	location: "Emulated board",
	firmwareVersion: "0.1.0",
	fields: [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "humidity", unit: "percent", decimals: 1 },
		{ name: "pressure", unit: "hPa", decimals: 2 },
	],
};

/** Rejects when it takes longer than so many seconds. */
async function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`not within ${seconds} s`)), seconds * 1000);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
	const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
	if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`);
}

/** The numbers of the points that arrived begin at 1 and have no gap. */
function expectWithoutGap({ arrived }: ChipBench): void {
	const missing = Array.from({ length: arrived.at(-1) ?? 0 }, (_, index) => index + 1).filter(
		(sequence) => !arrived.includes(sequence),
	);
	expectEqual("points missing", missing, []);
}
