import type { FieldProblem, SettingDescription, SetupState } from "../api";
import { BoardPart } from "./board-part";
import { Client, pause, RefusedError, repeat, UnheardError } from "./client";
import { element, fill, icon, icons } from "./dom";
import { forgetDraft, keepDraft, readDraft } from "./draft";
import { endPart } from "./ending";
import { settingField } from "./field";
import { Form } from "./form";
import { isKnown } from "./network-entry";
import { NetworksField } from "./networks";
import { Notices } from "./notices";
import { planFor } from "./plan";
import { sourceField } from "./source-field";
import { TestPart } from "./testing";
import { texts } from "./texts";
import { transferPart } from "./transfer";

const steps = ["wifi", "dakkio", "board", "test"] as const;
type StepName = (typeof steps)[number];

/** Between two looks at the sensors, milliseconds. */
const sensorsEvery = 3_000;
const scanEvery = 1_000;

/** The whole page: four steps, of which one is shown. */
class SetupPage {
	readonly #client: Client;
	readonly #notices: Notices;
	readonly #state: SetupState;
	readonly #form: Form;
	readonly #networks: NetworksField;
	readonly #board: BoardPart;
	readonly #test: TestPart;
	readonly #sections = new Map<StepName, HTMLElement>();
	readonly #links = new Map<StepName, HTMLElement>();
	readonly #seen = new Set<StepName>();
	#ends: (() => void)[] = [];

