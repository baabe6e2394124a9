import { Agent } from "node:http";
import type { Socket } from "node:net";
import type { InstructionCounts } from "../bench/chip-instructions";
import { Mark } from "../boards/qemu/mark";
import { PageClient } from "../host-tests/setup/page-client";
import { boardAddress, hostAddress } from "../scripts/emulated-chip";
import { certify, keyToPem, toPem } from "../sdk-tests/host/certificate";
import type { Settings } from "../src/settings/settings";
import type { ChipBench, MarkedPoint } from "./chip-bench";
import { fetchPage, log, queueWith } from "./chip-cases";

// Millions of instructions that an emulated chip executes for a piece of work; what it does while it is idle does not count. A
// board prints them at each line of its log and at the steps of TLS (`boards/qemu/instruction-marks.ts`).

/** Of any number of points. */
const sent = /^sent (?:point \d+|(\d+) points .*): 201$/;

/** Readings that fill the ring and overwrite some: a weather reading takes 7.4 bytes of 384 KiB. */
const fullRing = 90_000;

/** A minute between readings, so that none comes between; after the first upload nothing is sent. */
const quiet: Partial<Settings> = { interval: 60, uploadInterval: 86_400 };

interface Measurement {
	readonly name: string;
	measure(bench: ChipBench): Promise<InstructionCounts>;
}

export const measurements: readonly Measurement[] = [
	{ name: "starts", measure: measureStarts },
	{ name: "connections", measure: measureConnections },
	{ name: "battery", measure: measureBattery },
	{ name: "rest", measure: measureRest },
	{ name: "points", measure: measurePoints },
	{ name: "an RSA chain", measure: measureRsa },
	{ name: "setup", measure: measureSetup },
	{ name: "checksums", measure: measureChecksums },
];

async function markNow(bench: ChipBench): Promise<MarkedPoint> {
	await bench.command("mark");
	return bench.mark(Mark.command);
}

const between = (before: MarkedPoint, after: MarkedPoint) => after.millions - before.millions;

/** From the reset to the first reading. */
async function measureStart(bench: ChipBench) {
	bench.skipLines();
	bench.powerOn();
	const appMain = await bench.mark(Mark.appMain);
	const firstStatement = await bench.mark(Mark.firstStatement);
	const booted = await bench.markOf(log.boot);
	const stored = await bench.markOf(log.stored);
	return {
		loader: appMain.millions,
		engine: between(appMain, firstStatement),
		firmware: between(firstStatement, booted),
		reading: between(booted, stored),
	};
}

/**
 * Without an own root certificate, as most boards are. What the bootloader takes is the least of four starts: it waits for the
 * chip's clocks in a loop, now and then for longer.
 */
async function measureStarts(bench: ChipBench): Promise<InstructionCounts> {
	bench.configure({ ...bench.settings, ...quiet, rootCertificate: "" });
	const first = await measureStart(bench);
	await bench.powerOff();
	bench.configure(undefined);
	const second = await measureStart(bench);
	await bench.powerOff();
	const { length } = bench.readPartition("queue");
	bench.writePartition("queue", queueWith(fullRing, length, Date.now() - 60_000));
	// The search for the ends of a ring that is not known.
	const search = await measureStart(bench);
	await bench.powerOff();
	const full = await measureStart(bench);
	const loader = Math.min(...[first, second, search, full].map((start) => start.loader));
	const whole = ({ engine, firmware, reading }: typeof full) => loader + engine + firmware + reading;
	return {
		"reset to app_main: ROM, bootloader, ESP-IDF": loader,
		"app_main to the firmware's first statement: XS": full.engine,
		"first statement to the boot line, full ring": full.firmware,
		"boot line to the first reading stored, full ring": full.reading,
		"reset to the first reading stored, full ring": whole(full),
		"the same, of a ring whose ends are not known": whole(search),
		"the same, empty ring": whole(second),
		"the same, first start": whole(first),
	};
}

/** From the connection on: the handshake, and the rest of the upload of a point; bytes over TCP, both ways. */
async function measureUpload(bench: ChipBench) {
	let connection: Socket | undefined;
	bench.dakkio.misbehaviours.connection = (socket, accept) => {
		connection = socket;
		accept();
	};
	const opened = await bench.mark(Mark.opened);
	const connected = await bench.mark(Mark.connected);
	const secure = await bench.mark(Mark.secure);
	const answered = await bench.markOf(sent);
	const { bytesRead = 0, bytesWritten = 0 } = connection ?? {};
	return {
		opened,
		handshake: between(connected, secure),
		rest: between(secure, answered),
		bytes: bytesRead + bytesWritten,
	};
}

async function measureConnections(bench: ChipBench): Promise<InstructionCounts> {
	bench.configure(bench.settings);
	bench.powerOn();
	const first = await measureUpload(bench);
	await bench.markOf(log.stored);
	await measureUpload(bench);
	const stored = await bench.markOf(log.stored);
	const resumed = await measureUpload(bench);
	bench.dakkio.forgetSessions();
	const known = await measureUpload(bench);
	return {
		"bytes of an upload of a point: first": first.bytes,
		"bytes of an upload of a point: known chain": known.bytes,
		"bytes of an upload of a point: resumed": resumed.bytes,
		"TLS, connected to verified: first": first.handshake,
		"TLS, connected to verified: known chain": known.handshake,
		"TLS, connected to verified: resumed": resumed.handshake,
		"a point uploaded: planned, to the connection": between(stored, resumed.opened),
		"a point uploaded: request, response, acknowledgement": resumed.rest,
	};
}

