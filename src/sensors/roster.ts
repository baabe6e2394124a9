import type { Time } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { mostFields } from "../reading/chain";
import type { Field, Value } from "../reading/reading";
import type { Settings } from "../settings/settings";
import type { Candidate } from "./candidate";
import { type Column, fieldSettings, planColumns, sensorSettings } from "./columns";
import { derivedFields, deriveValues } from "./derived";
import { NameStore } from "./name-store";
import { forgetNames, mostNamed, type NameBook, nameFields } from "./names";
import { Slot } from "./slot";

export type RosterSettings = Pick<Settings, "sensors" | "derived" | "altitude">;

export interface RosterOptions {
	readonly time: Time;
	readonly storage: Pick<KeyValue, "read" | "write">;
	readonly settings: RosterSettings;
	/** Minimum and maximum are stored, too. */
	readonly statistics: boolean;
	/** Names that stand for inputs. */
	readonly reserved: readonly string[];
	log(line: string): void;
}

/** A sensor as a person wants to see it. */
export interface SensorState {
	/** `BME280 at 0x76`. */
	readonly name: string;
	/** A sentence when it is not well. */
	readonly problem?: string;
	/** It was there before, and is not now. */
	readonly missing?: true;
	readonly values: readonly {
		readonly name: string;
		readonly unit: string;
		readonly value?: number | boolean | string;
	}[];
}

/** The sensors that are measured, the names of their fields, and those that were there before. */
export class Roster {
	private readonly options: RosterOptions;
	private readonly store: NameStore;
	private book: NameBook;
	private _slots: readonly Slot[] = [];
	private columns: readonly Column[] = [];
	private _fields: readonly Field[] = [];
	private problems = "";

	constructor(options: RosterOptions) {
		this.options = options;
		this.store = new NameStore(options.storage);
		const book = this.store.load();
		if (book === undefined)
			options.log("sensor: the kept names of the fields are damaged; they are given anew.");
		this.book = book ?? [];
	}

	get slots(): readonly Slot[] {
		return this._slots;
	}

	/** The fields of a reading; the same object until they change. */
	get fields(): readonly Field[] {
		return this._fields;
	}

	/** All sensors that were ever found. */
	get remembered(): ReadonlySet<string> {
		return new Set(this.book.map(({ sensor }) => sensor));
	}

	/** Those that were found once, and are not there. */
	get missing(): readonly string[] {
		return this.book
			.map(({ sensor }) => sensor)
			.filter((sensor) => !this.isThere(sensor) && !this.isOff(sensor));
	}

	/** Takes up what is new among what was found. Whether there was any. */
	admit(candidates: readonly Candidate[]): boolean {
		const found = candidates.filter(({ sensor }) => !this.isThere(sensor)).sort(byRank);
		this.name(found);
		const admitted = found.filter(({ sensor }) => !this.isOff(sensor));
		if (admitted.length === 0) return false;
		// A sensor that has failed may have given its place to one of another kind.
		const places = new Set(admitted.map(({ place }) => place));
		const left = this._slots.filter(({ candidate }) => !places.has(candidate.place));
		for (const slot of this._slots) if (!left.includes(slot)) slot.close();
		this._slots = [...left, ...admitted.map((candidate) => this.open(candidate))].sort((one, other) =>
			byRank(one.candidate, other.candidate),
		);
		this.arrange();
		for (const { sensor } of admitted) this.introduce(sensor);
		return true;
	}

	/** The names of sensors that are not there are free again. Returns those sensors. */
	forgetMissing(): readonly string[] {
		const { missing } = this;
		if (missing.length === 0) return missing;
		this.keep(forgetNames(this.book, (sensor) => missing.includes(sensor)));
		this.arrange();
		return missing;
	}

	/** What was measured since this was asked the last time, in the order of the fields. */
	take(): readonly Value[] {
		const values = this.columns.map(({ source, index, part, field }) => {
			const aggregate = this._slots[source]?.aggregates[index];
			return round(aggregate?.[part], field.decimals);
		});
		for (const { aggregates } of this._slots) for (const aggregate of aggregates) aggregate.clear();
		return values;
	}

