import type { Settings } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { networks } from "./conditions";
import { batteryRatio, pins } from "./machine";
import type { MemoryKeyValue } from "./power";
import type { Scenario, SettingsChange } from "./scenario";
import { credentials } from "./surroundings";

export const service = "dakkio.example";
export const timeServers = Object.freeze(["time-a.example", "time-b.example"]);

/** What the board goes by, of its settings. */
export type Effective = Pick<Settings, "interval" | "uploadInterval" | "power" | "location" | "dataSourceId">;

/** As a board has it that nobody has set up. */
const unset: Effective = {
	interval: 60,
	uploadInterval: "auto",
	power: "mains",
	location: "",
	dataSourceId: "",
};

/** The person whose board it is: what they have set, as the setup page keeps it. */
export class Owner {
	private readonly keyValue: MemoryKeyValue;
	private settings: Partial<Settings> & Effective;
	private hasSetUp = false;

	constructor(scenario: Scenario, keyValue: MemoryKeyValue) {
		this.keyValue = keyValue;
		const { interval, uploadInterval, power } = scenario;
		this.settings = {
			...{ interval, uploadInterval, power },
			key: credentials.write,
			bucketId: credentials.bucket,
			dataSourceId: credentials.sources[0],
			location: "",
			networks: [networks.home, networks.away].slice(0, scenario.networks),
			server: `https://${service}`,
			ntpServers: timeServers,
			...(power === "battery" ? { batteryPin: pins.battery, batteryRatio } : {}),
		};
	}

	/** What the board has been told, or goes by without. */
	get effective(): Effective {
		return this.hasSetUp ? this.settings : unset;
	}

	/** Whether the board has all that it needs to send, as far as it can tell by itself. */
	get isComplete(): boolean {
		return this.hasSetUp && this.settings.key !== credentials.read;
	}

	/** Whether it can measure its battery. */
	get measuresBattery(): boolean {
		return this.hasSetUp && this.settings.batteryPin !== undefined;
	}

	/** Keeps the settings on the board, which has to start anew then. */
	setUp(): void {
		this.hasSetUp = true;
		new SettingsStore(this.keyValue.trusted).save(this.settings);
	}

	change({ key, source, ...change }: SettingsChange): void {
		this.settings = {
			...{ ...this.settings, ...change },
			...(key === undefined ? {} : { key: credentials[key] }),
			...(source === undefined
				? {}
				: { dataSourceId: credentials.sources[source] ?? credentials.sources[0] }),
		};
		if (this.hasSetUp) this.setUp();
	}

	/** Sees that the key was wrong. */
	mendKey(): void {
		this.settings = { ...this.settings, key: credentials.write };
		if (this.hasSetUp) this.setUp();
	}

	/** Has had all forgotten. */
	forget(): void {
		this.hasSetUp = false;
	}

	/** It was not forgotten: power went before it had begun. */
	remember(): void {
		this.hasSetUp = true;
	}

	/** Whether the board has settings, or secrets, of somebody. */
	get isKnown(): boolean {
		const secrets = [
			...Object.values(networks).map(({ password }) => password),
			...Object.values(credentials),
		];
		return secrets.some((secret) => typeof secret === "string" && this.keyValue.holds(secret));
	}
}
