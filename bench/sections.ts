import { xsMemory } from "../scripts/xs-memory";
import { daysOnCell, describeChargeModel } from "./charge-model";
import { chipNames } from "./chip-image";
import { readChipMemory } from "./chip-memory";
import { arduinoDay, type DaySetting, firmwareDay, requestBytes } from "./days";
import type { DeviceFigures } from "./device-figures";
import type { QueueFigures } from "./queue";
import { describeRadioModel, firmwareRadioSeconds, radioSeconds } from "./radio-model";
import type { ReadingFigures } from "./readings";
import type { Row, Section } from "./results-table";
import type { WireFigures } from "./wire";
import type { XsFigures } from "./xs-figures";

/** The text above the tables. */
export const title = "What the device costs";
export const introduction = `Written by \`npm run bench -- --write\`; \`npm run bench\` measures again and fails if a figure of *ours* is worse than here by
more than 2 %, or misses its limit. Every figure is a count or calculated from counts: it is the same on every computer
and at every run, except for those of the SDK's simulator. The other column is a straightforward
implementation, measured with the same work.`;

interface Compared<Figures> {
	readonly firmware: Figures;
	readonly baseline: Figures;
}

export function queueSection({ firmware, baseline }: Compared<QueueFigures>): Section {
	const row = (what: string, key: keyof QueueFigures, limit: number, elsewhere: string): Row => ({
		...{ what, firmware: firmware[key], baseline: baseline[key], limit, elsewhere },
	});
	return {
		title: "Flash: the queue",
		text: [
			`The queue by itself, on a model of NOR flash: records of 96 bytes on 1 MiB, each durable and read back when
\`push\` returns, read and acknowledged 50 at a time, counted on the second time around the ring. Mount: 5,000 records wait, and the oldest is read.
The straightforward implementation is a ring of records with a head each, in which an acknowledgement clears a bit (\`bench/json-ring.ts\`).`,
		],
		baseline: "plain ring",
		rows: [
			row("bytes programmed for a record", "programmedBytes", 105.6, "111.6 (FlashDB)"),
			row("program operations for a record", "programs", 1.1, "3.05 (sequential-storage)"),
			row("erases for 1,000 records", "erases", 25.7, "25.7 (sequential-storage)"),
			row("bytes read for a record, verified", "readBytes", 210, "104, not verified"),
			row("mount: bytes read", "mountBytes", 2300, "2,312 (sequential-storage)"),
			row("mount: read operations", "mountReads", 64, "534 (sequential-storage)"),
		],
	};
}

export function readingSection({ firmware, baseline }: Compared<ReadingFigures>): Section {
	return {
		title: "Flash: readings",
		text: [
			`Readings of three values, battery and signal, one a minute, with the noise of a real sensor, in the compact records of the
firmware. The straightforward implementation is each reading as the JSON of its point, in the plain ring.`,
		],
		baseline: "JSON, plain ring",
		rows: [
			{
				...{
					what: "bytes of flash for a reading",
					firmware: firmware.bytes,
					baseline: baseline.bytes,
					limit: 12,
				},
				elsewhere: "288 (as JSON)",
			},
			{
				...{
					what: "readings that 1 MiB holds",
					better: "more",
					firmware: firmware.held,
					baseline: baseline.held,
				},
				...{ limit: 85_000, elsewhere: "3,640 (as JSON)" },
			},
		],
	};
}

/** 1,000 points in uploads of 1,000, of 12, and of one. */
export interface WireSectionFigures {
	readonly backlog: WireFigures;
	readonly dozens: WireFigures;
	readonly singles: WireFigures;
	readonly arduino: WireFigures;
}

