import config from "mc/config";
import { App } from "./app";
import { surviveExceptions } from "./boards/esp32/abort";
import { openBoard } from "./boards/esp32/board";
import { startOver } from "./boards/esp32/start-over";
import { plantSettings } from "./settings/planted";

/** Until a board that could not start tries again, milliseconds. */
const nextTry = 60_000;

surviveExceptions();
try {
	const board = openBoard();
	if (config.settings !== undefined)
		plantSettings(board.storage.keyValue.open({ path: "dakkio", format: "buffer" }), config.settings);
	new App(board).start();
} catch (error) {
	trace(`the firmware does not start: ${error instanceof Error ? error.message : String(error)}\n`);
	startOver(nextTry);
}
