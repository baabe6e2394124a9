import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Platform } from "./platforms";
import { requireTool, run } from "./sdk";

interface Machine {
	/** QEMU's program. */
	readonly program: string;
	readonly name: string;
	/** Bytes of the eFuse memory, and those that are not 0: a chip of a usual revision, and its MAC address. */
	readonly efuseBytes: number;
	readonly efuse: Readonly<Record<number, readonly number[]>>;
	readonly efuseDriver: string;
	/** The clock goes by instructions, 2^`instructionCounting` ns each. */
	readonly instructionCounting?: number;
	/** In Espressif's list of tools. */
	readonly package: string;
}

const machines: Partial<Readonly<Record<Platform, Machine>>> = {
	esp32: {
		program: "qemu-system-xtensa",
		name: "esp32",
		efuseBytes: 124,
		// Revision 3; the address backwards, and its checksum.
		efuse: { 4: [0x01, 0x00, 0x00, 0xc4, 0x0a, 0x24, 0xbe], 13: [0x80], 22: [0x10] },
		efuseDriver: "nvram.esp32.efuse",
		package: "qemu-xtensa",
	},
	"esp32/esp32c3": {
		program: "qemu-system-riscv32",
		name: "esp32c3",
		efuseBytes: 1024,
		// Revision 0.3; the address backwards.
		efuse: { 24: [0x02, 0x00, 0x00, 0xc4, 0x0a, 0x24], 38: [0x0c] },
		efuseDriver: "nvram.esp32c3.efuse",
		// Without it the timer stands still now and then.
		instructionCounting: 3,
		package: "qemu-riscv32",
	},
};

/** Chips that can be emulated. */
export const emulatedPlatforms = Object.keys(machines) as readonly Platform[];

/** This computer's loopback interface, as the board reaches it (QEMU's `-nic user`). */
export const hostAddress = "10.0.2.2";
/**
 * The address by which the board's setup page is asked for. The page answers to a browser in the same subnet of 256
 * addresses, as this computer's is; the board as a station must be in another one, and is further up in the network.
 */
export const boardAddress = "10.0.2.15";
const network = `net=10.0.0.0/16,host=${hostAddress},dns=10.0.2.3,dhcpstart=10.0.3.15`;

/** Of `boards/qemu/control-port.ts`. */
const controlPort = 4190;
const pagePort = 80;
/** Timeout for a response of the board, which may be busy. */
const controlTimeoutMs = 2_000;

/** Throws unless the chip can be emulated here. */
export function requireEmulator(platform: Platform): void {
	const machine = machines[platform];
	if (machine === undefined) throw new Error(`Give one of ${emulatedPlatforms.join(", ")}: QEMU has these.`);
	requireTool(
		{ environment: process.env },
		machine.program,
		`${machine.program}, Espressif's QEMU, is not installed: run \`python $IDF_PATH/tools/idf_tools.py install ${machine.package}\`, then \`. $IDF_PATH/export.sh\` in this shell`,
	);
}

export interface EmulatedChipOptions {
	readonly platform: Platform;
	/** A file with the flash, which the chip writes to; beside it the eFuse memory is made. */
	readonly flash: string;
	/** Ports of this computer that lead to the board's setup page and to its control port. */
	readonly ports: { readonly page: number; readonly control: number };
	readonly onLine: (line: string) => void;
}

/** A chip in QEMU. */
export class EmulatedChip {
	/** Resolves when QEMU has ended. */
	readonly ended: Promise<unknown>;
	private readonly process: ChildProcess;
	private readonly ports: EmulatedChipOptions["ports"];

	constructor({ platform, flash, ports, onLine }: EmulatedChipOptions) {
		const machine = machines[platform];
		if (machine === undefined) throw new Error(`QEMU has no ${platform}.`);
		const { instructionCounting } = machine;
		const efuse = `${flash}.efuse`;
		writeFileSync(efuse, efuseOf(machine));
		this.ports = ports;
		this.process = spawn(
			machine.program,
			[
				...["-M", machine.name, "-nographic", "-serial", "mon:stdio"],
				...["-drive", `file=${flash},if=mtd,format=raw`],
				...["-drive", `file=${efuse},if=none,format=raw,id=efuse`],
				...["-global", `driver=${machine.efuseDriver},property=drive,value=efuse`],
				"-nic",
				`user,model=open_eth,${network},hostfwd=tcp:127.0.0.1:${ports.page}-:${pagePort},hostfwd=udp:127.0.0.1:${ports.control}-:${controlPort}`,
				...(instructionCounting === undefined ? [] : ["-icount", `shift=${instructionCounting}`]),
			],
			// Its own group, so that Ctrl-C reaches this program alone; it waits for input, and stops at its end.
			{ stdio: ["pipe", "pipe", "pipe"], detached: true },
		);
		const kill = () => this.process.kill("SIGKILL");
		process.once("exit", kill);
		this.ended = once(this.process, "close").finally(() => process.removeListener("exit", kill));
		for (const output of [this.process.stdout, this.process.stderr])
			if (output !== null) createInterface({ input: output }).on("line", (line) => onLine(line.trimEnd()));
	}

	/** Ends QEMU at once, as a power cut would end the chip. */
	async stop(): Promise<void> {
		this.process.kill("SIGKILL");
		await this.ended;
	}

	/** Seconds of this computer's processor that QEMU has used. */
	async workedS(): Promise<number> {
		const environment = process.env;
		const time = await run({ environment }, "ps", ["-o", "time=", "-p", String(this.process.pid)]);
		// 1-02:03:04, or 02:03.04.
		const parts = time.trim().split(/[-:]/).reverse().map(Number);
		return [1, 60, 3600, 86_400].reduce((sum, unit, at) => sum + unit * (parts[at] ?? 0), 0);
	}

	/** The board's answer to a command; `undefined`: it gave none. */
	async command(command: string): Promise<string | undefined> {
		const socket = createSocket("udp4");
		try {
			socket.send(command, this.ports.control, "127.0.0.1");
			const [answer] = (await Promise.race([
				once(socket, "message"),
				new Promise((resolve) => setTimeout(resolve, controlTimeoutMs, [])),
			])) as [Uint8Array | undefined];
			return answer === undefined ? undefined : Buffer.from(answer).toString("utf8");
		} finally {
			socket.close();
		}
	}
}

function efuseOf({ efuseBytes, efuse }: Machine): Uint8Array {
	const bytes = new Uint8Array(efuseBytes);
	for (const [offset, values] of Object.entries(efuse)) bytes.set(values, Number(offset));
	return bytes;
}
