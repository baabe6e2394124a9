import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { parseJson } from "../../src/common/json";
import type { Settings } from "../../src/settings/settings";

/** The settings of a request that a board has most to do with: nonsense, and the most that may be in one. */

/** A JSON text of about so many bytes. */
export type HostileSettings = (bytes: number) => string;

/** `start`, then as many parts as there is room for, then `end`. */
function filled(start: string, part: (index: number) => string, separator: string, end: string) {
	return (bytes: number): string => {
		const parts: string[] = [];
		let length = Buffer.byteLength(start + end);
		for (let index = 0; ; index++) {
			const next = `${index === 0 ? "" : separator}${part(index)}`;
			length += Buffer.byteLength(next);
			if (length > bytes) return start + parts.join("") + end;
			parts.push(next);
		}
	};
}

let distinct = 0;

/** By what is wrong with it. Names of one are of no other, also where it is made again. */
export const hostileSettings: Readonly<Record<string, HostileSettings>> = {
	"many time servers": filled('{"ntpServers":[', (i) => `"server-${i}.example"`, ",", "]}"),
	"many empty lists": filled('{"sensors":[', () => "[]", ",", "]}"),
	"many empty objects": filled('{"inputs":[', () => "{}", ",", "]}"),
	"many lists in lists": filled('{"inputs":[', () => "[[[[]]]]", ",", "]}"),
	"deep lists": (bytes) => `{"derived":${"[".repeat(bytes / 2 - 8)}${"]".repeat(bytes / 2 - 8)}}`,
	"deep objects": (bytes) => `${'{"a":'.repeat(bytes / 6)}0${"}".repeat(bytes / 6)}`,
	"many numbers": filled('{"interval":[', () => "0", ",", "]}"),
	"many long numbers": filled('{"interval":[', (i) => `${i}.000000000000000001e-7`, ",", "]}"),
	"a long number": (bytes) => `{"interval":${"1".repeat(bytes - 13)}}`,
	"a long text": (bytes) => `{"rootCertificate":"${"x".repeat(bytes - 24)}"}`,
	"a long text beyond ASCII": filled('{"location":"', () => "ä", "", '"}'),
	"a long text of emoji": filled('{"location":"', () => "🌡", "", '"}'),
	"a long text of escapes": filled('{"location":"', () => "\\u20ac", "", '"}'),
	"a long text of line ends": filled('{"rootCertificate":"', () => "\\n", "", '"}'),
	"many beginnings of certificates": filled(
		'{"rootCertificate":"',
		() => "-----BEGIN CERTIFICATE-----\\n",
		"",
		'"}',
	),
	"a certificate of zeros": (bytes) =>
		`{"rootCertificate":"-----BEGIN CERTIFICATE-----${"A".repeat(4 * Math.floor((bytes - 80) / 4))}-----END CERTIFICATE-----"}`,
	"many settings that there are not": filled("{", () => `"n${distinct++}":0`, ",", "}"),
	"a long name": (bytes) => `{"n${distinct++}${"n".repeat(bytes - 20)}":0}`,
	"one name often": filled("{", () => '"interval":0', ",", "}"),
	"many sensors": filled('{"sensors":{', () => `"s${distinct++}":{"off":true}`, ",", "}}"),
	"many fields": filled(
		'{"sensors":{',
		(i) =>
			`"s${distinct++}":{"fields":{${Array.from({ length: 4 }, () => `"f${distinct++}":{"scale":${i + 2}}`)}}}`,
		",",
		"}}",
	),
	"as many fields as may be": () => {
		const field = () => `"f${distinct++}":{"scale":2,"offset":1,"off":true}`;
		const sensor = () => `"s${distinct++}":{"off":false,"fields":{${field()},${field()}}}`;
		return `{"sensors":{${Array.from({ length: 22 }, sensor).join()}}}`;
	},
	// Each text is another without its blanks, so that each object is copied.
	"as many names to trim as may be": () => {
		const field = () => `"f${distinct}":{"scale":2,"offset":1,"name":" n${distinct++} "}`;
		const sensor = () => `"s${distinct++}":{"off":false,"fields":{${field()},${field()}}}`;
		return `{"sensors":{${Array.from({ length: 22 }, sensor).join()}}}`;
	},
	"as many new names as may be": () => {
		const input = () => `{${Array.from({ length: 27 }, () => `"n${distinct++}":0`).join()}}`;
		return `{"inputs":[${Array.from({ length: 9 }, input).join()}]}`;
	},
	"many networks": filled('{"networks":[', (i) => `{"ssid":"n${i}","password":"12345678"}`, ",", "]}"),
	"no end": filled('{"sensors":{', () => `"s${distinct++}":{"fields":{"f":{"scale":2}}}`, ",", ""),
	"brackets that close nothing": (bytes) => "]".repeat(bytes),
};

/** PEM. */
export const publicRoot =
	rootCertificates.find((pem) => /ISRG Root X1/.test(new X509Certificate(pem).subject)) ?? "";

/**
 * Settings that are valid and as long as a body of so many bytes may be, token and all; `root`: PEM. Of two with other `roots`
 * and marks no value is the same.
 */
export function largestSettings(root: string, bytes: number, mark = "a"): Partial<Settings> {
	const id = "0123456789abcdef01234567";
	const host = (letter: string) => `${mark}${letter.repeat(59)}.${letter.repeat(31)}.example`;
	const settings = {
		networks: ["A", "B", "C"].map((letter) => ({
			ssid: mark + letter.repeat(31),
			password: mark + letter.repeat(62),
		})),
		key: `dakkio_w_${mark.repeat(118)}`,
		bucketId: id,
		dataSourceId: id,
		deviceId: `${"ä".repeat(63)}${mark}`,
		location: `${"ö".repeat(63)}${mark}`,
		server: `https://${host("s")}`,
		rootCertificate: Array(Math.floor(4_097 / (root.trim().length + 1)))
			.fill(root.trim())
			.join("\n"),
		ntpServers: ["n", "o", "p", "q"].map(host),
		// Pins that each chip has free.
		inputs: [4, 5, 18, 19].map((pin, at) => ({
			...({ kind: "pulses", pin, name: `input ${mark} number ${at}`, pull: "none", active: "high" } as const),
			...({
				report: "rate",
				unit: "litres per minute",
				decimals: 6,
				scale: 0.123456789,
				debounce: 12.5,
			} as const),
		})),
		derived: ["dew_point", "absolute_humidity", "sea_level_pressure"] as const,
		sensors: {} as Record<string, object>,
	};
	const room = () => bytes - Buffer.byteLength(JSON.stringify({ token: "0".repeat(32), settings }));
	for (let at = 0; at < 32; at++) {
		const name = `BME280 at 0x${at} behind ${mark} multiplexer`;
		const field = (what: string) => ({ name: `${what} ${mark} of ${at}`, offset: -0.123456789 });
		settings.sensors[name] = { fields: { temperature: field("temperature"), humidity: field("humidity") } };
		if (room() >= 0 && parseJson(JSON.stringify({ token: "", settings })) !== undefined) continue;
		delete settings.sensors[name];
		break;
	}
	return settings;
}
