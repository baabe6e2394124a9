import { publicRoot } from "../setup/request-bodies";

const sensors = Array.from({ length: 21 }, (_, at) => [
	`${at} ${"s".repeat(37)}`,
	{
		recalibrate: 2000,
		shunt: 0.123456789012345,
		temperatureOffset: 0.123456789012345,
		fields: {
			["t".repeat(40)]: {
				name: `${"n".repeat(38)}${at}`,
				offset: 0.123456789012345,
				scale: 1.123456789012345,
			},
		},
	},
]);

/** Text of a file in which each setting is allowed; together they are more than a board has room for. */
export const largeSettingsFile = JSON.stringify({
	location: "🌡".repeat(64),
	server: `https://${`${"s".repeat(50)}.`.repeat(3)}example`,
	rootCertificate: publicRoot,
	sensors: Object.fromEntries(sensors),
});
