import type { SettingKey } from "../src/settings/settings";
import type { FieldProblem, SetupState } from "../src/setup/api";
import { BoardClient, NoResponseError, poll, RequestRefusedError } from "./board-client";
import { BoardSection } from "./board-section";
import { estimateCalls } from "./call-estimate";
import { element } from "./dom";
import { donePage, leftPage } from "./done-page";
import { deleteDraft, readDraft, saveDraft } from "./draft";
import { settingField } from "./form-field";
import { maintenanceSection } from "./maintenance-section";
import { isKnownNetwork } from "./network-entry";
import { NetworkScan } from "./network-scan";
import { NetworksField } from "./networks-field";
import { Notices } from "./notices";
import { type SettingRow, withTexts } from "./setting-texts";
import { settingsFileSection } from "./settings-file-section";
import { SettingsForm } from "./settings-form";
import { sourceField } from "./source-field";
import { type StepName, Steps, stepNames } from "./steps";
import { TestSection } from "./test-section";
import { texts } from "./texts";
import { updateSection } from "./update-section";

const measureIntervalMs = 1_500;

type Values = Readonly<Record<string, unknown>>;

/** The setup page: connects the steps, the form and the board. */
class SetupPage {
	readonly steps: Steps;
	readonly #client: BoardClient;
	readonly #notices: Notices;
	readonly #form: SettingsForm;
	readonly #networks: NetworksField;
	readonly #scanning: NetworkScan;
	readonly #board: BoardSection;
	readonly #test: TestSection;
	#state: SetupState;
	#stopPolling: (() => void) | undefined;

