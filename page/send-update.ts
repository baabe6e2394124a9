import type { UpdateRequest, UpdateState } from "../src/setup/api";

/** A board's API for updates. A board that no longer responds has restarted: its phase is `installed`. */
export interface UpdateClient {
	update(step: Omit<UpdateRequest, "token">): Promise<UpdateState>;
	updateState(): Promise<UpdateState>;
	pause(milliseconds: number): Promise<void>;
}

/** Bytes of an update file before the image, and where in them its length is: docs/update-format.md. */
const headerBytes = 132;
const lengthAt = 32;
/** Bytes of one piece: its Base64 is 4 KiB, which a chip has memory for. */
const pieceBytes = 3_072;
/** Maximum resumed transfers; more mean that another client is sending an update, too. */
const maxRestarts = 20;

/**
 * Sends an update file, resuming where the board stopped, and installs it. Resolves when the board restarts into it, or with
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

/** Between two polls of the verification, which pauses while the board responds. */
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
