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
import { FileKeyValueStorage } from "../shared/file-key-value";
import { makeClock } from "./clock";
import { linFiles } from "./files";
import { LinFlashStorage } from "./flash";

export interface LinBoardOptions {
	/** An absolute path; flash and key-value storage are kept below it. */
	readonly directory: string;
	/** Default: real time. */
	readonly time?: Time;
	/** Connected sensors: `bme280,scd41`. */
	readonly sensors?: string;
	/** Default `power-on`. */
	readonly resetReason?: ResetReason;
	/** Ports of its setup page and DNS server in place of 80 and 53, and the Wi-Fi networks in range. */
	readonly setup?: {
		readonly pagePort: number;
		readonly dnsPort: number;
		readonly networks: readonly SimulatedNetwork[];
	};
	/** Port of the page on the home network in place of 80; default: any free one. */
	readonly pagePort?: number;
	/** Called in place of a restart, and of sleep. */
	restart(): void;
	sleep(milliseconds: number): void;
}

/** Sectors of each flash partition, as in the chip's partition table. */
const partitions = Object.freeze({ queue: 256, quarantine: 16 });

/** The board in the SDK's simulator: the SDK's sockets, TLS and timers, and simulated hardware. */
export function openSimulatorBoard({
	directory,
	time = new SDKTime(makeClock()),
	resetReason = "power-on",
	setup,
	pagePort = 0,
	sensors = "bme280",
	restart,
	sleep,
}: LinBoardOptions): Board {
	// The weather follows the computer's time of day, which the board itself does not know.
	const utcAtTick0 = Date.now() - time.ticks();
	const networks = setup === undefined ? {} : { networks: setup.networks };
	const radio = new SimulatedRadio({ time, MAC: "02:00:00:51:ac:00", address: "127.0.0.1", ...networks });
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
	const simulatedSensors = new SimulatedSensors({ time, utcAtTick0, pins, sensors: chips });
	return {
		identity: { chip: "xs", serial: "51AC00" },
		resetReason,
		time,
		network: {
			...network,
			...remapPorts({ pagePort, dnsPort: 0, ...setup }),
			...(setup !== undefined && { AccessPoint: radio.AccessPoint }),
		},
		storage: {
			flash: new LinFlashStorage(directory, partitions),
			keyValue: new FileKeyValueStorage(directory, linFiles),
		},
		i2c: simulatedSensors.i2c,
		fillRandom,
		pins: pins.provider({ led: 2, button: 0 }),
		freeMemory: () => undefined,
		log: (line) => trace(`${line}\n`),
		restart,
		sleep,
	};
}

const privilegedHttpPort = 80;
const privilegedDnsPort = 53;

/** Servers on unprivileged ports. */
function remapPorts({ pagePort, dnsPort }: { readonly pagePort: number; readonly dnsPort: number }) {
	return {
		Listener: class extends TCPListener {
			constructor(options: ListenerOptions) {
				super(options.port === privilegedHttpPort ? { ...options, port: pagePort } : options);
			}
		},
		UDP: class extends UDPSocket {
			constructor(options: UDPOptions) {
				super(options.port === privilegedDnsPort ? { ...options, port: dnsPort } : options);
			}
		},
	};
}
