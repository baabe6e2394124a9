import config from "mc/config";
import FFI from "mc/ffi";
import { App } from "../../src/app/app";
import { installAbortHook } from "../../src/boards/esp32/abort-hook";
import { SDKTime } from "../../src/boards/esp32/time";
import type { ResetReason } from "../../src/boards/reset-reason";
import { openSimulatorBoard } from "./board";
import { makeClock } from "./clock";

/** SIGPIPE: raised by a write to a reset connection, and would end the simulator. */
const brokenPipe = 13;

installAbortHook();
new FFI().sigignore(brokenPipe);
const time = new SDKTime(makeClock());
boot("power-on");

function boot(resetReason: ResetReason): void {
	const app = new App(
		openSimulatorBoard({
			directory: config.state,
			...(config.sensors === undefined ? {} : { sensors: config.sensors }),
			time,
			resetReason,
			restart: () => {
				void app.stop().then(() => boot("restart"));
			},
			sleep: (milliseconds) => {
				void app.stop().then(() => time.set(() => boot("deep sleep"), milliseconds));
			},
		}),
	);
	app.start();
}