export function wireSection({ backlog, dozens, singles, arduino }: WireSectionFigures): Section {
	const rows = (name: string, ours: WireFigures): Row[] => [
		{ what: `${name}: bytes`, firmware: ours.bytes, baseline: arduino.bytes },
		{ what: `${name}: TLS handshakes`, firmware: ours.handshakes, baseline: arduino.handshakes },
	];
	return {
		title: "On the wire, for 1,000 points",
		text: [
			`Bytes over TCP in both directions, handshakes and TLS records included, counted between the client and the embedded
server: the firmware's own log, batches and HTTP over Node's sockets. Both sides are held to what the chip's TLS can do
(TLS 1.2, ECDHE on P-256, AES-128-GCM). What is chance, or differs from one Node to the next, is evened out: an ECDSA
signature counts with its usual 71 bytes, and TLS alerts do not count.`,
			`The straightforward implementation is the documentation's own example for Arduino (\`bench/arduino-client.ts\`): one connection and one request
for each point, its three values and two words of metadata, on the same server. Ours sends with each point its timestamp,
its number, the signal, the battery and the firmware's version besides: a point by itself is larger therefore.`,
		],
		baseline: "Arduino example",
		rows: [
			...rows("a backlog in one upload", backlog),
			...rows("uploads of 12 (each 5 min, sent each hour)", dozens),
			...rows("a point at a time", singles),
		],
	};
}

/** A figure that not every computer can measure. */
function row(what: string, firmware: number | undefined, baseline?: number, limit?: number): Row {
	const row: Row = { what, firmware, ...(baseline === undefined ? {} : { baseline }) };
	return limit === undefined ? row : { ...row, limit };
}

/** An entry of NVS has 32 bytes, a page 126 of them; one of the six pages of the usual 24 KiB must stay free. */
const nvsEntries = 5 * 126;
/** A blob of 97 to 128 bytes, as such a reading is, takes six: its head, four of bytes, its index. */
const nvsReadings = Math.floor(nvsEntries / 6);

export function xsSection(figures: XsFigures | undefined): Section {
	return {
		title: "XS compute",
		text: [
			`Computrons: the count that the engine of the chip keeps of its own work, here in a process by itself (\`@agoric/xsnap\`),
with a bus, a flash and a connection that do nothing but hand bytes over, so that what is counted is the firmware. A
reading sampled: the whole sampler with the BME280's driver, a day of one a minute with its hourly looks for other sensors,
each stored with its context. A point uploaded: from the flash through batch and HTTP client to the acknowledgement, a
connection for each batch, TLS left out. A boot: the mount of a ring of 1 MiB that has been overwritten half around, the
oldest reading read, the first one of the boot stored; a wake: the mount, and a reading that continues the boot before.
Both are the mean over how full the newest sector can be, with the hint of its place in key-value storage; the wake with the
state after the last reading, as a deep sleep keeps it.`,
			`Checksums, and the bench's own bus, flash, storage and timers, stand in for C and the SDK's thin classes over it: a call of
one counts as one of the engine's own functions, whatever it does here. The last rows say how many bytes the checksums had,
and the table of instructions what one of 100 bytes takes.`,
			`The straightforward implementation is the same driver's values in an object, \`JSON.stringify\`, and a key of key-value storage for each, with a
counter of the oldest and one of the next (\`bench/xs-baseline.ts\`); uploaded by \`JSON.parse\`, \`JSON.stringify\` of a point,
one request on a connection of its own with the same HTTP client, and the key deleted. Its UTF-8 is native code, and what
NVS does in C for each key is not counted. It measures, stores and starts for less, because it does less: no sensor is
looked for, named or calibrated, no record is compact or checked, and the usual 24 KiB of NVS hold about ${nvsReadings} such readings,
under two hours of one a minute. It also sends a point by itself for less: ours measures the text before it sends it.`,
		],
		baseline: "JSON, key-value",
		rows: [
			row("reading sampled and stored", figures?.sample.firmware, figures?.sample.baseline, 6_000),
			row("reading stored", figures?.append, undefined, 3_000),
			row("point uploaded, 1,000 in a batch", figures?.backlog.firmware, figures?.backlog.baseline, 10_450),
			row("point uploaded, 12 in a batch", figures?.dozens.firmware, figures?.dozens.baseline),
			row("point uploaded, one by itself", figures?.singles.firmware, figures?.singles.baseline, 58_500),
			row("reading read back and encoded as JSON in UTF-8", figures?.encode, undefined, 5_750),
			row("boot with a full ring", figures?.boot.firmware, figures?.boot.baseline, 52_600),
			row("wake with a full ring", figures?.wake, undefined, 30_400),
			row("queue: push of 96 bytes", figures?.push, undefined, 1_575),
			row("queue: record read back", figures?.read, undefined, 935),
			row("queue: mount 1 MiB, 10,000 waiting, oldest read", figures?.mount, undefined, 36_250),
			row("bytes of checksums, queue: push of 96 bytes", figures?.checksummed.push),
			row("bytes of checksums, reading stored", figures?.checksummed.append),
			row("bytes of checksums, boot with a full ring", figures?.checksummed.boot),
		],
	};
}

