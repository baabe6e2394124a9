import { beforeEach, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { OfflineTimer, offlineTimeoutMs } from "../../src/app/offline-timer";

const minute = 60_000;

let time: VirtualTime;
let timer: OfflineTimer;
let timeouts: number;
beforeEach(() => {
	time = new VirtualTime();
	timeouts = 0;
	timer = new OfflineTimer({ board: { time }, onOfflineTimeout: () => timeouts++ });
});

test("it fires after 15 minutes offline, not before, and once", async () => {
	timer.start();
	await time.advance(offlineTimeoutMs - 1);
	expect(timeouts).toBe(0);
	await time.advance(60 * minute);
	expect(timeouts).toBe(1);
});

test("it never fires while online", async () => {
	await time.advance(60 * minute);
	timer.start();
	await time.advance(14 * minute);
	timer.stop();
	await time.advance(60 * minute);
	expect(timeouts).toBe(0);
});

test("started again, it counts from the first start", async () => {
	timer.start();
	await time.advance(10 * minute);
	timer.start();
	await time.advance(4.9 * minute);
	expect(timeouts).toBe(0);
	await time.advance(0.2 * minute);
	expect(timeouts).toBe(1);
	timer.start();
	timer.stop();
	await time.advance(60 * minute);
	expect(timeouts).toBe(1);
});
