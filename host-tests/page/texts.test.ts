import { expect, test } from "vitest";
import { texts } from "../../page/texts";

test("an address in place of a name is shown once", () => {
	const { name } = texts.test.found;
	expect(name({ host: "api.dakkio.io", address: "127.0.0.1" })).toBe("api.dakkio.io is 127.0.0.1");
	expect(name({ host: "127.0.0.1", address: "127.0.0.1" })).toBe("127.0.0.1");
});
