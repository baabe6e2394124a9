import config from "mc/config";
import FFI from "mc/ffi";
import { linFiles } from "../../boards/lin/files";
import { installAbortHook } from "../../src/boards/esp32/abort-hook";
import { decodeUtf8 } from "../../src/common/utf8";
import { includesSuite, type SuiteName, type TestPlan } from "../test-plan";
import { checkExceptions } from "./exceptions";
import { checkHttp } from "./http";
import { runLife } from "./life";
import { reportMemory } from "./memory";
import { checkNtp } from "./ntp";
import { checkQueue } from "./queue";
import { report } from "./report";
import { checkSampler } from "./sampler";
import { checkSensorDrivers } from "./sensors";
import { checkSettingsRules } from "./settings";
import { runSetup } from "./setup";
import { checkTls } from "./tls";
import { checkUpdate } from "./update";

/** Raised by a write to a connection that the peer has reset; it would end the simulator. */
const brokenPipe = 13;

installAbortHook();
new FFI().sigignore(brokenPipe);
reportMemory("an empty machine");
void run(readPlan());

async function run(plan: TestPlan): Promise<void> {
	const suites: readonly (readonly [SuiteName, () => Promise<void>])[] = [
		["survival", () => checkExceptions()],
		["queue", () => checkQueue()],
		["sensors", () => checkSensorDrivers()],
		["sampler", () => checkSampler(config.state)],
		["settings", () => checkSettingsRules(config.state)],
		["ntp", () => checkNtp(plan.ntp)],
		["http", () => checkHttp(plan.http)],
		["tls", () => checkTls(plan.tls)],
		["update", () => checkUpdate(plan.update)],
		["setup", () => runSetup(`${config.state}/setup`, plan.setup)],
		["life", () => runLife(config.state, plan.life)],
	];
	for (const [name, suite] of suites) if (includesSuite(plan, name)) await suite();
	report({ suite: "done" });
}

function readPlan(): TestPlan {
	const bytes = linFiles.readFile(`${config.state}/plan.json`);
	if (bytes === undefined) throw new Error("there is no test plan: use npm run test:sdk");
	return JSON.parse(decodeUtf8(bytes, 0, bytes.length));
}
