import { XsEngine } from "./xs-engine";
import type { Workload } from "./xs-program";

/** The firmware and the straightforward implementation. */
interface Both {
	readonly firmware: number;
	readonly baseline: number;
}

/** Use of the heap. */
export interface HeapUse {
	readonly slots: number;
	/** Bytes of slots and chunks. */
	readonly bytes: number;
}

/** Computrons (XS's count of work done) of each task, and growth of the heap. */
export interface XsFigures {
	readonly push: number;
	readonly read: number;
	readonly mount: number;
	readonly append: number;
	readonly encode: number;
	/** Sampling and storing a reading. */
	readonly sample: Both;
	/** Uploading a point in batches of 1,000, 12 and 1; the straightforward implementation always sends one. */
	readonly backlog: Both;
	readonly dozens: Both;
	readonly singles: Both;
	/** From the mount of a full ring to the first reading stored. */
	readonly boot: Both;
	/** From the mount of a full ring to a reading stored by the boot before, as after a deep sleep. */
	readonly wake: number;
	/** Bytes of the checksums that are C on a chip, for a record pushed, a reading stored, and a boot. */
	readonly checksummed: { readonly push: number; readonly append: number; readonly boot: number };
	/** Additional slots after 10,000 records were pushed, read and acknowledged, after a collection. */
	readonly growth: number;
	/** Additional use while half of a batch of 1,000 points has been sent, after a collection; and the same of the baseline. */
	readonly batch: HeapUse;
	readonly baselineBatch: HeapUse;
}

/** Approximate number of readings in a sector. */
const readingsPerSector = 544;

/** `image`: a flash full of readings. */
export function measureXs(image: Uint8Array): Promise<XsFigures> {
	return onEngine(async (engine) => {
		const queue = await measureQueue(engine);
		const board = await measureBoard(engine);
		const boot = await measureBoot(engine, image);
		return {
			...queue,
			...board,
			checksummed: { ...queue.checksummed, boot: boot.checksummed },
			boot: { firmware: boot.compute, baseline: await measure(engine, "baselineBoot", 1) },
			wake: await measureWake(engine),
		};
	});
}

/** Measures only the heap. */
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

/** Computrons per reading or point. */
async function measure(engine: XsEngine, work: Workload, count: number): Promise<number> {
	const idle = (await engine.call("nothing")).compute;
	const { compute } = await engine.call(work, count);
	await engine.call("settled");
	return (compute - idle) / count;
}

/** The same, and bytes of checksums. */
async function measureBoth(engine: XsEngine, work: Workload, count: number) {
	const before = await engine.numberOf("checksummedBytes()");
	const compute = await measure(engine, work, count);
	return { compute, checksummed: ((await engine.numberOf("checksummedBytes()")) - before) / count };
}

async function measureQueue(engine: XsEngine) {
	await engine.call("push", 10_000);
	const push = await measureBoth(engine, "push", 5_000);
	const read = await measure(engine, "read", 5_000);
	await engine.call("acknowledge", 5_000);
	const mount = await measure(engine, "mount", 1);
	const append = await measureBoth(engine, "append", 5_000);
	const encode = await measure(engine, "encode", 5_000);
	await engine.call("live", 200);
	const before = await engine.collect();
	await engine.call("live", 200);
	const after = await engine.collect();
	const batch = await measureHeapUse(engine, "holdBatch");
	return {
		...{ push: push.compute, read, mount, append: append.compute, encode, batch },
		checksummed: { push: push.checksummed, append: append.checksummed },
		growth: after.heap - before.heap,
	};
}

async function measureBoard(engine: XsEngine) {
	// A day, including the hourly sensor scans; and the same number of samples for the baseline.
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

/** The work of a boot depends on how full the newest sector is: the mean over a sector. */
async function measureBoot(engine: XsEngine, image: Uint8Array) {
	const places = 16;
	await engine.fill(image);
	// The board that filled it has kept where its newest sector is.
	await engine.call("age", 1);
	const sum = { compute: 0, checksummed: 0 };
	for (let place = 0; place < places; place++) {
		const boot = await measureBoth(engine, "boot", 1);
		sum.compute += boot.compute;
		sum.checksummed += boot.checksummed;
		await engine.call("age", readingsPerSector / places);
	}
	return { compute: sum.compute / places, checksummed: sum.checksummed / places };
}

/** After {@link measureBoot}; the mean over a sector, too. */
async function measureWake(engine: XsEngine): Promise<number> {
	let sum = 0;
	for (let wakes = 0; wakes < readingsPerSector; wakes++) sum += await measure(engine, "wake", 1);
	return sum / readingsPerSector;
}

/** Additional slots in use after a collection, and bytes with everything they refer to. */
async function measureHeapUse(engine: XsEngine, work: Workload): Promise<HeapUse> {
	await engine.call("letGo");
	const atRest = { slots: (await engine.collect()).heap, bytes: await engine.memory() };
	await engine.call(work);
	const busy = { slots: (await engine.collect()).heap, bytes: await engine.memory() };
	await engine.call("letGo");
	return { slots: busy.slots - atRest.slots, bytes: busy.bytes - atRest.bytes };
}
