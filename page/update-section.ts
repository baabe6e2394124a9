import type { BoardClient } from "./board-client";
import { button, element, replaceContent, setDisabled, uniqueId } from "./dom";
import { sendUpdate } from "./send-update";
import { texts } from "./texts";

const words = texts.update;

interface UpdateOptions {
	readonly client: BoardClient;
	announce(text: string): void;
	/** The board restarts by itself; `text` says what happens. */
	onLeave(leave: () => Promise<void>, text: string): void;
}

/** Installs firmware from a file. */
export function updateSection({ client, announce, onLeave }: UpdateOptions): HTMLElement {
	const file = element("input", { type: "file", accept: ".update", id: uniqueId() });
	const bar = element("progress", { "aria-label": words.title, hidden: true });
	const result = element("p", { class: "result", hidden: true });
	const report = (text: string) => {
		result.hidden = false;
		replaceContent(result, text);
		announce(text);
	};
	const older = button(words.installOlder, () => void install(true), { class: "wide", hidden: true });
	const start = button(words.install, () => void install(false), { class: "wide" });
	const install = async (allowOlder: boolean) => {
		const [chosen] = file.files ?? [];
		older.hidden = true;
		result.hidden = true;
		if (chosen === undefined) return report(words.noFile);
		for (const each of [start, older]) setDisabled(each, true);
		try {
			const bytes = new Uint8Array(await chosen.arrayBuffer());
			const problem = await sendUpdate(client, bytes, allowOlder, (share) => {
				bar.hidden = false;
				bar.value = share;
			});
			if (problem === undefined) return onLeave(async () => {}, words.installed);
			older.hidden = problem !== "older";
			report(words.problems[problem]);
		} finally {
			bar.hidden = true;
			for (const each of [start, older]) setDisabled(each, false);
		}
	};
	return element(
		"details",
		{},
		element("summary", {}, words.title),
		element(
			"div",
			{ class: "stack" },
			element("p", { class: "help" }, words.lead),
			element("div", { class: "field" }, element("label", { for: file.id }, words.file), file),
			start,
			older,
			bar,
			result,
		),
	);
}
