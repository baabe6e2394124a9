import type { FirmwareSlots } from "../boards/board";
import { decodeBase64 } from "../common/base64";
import type { FirmwareUpdate } from "../update/firmware-update";
import { formatVersion } from "../update/image-header";
import type { UpdateState } from "./api";

export interface UpdateReceiverOptions {
	/** `undefined`: the flash has one slot. */
	readonly slots: Pick<FirmwareSlots, "releaseKey" | "isOnTrial"> | undefined;
	readonly update: FirmwareUpdate | undefined;
	/** An update is installed: restart into it after the response is sent. */
	onInstalled(): void;
}

/** Receives an update in pieces from the setup page, or from `npm run update`. */
export class UpdateReceiver {
	private readonly options: UpdateReceiverOptions;
	private phase: UpdateState["phase"] = "open";
	/** Problem of the last installation. */
	private problem: UpdateState["problem"];

	constructor(options: UpdateReceiverOptions) {
		this.options = options;
	}

	get state(): UpdateState {
		return this.stateWith(this.unavailable ?? this.problem);
	}

	/** Takes one step: begin, write or install. Any other request only returns the state. */
	take({ header, older, at, data, install }: Readonly<Record<string, unknown>>): UpdateState {
		const { update } = this.options;
		if (update === undefined || this.unavailable !== undefined || this.phase !== "open") return this.state;
		let problem: UpdateState["problem"];
		if (typeof header === "string") {
			this.problem = undefined;
			problem = update.begin(decodeBase64(header) ?? new Uint8Array(0), older === true);
		} else if (typeof data === "string" && typeof at === "number")
			problem = update.write(decodeBase64(data) ?? new Uint8Array(0), at);
		else if (install === true) void this.install(update);
		return this.stateWith(problem);
	}

	private stateWith(problem: UpdateState["problem"]): UpdateState {
		const progress = this.options.update?.progress;
		return {
			phase: this.phase,
			...(progress !== undefined && {
				version: formatVersion(progress.header.version),
				writtenBytes: progress.writtenBytes,
			}),
			...(problem !== undefined && { problem }),
		};
	}

	private get unavailable(): UpdateState["problem"] {
		const { slots } = this.options;
		if (slots === undefined) return "one slot";
		if (slots.releaseKey === undefined) return "no key";
		return slots.isOnTrial ? "trial" : undefined;
	}

	private async install(update: FirmwareUpdate): Promise<void> {
		this.phase = "verifying";
		this.problem = await update.install();
		this.phase = this.problem === undefined ? "installed" : "open";
		if (this.problem === undefined) this.options.onInstalled();
	}
}
