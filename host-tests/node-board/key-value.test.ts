import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeFiles } from "../../boards/node/files";
import { FileKeyValueStorage } from "../../boards/shared/file-key-value";

let directory: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "key-value-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (path = "dakkio") =>
	new FileKeyValueStorage(directory, nodeFiles).open({ path, format: "buffer" });

test("a written value is found by the next opener", () => {
	open().write("boots", Uint8Array.of(1, 2, 3));
	expect(new Uint8Array(open().read("boots") ?? new ArrayBuffer(0))).toEqual(Uint8Array.of(1, 2, 3));
	expect(readdirSync(join(directory, "dakkio"))).toEqual(["boots"]);
});

test("a view is written, not the buffer it looks at", () => {
	open().write("part", Uint8Array.of(9, 8, 7, 6).subarray(1, 3));
	expect(new Uint8Array(open().read("part") ?? new ArrayBuffer(0))).toEqual(Uint8Array.of(8, 7));
});

test("a key that is not there, or no longer, reads as undefined", () => {
	const storage = open();
	expect(storage.read("nothing")).toBeUndefined();
	storage.write("something", Uint8Array.of(1));
	storage.delete("something");
	storage.delete("something");
	expect(storage.read("something")).toBeUndefined();
});

test("domains do not see each other", () => {
	open("one").write("key", Uint8Array.of(1));
	expect(open("two").read("key")).toBeUndefined();
});

test.each(["", "sixteen-letters-", "../escape", "a/b", "ä"])(
	"%j is refused as a name, as the chip would",
	(name) => {
		expect(() => open().read(name)).toThrow(RangeError);
		expect(() => open(name)).toThrow(RangeError);
	},
);
