import config from "mc/config";
import FFI from "mc/ffi";
import { App } from "../../app";
import { surviveExceptions } from "../esp32/abort";
import { openBoard } from "./board";

/** A write to a connection that the peer has reset raises it, and it ends the simulator. */
const brokenPipe = 13;

surviveExceptions();
new FFI().sigignore(brokenPipe);
boot();

function boot(): void {
	const app = new App(
		openBoard({
			directory: config.state,
			restart: () => {
				void app.stop().then(boot);
			},
		}),
	);
	app.start();
}
