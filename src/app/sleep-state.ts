import type { SleepMemory } from "../boards/board";
import type { DecoderState } from "../reading/reading-decoder";

/** What a wake need not work out again. Without it, or with an older one, it does. */
export interface SleepState {
	/** After the last reading stored. */
	readonly readings?: DecoderState | undefined;
	/** Of the settings that were checked. */
	readonly settingsStamp?: string | undefined;
}

/** Empty unless this start ends a deep sleep before which {@link keepSleepState} was called. */
export function takeSleepState(memory: SleepMemory | undefined): SleepState {
	const text = memory?.take();
	if (text === undefined) return {};
	// The same firmware wrote it, and the board has checked it.
	const state: SleepState = JSON.parse(text);
	return state;
}

export function keepSleepState(memory: SleepMemory | undefined, state: SleepState): void {
	memory?.keep(JSON.stringify(state));
}