export function memorySection(xs: XsFigures | undefined): Section {
	const kilobytes = (bytes: number | undefined) =>
		bytes === undefined ? undefined : Math.round(bytes / 1024);
	const { slots, chunks, stack } = xsMemory();
	const reserved = (slots + chunks + stack) / 1024;
	return {
		title: "Memory",
		text: [
			`What is in use of XS's heap, after a collection, while half of a batch of 1,000 points has been sent: slots, and the bytes of
slots and of the chunks in which strings, buffers and arrays lie. A slot has 32 bytes here and 16 on a chip. Then how many
slots more there are after 10,000 records pushed, read and acknowledged. The straightforward implementation is the batch as an array of points,
and the text of the request made of it.`,
			`What XS needs on a chip is measured by \`npm run test:chip\` on the emulated chip, and held there against what it has,
${reserved} KiB, with a tenth to spare: the most that was live at the end of one of its own collections, slots of each, chunks of those
that compact them, with the one that was wanted, and the stack of ${stack / 1024} KiB. At rest, without a connection; while 3,000 points are sent in batches of 1,000 after a
TLS handshake; and in setup, while settings are tested. They stand here as its last run left them; QEMU does not repeat to the
byte.`,
		],
		baseline: "array and JSON",
		rows: [
			row("slots for a batch of 1,000", xs?.batch.slots, xs?.baselineBatch.slots, 256),
			row("bytes for a batch of 1,000", xs?.batch.bytes, xs?.baselineBatch.bytes, 10_240),
			row("slots more after 10,000 records", xs?.growth, undefined, 8),
			...Object.entries(chipNames).flatMap(([platform, name]) => {
				const chip = readChipMemory(platform);
				return [
					row(`KiB on an ${name}, at rest`, kilobytes(chip.rest), undefined, reserved),
					row(`KiB on an ${name}, sending batches`, kilobytes(chip.backlog), undefined, reserved),
					row(`KiB on an ${name}, in setup`, kilobytes(chip.setup), undefined, reserved),
				];
			}),
		],
	};
}

/** Rounded: they are what the next change is compared with by 2 %. */
export function deviceSection(figures: DeviceFigures | undefined): Section {
	const { start, wake, uploadWake, upload, batteryHour, mainsHour } = figures ?? {};
	const whole = wake && wake.make + wake.detect + wake.store;
	const share = (part: number | undefined) =>
		part === undefined || whole === undefined ? undefined : (100 * part) / whole;
	return {
		title: "XS compute: the whole app",
		text: [
			`Computrons of everything that the app does, on a bare board: a BME280, the network, the time server and the service at
once, TLS left out; readings on 1 MiB, the quarantine on 32 KiB. From the firmware's first statement to the deep sleep, in an
hour of one reading a minute that is sent once; and the second hour on mains. Before the app was measured as a whole, such a
wake took 330,000 to 430,000: each address was probed for each driver, settings, log lines and erased flash were looked at
byte by byte; then 187,000, until the state after the last reading was kept over the sleep.`,
		],
		baseline: "% of the wake",
		rows: [
			row("first start, to the first reading stored", start),
			row("a wake on battery, from the first statement to sleep", whole, undefined, 56_200),
			row("of it: storage, settings, parts", wake?.make, share(wake?.make)),
			row("of it: sensors found and started", wake?.detect, share(wake?.detect)),
			row("of it: measured, stored, state saved", wake?.store, share(wake?.store)),
			row("a wake that sends 60 readings", uploadWake),
			row("of it: network, time, request", upload),
			row("an hour on battery, a reading a minute", batteryHour),
			row("an hour on mains, a reading a minute", mainsHour),
		],
	};
}

