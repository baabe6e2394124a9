/**
 * JavaScript functions made at random, of what compilers get wrong: blocks with locals, loops that are left, exceptions,
 * closures over what loops declare, conditions, destructuring, classes. Each ends, and only asks for what is declared.
 */
export class RandomProgram {
	private state: number;
	private names = 0;

	constructor(seed: number) {
		this.state = seed >>> 0;
	}

	/** The text of a function of three parameters. */
	function(): string {
		const names = ["a", "b", "c"];
		const parameters = this.pick([
			"a, b, c",
			`a, b = ${this.below(9)}, c = a`,
			"a, b, ...rest",
			"a, { length: b = 4 } = [], [c = 1] = [a]",
		]);
		if (parameters.includes("rest")) names.splice(2, 1, "rest.length");
		const body = this.block(names, 4, false);
		return `(${parameters}) => {\nconst seen = [];\nlet steps = 0;\n${body}\nreturn [${names.join(", ")}, steps, seen.map((each) => typeof each === "function" ? each(1) : each)];\n}`;
	}

	private block(outer: readonly string[], depth: number, inLoop: boolean): string {
		const names = [...outer];
		const lines: string[] = [];
		for (let count = 1 + this.below(4); count > 0; count--) lines.push(this.statement(names, depth, inLoop));
		return lines.join("\n");
	}

	private statement(names: string[], depth: number, inLoop: boolean): string {
		const value = () => this.expression(names, 2);
		const inner = (more: readonly string[] = [], loop = inLoop) =>
			`{\n${this.block([...names, ...more], depth - 1, loop)}\n}`;
		if (depth <= 0) return `seen.push(${value()});`;
		const name = `v${this.names++}`;
		const declare = (text: string) => {
			names.push(name);
			return text;
		};
		switch (this.below(22)) {
			case 0:
				return declare(`let ${name} = ${value()};`);
			case 1:
				return declare(`const ${name} = ${value()};`).replace("const", this.pick(["const", "let"]));
			case 2:
				return declare(`let ${name}; if (${this.condition(names)}) ${name} = ${value()};`);
			case 3:
				return `if (${this.condition(names)}) ${inner()} else ${inner()}`;
			case 4:
				return `if (${this.condition(names)}) ${inner()}`;
			case 5:
				return `for (let ${name} = 0; ${name} < 3 && steps++ < 90; ${name}++) ${inner([name], true)}`;
			case 6:
				return `for (const ${name} of [${value()}, ${value()}, 5]) ${inner([name], true)}`;
			case 7:
				return `for (const ${name} of [1, 2]) seen.push((x) => x + ${name} + ${value()});`;
			case 8:
				return `for (let ${name} = 0; ${name} < 2; ${name}++) seen.push(() => ${name});`;
			case 9:
				return `try ${inner()} catch (${name}) ${inner([`Number(${name})`])}`;
			case 10:
				return `try ${inner()} finally ${inner()}`;
			case 11:
				return `try { if (${this.condition(names)}) throw ${value()}; ${this.block(names, depth - 1, inLoop)} } catch (${name}) { seen.push(${name}); } finally ${inner()}`;
			case 12:
				return inLoop
					? `if (${this.condition(names)}) ${this.pick(["break", "continue"])};`
					: `seen.push(${value()});`;
			case 13:
				return `if (${this.condition(names)} && steps++ > 3) return seen.length;`;
			case 14:
				return `switch (${value()} & 3) { case 0: ${this.block(names, depth - 1, inLoop)} case 1: { seen.push(1); break; } default: ${inner()} }`;
			case 15:
				return declare(
					`const [${name}, ...${name}r] = [${value()}, ${value()}]; seen.push(${name}r.length);`,
				);
			case 16:
				return declare(
					`const { p: ${name} = ${value()}, ...${name}o } = { q: ${value()}, ...{ r: 1 } }; seen.push(${name}o);`,
				);
			case 17:
				return declare(`let ${name} = 1; seen.push(() => ${name}++); ${name} += ${value()};`);
			case 18:
				return declare(
					`const ${name} = ((p, q = p) => { ${this.block([...names, "p", "q"], depth - 2, false)} return p + q; })(${value()});`,
				);
			case 19:
				return `seen.push(new (class ${name} { f = ${value()}; #g = 2; constructor(x) { this.h = x; } get k() { return this.h + this.#g; } m(x) { const y = x ?? this.f; return () => y + this.k; } })(${value()}).m(${value()})());`;
			case 20:
				return `seen.push([...(function* (x) { let y = 0; try { while (y < 3) { const z = yield x + y; y += 1 + (z ?? 0); } } finally { seen.push(y); } })(${value()})]);`;
			default: {
				const assigned = names.find((each) => /^(a|b)$/.test(each));
				return `${assigned ?? "steps"} ${this.pick(["=", "+=", "-=", "??=", "||=", "&&="])} ${value()};`;
			}
		}
	}

	private expression(names: readonly string[], depth: number): string {
		const any = () => this.expression(names, depth - 1);
		if (depth <= 0) return this.below(3) === 0 ? String(this.below(300) - 20) : this.pick(names);
		switch (this.below(15)) {
			case 0:
				return `(${any()} + ${any()})`;
			case 1:
				return `(${any()} - ${any()})`;
			case 2:
				return `(${any()} | 0)`;
			case 3:
				return `(${this.condition(names)} ? ${any()} : ${any()})`;
			case 4:
				return `(${any()} ?? ${any()})`;
			case 5:
				return `[${any()}, ${any()}].length`;
			case 6:
				return `({ a: ${any()}, b: ${any()}, ["c" + ${any()}]: 1 }).b`;
			case 7:
				return `(${any()} && ${any()})`;
			case 8:
				return `(${any()} || ${any()})`;
			case 9:
				return `\`\${${any()}}:\${${any()}}\`.length`;
			case 10:
				return `((x, y) => x * 2 - (y ?? 1))(${any()})`;
			case 11:
				return `(undefined?.x ?? ${any()})`;
			case 12:
				return `Math.max(${any()}, ${any()}, ...[1, ${any()}])`;
			default:
				return this.pick(names);
		}
	}

	private condition(names: readonly string[], depth = 2): string {
		const any = () => this.condition(names, depth - 1);
		if (depth <= 0 || this.below(3) === 0)
			return `${this.pick(names)} ${this.pick(["<", ">", "===", "!==", ">="])} ${this.below(9)}`;
		switch (this.below(4)) {
			case 0:
				return `!(${any()})`;
			case 1:
				return `(${any()} && ${any()})`;
			case 2:
				return `(${any()} || ${any()})`;
			default:
				return `(${this.expression(names, 1)}) ${this.pick(["&&", "||"])} ${any()}`;
		}
	}

	private pick<T>(from: readonly T[]): T {
		return from[this.below(from.length)] as T;
	}

	private below(limit: number): number {
		// Numerical Recipes' generator, of whose bits the high ones are random.
		this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
		return Math.floor((this.state / 2 ** 32) * limit);
	}
}
