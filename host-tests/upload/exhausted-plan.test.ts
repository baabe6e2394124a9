import { expect, test } from "vitest";
import { quotaHeaders, quotaStatus, type Usage, usageAt } from "../../simulator/dakkio/quota";
import { type ServiceRequest, type ServiceResponse, start, UploaderFixture } from "./uploader-fixture";

const minute = 60_000;
const hour = 60 * minute;
const plan = 10_000;
/** Days since the start, at noon of March 1: when other devices use up the plan, and when the next month begins. */
const usedUpDay = 10;
const resetDay = 30.5;

/** A service that counts the calls of a plan, and refuses each request that has a refused point. */
class LimitedService {
	usage: Usage | undefined;
	/** Requests beyond the plan: their ticks. */
	readonly limited: number[] = [];
	private readonly isRefused: (sequence: number) => boolean;
	private readonly status: number;

	constructor(isRefused: (sequence: number) => boolean, status: number) {
		this.isRefused = isRefused;
		this.status = status;
	}

	respond({ at, sequences }: ServiceRequest): ServiceResponse {
		const now = start + at;
		const { month, calls } = usageAt(this.usage, now);
		const isUsedUp = calls >= plan;
		this.usage = { month, calls: isUsedUp ? calls : calls + 1 };
		const headers = Object.entries(quotaHeaders(quotaStatus(this.usage, plan, now)))
			.map(([name, value]) => `${name}: ${value}\r\n`)
			.join("");
		if (isUsedUp) {
			this.limited.push(at);
			return { status: 429, headers };
		}
		return sequences.some(this.isRefused)
			? { status: this.status, message: "not in the schema", headers }
			: { status: 201, headers };
	}

	/** Other devices make all calls that are left of this month. */
	useUp(now: number): void {
		this.usage = { ...usageAt(this.usage, now), calls: plan };
	}
}

/** A reading every five minutes, each point uploaded as the plan allows. */
async function makeFixture(isRefused: (sequence: number) => boolean, status: number) {
	const service = new LimitedService(isRefused, status);
	const fixture = new UploaderFixture({
		service: (request) => service.respond(request),
		intervalMs: "auto",
		queueBlocks: 128,
		quarantineBlocks: 512,
	});
	fixture.uploader.start();
	/** Every point is stored once, in quarantine because it is refused, or pending; how many are not pending. */
	const settled = () => {
		const quarantined = new Set(fixture.quarantined);
		const pending = new Set(fixture.pending);
		let count = 0;
		for (let sequence = 1; sequence <= (fixture.readings.newestSequence ?? 0); sequence++) {
			const copies = fixture.copies.get(sequence) ?? 0;
			expect(copies, `copies of ${sequence}`).toBeLessThanOrEqual(1);
			if (quarantined.has(sequence)) expect(isRefused(sequence)).toBe(true);
			const isSettled = copies === 1 || quarantined.has(sequence);
			if (!isSettled) expect(pending.has(sequence), `${sequence} is kept`).toBe(true);
			if (isSettled) count++;
		}
		return count;
	};
	return { service, fixture, settled, pass: (days: number) => fixture.pass(days * 24, 5 * minute) };
}

type Case = readonly [name: string, isRefused: (sequence: number) => boolean, status: number];
const cases: readonly Case[] = [
	["every second point", (sequence) => sequence % 2 === 0, 400],
	["every twelfth point", (sequence) => sequence % 12 === 0, 422],
	["40 of every 100 points in a row", (sequence) => sequence % 100 < 40, 422],
	["every 24th point, not for its content", (sequence) => sequence % 24 === 0, 403],
];

test.each(cases)(
	"others use up the plan while the service refuses %s: nothing is lost, and it goes on next month",
	async (_, isRefused, status) => {
		const { service, fixture, settled, pass } = await makeFixture(isRefused, status);
		await pass(usedUpDay);
		expect(service.limited).toEqual([]);
		const before = settled();
		service.useUp(start + fixture.time.ticks());
		await pass(resetDay - usedUpDay);
		expect(settled()).toBe(before);
		// The plan may change: it is asked, but seldom.
		const { limited } = service;
		const waits = limited.slice(1).map((at, index) => at - (limited[index] ?? 0));
		expect(Math.min(...waits)).toBeGreaterThanOrEqual(hour);
		expect(limited.length).toBeLessThanOrEqual((resetDay - usedUpDay) * 24);

		let last = before;
		for (let day = 0; day < 20; day += 5) {
			await pass(5);
			const now = settled();
			expect(now - last, `settled from day ${day} of the month on`).toBeGreaterThan(100);
			last = now;
		}
		expect(limited.filter((at) => at > (resetDay + 0.5) * 24 * hour)).toEqual([]);
	},
);

test.each(cases)(
	"a search among %s does not use up the plan, and never ends",
	async (_, isRefused, status) => {
		const { service, settled, pass } = await makeFixture(isRefused, status);
		let last = 0;
		for (let day = 0; day < 60; day += 5) {
			await pass(5);
			const now = settled();
			expect(now - last, `settled from day ${day} on`).toBeGreaterThan(100);
			last = now;
		}
		expect(service.limited).toEqual([]);
	},
);
