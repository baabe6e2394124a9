import { expect, test } from "vitest";
import { type NamedModule, shortenPrivateNames } from "../../scripts/private-names";

/** TypeScript and JavaScript are the same but for what `tsc` takes away. */
function compile(specifier: string, typescript: string): NamedModule {
	const javascript = typescript.replace(/private |^interface .*/g, "");
	return { specifier, typescript, javascript };
}

const shorten = (modules: readonly NamedModule[], reserved: readonly string[] = []) =>
	shortenPrivateNames(modules, new Set(reserved));

test("classes share the short names of their private members, one object does not", () => {
	const [queue, clock] = shorten([
		compile(
			"queue",
			"class Queue { private tail = 1; private head = 2; size() { return this.tail - this.head; } }",
		),
		compile("clock", "class Clock { private drift = 1; now() { return this.drift; } }"),
	]);
	expect(queue).toBe("class Queue { _0 = 1; _1 = 2; size() { return this._0 - this._1; } }");
	expect(clock).toBe("class Clock { _0 = 1; now() { return this._0; } }");
});

test("a class and those that it extends, over several modules, share no short name", () => {
	const [base, , child] = shorten([
		compile("base", "class Base { private one = 1; }"),
		compile("middle", "class Middle extends Base { private two = 2; }"),
		compile("child", "class Child extends Middle { private three = 3; private four = 4; }"),
	]);
	const used = [...`${base}${child}`.matchAll(/_\w/g)].map(([name]) => name);
	expect(new Set(used).size).toBe(used.length);
});

test.each([
	["a public member", "class Other { tail = 1; }"],
	["a key", "const other = { tail: 1 };"],
	["a key that is destructured", "const { tail } = other;"],
	["a member of an interface", "interface Other { tail: number }"],
	["a text", 'const name = "tail";'],
])("%s of the same name keeps it as it is", (_, other) => {
	const [own = ""] = shorten([
		compile("own", "class Own { private tail = 1; read() { return this.tail; } }"),
		compile("other", other),
	]);
	expect(own).toContain("this.tail");
});

test("a name of the SDK is unchanged", () => {
	const [own = ""] = shorten(
		[compile("own", "class Own { private length = 1; private rest = 2; }")],
		["length"],
	);
	expect(own).toBe("class Own { length = 1; _0 = 2; }");
});

test("methods, accessors and parameters that are members have short names, too", () => {
	const typescript =
		"class Own { constructor(private given, readonly open) {} private get state() { return this.given; } private run() { return this.state; } }";
	const javascript =
		"class Own { given; open; constructor(given, open) { this.given = given; this.open = open; } get state() { return this.given; } run() { return this.state; } }";
	const [own = ""] = shortenPrivateNames([{ specifier: "own", typescript, javascript }], new Set());
	expect(own).not.toMatch(/this\.(given|state)|get state|run\(/);
	expect(own).toContain("this.open = open");
});
