import { createPrivateKey, type KeyObject } from "node:crypto";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "../boards/node/files";
import type { Settings } from "../src/settings/settings";
import { buildFor, type Platform } from "./platforms";
import { makeReleaseKey, readPublicKey } from "./release-key-files";
import type { Sdk } from "./sdk";

/** Size of the emulated flash: the 4 MB of a board, and beyond them what the emulator's computer gives it. */
const flashBytes = 8 * 1024 * 1024;

/** Where the settings are that the computer gives the board, as `boards/qemu/main.ts` reads them. */
const settingsPartition = { offset: 0x7f_0000, size: 0x4000 } as const;

/** Where a board's 4 MB end. */
const secondSlotOffset = 0x40_0000;

/** The firmware with the board of the emulator. */
export interface EmulatorImage {
	/** What a new flash holds. */
	readonly flash: Uint8Array;
	/** What an update file of it holds. */
	readonly image: Uint8Array;
	/** Signs its updates. */
	readonly releaseKey: KeyObject;
	/** For the debugger. */
	readonly program: string;
	readonly partitions: readonly Partition[];
}

export interface Partition {
	readonly name: string;
	readonly offset: number;
	readonly size: number;
}

/** Builds the release firmware with the board in `boards/qemu`, in the layout of a 4 MB flash. */
export async function buildForEmulator(
	{ output, ...rest }: Sdk,
	platform: Platform,
	{ quiet = false }: { readonly quiet?: boolean } = {},
): Promise<EmulatorImage> {
	// What is built for a board shares the objects of XS there; one of them is another here.
	const sdk = { ...rest, output: join(output, "emulator") };
	const privateKeyFile = join(sdk.output, "release-key.pem");
	makeReleaseKey(privateKeyFile, `${privateKeyFile}.pub`);
	const built = await buildFor(sdk, {
		platform,
		releaseKey: readPublicKey(`${privateKeyFile}.pub`),
		program: "boards/qemu",
		adapt: (given) => addEmulator(given, platform),
		quiet,
	});
	const { directory } = built;
	return {
		flash: mergeFlash(directory),
		image: new Uint8Array(readFileSync(join(directory, "xs_esp32.bin"))),
		releaseKey: createPrivateKey(readFileSync(privateKeyFile)),
		program: join(directory, "xs_esp32.elf"),
		partitions: parsePartitions(readFileSync(built.sdk.environment.PARTITIONS_FILE ?? "", "utf8")),
	};
}

/** The partitions and options of a build, with what the emulator needs in addition. */
function addEmulator(sdk: Sdk, platform: Platform): Sdk {
	const { PARTITIONS_FILE = "", SDKCONFIGPATH = "" } = sdk.environment;
	const folder = join(sdk.output, "options", platform);
	const partitions = join(folder, "partitions.csv");
	replace(partitions, emulatorPartitions(readFileSync(PARTITIONS_FILE, "utf8")));
	for (const name of ["sdkconfig.defaults", "sdkconfig.defaults.release"]) {
		const options = readFileSync(join(SDKCONFIGPATH, name), "utf8");
		// Later lines win. QEMU's ESP32 has no fast flash.
		const more = ["CONFIG_ESPTOOLPY_FLASHSIZE_8MB=y", "CONFIG_ETH_USE_OPENETH=y"];
		if (platform === "esp32") more.push("CONFIG_ESPTOOLPY_FLASHMODE_DIO=y");
		const kept = options.replace(/^CONFIG_ESPTOOLPY_FLASHSIZE.*\n/m, "");
		replace(join(folder, "sdkconfig", name), [kept, ...more, ""].join("\n"));
	}
	const environment = {
		...sdk.environment,
		PARTITIONS_FILE: partitions,
		SDKCONFIGPATH: join(folder, "sdkconfig"),
	};
	return { ...sdk, environment };
}

/** Two slots as large as two each, the second one beyond a board's flash: the emulator's board makes the firmware larger. */
function emulatorPartitions(csv: string): string {
	const lines = csv.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
	const [first = "", second = ""] = lines.filter((line) => line.split(",")[1]?.trim() === "app");
	const size = Number(first.split(",")[4]) + Number(second.split(",")[4] ?? 0);
	const slot = (of: string, offset: string) =>
		[...of.split(",").slice(0, 3), ` ${offset.trim()}`, ` ${size}`].join(",");
	const others = lines
		.filter((line) => line !== second)
		.map((line) => (line === first ? slot(first, first.split(",")[3] ?? "") : line));
	const settings = ["settings", "data", "0x42", settingsPartition.offset, settingsPartition.size].join(", ");
	return [...others, slot(second, String(secondSlotOffset)), settings, ""].join("\n");
}

/** Leaves a file alone that has this text: the build goes by the time of its change. */
function replace(file: string, text: string): void {
	makeDirectory(dirname(file));
	try {
		if (readFileSync(file, "utf8") === text) return;
	} catch {
		// There is none yet.
	}
	writeFileSync(file, text);
}

/** All that ESP-IDF would flash, at its place in an erased flash. */
function mergeFlash(directory: string): Uint8Array {
	const { flash_files: files }: { readonly flash_files: Readonly<Record<string, string>> } = JSON.parse(
		readFileSync(join(directory, "flasher_args.json"), "utf8"),
	);
	const flash = new Uint8Array(flashBytes).fill(0xff);
	for (const [offset, file] of Object.entries(files))
		flash.set(readFileSync(join(directory, file)), Number(offset));
	return flash;
}

function parsePartitions(csv: string): Partition[] {
	return csv
		.split("\n")
		.map((line) => line.split(",").map((cell) => cell.trim()))
		.filter(([name = ""]) => name !== "" && !name.startsWith("#"))
		.map(([name = "", , , offset, size]) => ({ name, offset: Number(offset), size: Number(size) }));
}

/**
 * Puts settings into the file of a flash: at its next start the board takes them if they differ from those that it was
 * given before. `undefined`: it keeps what it has.
 */
export function writeSettings(file: string, settings: Partial<Settings> | undefined): void {
	const bytes = Buffer.alloc(settingsPartition.size, 0xff);
	if (settings !== undefined) {
		const text = Buffer.from(Buffer.from(JSON.stringify(settings), "utf8").toString("hex"), "latin1");
		bytes.writeUInt32LE(text.length);
		if (text.copy(bytes, 4) < text.length)
			throw new Error("The settings are too large for the emulated board.");
	}
	writeInto(file, bytes, settingsPartition.offset);
}

/** Has the firmware in a slot panic as soon as it is started; `undefined`: none. {@link writeSettings} ends it, too. */
export function writeCrashingSlot(file: string, slot: number | undefined): void {
	writeLastWord(file, 1, slot);
}

/** Has the firmware count its instructions and print marks, until {@link writeSettings} ends it. */
export function writeCounting(file: string): void {
	writeLastWord(file, 2, 1);
}

/** The word that is so far from the end of the partition. */
function writeLastWord(file: string, fromEnd: number, word: number | undefined): void {
	const bytes = Buffer.alloc(4, 0xff);
	if (word !== undefined) bytes.writeUInt32LE(word);
	writeInto(file, bytes, settingsPartition.offset + settingsPartition.size - 4 * fromEnd);
}

function writeInto(file: string, bytes: Uint8Array, offset: number): void {
	const flash = openSync(file, "r+");
	writeSync(flash, bytes, 0, bytes.length, offset);
	closeSync(flash);
}
