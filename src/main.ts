import config from "mc/config";
import { App } from "./app/app";
import { installAbortHook } from "./boards/esp32/abort-hook";
import { EspBoard } from "./boards/esp32/board";
import { restartAfter } from "./boards/esp32/restart";
import { errorMessage } from "./common/error-message";
import { openKeyValue } from "./common/persistent-values";
import { installBuiltInSettings } from "./settings/built-in-settings";

/** Delay after a failed start. */
const restartDelayMs = 60_000;

installAbortHook();
try {
	const board = new EspBoard();
	if (config.settings !== undefined) installBuiltInSettings(openKeyValue(board.storage), config.settings);
	new App(board).start();
} catch (error) {
	trace(`start failed: ${errorMessage(error)}\n`);
	restartAfter(restartDelayMs);
}
