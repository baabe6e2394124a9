/** What the light tells. */
export type LightState =
	/** The setup page is open. */
	| "setup"
	/** No network yet, or none any more. */
	| "joining"
	/** On a network, and the time is not known. */
	| "no time"
	| "sending"
	/** Somebody has to change a setting: nothing can be sent before. */
	| "settings fault"
	| "working"
	/** The button has been held so long that all will be forgotten. */
	| "forgetting"
	| "dark";

/** Milliseconds on, off, on, off and so on, then from the beginning. */
export const lightPatterns: Readonly<Record<LightState, readonly number[]>> = Object.freeze({
	setup: Object.freeze([500, 500]),
	joining: Object.freeze([100, 900]),
	"no time": Object.freeze([100, 200, 100, 1600]),
	sending: Object.freeze([100, 100]),
	"settings fault": Object.freeze([100, 200, 100, 200, 100, 1300]),
	working: Object.freeze([20, 4980]),
	forgetting: Object.freeze([50, 50]),
	dark: Object.freeze([0, 5000]),
});

/** What decides the light. */
export interface LightInputs {
	/** A person holds the button: what releasing it would do. */
	readonly held: "set up" | "forget everything" | undefined;
	readonly setup: boolean;
	readonly settingsFault: boolean;
	readonly online: boolean;
	readonly timeKnown: boolean;
	readonly sending: boolean;
	/** Each flash costs a part of the battery. */
	readonly savingPower: boolean;
}

/** The one thing that the light tells: what a person can act on comes first. */
export function lightState(situation: LightInputs): LightState {
	// mutation: show-factory-reset
	if (situation.held === "forget everything") return "forgetting";
	if (situation.held === "set up" || situation.setup) return "setup";
	// mutation: show-settings-fault
	if (situation.settingsFault) return "settings fault";
	// mutation: show-sending
	if (situation.sending) return "sending";
	// mutation: show-power-saving
	if (situation.savingPower) return "dark";
	// mutation: show-joining
	if (!situation.online) return "joining";
	// mutation: show-missing-time
	return situation.timeKnown ? "working" : "no time";
}
