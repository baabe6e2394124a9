import { get } from "node:http";
import type { DataPoint } from "../../simulator/dakkio/api";
import * as faults from "../../simulator/dakkio/misbehaviours";
import { DakkioServer } from "../../simulator/dakkio/server";
import { freePort } from "../../simulator/free-port";
import { maxBatchPoints } from "../../src/dakkio/rate-limits";
import { type LifePlan, peakBatchReadings } from "../test-plan";

/** Outages: numbers of connections, then of requests. */
const awayConnections = 6;
const awayRequests = 5;

const pagePaths = ["/", "/api/status", "/api/history", "/api/log", "/metrics"];

interface Loaded {
	readonly status: number;
	readonly length: number;
}

/** Over a connection of its own: an idle one would make the board's time run in real time. */
function load(port: number, path: string): Promise<Loaded | undefined> {
	return new Promise((resolve) => {
		const request = get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
			let length = 0;
			response.on("data", (part: Buffer) => {
				length += part.length;
			});
			response.on("close", () => resolve({ status: response.statusCode ?? 0, length }));
		});
		request.on("error", () => resolve(undefined));
	});
}

/** The service of the whole app, with two outages during the busy hour. */
export class LifeService {
	private readonly dakkio: DakkioServer;
	/** Sequence numbers in order of arrival, by `location`, which identifies the life. */
	private readonly arrived = new Map<string, number[]>();
	private readonly pagePort: number;
	private readonly loaded = new Map<string, Loaded>();
	private largestBatch = 0;
	private away = 0;
	private closed = false;

	private constructor(dakkio: DakkioServer, pagePort: number) {
		this.dakkio = dakkio;
		this.pagePort = pagePort;
		void this.visitPage();
		dakkio.on("points", (points) => {
			for (const point of points) this.take(point);
			this.largestBatch = Math.max(this.largestBatch, points.length);
		});
	}

	static async start(): Promise<LifeService> {
		return new LifeService(await DakkioServer.start({ plan: 1_000_000 }), await freePort());
	}

	/** Loads everything that the board's page has, again and again. */
	private async visitPage(): Promise<void> {
		while (!this.closed) {
			for (const path of pagePaths) {
				const response = await load(this.pagePort, path);
				if (response !== undefined) this.loaded.set(path, response);
			}
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}

	/** `undefined`: each path was loaded. */
	pageProblem(): string | undefined {
		const wrong = pagePaths.filter((path) => {
			const { status, length } = this.loaded.get(path) ?? { status: 0, length: 0 };
			return status !== 200 || length < 100;
		});
		return wrong.length === 0 ? undefined : `not loaded: ${wrong.join(", ")}`;
	}

	plan(days: number): LifePlan {
		const { credentials, url, certificates } = this.dakkio;
		return {
			settings: {
				...credentials,
				server: url,
				rootCertificate: certificates.root.pem,
				networks: [{ ssid: "Simulated", password: "" }],
			},
			hours: 1,
			outages: awayConnections + awayRequests,
			days,
			pagePort: this.pagePort,
		};
	}

	/** Checks the points of a life with this sampling interval; `undefined`: all arrived. */
	problem(life: string, samples: number): string | undefined {
		const numbers = this.arrived.get(life) ?? [];
		// The life may end between the last samples and their upload.
		const open = life === "hour" ? 3 : 32;
		if (numbers.length < samples - open) return `${numbers.length} of ${samples} points arrived`;
		const wrong = numbers.findIndex((number, index) => number !== index + 1);
		return wrong < 0 ? undefined : `point ${numbers[wrong]} arrived instead of ${wrong + 1}`;
	}

	/** `undefined`: what memory at the peak was measured for was sent. */
	peakProblem(): string | undefined {
		if (this.largestBatch < maxBatchPoints) return `the largest batch had ${this.largestBatch} points`;
		return this.problem("peak", peakBatchReadings);
	}

	async close(): Promise<void> {
		this.closed = true;
		await this.dakkio.close();
	}

	private take({ metadata }: DataPoint): void {
		const life = String(metadata?.location);
		const numbers = this.arrived.get(life) ?? [];
		numbers.push(Number(metadata?.seq));
		this.arrived.set(life, numbers);
		if (life !== "hour") return;
		if (numbers.length >= 60 && this.away === 0) this.refuseConnections();
		if (numbers.length >= 180 && this.away === 1) this.refuseRequests();
	}

	private refuseConnections(): void {
		this.away++;
		let left = awayConnections;
		this.dakkio.misbehaviours.connection = (socket, accept) => {
			if (left-- > 0) faults.resetConnection(socket, accept);
			else accept();
		};
	}

	private refuseRequests(): void {
		this.away++;
		this.dakkio.misbehaviours.exchange = faults.firstRequests(awayRequests, faults.respondWith(503));
	}
}
