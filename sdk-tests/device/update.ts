import { NorFlash } from "../../simulator/hardware/nor-flash";
import { firmwareCrypto } from "../../src/boards/esp32/tls/firmware-crypto";
import { FirmwareUpdate, type UpdateProblem } from "../../src/update/firmware-update";
import { headerBytes } from "../../src/update/image-header";
import type { UpdatePlan } from "../test-plan";
import { LeapingTime } from "./leaping-time";
import { check, expectSame } from "./report";

/** Updates with the engine's own cryptography. */
export async function checkUpdate(plan: UpdatePlan): Promise<void> {
	const releaseKey = Uint8Array.from(plan.releaseKey);
	const file = Uint8Array.from(plan.file);
	const run = (sent: Uint8Array, key = releaseKey) => install(sent, key);
	await check("a signed update is written, verified and activated", async () =>
		expectSame(await run(file), { activated: 1 }),
	);
	await check("a changed header is refused before anything is written", async () => {
		for (const at of [8, 24, 33, 36, 68, 100, headerBytes - 1])
			expectSame(await run(changed(file, at)), { problem: "signature", activated: 0 }, `byte ${at}`);
	});
	await check("a changed image is refused by its hash", async () => {
		for (const at of [headerBytes + 1, headerBytes + 5000, file.length - 1])
			expectSame(await run(changed(file, at)), { problem: "hash", activated: 0 }, `byte ${at}`);
	});
	await check("another key's signature is refused, and so is a key that is none", async () => {
		for (const key of [Uint8Array.from(plan.anotherKey), new Uint8Array(64)])
			expectSame(await run(file, key), { problem: "signature", activated: 0 });
	});
}

function changed(file: Uint8Array, at: number): Uint8Array {
	const copy = file.slice();
	copy[at] = (copy[at] ?? 0) ^ 1;
	return copy;
}

/** On a board of its own: what came of it. */
async function install(
	file: Uint8Array,
	releaseKey: Uint8Array,
): Promise<{ problem?: UpdateProblem; activated: number }> {
	const slot = new NorFlash({ blocks: 4, blockLength: 4096 });
	let activated = 0;
	const stored = new Map<string, Uint8Array>();
	const unused = () => {};
	const update = new FirmwareUpdate({
		slots: {
			...firmwareCrypto,
			...{ releaseKey, running: 0, isOnTrial: false, keep: unused, rollBack: unused },
			openOther: () => slot,
			activate: () => {
				activated++;
			},
		},
		storage: {
			read: (key) => stored.get(key)?.slice().buffer,
			write: (key, value) => void stored.set(key, value.slice()),
			delete: (key) => void stored.delete(key),
		},
		time: new LeapingTime(() => 0),
		...{ chip: "lin", version: [0, 2, 0] as const, owner: { log: unused, onActivated: unused } },
	});
	let problem = update.begin(file.subarray(0, headerBytes), false);
	for (let at = headerBytes; problem === undefined && at < file.length; at += 1000)
		problem = update.write(file.subarray(at, at + 1000), at - headerBytes);
	problem ??= await update.install();
	return { ...(problem === undefined ? {} : { problem }), activated };
}
