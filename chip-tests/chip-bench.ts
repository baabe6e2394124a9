import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmulatedChip, hostAddress } from "../scripts/emulated-chip";
import {
	type EmulatorImage,
	writeCounting,
	writeCrashingSlot,
	writeSettings,
} from "../scripts/emulator-build";
import type { Platform } from "../scripts/platforms";
import { makeUpdateFile } from "../scripts/update-file";
import { DakkioServer } from "../simulator/dakkio/server";
import { freePort } from "../simulator/free-port";
import { NtpServer } from "../simulator/ntp/ntp-server";
import type { Settings } from "../src/settings/settings";
import { parseVersion } from "../src/update/image-header";

/** Figures of the board's memory, bytes, as `emulator_memory` in `boards/qemu/emulator.c` has them. */
export interface MemoryFigures {
	/** ESP-IDF's heap, and what of it is free: now, at the minimum since the start, as the largest piece. */
	readonly heap: number;
	readonly free: number;
	readonly minFree: number;
	readonly largestPiece: number;
	/** Of XS, live after a collection; the most that any of its own collections had left, of chunks with the one it was made for; the limit. */
	readonly slots: number;
	readonly chunks: number;
	readonly peakSlots: number;
	readonly peakChunks: number;
	readonly maxSlots: number;
	readonly maxChunks: number;
	/** XS's own collections since the last figures. */
	readonly collections: number;
	/** The most that was in use of XS's stack since the start. */
	readonly stack: number;
	/** The longest time that its event loop did not wait, since the last figures, milliseconds by its own clock. */
	readonly longestBusyMs: number;
}

/** A board that stores a reading each five seconds has said something by then, on a computer with time for it, milliseconds. */
const silenceMs = 20_000;
/** Between the packets that keep QEMU's clock going, milliseconds. */
const pingIntervalMs = 3_000;
/** In a silence, QEMU has worked for so long if it is only slow, seconds. */
const workS = 1;
/** Guards against a board that never says a line, seconds; no bound on how fast this computer is. */
const guardS = 600;
/** Guards against a board that never answers a request, milliseconds. */
export const answerGuardMs = 180_000;
/** XS has ended, as an unhandled exception or the end of its memory do: the board restarts. */
const xsAbort = /^# \w+ allocation: .*|^XS abort: .*/;
/** Of QEMU that stands still before the board has booted: one that never boots is a fault. */
const maxRestarts = 5;
/** On a busy computer the board may stand still for minutes. */
const maxCommandAttempts = 100;

export interface ChipBenchOptions {
	readonly platform: Platform;
	readonly image: EmulatorImage;
	/** Gets the board's log while it runs. */
	readonly logFile?: string | undefined;
	/** The board prints marks, see {@link ChipBench.mark}. */
	readonly isCounting?: boolean;
}

/** What a counting board has printed at a point: a line that begins with `@`. */
export interface MarkedPoint {
	/** Of `boards/qemu/mark.ts`. */
	readonly kind: number;
	/** Millions of instructions since power was switched on, without idle time. */
	readonly millions: number;
	/** The board's clock, milliseconds. */
	readonly ms: number;
}

/** One emulated board with the services around it: a flash of its own, a Dakkio server, a time server. */
export class ChipBench {
	readonly platform: Platform;
	readonly dakkio: DakkioServer;
	readonly ntp: NtpServer;
	/** All that the board has logged, over its starts. */
	readonly lines: string[] = [];
	private readonly image: EmulatorImage;
	private readonly directory: string;
	private readonly flash: string;
	private readonly logFile: string | undefined;
	private readonly ports: { readonly page: number; readonly control: number };
	private chip: EmulatedChip | undefined;
	private pings: NodeJS.Timeout | undefined;
	/** Lines that {@link line} has returned. */
	private readLines = 0;
	/** Of QEMU, because it stood still. */
	restarts = 0;
	/** Of {@link restarts}, at the last line that {@link line} has returned. */
	private restartsBefore = 0;
	/** Of {@link lines}, when power was last switched on. */
	private linesAtStart = 0;
	/** Seconds that QEMU had worked for at the end of the last silence. */
	private workedS = 0;
	private onLine: (() => void) | undefined;
	/** Rejects when XS has ended, which no case provokes; it does not resolve. */
	readonly aborted: Promise<never>;
	private onAbort: (line: string) => void = () => {};
	private isClosed = false;
	/** Whether the board prints how many instructions it has executed. */
	private readonly isCounting: boolean;
	/** What a counting board has slept, milliseconds: its sleep takes no time. */
	private readonly sleep: { ms: number };

