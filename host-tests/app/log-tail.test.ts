import fc from "fast-check";
import { expect, test } from "vitest";
import { LogTail } from "../../src/app/log-tail";
import { toPrintable } from "../../src/common/control-characters";
import { maxLogLineBytes } from "../../src/common/log-ring";
import { MemoryKeyValue } from "../memory-key-value";
import { VirtualSetupBoard } from "../setup/virtual-setup-board";

test("keeps the newest lines over any number of starts, in 1,900 bytes", () => {
	const line = fc
		.string({ unit: "grapheme", maxLength: 120 })
		.map(toPrintable)
		.filter((text) => Buffer.byteLength(text) <= maxLogLineBytes);
	const lines = fc.array(line, { maxLength: 40 });
	fc.assert(
		fc.property(fc.array(lines, { minLength: 1, maxLength: 4 }), (boots) => {
			const storage = new MemoryKeyValue();
			for (const boot of boots) {
				const tail = new LogTail(storage, "restart", false);
				for (const each of boot) tail.append(0, each);
				tail.save();
			}
			const all = boots.flat();
			const kept = new LogTail(storage, "deep sleep", true).lines;
			expect(kept).toEqual(all.slice(all.length - kept.length));
			const size = (some: readonly string[]) => Buffer.byteLength(["restart", ...some].join("\n"));
			expect(size(kept)).toBeLessThanOrEqual(1_900);
			// One line more would not fit.
			if (kept.length < all.length)
				expect(size(all.slice(all.length - kept.length - 1))).toBeGreaterThan(1_900);
		}),
	);
});

test("knows why the boot began, also after a deep sleep and without a saved log", () => {
	const storage = new MemoryKeyValue();
	expect(new LogTail(storage, "brown-out", false).reason).toBe("brown-out");
	expect(new LogTail(storage, "deep sleep", true).reason).toBe("brown-out");
	expect(new LogTail(storage, "panic", false).reason).toBe("panic");
	expect(new LogTail(storage, "deep sleep", true).reason).toBe("panic");
	expect(new LogTail(new MemoryKeyValue(), "deep sleep", true).reason).toBe("unknown");
});

test("no line brings an escape sequence to the terminal", async () => {
	const board = new VirtualSetupBoard([]);
	const saved = { location: "Roof", "colour\u001b[31m\u202ered": 1 };
	board.configure(saved);
	board.start();
	await board.time.advance(1_000);
	const line = board.logLines.find((each) => each.includes("colour"));
	expect(line).toMatch(/colour \[31m red/);
	await board.app?.stop();
});

test("a damaged record counts as absent", () => {
	const storage = new MemoryKeyValue();
	storage.values.set("log", Uint8Array.of(1, 2, 3));
	const tail = new LogTail(storage, "deep sleep", true);
	expect([tail.reason, tail.lines]).toEqual(["unknown", []]);
});

test("a storage that fails keeps the board from nothing", () => {
	const storage = new MemoryKeyValue();
	storage.write = () => {
		throw new Error("full");
	};
	const tail = new LogTail(storage, "restart", false);
	tail.append(0, "a line");
	tail.save();
	expect(tail.lines).toEqual(["a line"]);
});

test("in setup, the earlier log is shown, without the password of the access point", async () => {
	const board = new VirtualSetupBoard([{ ssid: "Home", password: "correct horse", meanRssi: -50 }]);
	board.configure({ networks: [{ ssid: "Home", password: "correct horse" }] });
	board.start("brown-out");
	await board.time.advance(60_000);
	board.app?.openSetup();
	await board.time.advance(20_000);
	expect(board.isOpen).toBe(true);
	expect(board.logLines.some((line) => /^setup: join the Wi-Fi .*password/.test(line))).toBe(true);
	const tail = new LogTail(board.storage, "deep sleep", true);
	expect(tail.reason).toBe("brown-out");
	expect(tail.lines[0]).toMatch(/^dakkio-esp32 .* boot 1 \(brown-out\)/);
	expect(tail.lines.some((line) => line.startsWith('Wi-Fi: joined "Home"'))).toBe(true);
	expect(tail.lines.join("\n")).not.toMatch(/setup: join/);
	await board.app?.stop();
});
