/** What the light shows. */
export type LightState =
	/** The setup page is open. */
	| "setup"
	/** No network. */
	| "joining"
	/** On a network, but the time is not known. */
	| "no time"
	| "sending"
	/** Nothing is sent until the user changes a setting. */
	| "settings fault"
	| "working"
	/** Releasing the button now starts a factory reset. */
	| "factory reset"
	| "dark";

/** Milliseconds on, off, on, off …, repeated. */
export const lightPatterns: Readonly<Record<LightState, readonly number[]>> = Object.freeze({
	setup: Object.freeze([500, 500]),
	joining: Object.freeze([100, 900]),
	"no time": Object.freeze([100, 200, 100, 1600]),
	sending: Object.freeze([100, 100]),
	"settings fault": Object.freeze([100, 200, 100, 200, 100, 1300]),
	working: Object.freeze([20, 4980]),
	"factory reset": Object.freeze([50, 50]),
	dark: Object.freeze([0, 5000]),
});

/** What the light's state depends on. */
export interface LightInputs {
	/** What releasing the button now would do. */
	readonly held: "set up" | "factory reset" | undefined;
	readonly setup: boolean;
	readonly settingsFault: boolean;
	readonly online: boolean;
	readonly timeKnown: boolean;
	readonly sending: boolean;
	/** Whether the board runs on battery, which each flash drains. */
	readonly savingPower: boolean;
}

/** The most important state: what the user can act on comes first. */
export function lightState(inputs: LightInputs): LightState {
	// mutation: show-factory-reset
	if (inputs.held === "factory reset") return "factory reset";
	if (inputs.held === "set up" || inputs.setup) return "setup";
	// mutation: show-settings-fault
	if (inputs.settingsFault) return "settings fault";
	// mutation: show-sending
	if (inputs.sending) return "sending";
	// mutation: show-power-saving
	if (inputs.savingPower) return "dark";
	// mutation: show-joining
	if (!inputs.online) return "joining";
	// mutation: show-missing-time
	return inputs.timeKnown ? "working" : "no time";
}
