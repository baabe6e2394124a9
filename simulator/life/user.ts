import type { Settings } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { accessPoints } from "./active-faults";
import type { SimulatedKeyValue } from "./powered-storage";
import type { Scenario, SettingsChange } from "./scenario";
import { credentials } from "./shared-world";
import { batteryRatio, devicePins } from "./simulated-device";

export const serviceHost = "dakkio.example";
export const timeServerHosts = Object.freeze(["time-a.example", "time-b.example"]);

/** What the board goes by, of its settings. */
export type EffectiveSettings = Pick<
	Settings,
	"interval" | "uploadInterval" | "power" | "location" | "dataSourceId"
>;

/** As a board has it that nobody has set up. */
const unconfigured: EffectiveSettings = {
	interval: 60,
	uploadInterval: "auto",
	power: "mains",
	location: "",
	dataSourceId: "",
};

/** The person whose board it is: what they have set, as the setup page keeps it. */
export class SimulatedUser {
	private readonly keyValue: SimulatedKeyValue;
	private settings: Partial<Settings> & EffectiveSettings;
	private hasSetUp = false;

	constructor(scenario: Scenario, keyValue: SimulatedKeyValue) {
		this.keyValue = keyValue;
		const { interval, uploadInterval, power } = scenario;
		this.settings = {
			...{ interval, uploadInterval, power },
			key: credentials.write,
			bucketId: credentials.bucket,
			dataSourceId: credentials.sources[0],
			location: "",
			networks: [accessPoints.home, accessPoints.away].slice(0, scenario.networks),
			server: `https://${serviceHost}`,
			ntpServers: timeServerHosts,
			...(power === "battery" ? { batteryPin: devicePins.battery, batteryRatio } : {}),
		};
	}

	/** What the board has been told, or goes by without. */
	get effective(): EffectiveSettings {
		return this.hasSetUp ? this.settings : unconfigured;
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
		new SettingsStore(this.keyValue.unpowered).save(this.settings);
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
	fixKey(): void {
		this.settings = { ...this.settings, key: credentials.write };
		if (this.hasSetUp) this.setUp();
	}

	/** Has had all forgotten. */
	onFactoryReset(): void {
		this.hasSetUp = false;
	}

	/** It was not forgotten: power went before it had begun. */
	undoFactoryReset(): void {
		this.hasSetUp = true;
	}

	/** Whether the board has settings, or secrets, of somebody. */
	get hasSettings(): boolean {
		const secrets = [
			...Object.values(accessPoints).map(({ password }) => password),
			...Object.values(credentials),
		];
		return secrets.some((secret) => typeof secret === "string" && this.keyValue.containsText(secret));
	}
}
