import type { SleepMemory } from "../../src/boards/board";

const maxTextBytes = 3_072;

/** In place of a chip's memory that a deep sleep keeps; {@link clear} it at every other start. */
export class VirtualSleepMemory implements SleepMemory {
	private text: string | undefined;

	take(): string | undefined {
		const { text } = this;
		this.clear();
		return text;
	}

	keep(text: string): boolean {
		const fits = new TextEncoder().encode(text).length <= maxTextBytes;
		this.text = fits ? text : undefined;
		return fits;
	}

	clear(): void {
		this.text = undefined;
	}
}
