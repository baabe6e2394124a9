/** A board's log, line by line. */
export class LogLines {
	readonly lines: string[] = [];
	private readonly waiters: { readonly pattern: RegExp; resolve(line: string): void }[] = [];

	append(line: string): void {
		this.lines.push(line);
		for (const waiter of [...this.waiters]) {
			if (!waiter.pattern.test(line)) continue;
			this.waiters.splice(this.waiters.indexOf(waiter), 1);
			waiter.resolve(line);
		}
	}

	/** Resolves with the first line that matches, past or future. */
	waitFor(pattern: RegExp): Promise<string> {
		const past = this.lines.find((line) => pattern.test(line));
		if (past !== undefined) return Promise.resolve(past);
		return new Promise((resolve) => this.waiters.push({ pattern, resolve }));
	}

	clear(): void {
		this.lines.length = 0;
	}
}
