import config from "mc/config";
import FFI from "mc/ffi";
import { surviveExceptions } from "../../src/boards/esp32/abort";
import { readFile } from "../../src/boards/lin/files";
import { decode } from "../../src/text/utf8";
import { type Plan, runs, type SuiteName } from "../plan";
import { checkHttp } from "./http";
import { live } from "./life";
import { memory } from "./memory";
import { checkNtp } from "./ntp";
import { checkQueue } from "./queue";
import { report } from "./report";
import { checkSampler } from "./sampler";
import { checkSensors } from "./sensors";
import { checkSettings } from "./settings";
import { setUp } from "./setup";
import { checkSurvival } from "./survive";
import { checkTls } from "./tls";

/** A write to a connection that the peer has reset raises it, and it ends the simulator. */
const brokenPipe = 13;

surviveExceptions();
new FFI().sigignore(brokenPipe);
memory("an empty machine");
void run(readPlan());

async function run(plan: Plan): Promise<void> {
	const suites: readonly (readonly [SuiteName, () => Promise<void>])[] = [
		["survival", () => checkSurvival()],
		["queue", () => checkQueue()],
		["sensors", () => checkSensors()],
		["sampler", () => checkSampler(config.state)],
		["settings", () => checkSettings(config.state)],
		["ntp", () => checkNtp(plan.ntp)],
		["http", () => checkHttp(plan.http)],
		["tls", () => checkTls(plan.tls)],
		["setup", () => setUp(`${config.state}/setup`, plan.setup)],
		["life", () => live(config.state, plan.life)],
	];
	for (const [name, suite] of suites) if (runs(plan, name)) await suite();
	report({ suite: "done" });
}

function readPlan(): Plan {
	const bytes = readFile(`${config.state}/plan.json`);
	if (bytes === undefined) throw new Error("there is no plan: start it by npm run test:sdk");
	return JSON.parse(decode(bytes, 0, bytes.length));
}
