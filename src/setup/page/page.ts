import type { FieldProblem, SettingDescription, SetupState } from "../api";
import { BoardPart } from "./board-part";
import { Client, RefusedError, repeat, UnheardError } from "./client";
import { element } from "./dom";
import { forgetDraft, keepDraft, readDraft } from "./draft";
import { endPart } from "./ending";
import { settingField } from "./field";
import { Form } from "./form";
import { isKnown } from "./network-entry";
import { NetworksField } from "./networks";
import { Notices } from "./notices";
import { planFor } from "./plan";
import { Scanning } from "./scanning";
import { sourceField } from "./source-field";
import { type StepName, Steps, stepNames } from "./steps";
import { TestPart } from "./testing";
import { texts } from "./texts";
import { transferPart } from "./transfer";

/** Between two looks at the sensors, milliseconds. */
const sensorsEvery = 3_000;

type Values = Readonly<Record<string, unknown>>;

/** The whole page: what is filled in, tested and saved, step by step. */
class SetupPage {
	readonly steps: Steps;
	readonly #client: Client;
	readonly #notices: Notices;
	readonly #form: Form;
	readonly #networks: NetworksField;
	readonly #scanning: Scanning;
	readonly #board: BoardPart;
	readonly #test: TestPart;
	#state: SetupState;
	#endLooking: (() => void) | undefined;