/** Two signatures of 4,096 bits, and one of 2,048 for the key exchange. */
async function measureRsa(bench: ChipBench): Promise<InstructionCounts> {
	const root = await certify({ name: "RSA root", key: "RSA 4096", hash: "SHA-384", authority: true });
	const issuer = await certify({ name: "RSA", key: "RSA 4096", issuer: root, authority: true });
	const leaf = await certify({ name: "RSA leaf", key: "RSA 2048", issuer, names: [hostAddress] });
	bench.dakkio.useIdentity({ key: await keyToPem(leaf), chain: [leaf, issuer].map(toPem).join("") });
	bench.configure({ ...bench.settings, rootCertificate: toPem(root) });
	bench.powerOn();
	const { handshake, bytes } = await measureUpload(bench);
	return {
		"bytes of an upload of a point: RSA of 4,096 and 2,048 bits": bytes,
		"TLS, connected to verified: RSA of 4,096 and 2,048 bits": handshake,
	};
}

async function measurePoints(bench: ChipBench): Promise<InstructionCounts> {
	bench.configure({ ...bench.settings, interval: 60 });
	const { length } = bench.readPartition("queue");
	const send = async (readings: number) => {
		bench.writePartition("queue", queueWith(readings, length, Date.now() - 60_000));
		bench.skipLines();
		bench.powerOn();
		return bench.mark(Mark.secure);
	};
	await send(3000);
	const first = await bench.markOf(sent);
	const second = await bench.markOf(sent);
	await bench.powerOff();
	const secure = await send(11);
	const twelve = await bench.markOf(sent);
	const points = Number(bench.lastLine.match(sent)?.[1]);
	return {
		"a point uploaded, in a batch of 12": between(secure, twelve) / points,
		"a point uploaded, in a batch of 1,000": between(first, second) / 1000,
	};
}

const cycles = 8;

/** Of a board that has a reading each so many seconds and sends none: from one to the next. */
async function measureCycle(bench: ChipBench, interval: number) {
	bench.configure({ ...bench.settings, ...quiet, interval });
	bench.skipLines();
	bench.powerOn();
	// Each start sends once. Announcements in the network are over four readings later.
	await bench.line(sent);
	for (let readings = 0; readings < 4; readings++) await bench.line(log.stored);
	const from = await bench.markOf(log.stored);
	let to = from;
	for (let cycle = 0; cycle < cycles; cycle++) to = await bench.markOf(log.stored);
	await bench.powerOff();
	return { millions: between(from, to) / cycles, seconds: (to.ms - from.ms) / cycles / 1000 };
}

/** Two intervals tell a reading from the rest between two. */
async function measureRest(bench: ChipBench): Promise<InstructionCounts> {
	const short = await measureCycle(bench, 5);
	const long = await measureCycle(bench, 15);
	const second = (long.millions - short.millions) / (long.seconds - short.seconds);
	return { "a second at rest": second, "a later reading": short.millions - second * short.seconds };
}

async function measureSetup(bench: ChipBench): Promise<InstructionCounts> {
	// Without any, but counting.
	bench.configure(undefined);
	bench.powerOn();
	await bench.line(log.setup);
	const agent = new Agent({ keepAlive: true, maxSockets: 1 });
	const page = new PageClient(bench.pagePort, boardAddress, agent);
	const before = await markNow(bench);
	await fetchPage(bench.pagePort);
	await page.state();
	const loaded = await markNow(bench);
	await page.test(bench.settings, 1_000);
	const tested = await markNow(bench);
	agent.destroy();
	return {
		"the setup page loaded": between(before, loaded),
		"the setup page's test of the settings": between(loaded, tested),
	};
}

/** Of the mean of a thousand; in instructions, not in millions. */
async function measureChecksums(bench: ChipBench): Promise<InstructionCounts> {
	bench.configure(undefined);
	bench.powerOn();
	await bench.line(log.setup);
	const measureOf = async (count: number) => {
		await bench.command(`checksum ${count}`);
		return 1000 * between(await bench.mark(Mark.command), await bench.mark(Mark.command));
	};
	const empty = await measureOf(0);
	const hundred = await measureOf(100);
	return {
		"instructions of a call of a function in C: a checksum of nothing": empty,
		"instructions of a checksum of 100 bytes": hundred,
	};
}

/** From sleep to sleep: the reset, the wake, a reading; and once more with an upload. */
async function measureBattery(bench: ChipBench): Promise<InstructionCounts> {
	bench.configure({ ...bench.settings, power: "battery", interval: 60, uploadInterval: 180 });
	bench.powerOn();
	await bench.mark(Mark.sleep);
	await bench.powerOff();
	bench.configure(undefined);
	bench.skipLines();
	bench.powerOn();
	let before = await bench.mark(Mark.sleep);
	let wake: number | undefined;
	let upload: number | undefined;
	for (let wakes = 0; wakes < 12 && (wake === undefined || upload === undefined); wakes++) {
		const from = bench.position;
		const sleep = await bench.mark(Mark.sleep);
		const lines = bench.lines.slice(from, bench.position);
		const isSent = lines.some((line) => sent.test(line));
		// The first ones end what the first boot has begun.
		if (wakes > 3 && isSent) upload = between(before, sleep);
		else if (wakes > 3) wake = between(before, sleep);
		before = sleep;
	}
	if (wake === undefined || upload === undefined) throw new Error("no wakes of both kinds");
	return {
		"a wake on battery, reset to sleep": wake,
		"a wake on battery that uploads 3 points, resumed": upload,
	};
}
