import { readMeasured, saveMeasured } from "./measured-file";
import type { Section } from "./results-table";

/** Millions of instructions by piece of work; of rows that say so, instructions or bytes. */
export type InstructionCounts = Readonly<Record<string, number>>;

const name = "instructions";

/** Kept by the last `npm run test:chip -- --instructions` on this computer; what it did not measure stays as it is. */
export function saveInstructionCounts(counts: InstructionCounts): void {
	saveMeasured(name, { ...readInstructionCounts(), ...counts });
}

/** Empty if they have not been measured. */
function readInstructionCounts(): InstructionCounts {
	return (readMeasured(name) as InstructionCounts | undefined) ?? {};
}

/** The rows of the table, by the names that `chip-tests/instruction-counts.ts` gives, with their limits in millions. */
const rows: readonly (readonly [what: string, limit?: number])[] = [
	["reset to app_main: ROM, bootloader, ESP-IDF"],
	["app_main to the firmware's first statement: XS"],
	["first statement to the boot line, full ring"],
	["boot line to the first reading stored, full ring"],
	["reset to the first reading stored, full ring", 32],
	["the same, of a ring whose ends are not known"],
	["the same, empty ring"],
	["the same, first start"],
	["a later reading"],
	["a second at rest"],
	["TLS, connected to verified: first", 70],
	["TLS, connected to verified: known chain", 40],
	["TLS, connected to verified: resumed", 5],
	["TLS, connected to verified: RSA of 4,096 and 2,048 bits"],
	["a point uploaded: planned, to the connection"],
	["a point uploaded: request, response, acknowledgement"],
	["a point uploaded, in a batch of 12"],
	["a point uploaded, in a batch of 1,000"],
	["a wake on battery, reset to sleep", 40],
	["a wake on battery that uploads 3 points, resumed"],
	["the setup page loaded"],
	["the setup page's test of the settings"],
];
const startRows = 4;
const wholeStart = "reset to the first reading stored, full ring";

const byteRows = [
	"bytes of an upload of a point: first",
	"bytes of an upload of a point: known chain",
	"bytes of an upload of a point: resumed",
	"bytes of an upload of a point: RSA of 4,096 and 2,048 bits",
];

const checksumRows = [
	"instructions of a call of a function in C: a checksum of nothing",
	"instructions of a checksum of 100 bytes",
];

/** Rounded: they are what the next change is compared with by 2 %, and QEMU does not repeat to the digit. */
function rounded(millions: number | undefined): number | undefined {
	return millions === undefined ? undefined : Number(millions.toPrecision(millions < 10 ? 2 : 3));
}

/** `undefined` figures of what was not measured here. */
export function instructionSection(): Section {
	const counts = readInstructionCounts();
	const whole = counts[wholeStart];
	const reading = counts["a later reading"];
	const rest = counts["a second at rest"];
	const connection = counts["TLS, connected to verified: resumed"];
	const plan = counts["a point uploaded: planned, to the connection"];
	const point = counts["a point uploaded, in a batch of 12"];
	const known = [reading, rest, connection, plan, point].every((count) => count !== undefined);
	const hour = 60 * (reading ?? 0) + 3600 * (rest ?? 0) + (connection ?? 0) + (plan ?? 0) + 60 * (point ?? 0);
	return {
		title: "Instructions on an emulated ESP32-C3",
		text: [
			`Millions of executed instructions of the release image in QEMU, by \`npm run test:chip -- esp32/esp32c3 --instructions\`, which
left them here: time in which the chip is idle does not count, waits for the flash are not modelled, and at 160 MHz an
instruction takes 6 ns at least. A start is one after a power cut, of a board without an own root certificate; the ring has been
overwritten. One pin is read, the I²C bus is empty; Ethernet stands for Wi-Fi. What connects has an own root in its settings, and
the server a chain of two certificates on P-256. QEMU has no deep sleep: on battery a restart stands for it, in which the
bootloader verifies the image; on a chip a wake does not. An hour on mains is calculated of the rows above it: a reading a
minute, sent once over a resumed session. A checksum is the mean of a thousand, called from JavaScript. Bytes are those over TCP of a connection that sends one point.`,
		],
		baseline: "% of the start",
		rows: [
			...rows.map(([what, limit], at) => {
				const count = counts[what];
				const share = at < startRows && count !== undefined && whole !== undefined;
				return {
					what,
					firmware: rounded(count),
					baseline: share ? Math.round((100 * count) / whole) : undefined,
					...(limit !== undefined && { limit }),
				};
			}),
			{ what: "an hour on mains, a reading a minute", firmware: known ? rounded(hour) : undefined },
			...checksumRows.map((what) => ({ what, firmware: rounded(counts[what]) })),
			...byteRows.map((what) => ({ what, firmware: counts[what] })),
		],
	};
}
