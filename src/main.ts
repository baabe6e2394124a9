import config from "mc/config";
import { App } from "./app/app";
import { installAbortHook } from "./boards/esp32/abort-hook";
import { openBoard } from "./boards/esp32/board";
import { restartAfter } from "./boards/esp32/restart";
import { errorMessage } from "./common/error-message";
import { installBuiltInSettings } from "./settings/built-in-settings";

/** Until a board that could not start tries again, milliseconds. */
const nextTry = 60_000;

installAbortHook();
try {
	const board = openBoard();
	if (config.settings !== undefined)
		installBuiltInSettings(
			board.storage.keyValue.open({ path: "dakkio", format: "buffer" }),
			config.settings,
		);
	new App(board).start();
} catch (error) {
	trace(`the firmware does not start: ${errorMessage(error)}\n`);
	restartAfter(nextTry);
}
