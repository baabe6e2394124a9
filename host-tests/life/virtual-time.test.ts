import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";

const steps = fc.array(
	fc.oneof(
		fc.record({ kind: fc.constant("set" as const), delay: fc.nat(20) }),
		fc.record({ kind: fc.constant("clear" as const), which: fc.nat(50) }),
		fc.record({ kind: fc.constant("advance" as const), by: fc.nat(30) }),
	),
	{ maxLength: 80 },
);

test("timers fire in order of their due time, then of creation, unless cleared", async () => {
	await fc.assert(
		fc.asyncProperty(steps, async (all) => {
			const time = new VirtualTime();
			const came: [number, number][] = [];
			const timers: { timer: ReturnType<VirtualTime["set"]>; due: number; waits: boolean }[] = [];
			const expected: [number, number][] = [];
			for (const step of all) {
				if (step.kind === "set") {
					const index = timers.length;
					const timer = time.set(() => came.push([time.ticks(), index]), step.delay);
					timers.push({ timer, due: time.ticks() + step.delay, waits: true });
				} else if (step.kind === "clear") {
					const cleared = timers[step.which];
					time.clear(cleared?.timer);
					if (cleared !== undefined) cleared.waits = false;
				} else {
					const end = time.ticks() + step.by;
					const due = timers.flatMap((timer, index) =>
						timer.waits && timer.due <= end ? [{ timer, index }] : [],
					);
					due.sort((a, b) => a.timer.due - b.timer.due || a.index - b.index);
					for (const { timer, index } of due) {
						timer.waits = false;
						expected.push([timer.due, index]);
					}
					await time.advance(step.by);
					expect(time.ticks()).toBe(end);
				}
			}
			expect(came).toEqual(expected);
			expect(time.pending).toBe(timers.filter(({ waits }) => waits).length);
		}),
	);
});
