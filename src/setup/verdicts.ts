import { serverWords } from "../dakkio/answer";
import type { Failure, Outcome } from "../http/outcome";

/** Why a step of the test has failed, and what to do. For the page: whole sentences. */
export interface Verdict {
	readonly text: string;
	readonly cure: string;
}

/** Why a network could not be joined. */
export type JoinFailure =
	| "password"
	/** Nothing of that name answers. */
	| "not found"
	/** It was joined and gave no address. */
	| "no address";

/** Below this a connection breaks off again and again, dBm. */
const weakSignal = -80;

/** `strength`: of the network in the last scan, dBm; `undefined` when it was not in it. */
export function joinVerdict(failure: JoinFailure, ssid: string, strength: number | undefined): Verdict {
	const name = `“${ssid}”`;
	const weak = strength !== undefined && strength < weakSignal;
	if (failure === "no address")
		return {
			text: `${name} took the board in, but gave it no address.`,
			cure: "Restart the router, or look whether it lets new devices in.",
		};
	if (failure === "password" || strength !== undefined)
		return {
			text:
				failure === "password"
					? `${name} did not accept the password.`
					: `${name} is there, but did not let the board in.`,
			cure: weak
				? "Type the password again. The signal is weak too: move the board nearer to the router."
				: "Type the password again; capital letters count.",
		};
	return {
		text: `No network called ${name} was found.`,
		cure: "Look at how its name is written, and move the board nearer. The board hears 2.4 GHz only: a network on 5 GHz alone is not there for it.",
	};
}

/** The board cannot tell two networks apart that both begin with 192.168.4: none of its packets would find the router. */
export function sameAddressesVerdict(ssid: string): Verdict {
	return {
		text: `“${ssid}” took the board in, and has the same addresses as the board's own network: it cannot be tried out from here.`,
		cure: "Save it as it is: once setup is over, the board can use this network.",
	};
}

export const loginVerdict: Verdict = Object.freeze({
	text: "This network wants a login in a browser before it lets anybody through.",
	cure: "The board cannot log in there. Use another network, or ask for this board to be let through without a login.",
});

export function nameVerdict(host: string): Verdict {
	return {
		text: `The name ${host} could not be found: the network has no way to the internet, or the name is wrong.`,
		cure: "See whether another device has internet there, and look at the address of the service.",
	};
}

export function clockVerdict(servers: readonly string[]): Verdict {
	return {
		text:
			servers.length === 0
				? "No time server is set."
				: `None of the time servers answered (${servers.join(", ")}).`,
		cure: "The network may not let NTP (UDP port 123) through: allow it, or enter a time server of your own network.",
	};
}

/** The service could not be reached, or is not the one it says it is. */
export function connectionVerdict({ message, trust, step }: Failure, host: string): Verdict {
	const text = sentence(message);
	switch (trust) {
		case "expired":
			return { text, cure: "Whoever runs the service has to renew its certificate." };
		case "not yet valid":
			return { text, cure: "Look at the time above: if it is wrong, the time server is." };
		case "wrong name":
			return {
				text,
				cure: "Look at the address of the service: its name must be the one in the certificate.",
			};
		case "untrusted":
			return {
				text,
				cure: "For a service of your own, enter its root certificate in the settings. For any other, somebody is between the board and it: use another network.",
			};
		case "forged":
			return { text, cure: "Somebody may be between the board and the service: use another network." };
		default:
			return {
				text,
				cure:
					step === "connect"
						? `Look at the address of the service, and whether the network lets ${host} through.`
						: "Try again; if it stays, look at the address of the service.",
			};
	}
}

/** The service's answer to the key, when it is not yes. */
export function keyVerdict(outcome: Outcome): Verdict | undefined {
	if (outcome.kind === "failure") return { text: sentence(outcome.message), cure: "Try again in a minute." };
	const { status } = outcome;
	if (status >= 200 && status < 300) return undefined;
	return refusalVerdict(outcome, {
		403: {
			text: "The key is for another bucket.",
			cure: "Copy bucket id and key from the same bucket in Dakkio.",
		},
		404: {
			text: "There is no bucket with this id.",
			cure: "Copy the bucket's id from Dakkio again.",
		},
	});
}

export const noSuchSource: Verdict = Object.freeze({
	text: "There is no data source with this id in the bucket.",
	cure: "Copy its id from Dakkio again, or let the board create one.",
});

/** Why a data source could not be made. */
export function createVerdict(outcome: Outcome): Verdict {
	if (outcome.kind === "failure")
		return { text: sentence(outcome.message), cure: "Try again; none is made twice." };
	return refusalVerdict(outcome, {
		403: {
			text: "This key must not create data sources.",
			cure: "Use a write key (dakkio_w_), or create the data source in Dakkio and enter its id.",
		},
	});
}

export const noReading: Verdict = Object.freeze({
	text: "No sensor gave a value, so there is no point to send yet.",
	cure: "Look at the sensor's wires and pins, and test again. The rest is well: it can be saved as it is.",
});

/** Why the first point was not stored. */
export function pointVerdict(outcome: Outcome): Verdict {
	if (outcome.kind === "failure")
		return {
			text: sentence(outcome.message),
			cure: "The reading is kept and will be sent. Try again, or save: the board goes on trying by itself.",
		};
	return refusalVerdict(outcome, {
		403: {
			text: "This key must not store data.",
			cure: "Use a write key (dakkio_w_) of this bucket.",
		},
		404: noSuchSource,
	});
}

/** What the statuses mean wherever they come; `special`: those that mean something else here. */
function refusalVerdict(
	{ status, body }: Exclude<Outcome, Failure>,
	special: Readonly<Record<number, Verdict>>,
): Verdict {
	const known = special[status];
	if (known !== undefined) return known;
	const words = serverWords(body);
	const answer = words === "" ? `${status}` : `${status}, “${words}”`;
	if (status === 401)
		return {
			text: "Dakkio does not know this key.",
			cure: "Copy it again, or create a new write key (dakkio_w_): an old one may have been deleted.",
		};
	if (status === 429)
		return {
			text: `The plan's calls are used up: ${answer}.`,
			cure: "Readings are kept and sent when the plan allows it again. Save, or choose a larger plan.",
		};
	if (status >= 300 && status < 400)
		return {
			text: `What answers there wants to lead the board elsewhere (${status}).`,
			cure: "Look at the address of the service.",
		};
	if (status >= 500)
		return { text: `Dakkio has a problem of its own: ${answer}.`, cure: "Try again in some minutes." };
	return { text: `Dakkio refused it: ${answer}.`, cure: "Look at key, bucket and data source." };
}

function sentence(words: string): string {
	return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
