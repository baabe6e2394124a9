import type { I2CBus } from "../boards/ecma419";
import { addresses, chipId } from "./bme280";
import { BME280Sensor } from "./bme280-sensor";
import type { Sensor } from "./sensor";
import { SensorError } from "./sensor-error";

/** What answers at an address, as its own id tells. */
interface Candidate {
	readonly name: string;
	/** Where the family's id register is, and what this member says there. */
	readonly idRegister: number;
	readonly id: number;
	readonly addresses: readonly number[];
	/** Left out: known by name, not supported. */
	readonly make?: (bus: I2CBus, address: number) => Sensor;
}

/** Every chip that can be told. The order is the order of the fields. */
const candidates: readonly Candidate[] = Object.freeze([
	{
		name: "BME280",
		idRegister: 0xd0,
		id: chipId.BME280,
		addresses,
		make: (bus: I2CBus, address: number) => new BME280Sensor(bus, address),
	},
	{ name: "BMP280", idRegister: 0xd0, id: chipId.BMP280, addresses },
	{ name: "BME680", idRegister: 0xd0, id: chipId.BME680, addresses },
]);

/** A sensor that answers, and how to set it up once more after it has failed. */
export interface FoundSensor {
	readonly sensor: Sensor;
	/** Throws {@link SensorError} as long as it is not back. */
	reopen(): Sensor;
}

/** What was found on a bus. */
export interface Found {
	readonly sensors: readonly FoundSensor[];
	/** Something answered, and it could not be used. */
	readonly problems: readonly SensorError[];
}

/** Looks at every address that a known sensor can have. Never throws. */
export function findSensors(bus: I2CBus): Found {
	const sensors: FoundSensor[] = [];
	const problems: SensorError[] = [];
	for (const address of new Set(candidates.flatMap((candidate) => candidate.addresses))) {
		try {
			const sensor = probe(bus, address);
			if (sensor !== undefined) sensors.push(sensor);
		} catch (error) {
			problems.push(error instanceof SensorError ? error : new SensorError(at(address), String(error)));
		}
	}
	return { sensors, problems };
}

function probe(bus: I2CBus, address: number): FoundSensor | undefined {
	const here = candidates.filter((candidate) => candidate.addresses.includes(address));
	let known: number | undefined;
	for (const { name, idRegister, id, make } of here) {
		known = readId(bus, address, idRegister);
		// Nobody is there: nothing that anybody has to be told.
		if (known === undefined) return undefined;
		if (known !== id) continue;
		if (make === undefined)
			throw new SensorError(at(address), `a ${name}, which this firmware cannot use yet.`);
		return { sensor: make(bus, address), reopen: () => make(bus, address) };
	}
	throw new SensorError(
		at(address),
		`a chip that this firmware does not know (id 0x${(known ?? 0).toString(16)}).`,
	);
}

function readId(bus: I2CBus, address: number, register: number): number | undefined {
	const chip = new bus.io({ ...bus, address });
	try {
		return chip.readUint8(register);
	} catch {
		return undefined;
	} finally {
		chip.close();
	}
}

function at(address: number): string {
	return `I2C address 0x${address.toString(16)}`;
}
