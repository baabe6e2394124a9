import type { SettingKey } from "../src/settings/settings";
import type { FailureCode, StepDetails, StepState, TestStep } from "../src/setup/api";

/** A sentence that says why, and one that says what to do. */
export type FailureText = readonly [cause: string, remedy: string];

/** Below this a connection is unreliable, dBm. */
const weakSignalDbm = -80;

const retry = "Test again. If it fails again, check the service address.";
const otherNetwork = "use another network: a man in the middle may be intercepting the connection.";
const copyKey = "Copy the bucket's id and a write key (dakkio_w_) from the same bucket in Dakkio.";

/** Remedies after an earlier exchange succeeded, so the service can be reached. */
const laterRemedies: Readonly<Partial<Record<TestStep, string>>> = {
	key: "Test again in a minute.",
	source: "Test again. No data source is created twice.",
	point: "The reading is stored and will be sent. Test again, or save: the board keeps trying.",
};

/** For each code, what a failed step shows. */
const failureTexts: Readonly<Record<FailureCode, (details: StepDetails, step: TestStep) => FailureText>> = {
	aborted: () => ["The test was stopped.", "Test again."],
	"internal error": ({ message }) => [`Internal error: ${message}.`, "Test again."],

	"no network set": () => ["No network is chosen.", "Choose one, or enter its name."],
	"wrong password": (details) => joinRefused(details, "did not accept the password"),
	"network not found": (details) =>
		details.strength === undefined
			? [
					`No network named ${quoted(details.ssid)} was found.`,
					"Check its name, and move the board closer. The board cannot join a network that is 5 GHz only.",
				]
			: joinRefused(details, "is in reach, but did not let the board join"),
	"no address": ({ ssid }) => [
		`${quoted(ssid)} gave the board no address.`,
		"Restart the router, or check whether it accepts new devices.",
	],
	"same subnet": ({ ssid }) => [
		`${quoted(ssid)} has the same addresses as the board's own network, so it cannot be tested from here.`,
		"Save the settings as they are: the board can use this network after setup.",
	],
	"captive portal": () => [
		"This network requires a login in a browser.",
		"Use another network, or ask its operator to let this board through without a login.",
	],

	"no server set": () => ["The service address is not valid.", "Correct the service address."],
	"unknown host": ({ host }) => [
		`The name ${host} was not found: the network has no internet access, or the name is wrong.`,
		"Check whether another device has internet access on this network, and check the service address.",
	],
	"no time": ({ message }) => [
		message === "" ? "No time server is set." : `None of the time servers answered (${message}).`,
		"The network may block NTP (UDP port 123): allow it, or enter a time server of your own network.",
	],

	resolve: exchangeFailed("The name of the service was not found"),
	connect: exchangeFailed(
		"No connection to the service",
		"Check the service address, and whether the network blocks its port.",
	),
	secure: exchangeFailed("No TLS connection to the service"),
	send: exchangeFailed("The connection was lost while sending"),
	receive: exchangeFailed("The service did not answer"),

	expired: ({ host }) => [
		`The certificate of ${host} has expired.`,
		"The operator of the service must renew its certificate.",
	],
	"not yet valid": ({ host }) => [
		`The certificate of ${host} is not valid yet.`,
		"Check the time above. If it is wrong, use another time server.",
	],
	"wrong name": ({ host }) => [
		`The certificate is not for ${host}.`,
		"Check the service address: its name must be the one in the certificate.",
	],
	untrusted: ({ host }) => [
		`The certificate of ${host} was not issued by an authority that this board trusts.`,
		`If the service is your own, enter its root certificate in the settings. Otherwise ${otherNetwork}`,
	],
	forged: ({ host }) => [
		`The certificate of ${host} is forged: a signature or a restriction in its chain does not hold.`,
		`To be safe, ${otherNetwork}`,
	],

	"no key set": () => ["No API key is entered.", copyKey],
	"no bucket set": () => ["No bucket is entered.", copyKey],
	refused,
	"no such source": () => [
		"The bucket has no data source with this id.",
		"Copy its id from Dakkio again, or let the board create one.",
	],
	"no source id": () => [
		"Dakkio did not return the id of the new data source, and does not list it.",
		"Test again, or enter its id.",
	],
	"unclear list": () => [
		"Dakkio's list of data sources is cut off, so none was created.",
		"Test again, or create the data source in Dakkio and enter its id.",
	],
	"no fields": () => [
		"No sensor was found, so the fields of the data source are not known.",
		"Check the sensor's wires and pins. All else works: save now, and the board creates the data source when the sensor is there.",
	],
	"no reading": () => [
		"No sensor gave a value, so there is no point to send.",
		"Check the sensor's wires and pins, and test again. All else works: it can be saved as it is.",
	],
};

