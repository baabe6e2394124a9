import config from "mc/config";
import FFI from "mc/ffi";
import { App } from "../../app";
import { surviveExceptions } from "../esp32/abort";
import { SDKTime } from "../esp32/time";
import type { ResetReason } from "../reset";
import { openBoard } from "./board";
import { makeClock } from "./clock";

/** A write to a connection that the peer has reset raises it, and it ends the simulator. */
const brokenPipe = 13;

surviveExceptions();
new FFI().sigignore(brokenPipe);
const time = new SDKTime(makeClock());
boot("power-on");

function boot(resetReason: ResetReason): void {
	const app = new App(
		openBoard({
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
