import fc from "fast-check";
import { expect, test } from "vitest";
import { toPrintable } from "../../src/common/control-characters";
import { type LogLine, LogRing, maxLogLineBytes } from "../../src/common/log-ring";

const ringBytes = 3712;
const headerBytes = 8;
const word = fc.constantFrom(
	"reading ",
	": temperature ",
	" celsius",
	"; stored",
	"sent point ",
	": 201",
	"1",
	"é",
);
const usual = fc.array(word, { maxLength: 20 }).map((words) => words.join(""));
const line = fc.oneof(usual, fc.string({ unit: "binary", maxLength: 200 }), fc.string({ maxLength: 900 }));

/** The lines as text. */
function read(
	lines: () => Iterable<LogLine>,
): readonly { readonly seconds: number; readonly text: string }[] {
	return [...lines()].map(({ seconds, textBytes, text }) => {
		const bytes = Buffer.from(text());
		expect(bytes.length).toBe(textBytes);
		return { seconds, text: bytes.toString("utf8") };
	});
}

const textOf = (line: string) => Buffer.from(toPrintable(line));
const sizeOf = (lines: readonly string[]) =>
	lines.reduce((sum, each) => sum + headerBytes + Math.min(maxLogLineBytes, textOf(each).length), 0);

test("holds the newest lines, at most 100, and never fewer than fit uncompressed, each with its time", () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(2 ** 30), line), { maxLength: 260 }), (entries) => {
			const ring = new LogRing();
			for (const [ticks, text] of entries) ring.add(ticks, text);
			const kept = read(ring.lines());
			const newest = entries.slice(entries.length - kept.length);
			for (const [index, { seconds, text }] of kept.entries()) {
				const [ticks, added] = newest[index] ?? [0, ""];
				expect(seconds).toBe(Math.floor(ticks / 1000));
				const whole = textOf(added).toString();
				if (textOf(added).length <= maxLogLineBytes) expect(text).toBe(whole);
				else expect([whole.startsWith(text), text.length > 100]).toEqual([true, true]);
			}
			expect(kept.length).toBeLessThanOrEqual(100);
			const more = entries.slice(-kept.length - 1).map(([, text]) => text);
			if (more.length > kept.length) expect(more.length > 100 || sizeOf(more) > ringBytes).toBe(true);
		}),
	);
});

test("an hour and a half of a board that measures each minute and sends each ten is kept", () => {
	const ring = new LogRing();
	for (let minute = 0; minute < 120; minute++) {
		const values = "temperature 21.37 celsius, humidity 43.2 percent, pressure 1017.88 hPa";
		ring.add(60_000 * minute, `reading ${123_000 + minute}: ${values}; stored`);
		const sent = `sent 10 points (${122_990 + minute} to ${123_000 + minute}): 201`;
		if (minute % 10 === 0) ring.add(60_000 * minute, sent);
	}
	expect([...ring.lines()()].length).toBe(100);
});

test("what a server says cannot forge a line", () => {
	const ring = new LogRing();
	ring.add(0, "not sent: 403: a\r\n9 sent point 1: 201\u0001\u0085");
	expect(read(ring.lines()).map(({ text }) => text)).toEqual(["not sent: 403: a 9 sent point 1: 201 "]);
});

test("lines that are added later do not change what a response sends", () => {
	const ring = new LogRing();
	ring.add(0, "first");
	const lines = ring.lines();
	for (let i = 0; i < 500; i++) ring.add(i, `line ${i}`);
	expect(read(lines).map(({ text }) => text)).toEqual(["first"]);
	expect([...lines()]).toHaveLength(1);
});
