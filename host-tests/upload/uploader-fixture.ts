import { NorFlash } from "../../simulator/hardware/nor-flash";
import { VirtualTime } from "../../simulator/virtual-time";
import type { TCP, TCPOptions } from "../../src/boards/ecma419";
import { Clock } from "../../src/clock/clock";
import { rateLimitHeaders } from "../../src/dakkio/rate-limits";
import { HttpConnection } from "../../src/http/http-connection";
import { ReadingLog } from "../../src/store/reading-log";
import { CallBudget } from "../../src/upload/call-budget";
import { Quarantine } from "../../src/upload/quarantine";
import {
	loadUploadState,
	restartUploadState,
	saveUploadState,
	type UploadState,
} from "../../src/upload/upload-state";
import { Uploader, type UploaderOptions } from "../../src/upload/uploader";
import { mainsBoard } from "../clock/mains-board";
import { MemoryKeyValue } from "../memory-key-value";

/** A request, as the service has received it. */
export interface ServiceRequest {
	/** Ticks. */
	readonly at: number;
	readonly sequences: readonly number[];
	readonly bodyBytes: number;
	/** Of the first point. */
	readonly metadata: Readonly<Record<string, unknown>>;
}

/** What the service does: a status with its message, or bytes; whether it stores the points (default: if 2xx). */
export interface ServiceResponse {
	readonly status: number;
	readonly message?: string;
	readonly headers?: string;
	readonly isStored?: boolean;
	/** Sent in place of a correct response; empty: none, the connection is closed. */
	readonly raw?: string;
	/** Nothing is sent, and the connection stays open. */
	readonly isSilent?: boolean;
}

export type ServiceBehaviour = (request: ServiceRequest) => ServiceResponse;

export const good: ServiceBehaviour = () => ({ status: 201 });

/** Of the clock and of each reading. */
export const thisBoot = 100;

/** Of each reading. */
export const context = {
	boot: thisBoot,
	deviceId: "ESP32-A1B2C3",
	location: "Kitchen",
	firmwareVersion: "0.1.0",
	fields: [{ name: "temperature", unit: "celsius", decimals: 2 }],
};
export const destination = {
	bucketId: "507f1f77bcf86cd799439011",
	dataSourceId: "507f1f77bcf86cd799439012",
};
export const start = Date.UTC(2027, 2, 1, 12);
const hour = 3_600_000;

export interface FixtureOptions {
	readonly service?: ServiceBehaviour;
	/** Between regular uploads; `auto`: as the plan allows. */
	readonly intervalMs?: number | "auto";
	readonly queueBlocks?: number;
	readonly quarantineBlocks?: number;
	readonly random?: () => number;
	readonly resolveDestination?: UploaderOptions["resolveDestination"];
	/** How many earlier boots have learned the time. */
	readonly anchors?: number;
}

/** An uploader with a ring on simulated flash and a service under the test's control, in virtual time. */
export class UploaderFixture {
	readonly time = new VirtualTime();
	readonly storage = new MemoryKeyValue();
	readonly queueFlash: NorFlash;
	readonly quarantineFlash: NorFlash;
	readonly requests: ServiceRequest[] = [];
	/** How often the service has stored each point. */
	readonly copies = new Map<number, number>();
	readonly logLines: string[] = [];
	service: ServiceBehaviour;
	readings: ReadingLog;
	quarantine: Quarantine;
	uploader: Uploader;
	private readonly clock: Clock;
	private readonly intervalMs: number | "auto";
	private readonly random: () => number;
	private readonly resolveDestination: UploaderOptions["resolveDestination"];

	constructor({
		service = good,
		intervalMs = 360_000,
		queueBlocks = 32,
		quarantineBlocks = 8,
		random = () => 0.5,
		resolveDestination,
		anchors = 0,
	}: FixtureOptions = {}) {
		this.service = service;
		this.intervalMs = intervalMs;
		this.random = random;
		this.resolveDestination = resolveDestination;
		this.queueFlash = new NorFlash({ blocks: queueBlocks, blockLength: 4096 });
		this.readings = new ReadingLog(this.queueFlash);
		this.quarantineFlash = new NorFlash({ blocks: quarantineBlocks, blockLength: 4096 });
		this.quarantine = new Quarantine(this.quarantineFlash);
		const { time, storage } = this;
		const log = () => {};
		for (let boot = 1; boot <= anchors; boot++)
			new Clock({ ...mainsBoard, time, boot, storage, log }).applyMeasurement({
				...{ utc: start - (anchors - boot + 1) * hour, ticks: 0, roundTripMs: 20, server: "test" },
			});
		const sendingPosition = () => this.uploader.sendingPosition;
		this.clock = new Clock({ ...mainsBoard, sendingPosition, time, boot: thisBoot, storage, log });
		this.uploader = this.makeUploader();
		this.synchronize();
	}