	private constructor(
		options: ChipBenchOptions,
		ports: ChipBench["ports"],
		{ dakkio, ntp, sleep }: Pick<ChipBench, "dakkio" | "ntp"> & { readonly sleep: { ms: number } },
	) {
		this.platform = options.platform;
		this.isCounting = options.isCounting === true;
		this.image = options.image;
		this.directory = mkdtempSync(join(tmpdir(), "dakkio-chip-"));
		this.flash = join(this.directory, "flash.bin");
		this.logFile = options.logFile;
		if (this.logFile !== undefined) writeFileSync(this.logFile, "");
		this.ports = ports;
		this.dakkio = dakkio;
		this.ntp = ntp;
		this.sleep = sleep;
		writeFileSync(this.flash, this.image.flash);
		this.aborted = new Promise((_, reject) => {
			this.onAbort = (line) => reject(new Error(`XS has ended: ${line}`));
		});
		this.aborted.catch(() => {});
	}

	static async start(options: ChipBenchOptions): Promise<ChipBench> {
		const ports = { page: await freePort(), control: await freePort("udp") };
		const sleep = { ms: 0 };
		const now = () => Date.now() + sleep.ms;
		const dakkio = await DakkioServer.start({ names: [hostAddress], plan: 1_000_000, now });
		return new ChipBench(options, ports, { dakkio, ntp: await NtpServer.start({ now }), sleep });
	}

	/** Of a board that posts here. */
	get settings(): Partial<Settings> {
		return {
			...this.dakkio.credentials,
			server: `https://${hostAddress}:${this.dakkio.port}`,
			rootCertificate: this.dakkio.certificates.root.pem,
			ntpServers: [`${hostAddress}:${this.ntp.port}`],
			networks: [{ ssid: "Emulated", password: "" }],
			inputs: [{ kind: "state", pin: 4, name: "contact" }],
			interval: 5,
			uploadInterval: 0,
		};
	}

	/** The board's own image as an update to a version, `1.2.3`. */
	updateFile(version: string): Uint8Array {
		const { image, releaseKey } = this.image;
		const chip = this.platform.replace("esp32/", "");
		return makeUpdateFile(image, { chip, version: parseVersion(version) ?? [0, 0, 0] }, releaseKey);
	}

	/** Settings for the next start; without any, the board keeps those that it has. */
	configure(settings: Partial<Settings> | undefined): void {
		writeSettings(this.flash, settings);
		if (this.isCounting) writeCounting(this.flash);
	}

	/** The firmware in this slot panics as soon as it is started; `undefined`: none. */
	crashIn(slot: number | undefined): void {
		writeCrashingSlot(this.flash, slot);
	}

	/** Switches power on. */
	powerOn(): void {
		if (this.isClosed) throw new Error("the bench is closed");
		this.linesAtStart = this.lines.length;
		this.workedS = 0;
		this.chip = new EmulatedChip({
			platform: this.platform,
			flash: this.flash,
			ports: this.ports,
			onLine: (line) => {
				this.sleep.ms += Number(/^@sleep (\d+)$/.exec(line)?.[1] ?? 0);
				this.lines.push(line);
				if (this.logFile !== undefined) appendFileSync(this.logFile, `${line}\n`);
				const [abort] = xsAbort.exec(line) ?? [];
				if (abort !== undefined) this.onAbort(abort);
				this.onLine?.();
			},
		});
		// Without instruction counting QEMU's clock stands still now and then, on a busy computer; a packet moves it on.
		if (!this.isCounting)
			this.pings = setInterval(() => void this.chip?.command("ping").catch(() => {}), pingIntervalMs);
	}

	/** Cuts power. */
	async powerOff(): Promise<void> {
		clearInterval(this.pings);
		await this.chip?.stop();
		this.chip = undefined;
	}

	/** The next line that matches; rejects when none has come in time. */
	async line(pattern: RegExp): Promise<RegExpMatchArray> {
		const deadline = Date.now() + guardS * 1000;
		for (;;) {
			while (this.readLines < this.lines.length) {
				const match = this.lines[this.readLines++]?.match(pattern);
				if (match) {
					this.restartsBefore = this.restarts;
					return match;
				}
			}
			const left = deadline - Date.now();
			if (left <= 0)
				throw new Error(
					`no line ${pattern} within ${guardS} s; the last: ${this.lines.slice(-4).join(" / ")}`,
				);
			const lines = this.lines.length;
			await this.nextLine(Math.min(left, silenceMs));
			if (this.lines.length === lines) await this.moveOn();
		}
	}

	/** The next mark of a kind. */
	async mark(kind: number): Promise<MarkedPoint> {
		return readMark((await this.line(new RegExp(`@${kind} \\d+ \\d+$`)))[0]);
	}

