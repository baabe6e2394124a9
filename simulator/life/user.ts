import type { Settings } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { accessPoints } from "./active-faults";
import type { SimulatedKeyValue } from "./powered-storage";
import type { Scenario, SettingsChange } from "./scenario";
import { credentials } from "./shared-world";
import { batteryRatio, devicePins } from "./simulated-device";
import { releaseIndexUrl } from "./simulated-releases";

export const serviceHost = "dakkio.example";
export const timeServerHosts = Object.freeze(["time-a.example", "time-b.example"]);

/** The settings that determine the board's behaviour. */
export type EffectiveSettings = Pick<
	Settings,
	"interval" | "uploadInterval" | "power" | "location" | "dataSourceId"
>;

/** The settings of a board that is not set up. */
const unconfigured: EffectiveSettings = {
	interval: 60,
	uploadInterval: "auto",
	power: "mains",
	location: "",
	dataSourceId: "",
};

/** The user of the board, who saves settings as the setup page does. */
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
			...(scenario.updates ? { update: releaseIndexUrl } : {}),
			...(power === "battery" ? { batteryPin: devicePins.battery, batteryRatio } : {}),
		};
	}

	/** The settings in effect on the board. */
	get effective(): EffectiveSettings {
		return this.hasSetUp ? this.settings : unconfigured;
	}

	/** Whether the board has everything it needs to send, as far as it can know. */
	get isComplete(): boolean {
		return this.hasSetUp && this.settings.key !== credentials.read;
	}

	get measuresBattery(): boolean {
		return this.hasSetUp && this.settings.batteryPin !== undefined;
	}

	/** Saves the settings; they take effect at the next start. */
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

	/** Replaces a wrong key. */
	fixKey(): void {
		this.settings = { ...this.settings, key: credentials.write };
		if (this.hasSetUp) this.setUp();
	}

	onFactoryReset(): void {
		this.hasSetUp = false;
	}

	/** The factory reset did not happen: power failed before it began. */
	undoFactoryReset(): void {
		this.hasSetUp = true;
	}

	/** Whether any secret is in key-value storage. */
	get hasSettings(): boolean {
		const secrets = [
			...Object.values(accessPoints).map(({ password }) => password),
			...Object.values(credentials),
		];
		return secrets.some((secret) => typeof secret === "string" && this.keyValue.containsText(secret));
	}
}
