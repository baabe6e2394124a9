import { XsEngine } from "./xs";
import type { Work } from "./xs-program";

/** Ours, and the obvious way. */
interface Both {
	readonly ours: number;
	readonly obvious: number;
}

/** What something takes of the heap. */
export interface Held {
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
	/** A point uploaded, with 1,000, 12 and 1 in a batch; the obvious way always has one. */
	readonly backlog: Both;
	readonly dozens: Both;
	readonly singles: Both;
	/** From the mount of a full ring to the first reading stored. */
	readonly boot: Both;
	/** Slots more in use after 10,000 records were pushed, read and acknowledged, after collection. */
	readonly growth: number;
	/** More in use while half of a batch of 1,000 points has been sent, after collection; and in the obvious way. */
	readonly batch: Held;
	readonly obviousBatch: Held;
}

/** About as many are in a sector. */
const sectorReadings = 544;

/** `image`: of a flash that is full of readings. */
export function measureXs(image: Uint8Array): Promise<XsFigures> {
	return onEngine(async (engine) => {
		const queue = await measureQueue(engine);
		const board = await measureBoard(engine);
		const boot = await measureBoot(engine, image);
		return { ...queue, ...board, boot: { ours: boot, obvious: await measure(engine, "obviousBoot", 1) } };
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
async function measure(engine: XsEngine, work: Work, count: number): Promise<number> {
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
	const batch = await holding(engine, "holdBatch");
	return { push, read, mount, append, tell, growth: after.heap - before.heap, batch };
}

async function measureBoard(engine: XsEngine) {
	// A day, hourly looks for other sensors included; and as many for the other side.
	await engine.call("sample", 10);
	const sample = {
		ours: await measure(engine, "sample", 1_440),
		obvious: await measure(engine, "obviousSample", 1_440),
	};
	const obviousBatch = await holding(engine, "holdObviousBatch");
	const obvious = await measure(engine, "obviousUpload", 240);
	const backlog = (await measure(engine, "uploadBacklog", 1)) / 1_000;
	const dozens = (await measure(engine, "uploadDozens", 20)) / 12;
	const singles = await measure(engine, "uploadSingles", 240);
	return {
		sample,
		backlog: { ours: backlog, obvious },
		dozens: { ours: dozens, obvious },
		singles: { ours: singles, obvious },
		obviousBatch,
	};
}

/** How much a boot has to read depends on how full the newest sector is: the mean of many places, a sector in all. */
async function measureBoot(engine: XsEngine, image: Uint8Array): Promise<number> {
	const places = 16;
	await engine.fill(image);
	let sum = 0;
	for (let place = 0; place < places; place++) {
		sum += await measure(engine, "boot", 1);
		await engine.call("age", sectorReadings / places);
	}
	return sum / places;
}

/** Slots, and bytes with all that they refer to, that stay in use, after collection. */
async function holding(engine: XsEngine, work: Work): Promise<Held> {
	await engine.call("letGo");
	const atRest = { slots: (await engine.collect()).heap, bytes: await engine.memory() };
	await engine.call(work);
	const busy = { slots: (await engine.collect()).heap, bytes: await engine.memory() };
	await engine.call("letGo");
	return { slots: busy.slots - atRest.slots, bytes: busy.bytes - atRest.bytes };
}
