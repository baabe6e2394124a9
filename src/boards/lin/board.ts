import { SimulatedPins } from "../../../simulator/pins";
import { parseSensors, Station } from "../../../simulator/station";
import { simulateWiFi } from "../../../simulator/wifi";
import type { Board, Time } from "../board";
import { TCPListener } from "../esp32/listener";
import { fillRandom } from "../esp32/random";
import { resolver } from "../esp32/resolver";
import { TCPSocket } from "../esp32/tcp";
import { SDKTime } from "../esp32/time";
import { TLSSocket } from "../esp32/tls";
import { UDPSocket } from "../esp32/udp";
import type { ResetReason } from "../reset";
import { makeClock } from "./clock";
import { FlashFiles } from "./flash";
import { FileKeyValueStorage } from "./key-value";

export interface LinBoardOptions {
	/** An absolute path; flash and key-value storage are kept below it. */
	readonly directory: string;
	/** Left out: at life's speed. */
	readonly time?: Time;
	/** What is wired to it: `bme280,scd41`. */
	readonly sensors?: string;
	/** Why it starts this time; `power-on` when left out. */
	readonly resetReason?: ResetReason;
	/** What stands for a restart here, and for sleep. */
	restart(): void;
	sleep(milliseconds: number): void;
}

/** Sectors of each flash partition, as in the chip's partition table. */
const partitions = Object.freeze({ queue: 256, quarantine: 16 });

/** The board in the SDK's simulator: the SDK's sockets, TLS and timers; what the simulator lacks is simulated. */
export function openBoard({
	directory,
	time = new SDKTime(makeClock()),
	resetReason = "power-on",
	sensors = "bme280",
	restart,
	sleep,
}: LinBoardOptions): Board {
	// The weather goes by the computer's time of day, of which the board itself knows nothing.
	const startedAt = Date.now() - time.ticks();
	const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
	const chips = parseSensors(sensors);
	if ("problem" in chips) throw new Error(chips.problem);
	const station = new Station({ time, startedAt, pins, sensors: chips });
	return {
		identity: { chip: "xs", serial: "51ac00" },
		resetReason,
		time,
		network: {
			TCP: TCPSocket,
			TLS: TLSSocket,
			Listener: TCPListener,
			UDP: UDPSocket,
			WiFi: simulateWiFi({ time, MAC: "02:00:00:51:ac:00", address: "127.0.0.1" }),
			resolver,
		},
		storage: { flash: new FlashFiles(directory, partitions), keyValue: new FileKeyValueStorage(directory) },
		i2c: station.i2c,
		fillRandom,
		pins: pins.provider(),
		freeMemory: () => undefined,
		log: (line) => trace(`${line}\n`),
		restart,
		sleep,
	};
}
