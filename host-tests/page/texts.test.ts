import { expect, test } from "vitest";
import { texts } from "../../page/texts";

test("an address in place of a name is shown once", () => {
	const { name } = texts.test.found;
	expect(name({ host: "api.dakkio.io", address: "127.0.0.1" })).toBe("api.dakkio.io is 127.0.0.1");
	expect(name({ host: "127.0.0.1", address: "127.0.0.1" })).toBe("127.0.0.1");
});

test("an import counts what was taken apart from what is invalid", () => {
	const { imported } = texts.transfer;
	const end = "Nothing is saved until you save.";
	expect(imported(1, 0)).toBe(`1 setting imported. ${end}`);
	expect(imported(0, 6)).toBe(`0 settings imported, 6 invalid. ${end}`);
});
