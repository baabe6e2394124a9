import { SimulatedPins } from "../../simulator/hardware/pins";
import { parseSensors, SimulatedSensors } from "../../simulator/hardware/simulated-sensors";
import { type SimulatedNetwork, SimulatedRadio } from "../../simulator/hardware/wifi-radio";
import type { Board, Network, Time } from "../../src/boards/board";
import type { ListenerOptions, UDPOptions } from "../../src/boards/ecma419";
import { TCPListener } from "../../src/boards/esp32/listener";
import { fillRandom } from "../../src/boards/esp32/random";
import { resolver } from "../../src/boards/esp32/resolver";
import { TCPSocket } from "../../src/boards/esp32/tcp";
import { SDKTime } from "../../src/boards/esp32/time";
import { TLSSocket } from "../../src/boards/esp32/tls";
import { UDPSocket } from "../../src/boards/esp32/udp";
import type { ResetReason } from "../../src/boards/reset-reason";
import { makeClock } from "./clock";
import { LinFlashStorage } from "./flash";
import { LinKeyValueStorage } from "./key-value";

export interface LinBoardOptions {
	/** An absolute path; flash and key-value storage are kept below it. */
	readonly directory: string;
	/** Left out: at life's speed. */
	readonly time?: Time;
	/** What is wired to it: `bme280,scd41`. */
	readonly sensors?: string;
	/** Why it starts this time; `power-on` when left out. */
	readonly resetReason?: ResetReason;
	/** Where its setup page and its name server are, in place of ports 80 and 53, and what is in the air around it. */
	readonly setup?: {
		readonly pagePort: number;
		readonly dnsPort: number;
		readonly networks: readonly SimulatedNetwork[];
	};
	/** What stands for a restart here, and for sleep. */
	restart(): void;
	sleep(milliseconds: number): void;
}

/** Sectors of each flash partition, as in the chip's partition table. */
const partitions = Object.freeze({ queue: 256, quarantine: 16 });

/** The board in the SDK's simulator: the SDK's sockets, TLS and timers; what the simulator lacks is simulated. */
export function openSimulatorBoard({
	directory,
	time = new SDKTime(makeClock()),
	resetReason = "power-on",
	setup,
	sensors = "bme280",
	restart,
	sleep,
}: LinBoardOptions): Board {
	// The weather goes by the computer's time of day, of which the board itself knows nothing.
	const utcAtTick0 = Date.now() - time.ticks();
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
	const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
	const chips = parseSensors(sensors);
	if ("problem" in chips) throw new Error(chips.problem);
	const station = new SimulatedSensors({ time, utcAtTick0, pins, sensors: chips });
	return {
		identity: { chip: "xs", serial: "51ac00" },
		resetReason,
		time,
		network:
			setup === undefined ? network : { ...network, ...remapPorts(setup), AccessPoint: radio.AccessPoint },
		storage: {
			flash: new LinFlashStorage(directory, partitions),
			keyValue: new LinKeyValueStorage(directory),
		},
		i2c: station.i2c,
		fillRandom,
		pins: pins.provider({ led: 2, button: 0 }),
		freeMemory: () => undefined,
		log: (line) => trace(`${line}\n`),
		restart,
		sleep,
	};
}

const httpPort = 80;
const dnsPort = 53;

/** Moves the servers to unprivileged ports. */
function remapPorts(setup: { readonly pagePort: number; readonly dnsPort: number }) {
	return {
		Listener: class extends TCPListener {
			constructor(options: ListenerOptions) {
				super(options.port === httpPort ? { ...options, port: setup.pagePort } : options);
			}
		},
		UDP: class extends UDPSocket {
			constructor(options: UDPOptions) {
				super(options.port === dnsPort ? { ...options, port: setup.dnsPort } : options);
			}
		},
	};
}
