import type { SetupState } from "../src/setup/api";
import type { CallEstimate } from "./call-estimate";
import { element, fact, icon, icons } from "./dom";
import { texts } from "./texts";

const words = texts.end;

export interface DonePageOptions {
	readonly state: SetupState;
	readonly tested: boolean;
	/** What the test found: network; name and id of the data source. */
	readonly joined: string | undefined;
	readonly source: string | undefined;
	readonly server: string;
	readonly plan: CallEstimate | undefined;
	readonly onBattery: boolean;
	/** The board responded before it left setup. */
	readonly confirmed: boolean;
}

/** The last page. It sends no requests: the board has left setup. */
export function donePage(ending: DonePageOptions): HTMLElement {
	const { state, tested, joined, source, server, plan, onBattery, confirmed } = ending;
	const next = onBattery ? words.nextOnBattery : words.nextIn;
	const canSend = state.secretsSet.includes("key") && state.settings.bucketId !== "";
	const facts = [
		[words.connected, joined],
		[words.service, server],
		[words.source, source],
		[words.next, canSend ? plan && next(texts.every(plan.intervalS)) : words.nextNever],
		[words.pending, state.waiting > 0 ? texts.board.readings(state.waiting) : undefined],
	] as const;
	return element(
		"section",
		{ class: "end" },
		icon(icons.check, "seal"),
		element("h2", { tabindex: -1 }, words.title),
		element("p", { class: "lead" }, tested ? words.lead : words.untested),
		confirmed ? undefined : element("p", { class: "help" }, words.noResponse),
		element(
			"dl",
			{ class: "facts" },
			...facts.flatMap(([name, text]) => (text === undefined ? [] : [fact(name, element("bdi", {}, text))])),
		),
		element("p", {}, words.close),
		element(
			"div",
			{ class: "card" },
			element("h3", {}, words.return),
			element("p", {}, words.returnHelp(state.board.name)),
		),
	);
}

/** After a restart or a factory reset. `name`: of the access point. */
export function leftPage(text: string, name: string): HTMLElement {
	return element(
		"section",
		{ class: "end" },
		element("h2", { tabindex: -1 }, words.left),
		element("p", {}, text),
		element("p", { class: "help" }, words.leftHelp(name)),
	);
}