export function failureText(step: TestStep, code: FailureCode, details: StepDetails = {}): FailureText {
	return failureTexts[code](details, step);
}

/** The setting most likely at fault; `undefined`: none. */
export function failureSetting({ step, code, details = {} }: StepState): SettingKey | undefined {
	if (code === "refused") return refusedSetting(details.status ?? 0, step);
	return code === undefined ? undefined : fixedBy[code];
}

const fixedBy: Readonly<Partial<Record<FailureCode, SettingKey>>> = {
	"no network set": "networks",
	"wrong password": "networks",
	"network not found": "networks",
	"no address": "networks",
	// Fails at the clock, as a login page answers in every other place; but another clock does not help.
	"captive portal": "networks",
	"no server set": "server",
	"unknown host": "server",
	"no time": "ntpServers",
	resolve: "server",
	connect: "server",
	secure: "server",
	"not yet valid": "ntpServers",
	"wrong name": "server",
	untrusted: "rootCertificate",
	"no key set": "key",
	"no bucket set": "bucketId",
	"no such source": "dataSourceId",
	"no source id": "dataSourceId",
	"unclear list": "dataSourceId",
	"no fields": "sensors",
	"no reading": "sensors",
};

function refusedSetting(status: number, step: TestStep): SettingKey | undefined {
	if (status === 401 || status === 403) return "key";
	if (status === 404) return step === "key" ? "bucketId" : "dataSourceId";
	return status >= 300 && status < 400 ? "server" : undefined;
}

function joinRefused({ ssid, strength = 0 }: StepDetails, what: string): FailureText {
	return [
		`${quoted(ssid)} ${what}.`,
		strength < weakSignalDbm
			? "Type the password again. The signal is also weak: move the board closer to the router."
			: "Type the password again. Passwords are case-sensitive.",
	];
}

/** Appends the log's words to the cause: host, port, timeout, socket error. */
function exchangeFailed(cause: string, remedy = retry) {
	return ({ message }: StepDetails, step: TestStep): FailureText => [
		`${cause} (${message}).`,
		laterRemedies[step] ?? remedy,
	];
}

/** An HTTP status that is not a success; some mean something else in a later step. */
function refused({ status = 0, message = "" }: StepDetails, step: TestStep): FailureText {
	const answer = message === "" ? `${status}` : `${status}, “${message}”`;
	if (status === 401)
		return [
			"Dakkio does not know this key.",
			"Copy it again, or create a new write key (dakkio_w_): an old one may have been deleted.",
		];
	if (status === 403 && step === "key") return ["The key is for another bucket.", copyKey];
	if (status === 403 && step === "source")
		return [
			"This key may not create data sources.",
			"Use a write key (dakkio_w_), or create the data source in Dakkio and enter its id.",
		];
	if (status === 403) return ["This key may not store data.", "Use a write key (dakkio_w_) of this bucket."];
	if (status === 404 && step === "key")
		return ["There is no bucket with this id.", "Copy the bucket's id from Dakkio again."];
	if (status === 404 && step === "point") return failureText(step, "no such source");
	if (status === 429)
		return [
			`The plan's calls are used up: ${answer}.`,
			"Readings are stored, and sent when the plan allows it again. Save, or choose a larger plan.",
		];
	if (status >= 300 && status < 400)
		return [`The server redirects to another address (${status}).`, "Check the service address."];
	if (status >= 500) return [`Dakkio has a problem: ${answer}.`, "Test again in a few minutes."];
	return [`Dakkio refused the request: ${answer}.`, "Check key, bucket and data source."];
}

function quoted(ssid = ""): string {
	return `“${ssid}”`;
}
