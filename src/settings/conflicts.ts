import type { InputSettings } from "./input-settings";
import type { SensorSettingsByName } from "./sensor-settings";
import { parseServiceAddress } from "./service-address";

/** Settings that restrict each other. */
export interface RelatedSettings {
	readonly server: string;
	readonly rootCertificate: string;
	readonly interval: number;
	readonly power: "mains" | "battery";
	readonly statistics: number | "off";
	readonly inputs: readonly InputSettings[];
	readonly sensors: SensorSettingsByName;
}

/** Why there are no statistics with these settings, in words that follow `no statistics: `. */
export function statisticsConflict({
	statistics,
	interval,
	power,
}: Pick<RelatedSettings, "interval" | "power" | "statistics">): string | undefined {
	if (statistics === "off") return undefined;
	if (power === "battery") return "on battery the board sleeps between samples.";
	if (statistics * 2 <= interval) return undefined;
	return `they need at least two measurements per sampling interval of ${interval} s.`;
}

/** A rule between settings. */
export interface SettingConflict {
	/** The other settings involved. */
	readonly with: readonly (keyof RelatedSettings)[];
	/** What does not work with these values, as a sentence. `isFor`: as the rule of the root certificates returned it. */
	problem(settings: RelatedSettings, isFor: ((host: string) => boolean) | undefined): string | undefined;
	/** The settings can be saved nevertheless. */
	readonly isWarning?: true;
}

/** Conflicts of the settings in the table. */
export const conflicts: Readonly<
	Record<"rootCertificate" | "statistics" | "inputs" | "sensors", SettingConflict>
> = Object.freeze({
	rootCertificate: conflict({ with: ["server"], problem: rootCertificateConflict }),
	statistics: conflict({ with: ["interval", "power"], problem: statisticsProblem }),
	inputs: conflict({ with: ["power", "sensors"], problem: inputsProblem, isWarning: true }),
	sensors: conflict({ with: ["power"], problem: sensorsProblem, isWarning: true }),
});

function conflict(definition: SettingConflict): SettingConflict {
	return Object.freeze(definition);
}

function rootCertificateConflict(
	{ server }: RelatedSettings,
	isFor: ((host: string) => boolean) | undefined,
): string | undefined {
	const address = parseServiceAddress(server);
	if (isFor === undefined || "problem" in address || isFor(address.host)) return undefined;
	return `This is not for ${address.host}: enter the root certificate of this service.`;
}

function statisticsProblem(settings: RelatedSettings): string | undefined {
	const reason = statisticsConflict(settings);
	return reason && `There are no statistics: ${reason}`;
}

function inputsProblem({ inputs, power, sensors }: RelatedSettings): string | undefined {
	const pulses = inputs.findIndex(({ kind }) => kind === "pulses");
	if (power === "battery" && pulses >= 0)
		return `Number ${pulses + 1}: on battery the board sleeps between samples and does not count pulses.`;
	const names = Object.values(sensors).flatMap(({ fields = {} }) =>
		Object.values(fields).flatMap(({ name, off }) => (off === true ? [] : [name])),
	);
	const twice = inputs.find(({ name }) => names.includes(name));
	return twice && `A field of a sensor has the name ${twice.name}, too.`;
}

function sensorsProblem({ sensors, power }: RelatedSettings): string | undefined {
	if (power !== "battery") return undefined;
	const found = Object.entries(sensors).find(([, { recalibrate }]) => recalibrate !== undefined);
	return found && `${found[0]}: on battery it is not recalibrated. Do that on mains.`;
}
