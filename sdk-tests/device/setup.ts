import { openSimulatorBoard } from "../../boards/lin/board";
import { makeClock } from "../../boards/lin/clock";
import { linFiles } from "../../boards/lin/files";
import { App } from "../../src/app/app";
import { SDKTime } from "../../src/boards/esp32/time";
import type { ResetReason } from "../../src/boards/reset-reason";
import type { SetupPlan } from "../test-plan";
import { PeakMemory, watchMemory } from "./memory";
import { report } from "./report";

/** A board without settings, which the computer sets up over HTTP. Ends when the board has sent a point. */
export async function runSetup(directory: string, setup: SetupPlan): Promise<void> {
	linFiles.makeDirectory(directory);
	const time = new SDKTime(makeClock());
	const peak = new PeakMemory();
	let app: App | undefined;
	await new Promise<void>((resolve) => {
		const boot = (resetReason: ResetReason): void => {
			const board = openSimulatorBoard({
				directory,
				time,
				resetReason,
				setup,
				restart: () => again("restart"),
				sleep: (milliseconds) => again("deep sleep", milliseconds),
			});
			const log = (line: string) => {
				if (line.startsWith("setup: join")) report({ suite: "setup", event: "open" });
				else if (line.startsWith("sent ") && app?.setupPort === undefined) resolve();
				else if (!/^[█▀▄ ]+$/.test(line)) board.log(line);
				if (app?.setupPort !== undefined) peak.sample("between two log lines");
			};
			app = new App({ ...board, network: watchMemory(board.network, peak), log });
			app.start();
		};
		const again = (resetReason: ResetReason, milliseconds = 0): void => {
			// Setup is over.
			peak.report("in setup");
			void app?.stop().then(() => {
				report({ suite: "setup", event: "closed" });
				time.set(() => boot(resetReason), milliseconds);
			});
		};
		boot("power-on");
	});
	report({ suite: "setup", event: "sent" });
	await app?.stop();
}