	/** The mark before the next line that matches. */
	async markOf(pattern: RegExp): Promise<MarkedPoint> {
		await this.line(pattern);
		return readMark(this.lines[this.readLines - 2] ?? "");
	}

	/** Of {@link lines}, those that were waited for so far. */
	get position(): number {
		return this.readLines;
	}

	/** The line that came last of those that were waited for. */
	get lastLine(): string {
		return this.lines[this.readLines - 1] ?? "";
	}

	/** Lines so far are not those that {@link line} waits for. */
	skipLines(): void {
		this.readLines = this.lines.length;
	}

	/**
	 * Before the board has a network, no packet moves QEMU's clock on: only a new start does, as after a power cut. A QEMU
	 * that works is left alone.
	 */
	private async moveOn(): Promise<void> {
		const hasBooted = this.lines.slice(this.linesAtStart).some((line) => line.includes("dakkio-esp32 "));
		if (hasBooted || this.chip === undefined) {
			if (this.isCounting) await this.chip?.command("ping");
			return;
		}
		const before = this.workedS;
		this.workedS = await this.chip.workedS();
		if (this.workedS - before >= workS) return;
		if (++this.restarts - this.restartsBefore > maxRestarts)
			throw new Error(`QEMU stood still ${maxRestarts} times before the boot`);
		await this.powerOff();
		this.powerOn();
	}

	private nextLine(milliseconds: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, milliseconds);
			this.onLine = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	/** Sends a command to the board's control port, again until it is answered. */
	async command(command: string): Promise<string> {
		for (let attempt = 0; attempt < maxCommandAttempts; attempt++) {
			const answer = await this.chip?.command(command);
			if (answer !== undefined) return answer;
		}
		throw new Error(`no answer to "${command}"`);
	}

	/** Sends a command that the board does not answer. */
	async order(command: "panic" | "block"): Promise<void> {
		await this.chip?.command(command);
	}

	async memory(): Promise<MemoryFigures> {
		const [
			heap = 0,
			free = 0,
			minFree = 0,
			largestPiece = 0,
			slots = 0,
			chunks = 0,
			peakSlots = 0,
			peakChunks = 0,
			maxSlots = 0,
			maxChunks = 0,
			collections = 0,
			stack = 0,
			longestBusyMs = 0,
		] = (await this.command("memory")).split(" ").map(Number);
		return {
			heap,
			free,
			minFree,
			largestPiece,
			slots,
			chunks,
			peakSlots,
			peakChunks,
			maxSlots,
			maxChunks,
			collections,
			stack,
			longestBusyMs,
		};
	}

	/** Slots in use by kind, as `emulator_slots` has them: the number of a kind and how many, the most first. */
	async slotKinds(): Promise<readonly (readonly [kind: number, count: number])[]> {
		const counts = (await this.command("slots")).split(" ").map(Number);
		return [...counts.entries()].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
	}

	/** Port of this computer that leads to the setup page. */
	get pagePort(): number {
		return this.ports.page;
	}

	/** Sequence numbers of the points that arrived, ascending, each once. */
	get arrived(): number[] {
		return [...new Set(this.dakkio.points().map(({ metadata }) => Number(metadata?.seq)))].sort(
			(a, b) => a - b,
		);
	}

	/** Sequence numbers of the readings that the board has reported as stored. */
	get stored(): number[] {
		return this.lines.flatMap((line) => {
			const [, sequence] = /^reading (\d+): .*; stored$/.exec(line) ?? [];
			return sequence === undefined ? [] : [Number(sequence)];
		});
	}

	/** What a partition holds. Only without power. */
	readPartition(name: string): Buffer {
		const { offset, size } = this.partition(name);
		return readFileSync(this.flash).subarray(offset, offset + size);
	}

	/** Puts bytes into a partition. Only without power. */
	writePartition(name: string, bytes: Uint8Array): void {
		const flash = readFileSync(this.flash);
		flash.set(bytes, this.partition(name).offset);
		writeFileSync(this.flash, flash);
	}

	private partition(name: string) {
		const partition = this.image.partitions.find((known) => known.name === name);
		if (partition === undefined) throw new Error(`there is no partition ${name}`);
		return partition;
	}

	async close(): Promise<void> {
		this.isClosed = true;
		await this.powerOff();
		await Promise.all([this.dakkio.close(), this.ntp.close()]);
		rmSync(this.directory, { recursive: true });
	}
}

function readMark(line: string): MarkedPoint {
	const [kind = 0, thousands = 0, ms = 0] = line
		.slice(line.indexOf("@") + 1)
		.split(" ")
		.map(Number);
	return { kind, millions: thousands / 1000, ms };
}