	/** All that are there, then those that are missing. */
	get states(): readonly SensorState[] {
		const there = this._slots.map((slot, source) => ({
			name: slot.sensor,
			...(slot.problem === undefined ? {} : { problem: slot.problem }),
			values: this.columns
				.filter((column) => column.source === source && column.part === "value")
				.map(({ index, field: { name, unit, decimals } }) => {
					const value = round(slot.latest[index], decimals);
					return { name, unit, ...(value === undefined ? {} : { value }) };
				}),
		}));
		const missing = this.missing.map((name) => ({
			name,
			problem: `${name}: it was there before, and is not now.`,
			missing: true as const,
			values: [],
		}));
		return [...there, ...missing];
	}

	close(): void {
		for (const slot of this._slots) slot.close();
		this._slots = [];
		this.columns = [];
		this._fields = [];
	}

	private isThere(sensor: string): boolean {
		return this._slots.some((slot) => slot.sensor === sensor);
	}

	private isOff(sensor: string): boolean {
		return sensorSettings(this.options.settings.sensors, sensor).off === true;
	}

	private name(found: readonly Candidate[]): void {
		const { settings, reserved } = this.options;
		let book = this.book;
		for (const { sensor, fields, named } of found) {
			if (named === true) continue;
			const names = [...fields, ...derivedFields(fields, settings.derived)].map(({ name }) => name);
			book = nameFields(book, sensor, names, reserved);
		}
		// The oldest of those that are gone make room.
		const gone = book.find(({ sensor }) => this.missing.includes(sensor));
		if (book.length > mostNamed && gone !== undefined)
			book = forgetNames(book, (sensor) => sensor === gone.sensor);
		if (book !== this.book) this.keep(book);
	}

	private keep(book: NameBook): void {
		this.book = book;
		try {
			this.store.save(book);
		} catch (error) {
			const reason = error instanceof Error ? ` (${error.message})` : "";
			this.options.log(`sensor: the names of the fields could not be kept${reason}.`);
		}
	}

	private open(candidate: Candidate): Slot {
		const { time, settings } = this.options;
		const { derived, altitude, sensors } = settings;
		const { sensor, fields } = candidate;
		const more = derivedFields(fields, derived).map((field) => ({ ...field, aggregation: "mean" as const }));
		const calibrations = fields.map(({ name }) => fieldSettings(sensors, sensor, name));
		return new Slot({
			candidate,
			fields: [...fields, ...more],
			time,
			finish: (read) => {
				const values = calibrations.map(({ scale = 1, offset = 0 }, index) => {
					const value = read[index];
					return typeof value === "number" ? value * scale + offset : value;
				});
				return [...values, ...deriveValues(fields, values, derived, altitude)];
			},
			onProblem: (problem) => this.options.log(`sensor: ${problem ?? `${sensor} is back`}`),
		});
	}

	private arrange(): void {
		const { settings, statistics, log } = this.options;
		const { columns, problems } = planColumns({
			sources: this._slots,
			book: this.book,
			settings: settings.sensors,
			statistics,
			most: mostFields,
		});
		this.columns = columns;
		this._fields = columns.map(({ field }) => field);
		if (problems.join() !== this.problems) for (const problem of problems) log(`sensor: ${problem}`);
		this.problems = problems.join();
	}

	private introduce(sensor: string): void {
		const { log } = this.options;
		const source = this._slots.findIndex((slot) => slot.sensor === sensor);
		const names = this.columns.filter((column) => column.source === source).map(({ field }) => field.name);
		log(`sensor: ${sensor} (${names.join(", ")})`);
		this.tellHolder(sensor);
	}

	/** Somebody who has put a new sensor in the place of an old one wonders where the plain names are. */
	private tellHolder(sensor: string): void {
		const { missing } = this;
		const own = this.book.find((named) => named.sensor === sensor)?.names ?? new Map<string, string>();
		for (const [field, name] of own) {
			if (name === field) continue;
			const holder = this.book.find(({ names }) => [...names.values()].includes(field))?.sensor;
			if (holder === undefined || !missing.includes(holder)) continue;
			this.options.log(
				`sensor: ${field} still stands for ${holder}, which is not there; the setup page can forget it.`,
			);
			return;
		}
	}
}

function byRank(one: Candidate, other: Candidate): number {
	return one.rank < other.rank ? -1 : 1;
}

/** The one place where a value gets its field's decimals: 22.48, not 22.479999542236328. */
function round(value: Value, decimals: number): Value {
	return typeof value === "number" ? Number(value.toFixed(decimals)) : value;
}