	constructor(client: Client, notices: Notices, state: SetupState) {
		this.#client = client;
		this.#notices = notices;
		this.#state = state;
		this.#form = new Form(client, () => this.#changed());
		const announce = (text: string) => notices.announce(text);
		const table = new Map(state.table.map((row) => [row.key, row]));
		const row = (key: string): SettingDescription =>
			table.get(key) ?? { key, label: key, help: "", preset: "", kind: "text" };
		this.#networks = new NetworksField({
			description: row("networks"),
			onRescan: () => void this.#scan(),
			announce,
		});
		this.#section("wifi", texts.networks, [this.#form.add(this.#networks)]);
		this.#section("dakkio", texts.dakkio, this.#dakkioFields(row));
		this.#board = new BoardPart(state, this.#form, ["networks", "key", "bucketId", "dataSourceId"]);
		const { name } = state.board;
		const transfer = transferPart({ client, form: this.#form, name, announce });
		this.#section("board", texts.board, [...this.#board.elements, transfer]);
		this.#test = new TestPart({
			client,
			form: this.#form,
			announce,
			goTo: (key) => this.#goTo(key),
			begin: () => this.#begin(),
			save: () => this.#save(),
		});
		this.#section("test", { title: texts.test.title }, this.#test.elements);
	}

	async start(main: HTMLElement, header: HTMLElement): Promise<void> {
		this.#form.write(this.#state.settings);
		const kept = this.#form.given();
		this.#form.write(this.#draftOverKept());
		header.append(this.#navigation());
		fill(main, ...this.#sections.values());
		for (const event of ["input", "change"]) main.addEventListener(event, () => this.#changed());
		addEventListener("hashchange", () => this.#show(true));
		this.#show(false);
		const test = await this.#client.test();
		this.#test.resume(test, kept);
		if (test.running) location.hash = "test";
		await this.#listen();
		this.#ends.push(repeat(() => this.#look(), sensorsEvery));
	}

	#dakkioFields(row: (key: string) => SettingDescription): readonly HTMLElement[] {
		const words = texts.dakkio;
		const set = this.#state.secretsSet.includes("key");
		const key = row("key");
		const fields = [
			settingField(key, {
				set,
				required: words.keyMissing,
				help: set ? `${key.help} ${words.keySet}` : key.help,
			}),
			settingField(row("bucketId"), { required: words.bucketMissing }),
			sourceField(row("dataSourceId")),
		];
		return fields.map((field) => this.#form.add(field));
	}

	#section(
		name: StepName,
		{ title, lead }: { readonly title: string; readonly lead?: string },
		content: readonly HTMLElement[],
	): void {
		const index = steps.indexOf(name);
		const before = steps[index - 1];
		const after = steps[index + 1];
		const section: HTMLElement = element(
			"form",
			{
				id: name,
				"aria-labelledby": `${name}-title`,
				hidden: true,
				novalidate: true,
				onsubmit: (event) => {
					event.preventDefault();
					if (after !== undefined) void this.#leave(section, after);
				},
			},
			element("h2", { id: `${name}-title`, tabindex: -1 }, title),
			lead === undefined ? undefined : element("p", { class: "lead" }, lead),
			...content,
			element(
				"div",
				{ class: "row ends" },
				before === undefined ? undefined : element("a", { class: "button", href: `#${before}` }, texts.back),
				after === undefined ? undefined : element("button", { class: "primary" }, texts.next),
			),
		);
		this.#sections.set(name, section);
	}

	#navigation(): HTMLElement {
		const items = steps.map((name, index) => {
			const mark = element("span", { class: "number" }, String(index + 1));
			const link = element("a", { href: `#${name}` }, mark, texts.steps[name]);
			this.#links.set(name, link);
			return element("li", {}, link);
		});
		return element("nav", { "aria-label": texts.stepsName }, element("ol", {}, ...items));
	}

	/** What the address says is shown: the way back in the browser is the way back here. */
	#show(moved: boolean): void {
		const current = steps.find((name) => location.hash === `#${name}`) ?? steps[0];
		for (const [name, section] of this.#sections) section.hidden = name !== current;
		for (const [name, link] of this.#links) {
			if (name === current) link.setAttribute("aria-current", "step");
			else link.removeAttribute("aria-current");
		}
		this.#seen.add(current);
		this.#changed();
		document.title = `${texts.steps[current]} – ${texts.title}`;
		if (!moved) return;
		scrollTo(0, 0);
		document.getElementById(`${current}-title`)?.focus({ preventScroll: true });
	}

	/** Anything on the page may have become another. */
	#changed(): void {
		for (const [name, section] of this.#sections) {
			const whole = name === "test" ? this.#test.passed : this.#isWhole(name, section);
			const link = this.#links.get(name);
			if (link !== undefined) markStep(link, steps.indexOf(name), whole);
		}
		this.#board.showPlan();
		this.#test.refresh();
		keepDraft({ board: this.#state.board.name, settings: this.#draft() });
	}

	/** What was filled in before the page was loaded anew; which passwords there are, the board knows. */
	#draftOverKept(): Readonly<Record<string, unknown>> {
		const { settings, board } = this.#state;
		const draft = readDraft(board.name);
		if (draft.networks === undefined) return draft;
		const kept = [settings.networks].flat().filter(isKnown);
		const networks = [draft.networks].flat().filter(isKnown);
		return {
			...draft,
			networks: networks.map((network) => ({
				...network,
				saved: kept.some(({ ssid, saved }) => ssid === network.ssid && saved === true),
			})),
		};
	}

	/** Nothing is missing; what has presets for everything is so only once it was seen. */
	#isWhole(name: StepName, section: HTMLElement): boolean {
		return (name !== "board" || this.#seen.has(name)) && this.#form.isWhole(section);
	}

	#draft(): Readonly<Record<string, unknown>> {
		const draft: Record<string, unknown> = { ...this.#form.given() };
		for (const { key, secret } of this.#state.table) if (secret === true) delete draft[key];
		draft.networks = this.#networks.readWithoutSecrets();
		return draft;
	}

	/** On to the next step, if nothing is wrong with this one. */
	async #leave(section: HTMLElement, next: StepName): Promise<void> {
		await this.#form.checkPart(section);
		const wrong = this.#form.firstWrong(section);
		if (wrong === undefined) location.hash = next;
		else this.#goTo(wrong.key);
	}

	/** To a setting, in whatever step and group it is. */
	#goTo(key: string): void {
		const field = this.#form.field(key);
		const section = field?.element.closest("form");
		if (field === undefined || !section) return;
		location.hash = section.id;
		this.#show(false);
		for (let at = field.element.parentElement; at !== null; at = at.parentElement)
			if (at instanceof HTMLDetailsElement) at.open = true;
		// After the step has been shown, which takes the focus to its title.
		setTimeout(() => {
			field.focus();
			field.element.scrollIntoView({ block: "center" });
		});
	}

	/** Shows what is wrong and goes there; whether anything is. */
	#isWrong(problems: readonly FieldProblem[]): boolean {
		if (problems.length === 0) return false;
		this.#form.showAll(problems);
		this.#notices.announce(texts.problems(problems.length));
		const first = this.#form.firstWrong();
		if (first === undefined) this.#notices.tell(problems.map(({ problem }) => problem).join(" "));
		else this.#goTo(first.key);
		return true;
	}

	/** All that is wrong, at once: with what is missing, and with what the board says of the rest. */
	async #missesOrMistakes(missing: readonly FieldProblem[]): Promise<boolean> {
		const { problems } = await this.#client.check(this.#form.given());
		return this.#isWrong([...missing, ...problems]);
	}

	async #begin(): Promise<boolean> {
		this.#notices.clear();
		if (await this.#missesOrMistakes(this.#form.missing())) return false;
		return !this.#isWrong(await this.#client.startTest(this.#form.given()));
	}

	async #save(): Promise<void> {
		this.#notices.clear();
		// A key or a bucket may come later; without a network nothing can.
		if (await this.#missesOrMistakes(this.#form.missing(["networks"]))) return;
		if (this.#isWrong(await this.#client.save(this.#form.given()))) return;
		for (const end of this.#ends) end();
		forgetDraft();
		this.#finish(await this.#leaveSetup());
	}

	/** Whether the board said that it starts. */
	async #leaveSetup(): Promise<boolean> {
		try {
			await this.#client.finish();
			return true;
		} catch (error) {
			if (error instanceof UnheardError) return false;
			throw error;
		}
	}

	#finish(confirmed: boolean): void {
		const given = this.#form.given();
		const end = endPart({
			state: this.#state,
			tested: this.#test.passed,
			joined: this.#test.found("join"),
			source: this.#test.found("source"),
			server: String(given.server),
			plan: planFor(given, this.#state.plan.limit),
			onBattery: given.power === "battery",
			confirmed,
		});
		document.querySelector("nav")?.remove();
		document.title = `${texts.end.title} – ${texts.title}`;
		document.querySelector("main")?.replaceChildren(end);
		end.querySelector("h2")?.focus();
	}

	/** The sensors' values, while they can be seen. */
	async #look(): Promise<void> {
		if (this.#sections.get("board")?.hidden === false) this.#board.show(await this.#client.state());
	}

	async #listen(): Promise<void> {
		const heard = await this.#client.networks();
		if (heard.networks.length === 0 && !heard.scanning) await this.#scan();
		else await this.#hear();
	}

	async #scan(): Promise<void> {
		this.#networks.heard({ scanning: true, networks: [] });
		await this.#client.scan();
		await this.#hear();
	}

	/** Until the radio has listened on all channels. */
	async #hear(): Promise<void> {
		this.#notices.announce(texts.networks.scanning);
		for (;;) {
			const heard = await this.#client.networks();
			this.#networks.heard(heard);
			if (!heard.scanning) {
				this.#notices.announce(texts.networks.scanned(heard.networks.length));
				return;
			}
			await pause(scanEvery);
		}
	}
}

function markStep(link: HTMLElement, index: number, whole: boolean): void {
	if (link.classList.contains("whole") === whole && link.childElementCount > 0) return;
	link.classList.toggle("whole", whole);
	const mark = link.querySelector(".number");
	if (mark === null) return;
	fill(mark, whole ? icon(icons.check) : String(index + 1));
	link.querySelector(".aside")?.remove();
	if (whole) link.append(element("span", { class: "aside" }, `, ${texts.stepDone}`));
}

async function main(): Promise<void> {
	const notices = new Notices();
	const client = new Client((lost) => notices.connection(lost));
	const title = element("p", { class: "board" });
	const header = element("header", {}, title, element("h1", {}, texts.title));
	const content = element("main", {}, element("p", { class: "lead busy" }, texts.loading));
	document.body.append(header, ...notices.elements, content);
	addEventListener("unhandledrejection", (event) => {
		if (!(event.reason instanceof RefusedError)) return;
		event.preventDefault();
		notices.tell(event.reason.message);
	});
	const state = await client.state();
	notices.name = state.board.name;
	title.textContent = state.board.name;
	await new SetupPage(client, notices, state).start(content, header);
}

void main();
