import type { DataPoint } from "../../simulator/dakkio/api";
import * as faults from "../../simulator/dakkio/misbehaviours";
import { DakkioServer } from "../../simulator/dakkio/server";
import type { LifePlan } from "../test-plan";

/** Outages: numbers of connections, then of requests. */
const awayConnections = 6;
const awayRequests = 5;

/** The service of the whole app, with two outages during the busy hour. */
export class LifeService {
	private readonly dakkio: DakkioServer;
	/** Sequence numbers in order of arrival, by `location`, which identifies the life. */
	private readonly arrived = new Map<string, number[]>();
	private away = 0;

	private constructor(dakkio: DakkioServer) {
		this.dakkio = dakkio;
		dakkio.on("points", (points) => {
			for (const point of points) this.take(point);
		});
	}

	static async start(): Promise<LifeService> {
		return new LifeService(await DakkioServer.start({ plan: 1_000_000 }));
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
			days,
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

	async close(): Promise<void> {
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
