import { join } from "node:path";

const folder = join(import.meta.dirname, "../../src/boards/esp32");

/**
 * A module of the chip's board. What it exports, the test has to say: the SDK's typings and Node's cannot be had
 * together. Its imports of the SDK's modules are the test's to stand in for.
 */
export async function chipModule<Exports>(name: string): Promise<Exports> {
	return await import(/* @vite-ignore */ join(folder, `${name}.ts`));
}
