import { describeErrorResponse } from "../dakkio/error-response";
import type { ExchangeFailure, ExchangeResult } from "../http/exchange-result";
import type { JoinFailure } from "../wifi/wifi-joiner";

/** Why a step of the test has failed, and what to do. For the page: whole sentences. */
export interface Diagnosis {
	readonly cause: string;
	readonly remedy: string;
}

/** Below this a connection breaks off again and again, dBm. */
const weakSignalDbm = -80;

/** `strength`: of the network in the last scan, dBm; `undefined` when it was not in it. */
export function diagnoseJoin(failure: JoinFailure, ssid: string, strength: number | undefined): Diagnosis {
	const name = `“${ssid}”`;
	const weak = strength !== undefined && strength < weakSignalDbm;
	if (failure === "no address")
		return {
			cause: `${name} took the board in, but gave it no address.`,
			remedy: "Restart the router, or look whether it lets new devices in.",
		};
	if (failure === "password" || strength !== undefined)
		return {
			cause:
				failure === "password"
					? `${name} did not accept the password.`
					: `${name} is there, but did not let the board in.`,
			remedy: weak
				? "Type the password again. The signal is weak too: move the board nearer to the router."
				: "Type the password again; capital letters count.",
		};
	return {
		cause: `No network called ${name} was found.`,
		remedy:
			"Look at how its name is written, and move the board nearer. The board hears 2.4 GHz only: a network on 5 GHz alone is not there for it.",
	};
}

/** The board cannot tell two networks apart that both begin with 192.168.4: none of its packets would find the router. */
export function diagnoseSameSubnet(ssid: string): Diagnosis {
	return {
		cause: `“${ssid}” took the board in, and has the same addresses as the board's own network: it cannot be tried out from here.`,
		remedy: "Save it as it is: once setup is over, the board can use this network.",
	};
}

export const captivePortalDiagnosis: Diagnosis = Object.freeze({
	cause: "This network wants a login in a browser before it lets anybody through.",
	remedy:
		"The board cannot log in there. Use another network, or ask for this board to be let through without a login.",
});

export function diagnoseName(host: string): Diagnosis {
	return {
		cause: `The name ${host} could not be found: the network has no way to the internet, or the name is wrong.`,
		remedy: "See whether another device has internet there, and look at the address of the service.",
	};
}

export function diagnoseClock(servers: readonly string[]): Diagnosis {
	return {
		cause:
			servers.length === 0
				? "No time server is set."
				: `None of the time servers answered (${servers.join(", ")}).`,
		remedy:
			"The network may not let NTP (UDP port 123) through: allow it, or enter a time server of your own network.",
	};
}

/** The service could not be reached, or is not the one it says it is. */
export function diagnoseConnection({ message, trustFault, phase }: ExchangeFailure, host: string): Diagnosis {
	const cause = toSentence(message);
	switch (trustFault) {
		case "expired":
			return { cause, remedy: "Whoever runs the service has to renew its certificate." };
		case "not yet valid":
			return { cause, remedy: "Look at the time above: if it is wrong, the time server is." };
		case "wrong name":
			return {
				cause,
				remedy: "Look at the address of the service: its name must be the one in the certificate.",
			};
		case "untrusted":
			return {
				cause,
				remedy:
					"For a service of your own, enter its root certificate in the settings. For any other, somebody is between the board and it: use another network.",
			};
		case "forged":
			return { cause, remedy: "Somebody may be between the board and the service: use another network." };
		default:
			return {
				cause,
				remedy:
					phase === "connect"
						? `Look at the address of the service, and whether the network lets ${host} through.`
						: "Try again; if it stays, look at the address of the service.",
			};
	}
}

/** The service's answer to the key, when it is not yes. */
export function diagnoseKey(outcome: ExchangeResult): Diagnosis | undefined {
	if (outcome.kind === "failure")
		return { cause: toSentence(outcome.message), remedy: "Try again in a minute." };
	const { status } = outcome;
	if (status >= 200 && status < 300) return undefined;
	return diagnoseStatus(outcome, {
		403: {
			cause: "The key is for another bucket.",
			remedy: "Copy bucket id and key from the same bucket in Dakkio.",
		},
		404: {
			cause: "There is no bucket with this id.",
			remedy: "Copy the bucket's id from Dakkio again.",
		},
	});
}

export const noSuchSourceDiagnosis: Diagnosis = Object.freeze({
	cause: "There is no data source with this id in the bucket.",
	remedy: "Copy its id from Dakkio again, or let the board create one.",
});

/** Why a data source could not be made. */
export function diagnoseSourceCreation(outcome: ExchangeResult): Diagnosis {
	if (outcome.kind === "failure")
		return { cause: toSentence(outcome.message), remedy: "Try again; none is made twice." };
	return diagnoseStatus(outcome, {
		403: {
			cause: "This key must not create data sources.",
			remedy: "Use a write key (dakkio_w_), or create the data source in Dakkio and enter its id.",
		},
	});
}

export const noReadingDiagnosis: Diagnosis = Object.freeze({
	cause: "No sensor gave a value, so there is no point to send yet.",
	remedy: "Look at the sensor's wires and pins, and test again. The rest is well: it can be saved as it is.",
});

/** Why the first point was not stored. */
export function diagnosePoint(outcome: ExchangeResult): Diagnosis {
	if (outcome.kind === "failure")
		return {
			cause: toSentence(outcome.message),
			remedy: "The reading is kept and will be sent. Try again, or save: the board goes on trying by itself.",
		};
	return diagnoseStatus(outcome, {
		403: {
			cause: "This key must not store data.",
			remedy: "Use a write key (dakkio_w_) of this bucket.",
		},
		404: noSuchSourceDiagnosis,
	});
}

/** What the statuses mean wherever they come; `special`: those that mean something else here. */
function diagnoseStatus(
	{ status, body }: Exclude<ExchangeResult, ExchangeFailure>,
	special: Readonly<Record<number, Diagnosis>>,
): Diagnosis {
	const known = special[status];
	if (known !== undefined) return known;
	const words = describeErrorResponse(body);
	const answer = words === "" ? `${status}` : `${status}, “${words}”`;
	if (status === 401)
		return {
			cause: "Dakkio does not know this key.",
			remedy: "Copy it again, or create a new write key (dakkio_w_): an old one may have been deleted.",
		};
	if (status === 429)
		return {
			cause: `The plan's calls are used up: ${answer}.`,
			remedy: "Readings are kept and sent when the plan allows it again. Save, or choose a larger plan.",
		};
	if (status >= 300 && status < 400)
		return {
			cause: `What answers there wants to lead the board elsewhere (${status}).`,
			remedy: "Look at the address of the service.",
		};
	if (status >= 500)
		return { cause: `Dakkio has a problem of its own: ${answer}.`, remedy: "Try again in some minutes." };
	return { cause: `Dakkio refused it: ${answer}.`, remedy: "Look at key, bucket and data source." };
}

function toSentence(words: string): string {
	return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
