import type { SettingKey } from "../src/settings/settings";
import type { SettingDescription } from "../src/setup/api";

/** What a form and the README's table say of a setting. */
export interface SettingText {
	readonly label: string;
	readonly help: string;
}

export const settingTexts: Readonly<Record<SettingKey, SettingText>> = {
	networks: { label: "Wi-Fi networks", help: "Tried in this order. Only 2.4 GHz networks can be joined." },
	key: { label: "API key", help: "A write key (dakkio_w_…), one for each device." },
	bucketId: { label: "Bucket", help: "The id of the bucket that the key belongs to." },
	dataSourceId: {
		label: "Data source",
		help: "The id of this device's data source in the bucket; create: the board creates one, named after its device id.",
	},
	deviceId: {
		label: "Device id",
		help: "Sent with every point. Empty: ESP32- and the last six digits of the MAC address.",
	},
	location: { label: "Location", help: "Sent with every point." },
	interval: { label: "Sampling interval", help: "Time from one reading to the next." },
	uploadInterval: {
		label: "Upload interval",
		help: "Time from one upload to the next. Automatic: as the plan's calls allow; hourly on battery.",
	},
	server: { label: "Service address", help: "https:// and a host name, with a port if it is not 443." },
	rootCertificate: {
		label: "Custom root certificate",
		help: "PEM. Only for a service whose certificate no public authority signed.",
	},
	power: {
		label: "Power",
		help: "On battery the board sleeps between samples and joins the network only for uploads.",
	},
	batteryPin: {
		label: "Battery pin",
		help: "The analog pin at the middle of the battery's voltage divider.",
	},
	batteryRatio: {
		label: "Battery divider ratio",
		help: "Battery voltage divided by the voltage at the pin: 2 for two equal resistors.",
	},
	ledPin: {
		label: "Status light pin",
		help: "Automatic: that of the usual board with this chip, if it has a light.",
	},
	ledActive: { label: "Light is on when its pin is", help: "Choose the other one if the light is inverted." },
	buttonPin: {
		label: "Button pin",
		help: "The button connects it to ground. Automatic: the BOOT button that most boards have.",
	},
	dataPin: { label: "I²C data pin (SDA)", help: "Automatic: the chip's usual pin." },
	clockPin: { label: "I²C clock pin (SCL)", help: "Automatic: the chip's usual pin." },
	sensors: {
		label: "Sensors",
		help: "By sensor: other names, turned off, calibration. The format is in docs/sensors.md.",
	},
	inputs: {
		label: "Inputs",
		help: "Voltages, contacts and pulses at single pins. The format is in docs/sensors.md.",
	},
	oneWirePin: { label: "1-Wire pin", help: "The data pin of DS18B20 thermometers." },
	derived: {
		label: "Derived values",
		help: "Calculated when the values they need are measured.",
	},
	altitude: { label: "Altitude", help: "Of the board above sea level, for sea_level_pressure." },
	statistics: {
		label: "Statistics",
		help: "Samples at this interval within the sampling interval, and stores mean, minimum and maximum. Not on battery.",
	},
	ntpServers: {
		label: "Time servers",
		help: "NTP servers: name or address, with a port if it is not 123.",
	},
};

/** A row of the settings table with its texts. */
export type SettingRow = SettingDescription & SettingText;

export function withTexts(description: SettingDescription): SettingRow {
	return { ...description, ...settingTexts[description.key] };
}
