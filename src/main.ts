import config from "mc/config";
import { App } from "./app";
import { surviveExceptions } from "./boards/esp32/abort";
import { openBoard } from "./boards/esp32/board";
import { plantSettings } from "./settings/planted";

surviveExceptions();
const board = openBoard();
if (config.settings !== undefined)
	plantSettings(board.storage.keyValue.open({ path: "dakkio", format: "buffer" }), config.settings);
new App(board).start();