	constructor(client: Client, notices: Notices, state: SetupState) {
		const announce = (text: string) => notices.announce(text);
		this.#client = client;
		this.#notices = notices;
		this.#state = state;
		this.steps = new Steps(() => this.#changed());
		this.#form = new Form(client, () => this.#changed());
		this.#scanning = new Scanning({ client, networks: () => this.#networks, announce });
		this.#networks = new NetworksField({
			description: this.#row("networks"),
			onRescan: () => void this.#scanning.again(),
			announce,
		});
		const form = this.#form;
		// Fields are looked through in the order in which they are added: that of the page.
		const wifi = [form.add(this.#networks)];
		const dakkio = this.#dakkioFields();
		this.#board = new BoardPart(
			state,
			form,
			["networks", "key", "bucketId", "dataSourceId"],
			(forget) => void this.#lookForSensors(forget),
		);
		this.#test = new TestPart({
			client,
			form,
			announce,
			goTo: (key) => this.#goTo(key),
			begin: () => this.#begin(),
			onState: () => this.#changed(),
			save: () => this.#save(),
		});
		const transfer = transferPart({ client, form, name: state.board.name, announce });
		this.#addStep("wifi", texts.networks, wifi);
		this.#addStep("dakkio", texts.dakkio, dakkio);
		this.#addStep("board", texts.board, [...this.#board.elements, transfer]);
		this.#addStep("test", texts.test, this.#test.elements);
	}

	async start(): Promise<void> {
		this.#form.write(this.#kept.settings);
		const kept = this.#form.given();
		this.#form.write(this.#draftOverKept());
		for (const event of ["input", "change"])
			this.steps.element.addEventListener(event, () => this.#changed());
		this.steps.start();
		const test = await this.#client.test();
		this.#test.resume(test, kept);
		if (test.running) this.steps.go("test");
		this.#endLooking = repeat(() => this.#look(), sensorsEvery);
		await this.#scanning.start();
	}

	/** What the board has: saved, or tested since. */
	get #kept(): Pick<SetupState, "settings" | "secretsSet"> {
		return this.#state.tested ?? this.#state;
	}

	#row(key: string): SettingDescription {
		const known = this.#state.table.find((row) => row.key === key);
		return known ?? { key, label: key, help: "", preset: "", kind: "text" };
	}

	#dakkioFields(): readonly HTMLElement[] {
		const words = texts.dakkio;
		const set = this.#kept.secretsSet.includes("key");
		const key = this.#row("key");
		const help = set ? `${key.help} ${words.keySet}` : key.help;
		const fields = [
			settingField(key, { set, required: words.keyMissing, help }),
			settingField(this.#row("bucketId"), { required: words.bucketMissing }),
			sourceField(this.#row("dataSourceId")),
		];
		return fields.map((field) => this.#form.add(field));
	}

	#addStep(
		name: StepName,
		{ title, lead }: { readonly title: string; readonly lead: string },
		content: readonly HTMLElement[],
	): void {
		this.steps.add(name, { title, lead, content, onNext: (next) => void this.#leave(name, next) });
	}

	/** Anything on the page may have become another. */
	#changed(): void {
		for (const name of stepNames) this.steps.mark(name, this.#isWhole(name));
		this.#board.showPlan();
		this.#test.refresh();
		keepDraft({ board: this.#state.board.name, settings: this.#draft() });
	}

	/** Nothing is missing; what has presets for everything is so only once it was seen. */
	#isWhole(name: StepName): boolean {
		if (name === "test") return this.#test.passed;
		return (name !== "board" || this.steps.seen.has(name)) && this.#form.isWhole(this.steps.form(name));
	}

	#draft(): Values {
		const draft: Record<string, unknown> = { ...this.#form.given() };
		for (const { key, secret } of this.#state.table) if (secret === true) delete draft[key];
		draft.networks = this.#networks.readWithoutSecrets();
		return draft;
	}

	/** What was filled in before the page was loaded anew; which passwords there are, the board knows. */
	#draftOverKept(): Values {
		const { settings } = this.#kept;
		const draft = readDraft(this.#state.board.name);
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

	/** On to the next step, if nothing is wrong with this one. */
	async #leave(name: StepName, next: StepName): Promise<void> {
		const form = this.steps.form(name);
		await this.#form.checkPart(form);
		const wrong = this.#form.firstWrong(form);
		if (wrong === undefined) this.steps.go(next);
		else this.#goTo(wrong.key);
	}

	/** To a setting, in whatever step and group it is. */
	#goTo(key: string): void {
		const field = this.#form.field(key);
		if (field === undefined) return;
		for (let at = field.element.parentElement; at !== null; at = at.parentElement)
			if (at instanceof HTMLDetailsElement) at.open = true;
		this.steps.go(this.steps.of(field.element), () => {
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

	async #begin(): Promise<number | undefined> {
		this.#notices.clear();
		if (await this.#missesOrMistakes(this.#form.missing())) return undefined;
		const begun = await this.#client.startTest(this.#form.given());
		if (typeof begun === "number") return begun;
		this.#isWrong(begun);
		return undefined;
	}

	async #save(): Promise<void> {
		this.#notices.clear();
		// A key or a bucket may come later; without a network nothing can.
		if (await this.#missesOrMistakes(this.#form.missing(["networks"]))) return;
		if (this.#isWrong(await this.#client.save(this.#form.given()))) return;
		this.#endLooking?.();
		this.#state = await this.#client.state();
		this.#end(await this.#leaveSetup());
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

	#end(confirmed: boolean): void {
		const given = this.#form.given();
		const page = endPart({
			state: this.#state,
			tested: this.#test.passed,
			joined: this.#test.found("join"),
			source: this.#test.found("source"),
			server: String(given.server),
			plan: planFor(given, this.#state.plan.limit),
			onBattery: given.power === "battery",
			confirmed,
		});
		this.steps.end(page);
		forgetDraft();
		document.title = `${texts.end.title} – ${texts.title}`;
		page.querySelector("h2")?.focus();
	}

	async #lookForSensors(forget: boolean): Promise<void> {
		await this.#client.lookForSensors(forget);
		await this.#look();
	}

	/** The sensors' values, while they can be seen. */
	async #look(): Promise<void> {
		if (this.steps.current !== "board") return;
		this.#state = await this.#client.state();
		this.#board.show(this.#state);
	}
}

async function main(): Promise<void> {
	const notices = new Notices();
	const client = new Client((lost) => notices.connection(lost));
	const name = element("p", { class: "board" });
	const header = element("header", {}, name, element("h1", {}, texts.title));
	const loading = element("main", {}, element("p", { class: "lead busy" }, texts.loading));
	document.body.append(header, ...notices.elements, loading);
	addEventListener("unhandledrejection", (event) => {
		if (!(event.reason instanceof RefusedError)) return;
		event.preventDefault();
		notices.tell(event.reason.message);
	});
	const state = await client.state();
	notices.name = state.board.name;
	name.textContent = state.board.name;
	const page = new SetupPage(client, notices, state);
	header.append(page.steps.navigation);
	loading.replaceWith(page.steps.element);
	await page.start();
}

void main();
