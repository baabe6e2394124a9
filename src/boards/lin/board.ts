import { SimulatedPins } from "../../../simulator/pins";
import { weatherStation } from "../../../simulator/weather-station";
import { type SimulatedNetwork, SimulatedRadio } from "../../../simulator/wifi";
import type { Board, Network, Time } from "../board";
import type { ListenerOptions, UDPOptions } from "../ecma419";
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
	/** Why it starts this time; `power-on` when left out. */
	readonly resetReason?: ResetReason;
	/** Where its setup page and its name server are, in place of ports 80 and 53, and what is in the air around it. */
	readonly setup?: {
		readonly page: number;
		readonly names: number;
		readonly networks: readonly SimulatedNetwork[];
	};
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
	setup,
	restart,
	sleep,
}: LinBoardOptions): Board {
	// The weather goes by the computer's time of day, of which the board itself knows nothing.
	const startedAt = Date.now() - time.ticks();
	const air = setup === undefined ? {} : { networks: setup.networks };
	const radio = new SimulatedRadio({ time, MAC: "02:00:00:51:ac:00", address: "127.0.0.1", ...air });
	const network: Network = {
		TCP: TCPSocket,
		TLS: TLSSocket,
		Listener: TCPListener,
		UDP: UDPSocket,
		WiFi: radio.WiFi,
		resolver,
	};
	return {
		identity: { chip: "xs", serial: "51ac00" },
		resetReason,
		time,
		network: setup === undefined ? network : { ...network, ...moved(setup), AccessPoint: radio.AccessPoint },
		storage: { flash: new FlashFiles(directory, partitions), keyValue: new FileKeyValueStorage(directory) },
		i2c: weatherStation(time, startedAt),
		fillRandom,
		pins: new SimulatedPins((callback, delay) => time.set(callback, delay)).provider({ led: 2, button: 0 }),
		freeMemory: () => undefined,
		log: (line) => trace(`${line}\n`),
		restart,
		sleep,
	};
}

const httpPort = 80;
const dnsPort = 53;

/** Servers on ports that everybody may have. */
function moved({ page, names }: { readonly page: number; readonly names: number }) {
	return {
		Listener: class extends TCPListener {
			constructor(options: ListenerOptions) {
				super(options.port === httpPort ? { ...options, port: page } : options);
			}
		},
		UDP: class extends UDPSocket {
			constructor(options: UDPOptions) {
				super(options.port === dnsPort ? { ...options, port: names } : options);
			}
		},
	};
}