	constructor(client: BoardClient, notices: Notices, state: SetupState) {
		const announce = (text: string) => notices.announce(text);
		this.#client = client;
		this.#notices = notices;
		this.#state = state;
		this.steps = new Steps(() => this.#onChange());
		this.#form = new SettingsForm(client, () => this.#onChange());
		this.#scanning = new NetworkScan({ client, networks: () => this.#networks, announce });
		this.#networks = new NetworksField({
			description: this.#row("networks"),
			onRescan: () => void this.#scanning.rescan(),
			announce,
		});
		const form = this.#form;
		// Fields are added in the order of the page, so that the first problem is the topmost one.
		const wifi = [form.add(this.#networks)];
		const dakkio = this.#dakkioFields();
		const { name } = state.board;
		const defaults = Object.fromEntries(state.table.map(({ key, defaultValue }) => [key, defaultValue]));
		const transfer = settingsFileSection({ client, form, name, announce, defaults });
		const onLeave = (leave: () => Promise<void>, text: string) => void this.#leave(leave, text);
		const update = updateSection({ client, announce, onLeave });
		const maintenance = maintenanceSection({ client, name, announce, onLeave });
		this.#board = new BoardSection({
			state,
			form,
			placed: ["networks", "key", "bucketId", "dataSourceId"],
			parts: [transfer, update, maintenance],
			announce,
			onScan: (forget) => void this.#scanSensors(forget),
		});
		this.#test = new TestSection({
			client,
			form,
			announce,
			goTo: (key) => this.#goTo(key),
			startTest: () => this.#startTest(),
			onStateChange: () => this.#onChange(),
			onEnd: () => void this.#refreshState(),
			save: () => this.#save(),
		});
		this.#addStep("wifi", texts.networks, wifi);
		this.#addStep("dakkio", texts.dakkio, dakkio);
		this.#addStep("board", texts.board, this.#board.elements);
		this.#addStep("test", texts.test, this.#test.elements);
	}

	async start(): Promise<void> {
		this.#form.write(this.#boardSettings.settings);
		const kept = this.#form.values();
		this.#form.write(this.#mergedDraft());
		for (const event of ["input", "change"])
			this.steps.element.addEventListener(event, () => this.#onChange());
		this.steps.start();
		const test = await this.#client.test();
		this.#test.resume(test, kept);
		if (test.running) this.steps.go("test");
		this.#stopPolling = poll(() => this.#measure(), measureIntervalMs);
		await this.#scanning.start();
	}

	/** The board's settings: tested ones, if not saved yet. */
	get #boardSettings(): Pick<SetupState, "settings" | "secretsSet"> {
		return this.#state.tested ?? this.#state;
	}

	#row(key: SettingKey): SettingRow {
		const known = this.#state.table.find((row) => row.key === key);
		return withTexts(known ?? { key, defaultValue: "", kind: "text" });
	}

	#dakkioFields(): readonly HTMLElement[] {
		const words = texts.dakkio;
		const set = this.#boardSettings.secretsSet.includes("key");
		const fields = [
			settingField(this.#row("key"), {
				set,
				unsaved: this.#state.tested?.isKeyUnsaved,
				required: words.keyMissing,
			}),
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
		this.steps.add(name, { title, lead, content, onNext: (next) => void this.#completeStep(name, next) });
	}

	/** After any change on the page. */
	#onChange(): void {
		for (const name of stepNames) this.steps.markComplete(name, this.#isComplete(name));
		this.#board.refresh();
		this.#test.refresh();
		saveDraft({ board: this.#state.board.name, settings: this.#draft() });
	}

	/** The board step has a default for everything, so it is complete only after it was shown. */
	#isComplete(name: StepName): boolean {
		if (name === "test") return this.#test.passed;
		return (name !== "board" || this.steps.shown.has(name)) && this.#form.isComplete(this.steps.form(name));
	}

	#draft(): Values {
		const draft: Record<string, unknown> = { ...this.#form.values() };
		for (const { key, secret } of this.#state.table) if (secret === true) delete draft[key];
		if (/PRIVATE KEY/i.test(String(draft.rootCertificate))) delete draft.rootCertificate;
		draft.networks = this.#networks.readWithoutSecrets();
		return draft;
	}

	/** The values of before a reload, with the board's knowledge of saved passwords. */
	#mergedDraft(): Values {
		const { settings } = this.#boardSettings;
		const draft = readDraft(this.#state.board.name);
		if (draft.networks === undefined) return draft;
		const kept = [settings.networks].flat().filter(isKnownNetwork);
		const networks = [draft.networks].flat().filter(isKnownNetwork);
		return {
			...draft,
			networks: networks.map((network) => ({
				...network,
				saved: false,
				unsaved: false,
				...kept.find(({ ssid }) => ssid === network.ssid),
			})),
		};
	}

	/** Shows the next step if this one has no problem. */
	async #completeStep(name: StepName, next: StepName): Promise<void> {
		const form = this.steps.form(name);
		await this.#form.checkPart(form);
		const wrong = this.#form.firstInvalid(form);
		if (wrong === undefined) this.steps.go(next);
		else this.#goTo(wrong.key);
	}

	/** Shows and focuses a setting. */
	#goTo(key: string): void {
		const field = this.#form.field(key);
		if (field === undefined) return;
		for (let at = field.element.parentElement; at !== null; at = at.parentElement)
			if (at instanceof HTMLDetailsElement) at.open = true;
		this.steps.go(this.steps.stepOf(field.element), () => {
			field.focus();
			field.element.scrollIntoView({ block: "center" });
		});
	}

	/** Shows the problems and focuses the first; returns whether there are any. */
	#showProblems(problems: readonly FieldProblem[]): boolean {
		if (problems.length === 0) return false;
		this.#form.showAll(problems);
		this.#notices.announce(texts.problems(problems.length));
		const first = this.#form.firstInvalid();
		if (first === undefined) this.#notices.showError(problems.map(({ problem }) => problem).join(" "));
		else this.#goTo(first.key);
		return true;
	}

	/** Shows missing values together with the problems that the board reports. */
	async #hasProblems(missing: readonly FieldProblem[]): Promise<boolean> {
		const { problems } = await this.#client.check(this.#form.values());
		return this.#showProblems([...missing, ...problems]);
	}

	async #startTest(): Promise<number | undefined> {
		this.#notices.clearError();
		if (await this.#hasProblems(this.#form.missing())) return undefined;
		const result = await this.#client.startTest(this.#form.values());
		if (typeof result === "number") return result;
		this.#showProblems(result);
		return undefined;
	}

	async #save(): Promise<void> {
		this.#notices.clearError();
		// Key and bucket may be added later, which takes a network.
		if (await this.#hasProblems(this.#form.missing(["networks", "sensors", "inputs", "oneWirePin"]))) return;
		if (this.#showProblems(await this.#client.save(this.#form.values()))) return;
		this.#stopPolling?.();
		this.#state = await this.#client.state();
		this.#showDone(await this.#responds(() => this.#client.finish()));
	}

	/** The board restarts without the form's values. */
	async #leave(leave: () => Promise<void>, text: string): Promise<void> {
		const { name } = this.#state.board;
		// A measurement would be refused once the board erases.
		this.#stopPolling?.();
		await this.#responds(leave);
		deleteDraft();
		this.#showLast(leftPage(text, name));
	}

	/** Whether the board responded before it left. */
	async #responds(leave: () => Promise<void>): Promise<boolean> {
		try {
			await leave();
			return true;
		} catch (error) {
			if (error instanceof NoResponseError) return false;
			throw error;
		}
	}

	#showDone(confirmed: boolean): void {
		const given = this.#form.values();
		const page = donePage({
			state: this.#state,
			tested: this.#test.passed,
			joined: this.#test.resultOf("join"),
			source: this.#test.source,
			server: String(given.server),
			plan: estimateCalls(given, this.#state.plan.limit),
			onBattery: given.power === "battery",
			confirmed,
		});
		deleteDraft();
		this.#showLast(page);
	}

	#showLast(page: HTMLElement): void {
		const title = page.querySelector("h2");
		this.steps.replaceWith(page);
		document.title = `${title?.textContent} – ${texts.title}`;
		title?.focus();
	}

	async #scanSensors(forget: boolean): Promise<void> {
		await this.#client.scanSensors(forget);
		await this.#measure();
	}

	/** While the board step is shown. */
	async #measure(): Promise<void> {
		if (this.steps.current !== "board") return;
		this.#board.showLive(await this.#client.measure(this.#board.readForProbe()));
	}

	/** A test knows the plan, and what is pending. */
	async #refreshState(): Promise<void> {
		this.#state = await this.#client.state();
		this.#board.show(this.#state);
	}
}

async function main(): Promise<void> {
	const notices = new Notices();
	const client = new BoardClient((problem) =>
		notices.showConnection(problem && { lost: texts.lost(notices.name), busy: texts.busy }[problem]),
	);
	const name = element("p", { class: "board" });
	const header = element("header", {}, name, element("h1", {}, texts.title));
	const loading = element("main", {}, element("p", { class: "lead busy" }, texts.loading));
	document.body.append(header, ...notices.elements, loading);
	addEventListener("unhandledrejection", (event) => {
		if (!(event.reason instanceof RequestRefusedError)) return;
		event.preventDefault();
		notices.showError(event.reason.message);
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
