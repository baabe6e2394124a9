import { describe, expect, test } from "vitest";
import { parseStartCommand as parse, startHelp } from "../../simulator/start-options";
import { checkSettings } from "../../src/settings/settings";
import { largeSettingsFile } from "../settings/large-settings-file";
import { settingsFileText } from "../settings/settings-file-text";

const key = "dakkio_w_0123456789abcdef0123456789abcdef";
const bucket = "507f1f77bcf86cd799439011";
const source = "507f1f77bcf86cd799439012";
const target = ["--key", key, "--bucket", bucket, "--source", source];

const bme280 = [{ name: "bme280", address: 0x76 }];

const files: Readonly<Record<string, string>> = {
	"balcony.json": settingsFileText(
		checkSettings({ location: "Balcony", interval: 300, networks: [{ ssid: "Home", password: "12345678" }] })
			.settings,
		true,
	),
	"real.json": settingsFileText(checkSettings({ key, bucketId: bucket }).settings, true),
	"own.json": JSON.stringify({ server: "https://own.example", bucketId: bucket }),
	"future.json": '{ "version": 2 }',
	"large.json": largeSettingsFile,
	"list.json": "[]",
	"unnamed.json": '{ "networks": [{ "ssid": "Elsewhere" }] }',
	"typing.json": `{\n\t"key": "${key}"\n\t"interval": 30\n}`,
	"wrong.json": '{ "interval": 1, "colour": "blue" }',
	"pins.json": '{ "inputs": [{ "kind": "state", "pin": 22, "name": "door" }] }',
	"flash.json": '{ "oneWirePin": 6 }',
	"light.json": '{ "oneWirePin": 2 }',
};
const parseCommand = (args: readonly string[]) =>
	parse(args, (file) => {
		const text = files[file];
		if (text === undefined) throw new Error("no such file");
		return text;
	});

test("a settings file configures the board; the command line takes precedence", () => {
	expect(parseCommand(["--settings", "balcony.json"])).toEqual({
		kind: "run",
		run: {
			interval: 300,
			speed: 1,
			sensors: bme280,
			fresh: false,
			settings: { location: "Balcony", interval: 300, networks: [{ ssid: "Home", password: "12345678" }] },
		},
	});
	expect(parseCommand(["--settings", "balcony.json", "--interval", "20"])).toMatchObject({
		run: { interval: 20 },
	});
	expect(parseCommand(["--settings", "real.json"])).toMatchObject({
		run: { target: { server: "https://api.dakkio.io", key, bucketId: bucket, dataSourceId: "create" } },
	});
});

test("defaults: ten seconds, real time, a BME280, the embedded server, the saved state", () => {
	expect(parseCommand([])).toEqual({
		kind: "run",
		run: { interval: 10, speed: 1, sensors: bme280, fresh: false },
	});
});

test("accepts every option", () => {
	expect(parseCommand(["--interval", "60", "--speed=3600", "--fresh"])).toEqual({
		kind: "run",
		run: { interval: 60, isIntervalGiven: true, speed: 3600, sensors: bme280, fresh: true },
	});
	expect(parseCommand(["--sensors", "scd41, BME280@0x77,ds18b20,ds18b20"])).toMatchObject({
		run: {
			sensors: [
				{ name: "scd41", address: 0x62 },
				{ name: "bme280", address: 0x77 },
				{ name: "ds18b20", address: undefined },
				{ name: "ds18b20", address: undefined },
			],
		},
	});
	expect(parseCommand(["--sensors", "sht31@0x45:wrong-checksum,bme280:held-low"])).toMatchObject({
		run: {
			sensors: [
				{ name: "sht31", address: 0x45, fault: "wrong checksum" },
				{ name: "bme280", address: 0x76, fault: "held low" },
			],
		},
	});
	expect(parseCommand(["--sensors", "none"])).toMatchObject({ run: { sensors: [] } });
	expect(parseCommand([...target, "--url", "https://dakkio.example:8443"])).toMatchObject({
		run: { target: { server: "https://dakkio.example:8443", key, bucketId: bucket, dataSourceId: source } },
	});
	expect(parseCommand(target)).toMatchObject({ run: { target: { server: "https://api.dakkio.io" } } });
});

describe("DAKKIO_KEY", () => {
	const rest = ["--bucket", bucket, "--source", source];
	const withKey = (args: readonly string[], environmentKey: string) =>
		parse(args, (file) => files[file] ?? "", { DAKKIO_KEY: environmentKey });

	test("is the key of a service that the options name, unless --key is another", () => {
		expect(withKey(rest, key)).toMatchObject({ run: { target: { key, bucketId: bucket } } });
		const other = key.replace("0123", "3210");
		expect(withKey([...rest, "--key", other], key)).toMatchObject({ run: { target: { key: other } } });
	});

	test("does nothing by itself", () => {
		expect(withKey([], key)).toEqual(parse([], () => ""));
		expect(withKey(["--settings", "balcony.json"], key)).toEqual(
			parseCommand(["--settings", "balcony.json"]),
		);
	});

	test("is named where it is at fault, without its value", () => {
		expect(withKey(rest, "")).toMatchObject({ problem: expect.stringMatching(/^DAKKIO_KEY \(or --key\), /) });
		const { problem } = { problem: "", ...withKey(rest, "secret") };
		expect(problem).toMatch(/^DAKKIO_KEY: /);
		expect(problem).not.toContain("secret");
	});

	test("is what the help recommends", () => {
		expect(startHelp).toContain("can see it, so set DAKKIO_KEY instead");
	});
});

