import { XsEngine } from "./xs-engine";
import type { Workload } from "./xs-program";

/** Ours, and the baseline way. */
interface Both {
	readonly firmware: number;
	readonly baseline: number;
}

/** What something takes of the heap. */
export interface HeapUse {
	readonly slots: number;
	/** Of slots and chunks. */
	readonly bytes: number;
}

/** Computrons (XS's own count of work done) of each work, and how the heap grows. */
export interface XsFigures {
	readonly push: number;
	readonly read: number;
	readonly mount: number;
	readonly append: number;
	readonly tell: number;
	/** A reading sampled and stored. */
	readonly sample: Both;
	/** A point uploaded, with 1,000, 12 and 1 in a batch; the baseline way always has one. */
	readonly backlog: Both;
	readonly dozens: Both;
	readonly singles: Both;
	/** From the mount of a full ring to the first reading stored. */
	readonly boot: Both;
	/** Slots more in use after 10,000 records were pushed, read and acknowledged, after collection. */
	readonly growth: number;
	/** More in use while half of a batch of 1,000 points has been sent, after collection; and in the baseline way. */
	readonly batch: HeapUse;
	readonly baselineBatch: HeapUse;
}

/** About as many are in a sector. */
const readingsPerSector = 544;

/** `image`: of a flash that is full of readings. */
export function measureXs(image: Uint8Array): Promise<XsFigures> {
	return onEngine(async (engine) => {
		const queue = await measureQueue(engine);
		const board = await measureBoard(engine);
		const boot = await measureBoot(engine, image);
		return {
			...queue,
			...board,
			boot: { firmware: boot, baseline: await measure(engine, "baselineBoot", 1) },
		};
	});
}

/** The heap alone. */
export function measureHeap(): Promise<Pick<XsFigures, "growth" | "batch">> {
	return onEngine(measureQueue);
}

async function onEngine<Figures>(work: (engine: XsEngine) => Promise<Figures>): Promise<Figures> {
	const engine = await XsEngine.start();
	try {
		return await work(engine);
	} finally {
		engine.stop();
	}
}

/** Of one. */
async function measure(engine: XsEngine, work: Workload, count: number): Promise<number> {
	const idle = (await engine.call("nothing")).compute;
	const { compute } = await engine.call(work, count);
	await engine.call("settled");
	return (compute - idle) / count;
}

async function measureQueue(engine: XsEngine) {
	await engine.call("push", 10_000);
	const push = await measure(engine, "push", 5_000);
	const read = await measure(engine, "read", 5_000);
	await engine.call("acknowledge", 5_000);
	const mount = await measure(engine, "mount", 1);
	const append = await measure(engine, "append", 5_000);
	const tell = await measure(engine, "tell", 5_000);
	await engine.call("live", 200);
	const before = await engine.collect();
	await engine.call("live", 200);
	const after = await engine.collect();
	const batch = await measureHeapUse(engine, "holdBatch");
	return { push, read, mount, append, tell, growth: after.heap - before.heap, batch };
}

async function measureBoard(engine: XsEngine) {
	// A day, hourly looks for other sensors included; and as many for the other side.
	await engine.call("sample", 10);
	const sample = {
		firmware: await measure(engine, "sample", 1_440),
		baseline: await measure(engine, "baselineSample", 1_440),
	};
	const baselineBatch = await measureHeapUse(engine, "holdObviousBatch");
	const baseline = await measure(engine, "baselineUpload", 240);
	const backlog = (await measure(engine, "uploadBacklog", 1)) / 1_000;
	const dozens = (await measure(engine, "uploadDozens", 20)) / 12;
	const singles = await measure(engine, "uploadSingles", 240);
	return {
		sample,
		backlog: { firmware: backlog, baseline },
		dozens: { firmware: dozens, baseline },
		singles: { firmware: singles, baseline },
		baselineBatch,
	};
}

/** How much a boot has to read depends on how full the newest sector is: the mean of many places, a sector in all. */
async function measureBoot(engine: XsEngine, image: Uint8Array): Promise<number> {
	const places = 16;
	await engine.fill(image);
	let sum = 0;
	for (let place = 0; place < places; place++) {
		sum += await measure(engine, "boot", 1);
		await engine.call("age", readingsPerSector / places);
	}
	return sum / places;
}

/** Slots, and bytes with all that they refer to, that stay in use, after collection. */
async function measureHeapUse(engine: XsEngine, work: Workload): Promise<HeapUse> {
	await engine.call("letGo");
	const atRest = { slots: (await engine.collect()).heap, bytes: await engine.memory() };
	await engine.call(work);
	const busy = { slots: (await engine.collect()).heap, bytes: await engine.memory() };
	await engine.call("letGo");
	return { slots: busy.slots - atRest.slots, bytes: busy.bytes - atRest.bytes };
}
