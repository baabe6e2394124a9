import { XsEngine } from "./xs";
import type { Work } from "./xs-program";

/** Computrons (XS's own count of work done) of each work, and how the heap grows. */
export interface XsFigures {
	readonly push: number;
	readonly read: number;
	readonly mount: number;
	readonly append: number;
	readonly tell: number;
	/** Slots more in use after 10,000 records were pushed, read and acknowledged, after collection. */
	readonly growth: number;
	/** Slots more in use while half of a batch of 1,000 points has been sent, after collection. */
	readonly batch: number;
}

export async function measureXs(): Promise<XsFigures> {
	const engine = await XsEngine.start();
	try {
		const idle = (await engine.call("nothing")).compute;
		const each = async (work: Work, count: number) =>
			((await engine.call(work, count)).compute - idle) / count;
		await engine.call("push", 10_000);
		const push = await each("push", 5_000);
		const read = await each("read", 5_000);
		await engine.call("acknowledge", 5_000);
		const mount = await each("mount", 1);
		const append = await each("append", 5_000);
		const tell = await each("tell", 5_000);
		await engine.call("live", 200);
		const before = await engine.collect();
		await engine.call("live", 200);
		const after = await engine.collect();
		await engine.call("letGo");
		const atRest = await engine.collect();
		await engine.call("holdBatch");
		const busy = await engine.collect();
		const batch = busy.heap - atRest.heap;
		return { push, read, mount, append, tell, growth: after.heap - before.heap, batch };
	} finally {
		engine.stop();
	}
}