test("the service of a settings file is used with the key of the command line", () => {
	const args = ["--settings", "own.json", ...target];
	expect(parseCommand(args)).toMatchObject({ run: { target: { server: "https://own.example" } } });
	expect(parseCommand([...args, "--url", "https://other.example"])).toMatchObject({
		run: { target: { server: "https://other.example" } },
	});
});

test("what a settings file says of a service is reported as unused without a key", () => {
	expect(parseCommand(["--settings", "own.json"])).toMatchObject({
		run: { unused: expect.stringMatching(/^server, bucketId of own\.json: not used, /) },
	});
	expect(parseCommand(["--settings", "real.json"])).not.toHaveProperty("run.unused");
	expect(parseCommand(["--settings", "own.json", ...target])).not.toHaveProperty("run.unused");
});

test("--help lists every option", () => {
	expect(parseCommand(["--help"])).toEqual({ kind: "help" });
	expect(parseCommand(["-h", "--interval", "nonsense"])).toEqual({ kind: "help" });
	for (const option of [
		"interval",
		"sensors",
		"speed",
		"fresh",
		"url",
		"key",
		"bucket",
		"source",
		"settings",
		"help",
	])
		expect(startHelp).toContain(`--${option} `);
});

describe("an unknown option or invalid value gives one line that names it", () => {
	test.each<[readonly string[], RegExp]>([
		[["--intervall", "5"], /--intervall/],
		[["extra"], /extra/],
		[["--interval"], /--interval/],
		[["--interval", "4"], /--interval.*5 to 86400/],
		[["--interval", "ten"], /--interval.*whole number/],
		[["--speed", "0"], /--speed.*1 to 10000/],
		[["--speed", ""], /'--speed' must not be empty\./],
		[["--interval", ""], /'--interval' must not be empty\./],
		[["--settings", ""], /'--settings' must not be empty\./],
		[["--state", ""], /'--state' must not be empty\./],
		[[...target, "--url", ""], /'--url' must not be empty\./],
		[["--speed", "fast"], /--speed.*"fast"/],
		[["--sensors", ""], /'--sensors' must not be empty\./],
		[["--sensors", " "], /--sensors: There is no sensor ""/],
		[
			["--sensors", "bme281"],
			/--sensors: There is no sensor "bme281" here; there is bme280, .*ds18b20, and none\./,
		],
		[["--sensors", "toString"], /--sensors: There is no sensor "tostring"/],
		[["--sensors", "constructor"], /--sensors: There is no sensor "constructor"/],
		[["--sensors", "bme280@0x44"], /--sensors: "bme280@0x44": bme280 can be at 0x76, 0x77\./],
		[["--sensors", "ds18b20@4"], /--sensors: "ds18b20@4": ds18b20 has no address\./],
		[["--sensors", "bme280@"], /--sensors: "bme280@"/],
		[["--sensors", "bme280:late"], /"bme280:late": bme280 can be unplugged, silent, .*, out-of-range\./],
		[["--sensors", "bme280:"], /"bme280:": bme280 can be unplugged/],
		[["--sensors", "ds18b20:silent"], /"ds18b20:silent": ds18b20 has no faults here\./],
		[["--sensors", "bme280,bmp280"], /--sensors: bmp280 and bme280 cannot both be at 0x76/],
		[["--fresh=yes"], /--fresh/],
		[["--key", key], /given together/],
		[["--url", "https://api.dakkio.io"], /given together/],
		[["--key", "", "--bucket", bucket, "--source", source], /must not be empty/],
		[["--key", key, "--bucket", "1", "--source", source], /--bucket: .*24/],
		[["--key", key.replace("_w_", "_r_"), "--bucket", bucket, "--source", source], /--key: .*read key/],
		[[...target, "--url", "http://api.dakkio.io"], /--url: .*https/],
		[[...target, "--speed", "2"], /--speed.*embedded/],
		[["--settings", "none.json"], /none\.json cannot be read: no such file/],
		[["--settings", "list.json"], /list\.json.*one JSON object/],
		[["--settings", "typing.json"], /^typing\.json: There is a typing error in line 3 at column 2/],
		[["--settings", "unnamed.json"], /^unnamed\.json: networks\.0\.password: .* write "open": true /],
		[["--settings", "large.json"], /large\.json: sensors: .* a board has room for 8192\./],
		[["--settings", "future.json"], /future\.json: version.*supports version 1/],
		[["--settings", "wrong.json"], /wrong\.json: interval: .*5 to 86400/],
		[["--settings", "pins.json"], /pins\.json: clockPin: The default pin 22 is also for .*the input door\./],
		[["--settings", "flash.json"], /flash\.json: oneWirePin: Pin 6 cannot be used: the flash memory/],
		[["--settings", "light.json"], /light\.json: ledPin: The default pin 2 is also for .*the 1-Wire bus\./],
		[["--settings", "real.json", "--speed", "2"], /--speed.*embedded/],
	])("%j", (args, expected) => {
		const command = parseCommand(args);
		expect(command.kind).toBe("problem");
		const problem = command.kind === "problem" ? command.problem : "";
		expect(problem).toMatch(expected);
		expect(problem).not.toContain("\n");
		expect(problem).not.toContain("0123456789abcdef");
	});
});