	/** Stores readings. */
	measure(count: number): void {
		for (let i = 0; i < count; i++)
			this.readings.append(
				{ time: { utc: start + this.time.ticks() + i }, values: [20 + (i % 100) / 100] },
				context,
			);
		this.uploader.wake();
	}

	/** Stores readings of an earlier boot, which never learned the time. */
	measureWithoutTime(boot: number, count: number): void {
		for (let i = 0; i < count; i++)
			this.readings.append({ time: { boot, ticks: 1_000 * i }, values: [20] }, { ...context, boot });
	}

	/** Lets hours pass; a reading is stored every `everyMs`. */
	async pass(hours: number, everyMs = 0): Promise<void> {
		const end = this.time.ticks() + hours * hour;
		while (this.time.ticks() < end) {
			const step = Math.min(end - this.time.ticks(), everyMs === 0 ? hour : everyMs);
			await this.time.advance(step);
			this.synchronize();
			if (everyMs > 0) this.measure(1);
		}
	}

	/** As after a power cut: what is not on flash or in key-value storage is lost. */
	async cutPower(): Promise<void> {
		const saved = new Map(this.storage.values);
		await this.uploader.stop();
		this.storage.values = saved;
		await this.restart();
	}

	/** As after a restart by the board itself. */
	async restart(): Promise<void> {
		await this.uploader.stop();
		this.readings = new ReadingLog(this.queueFlash);
		this.quarantine = new Quarantine(this.quarantineFlash);
		restartUploadState(this.storage, this.readings.oldestSequence, this.time.ticks());
		this.uploader = this.makeUploader();
		this.uploader.start();
	}

	/** As after a deep sleep. */
	async wakeUp(changes: Partial<UploadState> = {}): Promise<void> {
		const state = this.uploader.suspend();
		await this.uploader.stop();
		saveUploadState(this.storage, { ...state, ...changes });
		this.uploader = this.makeUploader();
		this.uploader.resume(this.time.ticks(), true);
	}

	/** Sequence numbers of the pending points. */
	get pending(): number[] {
		return [...this.readings.pending()].map(({ sequence }) => sequence);
	}

	get quarantined(): number[] {
		return [...this.quarantine.points()].map(({ sequence }) => sequence);
	}

	/** Milliseconds between each request and the one before it. */
	get waits(): number[] {
		return this.requests.slice(1).map(({ at }, index) => at - (this.requests[index]?.at ?? 0));
	}

	private synchronize(): void {
		const ticks = this.time.ticks();
		this.clock.applyMeasurement({ utc: start + ticks, ticks, roundTripMs: 20, server: "test" });
	}

	makeUploader(more: Partial<UploaderOptions> = {}): Uploader {
		const { time, storage, clock, readings, quarantine, intervalMs } = this;
		const budget = new CallBudget(storage);
		return new Uploader({
			time,
			clock,
			readings,
			quarantine,
			destination,
			resolveDestination: this.resolveDestination,
			key: "dakkio_w_0123456789abcdef",
			userAgent: "test",
			budget,
			keptState: loadUploadState(storage),
			saveState: (state) => saveUploadState(storage, state),
			estimateUnanchoredBoots: () => clock.estimateUnanchoredBoots(readings),
			intervalMs: (now) => (intervalMs === "auto" ? budget.uploadIntervalMs("auto", 0, now) : intervalMs),
			connect: () => this.connect(),
			isOnline: () => true,
			onAttempt: () => {},
			random: this.random,
			log: (line) => this.logLines.push(line),
			...more,
		});
	}

