import type { UpdateRequest, UpdateState } from "../src/setup/api";

/** A board's API for updates. A board that does not respond any more has restarted: its phase is `installed`. */
export interface UpdateClient {
	update(step: Omit<UpdateRequest, "token">): Promise<UpdateState>;
	updateState(): Promise<UpdateState>;
	pause(milliseconds: number): Promise<void>;
}

/** Bytes of an update file before the image, and where in them its length is: docs/update-format.md. */
const headerBytes = 132;
const lengthAt = 32;
/** Of one piece: its Base64 is the 4 KiB that a chip has memory for beside all else. */
const pieceBytes = 3_072;
/** How often a restarted board is asked to go on, before somebody else is at work. */
const maxRestarts = 20;

/**
 * Sends an update file, from where the board has it, and installs it. Resolves when the board restarts into it, or with
 * the problem.
 */
export async function sendUpdate(
	client: UpdateClient,
	file: Uint8Array,
	older: boolean,
	onProgress: (share: number) => void,
): Promise<UpdateState["problem"]> {
	const header = toBase64(file.subarray(0, headerBytes));
	const image = file.subarray(headerBytes);
	let state = await client.update({ header, older });
	let restarts = 0;
	while (state.problem === undefined) {
		// The board checks all of the header but this.
		if (new DataView(file.buffer, file.byteOffset).getUint32(lengthAt) !== image.length) return "hash";
		const at = state.writtenBytes ?? 0;
		onProgress(at / image.length);
		if (at >= image.length) return install(client);
		state = await client.update({ at, data: toBase64(image.subarray(at, at + pieceBytes)) });
		if (state.problem === "offset" && ++restarts < maxRestarts)
			state = await client.update({ header, older });
	}
	return state.problem;
}

/** Between two questions whether the image is verified: the board does not verify while it answers. */
const verifyPauseMs = 1_000;

async function install(client: UpdateClient): Promise<UpdateState["problem"]> {
	let state = await client.update({ install: true });
	while (state.phase === "verifying") {
		await client.pause(verifyPauseMs);
		state = await client.updateState();
	}
	// It has restarted into the update, and is in setup again.
	return state.problem === "trial" ? undefined : state.problem;
}

function toBase64(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes));
}
