import type { BootLog } from "../src/setup/api";
import type { BoardClient } from "./board-client";
import { button, element, fact, heading, replaceContent, setDisabled } from "./dom";
import { labelledControl, plainAttributes } from "./form-field";
import { texts } from "./texts";

const words = texts.maintenance;

interface MaintenanceOptions {
	readonly client: BoardClient;
	/** Of the board: the user types it to confirm. */
	readonly name: string;
	announce(text: string): void;
	/** `leave` makes the board restart; `text` says what happens. */
	onLeave(leave: () => Promise<void>, text: string): void;
}

/** How the board is, its log, and how to restart or reset it. */
export function maintenanceSection({ client, name, onLeave }: MaintenanceOptions): HTMLElement {
	const facts = element("dl", { class: "facts" });
	const log = element("pre", { class: "log", tabindex: 0, role: "region", "aria-label": words.log });
	const load = async () => {
		const { status, lines } = await client.log();
		replaceContent(facts, ...factsOf(status));
		log.textContent = lines.join("\n");
		log.scrollTop = log.scrollHeight;
	};
	const typed = element("input", plainAttributes);
	const reset = button(
		words.reset,
		() => onLeave(() => client.factoryReset(typed.value.trim()), words.resetDone),
		{
			class: "danger wide",
		},
	);
	const refresh = () => setDisabled(reset, typed.value.trim() !== name);
	typed.addEventListener("input", refresh);
	refresh();
	const section = element(
		"details",
		{},
		element("summary", {}, words.title),
		facts,
		heading(
			element("h4", {}, words.log),
			button(words.reload, () => void load(), { class: "quiet small" }),
		),
		log,
		element(
			"section",
			{ class: "group" },
			element("h4", {}, words.restart),
			element("p", { class: "help" }, words.restartHelp),
			button(words.restart, () => onLeave(() => client.restart(), words.restartDone), { class: "wide" }),
		),
		element(
			"section",
			{ class: "group" },
			element("h4", {}, words.reset),
			element("p", { class: "help" }, words.resetHelp),
			labelledControl(words.confirm(name), typed).element,
			reset,
		),
	);
	section.addEventListener("toggle", () => {
		if (section.open) void load();
	});
	return section;
}

function factsOf({
	reason,
	resetCounts,
	uptimeMs,
	freeMemoryBytes,
}: BootLog["status"]): readonly HTMLElement[] {
	const facts = [
		[words.reason, reason],
		[words.starts, resetCounts.map(([each, count]) => `${texts.number(count)} ${each}`).join(", ")],
		[words.uptime, texts.duration(uptimeMs / 1000)],
		[
			words.memory,
			freeMemoryBytes === undefined
				? words.unknown
				: `${texts.number(Math.floor(freeMemoryBytes / 1024))} KB`,
		],
	] as const;
	return facts.map(([name, text]) => fact(name, text));
}
