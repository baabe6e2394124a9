import type { SettingKey } from "../src/settings/settings";
import type { SettingDescription } from "../src/setup/api";

/** What a form and the README's table say of a setting. */
export interface SettingText {
	readonly label: string;
	readonly help: string;
}

export const settingTexts: Readonly<Record<SettingKey, SettingText>> = {
	networks: { label: "Wi-Fi networks", help: "Tried in this order. 2.4 GHz only." },
	key: { label: "API key", help: "A write key (dakkio_w_…). Use one per device." },
	bucketId: { label: "Bucket", help: "Id of the bucket that the key belongs to." },
	dataSourceId: {
		label: "Data source",
		help: "Id of this device's data source in the bucket. create: the board creates one, named after its device id.",
	},
	deviceId: {
		label: "Device id",
		help: "Sent with every point, and the name of a data source that the board creates. Empty: ESP32- and the last six digits of the MAC address.",
	},
	location: { label: "Location", help: "Sent with every point." },
	interval: { label: "Sampling interval", help: "Time between two readings." },
	uploadInterval: {
		label: "Upload interval",
		help: "Time between two uploads. Automatic: as short as the plan's calls allow; one hour on battery.",
	},
	server: { label: "Service address", help: "https:// and a host name; with a port unless it is 443." },
	rootCertificate: {
		label: "Custom root certificate",
		help: "PEM. Only for a service whose certificate is not signed by a public authority.",
	},
	power: {
		label: "Power",
		help: "On battery, the board sleeps between samples and joins the network only for uploads.",
	},
	batteryPin: {
		label: "Battery pin",
		help: "Analog pin connected to the battery through a voltage divider.",
	},
	batteryRatio: {
		label: "Battery divider ratio",
		help: "Battery voltage divided by the voltage at the pin: 2 for two equal resistors.",
	},
	ledPin: {
		label: "Status light pin",
		help: "Automatic: the light that common boards with this chip have, if any.",
	},
	ledActive: {
		label: "Light is on when its pin is",
		help: "Choose the other level if the light is on when it should be off.",
	},
	buttonPin: {
		label: "Button pin",
		help: "The button connects the pin to ground. Automatic: the BOOT button of most boards.",
	},
	dataPin: { label: "I²C data pin (SDA)", help: "Automatic: the usual pin of the chip." },
	clockPin: { label: "I²C clock pin (SCL)", help: "Automatic: the usual pin of the chip." },
	sensors: {
		label: "Sensors",
		help: "Each value can be renamed, calibrated, and left out.",
	},
	inputs: {
		label: "Inputs",
		help: "Voltages, contacts and pulses at single pins.",
	},
	oneWirePin: {
		label: "1-Wire pin",
		help: "Data of DS18B20 thermometers, with 4.7 kilohm to 3.3 V. They are listed with the sensors.",
	},
	serialPin: { label: "Serial pin", help: "Pin at TX of a PMS5003." },
	derived: {
		label: "Derived values",
		help: "Calculated when the values they need are measured.",
	},
	altitude: { label: "Altitude", help: "Height above sea level, for sea level pressure and for an SCD4x." },
	statistics: {
		label: "Statistics",
		help: "Samples at this interval within the sampling interval, and stores mean, minimum and maximum. Off: one sample. Not on battery.",
	},
	localPage: {
		label: "Page on the home network",
		help: "On mains, anyone in the board's network can see its values and state, and change nothing.",
	},
	update: {
		label: "Updates",
		help: "off, or the https:// address of a release index, asked once a day. On battery: only with a battery pin.",
	},
	ntpServers: {
		label: "Time servers",
		help: "NTP servers: host names or addresses, with a port unless it is 123.",
	},
};

/** A row of the settings table with its texts. */
export type SettingRow = SettingDescription & SettingText;

export function withTexts(description: SettingDescription): SettingRow {
	return { ...description, ...settingTexts[description.key] };
}