	connect(): HttpConnection {
		const serve = (bytes: Buffer) => this.serve(bytes);
		const { time } = this;
		class ServiceSocket extends SimulatedSocket {
			constructor(options: TCPOptions) {
				super(options, time, serve);
			}
		}
		const resolver = {
			resolve: ({ host, onResolved }: { host: string; onResolved(host: string, address: string): void }) =>
				onResolved(host, "127.0.0.1"),
		};
		return new HttpConnection({
			network: { TCP: ServiceSocket, TLS: ServiceSocket, resolver } as never,
			time,
			host: "api.example",
			port: 80,
			secure: false,
			responseHeaders: rateLimitHeaders,
		});
	}

	/** The response to a whole request. */
	private serve(bytes: Buffer): string | undefined {
		const body = bytes.toString("utf8");
		const { dataPoints, ...single } = JSON.parse(body);
		const points: { metadata: Record<string, unknown> }[] = dataPoints ?? [single];
		const request: ServiceRequest = {
			at: this.time.ticks(),
			sequences: points.map(({ metadata }) => Number(metadata.seq)),
			bodyBytes: bytes.length,
			metadata: points[0]?.metadata ?? {},
		};
		this.requests.push(request);
		const response = this.service(request);
		const { status, message = "no", headers = "", isStored = status < 300, raw } = response;
		if (isStored)
			for (const sequence of request.sequences)
				this.copies.set(sequence, (this.copies.get(sequence) ?? 0) + 1);
		if (response.isSilent) return undefined;
		if (raw !== undefined) return raw;
		const content = JSON.stringify({ message });
		return `HTTP/1.1 ${status} Status\r\n${headers}Content-Length: ${content.length}\r\n\r\n${content}`;
	}
}

const endOfHead = "\r\n\r\n";
const empty = Buffer.alloc(0);

/** A socket whose peer answers each whole request with what `serve` returns, 10 ms later. */
class SimulatedSocket implements TCP {
	readonly remoteAddress = undefined;
	readonly remotePort = undefined;
	private readonly options: TCPOptions;
	private readonly time: VirtualTime;
	private readonly serve: (body: Buffer) => string | undefined;
	/** Parts of a request, whose length is known once its head is there. */
	private received: Buffer[] = [];
	private receivedBytes = 0;
	private requestBytes = Number.POSITIVE_INFINITY;
	private arrived = empty;
	private closed = false;

	constructor(options: TCPOptions, time: VirtualTime, serve: (body: Buffer) => string | undefined) {
		this.options = options;
		this.time = time;
		this.serve = serve;
		this.later(() => options.onWritable?.(1 << 20));
	}

	read(into: Uint8Array): number {
		const part = this.arrived.subarray(0, into.length);
		into.set(part);
		this.arrived = this.arrived.subarray(part.length);
		return part.length;
	}

	write(bytes: Uint8Array): void {
		this.received.push(Buffer.from(bytes));
		this.receivedBytes += bytes.length;
		if (this.requestBytes === Number.POSITIVE_INFINITY) this.findEndOfRequest();
		if (this.receivedBytes < this.requestBytes) return;
		const request = Buffer.concat(this.received);
		const body = request.subarray(request.indexOf(endOfHead) + endOfHead.length, this.requestBytes);
		this.received = [];
		this.receivedBytes = 0;
		this.requestBytes = Number.POSITIVE_INFINITY;
		this.later(() => {
			const response = this.serve(body);
			this.later(() => {
				if (response === undefined) return;
				if (response === "") {
					this.closed = true;
					this.options.onError?.();
					return;
				}
				this.arrived = Buffer.concat([this.arrived, Buffer.from(response, "latin1")]);
				this.options.onReadable?.(this.arrived.length);
			});
			this.options.onWritable?.(1 << 20);
		});
	}

	close(): void {
		this.closed = true;
	}

	private findEndOfRequest(): void {
		const received = Buffer.concat(this.received);
		const head = received.indexOf(endOfHead);
		if (head < 0) return;
		const [, length = 0] = /content-length: (\d+)/i.exec(received.toString("latin1", 0, head)) ?? [];
		this.requestBytes = head + endOfHead.length + Number(length);
	}

	private later(callback: () => void): void {
		this.time.set(() => {
			if (!this.closed) callback();
		}, 5);
	}
}
