import fc from "fast-check";
import { expect, test } from "vitest";
import { LogRing, maxLogLineBytes } from "../../src/common/log-ring";

const line = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.string({ maxLength: 900 }));

test("holds the newest lines, at most 100 and 3 KiB, cut at a character, each with its time", () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(2 ** 40), line), { maxLength: 260 }), (entries) => {
			const ring = new LogRing();
			for (const [ticks, text] of entries) ring.add(ticks, text);
			const kept = [...ring.lines()()];
			const all = entries.map(([ticks, text]) => {
				const bytes = Buffer.from(text);
				let length = Math.min(bytes.length, maxLogLineBytes);
				while (length < bytes.length && ((bytes[length] ?? 0) & 0xc0) === 0x80) length--;
				return { seconds: Math.floor(ticks / 1000) % 2 ** 32, text: bytes.toString("utf8", 0, length) };
			});
			expect(kept).toEqual(all.slice(all.length - kept.length));
			const size = (some: typeof all) => some.reduce((sum, { text }) => sum + 6 + Buffer.byteLength(text), 0);
			expect(kept.length).toBeLessThanOrEqual(100);
			expect(size(kept)).toBeLessThanOrEqual(3072);
			// One more would not fit.
			const more = all.slice(-kept.length - 1);
			if (more.length > kept.length) expect(more.length > 100 || size(more) > 3072).toBe(true);
		}),
	);
});

test("lines that are added later do not change what a response sends", () => {
	const ring = new LogRing();
	ring.add(0, "first");
	const lines = ring.lines();
	for (let i = 0; i < 500; i++) ring.add(i, `line ${i}`);
	expect([...lines()].map(({ text }) => text)).toEqual(["first"]);
	expect([...lines()]).toHaveLength(1);
});
