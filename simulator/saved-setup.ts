import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory, nodeFiles, writeDurably } from "../boards/node/files";
import { FileKeyValueStorage } from "../boards/shared/file-key-value";
import type { Settings } from "../src/settings/settings";
import { withoutDefaults } from "../src/settings/settings";
import { SettingsStore } from "../src/settings/settings-store";
import { isPlainObject } from "./dakkio/account";
import { readStateJson, StateFileError } from "./state-file";

/**
 * What a user saved on the setup page of a virtual board. Other settings for one start (a settings file, a key) go to the
 * same place on the board, so what was saved is put aside for that time.
 */
export class SavedSetup {
	/** Exists once the board was left to its setup page. */
	private readonly mark: string;
	private readonly aside: string;
	private readonly board: string;

	/** `board`: the board's state. */
	constructor(board: string) {
		this.board = board;
		this.mark = join(board, "set-up-by-page");
		this.aside = join(board, "saved-on-page.json");
	}

	/** From now on, what is saved is the user's. */
	expect(): void {
		makeDirectory(this.board);
		writeDurably(this.mark, new Uint8Array(0));
	}

	/** The settings that were saved on the page, and then are the board's again; `undefined`: none. */
	restore(): Settings | undefined {
		if (!existsSync(this.mark)) return undefined;
		const settings = readStateJson(this.aside);
		if (settings !== undefined) {
			if (!isPlainObject(settings)) throw new StateFileError(this.aside, "is not a JSON object");
			this.withStore((store) => store.save(settings));
			rmSync(this.aside);
		}
		return this.withStore((store) => (store.isEmpty ? undefined : store.load().settings));
	}

	/** Before other settings are put in their place. */
	putAside(): void {
		const saved = existsSync(this.aside) ? undefined : this.restore();
		if (saved !== undefined) writeDurably(this.aside, Buffer.from(JSON.stringify(withoutDefaults(saved))));
	}

	private withStore<T>(use: (store: SettingsStore) => T): T {
		const keyValue = new FileKeyValueStorage(join(this.board, "storage"), nodeFiles);
		const storage = keyValue.open({ path: "dakkio", format: "buffer" });
		try {
			return use(new SettingsStore(storage));
		} finally {
			storage.close();
		}
	}
}
