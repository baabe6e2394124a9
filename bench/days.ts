import { Life } from "../simulator/life/life";
import { calmScenario, type Scenario } from "../simulator/life/scenario";
import type { RadioDay } from "./radio-model";
import type { WireFigures } from "./wire";

/** Traffic of a request, bytes. */
export interface RequestBytes {
	/** Of one handshake. */
	readonly handshake: number;
	/** Of a request and its response without points, and of each point. */
	readonly request: number;
	readonly point: number;
}

export type DaySetting = Required<Pick<Scenario, "power" | "interval">>;

const day = 86_400_000;
/** The first day begins with a start, and is not counted. */
const quietDays = 2;

/** Calculated from uploads of 1,000 points and of 12, whose requests differ only in size. */
export function requestBytes(backlog: WireFigures, dozens: WireFigures, points: number): RequestBytes {
	const all = ({ application, handshakes }: WireFigures) => application * handshakes;
	const request = (all(dozens) - all(backlog)) / (dozens.handshakes - backlog.handshakes);
	const point = (all(backlog) - request * backlog.handshakes) / points;
	return { handshake: backlog.handshake, request, point };
}

/** A quiet day of the whole app in virtual time: the mean of the two days after the first. */
export async function firmwareDay(
	setting: DaySetting,
	{ handshake, request, point }: RequestBytes,
): Promise<RadioDay> {
	const first = await play(setting, 1);
	const all = await play(setting, 1 + quietDays);
	const of = (count: keyof typeof all) => (all[count] - first[count]) / quietDays;
	const points = day / 1000 / setting.interval;
	return {
		joins: of("joins"),
		handshakes: of("handshakes"),
		calls: of("calls"),
		timeQueries: of("questions"),
		bytes: of("handshakes") * handshake + of("calls") * request + points * point,
	};
}

/** A connection and a request per point; on battery it also joins the network per point. No time queries. */
export function arduinoDay({ power, interval }: DaySetting, { bytes, handshakes }: WireFigures): RadioDay {
	const points = day / 1000 / interval;
	return {
		joins: power === "battery" ? points : 0,
		handshakes: points,
		calls: points,
		timeQueries: 0,
		bytes: (points * bytes) / handshakes,
	};
}

async function play(setting: DaySetting, days: number) {
	const scenario = calmScenario({ ...setting, length: days * day });
	const end = scenario.startedAt + scenario.length;
	let joins = 0;
	let questions = 0;
	const life = new Life({
		scenario,
		log: (utc, line) => {
			if (utc >= end) return;
			if (line.startsWith("Wi-Fi: joined")) joins++;
			if (/^time: .* round trip/.test(line)) questions++;
		},
	});
	const { handshakes, calls } = await life.run();
	return { joins, questions, handshakes, calls };
}