/** Battery boards: name, seconds between two readings. */
const batteryBoards = [
	["a reading each minute", 60],
	["each 10 minutes", 600],
	["each hour", 3600],
] as const;

export async function chargeSection(
	device: DeviceFigures | undefined,
	wire: WireSectionFigures,
	points: number,
): Promise<Section> {
	const bytes = requestBytes(wire.backlog, wire.dozens, points);
	const computrons = device && device.wake.make + device.wake.detect + device.wake.store;
	const rows: Row[] = [];
	for (const [name, interval] of batteryBoards) {
		const setting = { power: "battery", interval } as const;
		const wakes = 86_400 / interval;
		const radioS = firmwareRadioSeconds(await firmwareDay(setting, bytes));
		const days = computrons === undefined ? undefined : daysOnCell({ wakes, computrons, radioS });
		const arduino = arduinoDay(setting, wire.arduino);
		rows.push({
			...row(
				`days, ${name}`,
				days,
				daysOnCell({ wakes, computrons: undefined, radioS: radioSeconds(arduino) }),
			),
			better: "more",
		});
	}
	return {
		title: "Charge: days on 2,000 mAh",
		text: [
			`Of the whole app on battery, \`uploadInterval\` at *auto*: an upload an hour, or with each reading if that is rarer.`,
			describeChargeModel(),
			`The straightforward implementation is the Arduino example, which sleeps too and joins for each point; its start is taken for the
platform's alone.`,
		],
		baseline: "Arduino example",
		rows,
	};
}

/** Settings of the boards, with their names in the table. */
const settings: readonly (DaySetting & { readonly name: string })[] = [
	{ name: "mains, a reading each minute", power: "mains", interval: 60 },
	{ name: "mains, each 5 minutes", power: "mains", interval: 300 },
	{ name: "battery, each 10 minutes", power: "battery", interval: 600 },
	{ name: "battery, each hour", power: "battery", interval: 3600 },
];

export async function radioSection(wire: WireSectionFigures, points: number): Promise<Section> {
	const bytes = requestBytes(wire.backlog, wire.dozens, points);
	const rows: Row[] = [];
	for (const { name, ...setting } of settings) {
		const firmware = firmwareRadioSeconds(await firmwareDay(setting, bytes));
		rows.push({ what: name, firmware, baseline: radioSeconds(arduinoDay(setting, wire.arduino)) });
	}
	const hourly = await firmwareDay({ power: "battery", interval: 600 }, bytes);
	rows.push({ what: "battery, each 10 minutes, if it kept nothing", firmware: radioSeconds(hourly) });
	return {
		title: "Radio, seconds a day",
		text: [
			`How often a board joins, connects, sends and asks for the time is counted on quiet days of the whole app in virtual time,
alone on the Free plan of 10,000 calls a month, with \`uploadInterval\` at *auto*; bytes are those of the wire. On mains it
stays joined, and only what it does counts; on battery everything from joining to the answer.`,
			describeRadioModel(),
			`The straightforward implementation is the Arduino example, which joins for each point on battery, and never asks for the time. With one
reading an hour both do the same, and ours asks a time server besides: its readings carry their own time. More
often than that ours sends several at once, each some minutes or up to an hour after it was measured, and keeps to the plan;
a request for each reading of a minute, as the example would send them, is 43,200 calls a month.`,
		],
		baseline: "Arduino example",
		rows,
	};
}
