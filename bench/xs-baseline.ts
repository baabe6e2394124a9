import { HttpConnection } from "../src/http/http-connection";
import { bytesBody } from "../src/http/message-stream";
import { bme280 } from "../src/sensors/drivers/bme280";
import { I2CDevice } from "../src/sensors/drivers/i2c-device";
import { type OpenSensor, readSensor } from "../src/sensors/pipeline/sensor-slot";
import { type BareKeyValue, bareBus, bareNetwork, frozenTime } from "./xs-bare";
import { native } from "./xs-native";

/** A measurement in a sketch. */
interface StoredSample {
	readonly timestamp: number;
	readonly temperature: number;
	readonly humidity: number;
	readonly pressure: number;
	readonly signalStrength: number;
}

/** What all points of a board have in common. */
interface PointOptions {
	readonly bucketId: string;
	readonly dataSourceId: string;
	readonly deviceId: string;
	readonly location: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A straightforward firmware: the same driver's values in an object, as JSON in key-value storage under consecutive
 * numbers, with counters of the oldest and the next one; sent one by one as newly generated JSON, and then deleted.
 */
export class BaselineBoard {
	private readonly storage: BareKeyValue;
	private readonly sensor: OpenSensor;
	private head: number;
	private tail: number;

	constructor(storage: BareKeyValue) {
		this.storage = storage;
		const sensor = "BME280 at 0x76";
		const device = new I2CDevice(bareBus, 0x76, sensor);
		this.sensor = { candidate: { sensor, driver: bme280 }, device, state: bme280.open?.(device, {}) };
		this.head = this.readCounter("head");
		this.tail = this.readCounter("tail");
	}

	sample(timestamp: number, signalStrength: number): void {
		const { candidate, device, state } = this.sensor;
		candidate.driver.start(device, state);
		const [temperature, humidity, pressure] = readSensor(this.sensor);
		const kept: StoredSample = {
			timestamp,
			temperature: Number(Number(temperature).toFixed(2)),
			humidity: Number(Number(humidity).toFixed(1)),
			pressure: Number(Number(pressure).toFixed(2)),
			signalStrength,
		};
		this.storage.write(`r${this.tail}`, encoder.encode(JSON.stringify(kept)));
		this.tail++;
		this.writeCounter("tail", this.tail);
	}

	/** Number of pending readings. */
	get length(): number {
		return this.tail - this.head;
	}

	oldest(): StoredSample {
		return this.read(this.head);
	}

	async send(options: PointOptions): Promise<void> {
		const body = encoder.encode(JSON.stringify(pointOf(this.oldest(), options)));
		const connection = new HttpConnection({
			network: bareNetwork,
			time: frozenTime,
			...{ host, port: 443, secure: true },
		});
		const outcome = await connection.exchange({
			method: "POST",
			path: "/api/data",
			headers: [
				["User-Agent", "ESP32HTTPClient"],
				["X-API-Key", apiKey],
				["Content-Type", "application/json"],
			],
			body: () => bytesBody(body),
		});
		connection.close();
		if (outcome.kind !== "response" || outcome.status !== 201) throw new Error(JSON.stringify(outcome));
		this.storage.delete(`r${this.head}`);
		this.head++;
		this.writeCounter("head", this.head);
	}

	/** The text of one request with this many readings, and the objects from which it is made. */
	batch(count: number, { bucketId, ...options }: PointOptions) {
		const dataPoints = Array.from({ length: count }, (_, index) =>
			pointOf(this.read(this.head + index), options),
		);
		return { dataPoints, text: JSON.stringify({ bucketId, dataPoints }) };
	}

	private read(number: number): StoredSample {
		return JSON.parse(decoder.decode(this.storage.read(`r${number}`)));
	}

	private readCounter(key: string): number {
		const bytes = this.storage.read(key);
		return bytes === undefined ? 0 : new DataView(bytes).getUint32(0);
	}

	private writeCounter(key: string, value: number): void {
		const bytes = new Uint8Array(4);
		new DataView(bytes.buffer).setUint32(0, value);
		this.storage.write(key, bytes);
	}
}

/** Constants of this board and of the firmware's. */
export const baselinePoint: PointOptions = {
	bucketId: "507f1f77bcf86cd799439011",
	dataSourceId: "507f1f77bcf86cd799439012",
	deviceId: "ESP32-A1B2C3",
	location: "Balcony",
};

/** Time and signal strength of the sample with this index: a board has them of its clock and radio. */
export const sampledAt = native((index: number) => 1.79e12 + index * 60_000);

export const signalAt = native((index: number) => -60 - (index % 4));

export const host = "api.dakkio.io";
export const apiKey = "dakkio_w_0123456789abcdefghijklmnopqrstuv";

function pointOf(kept: StoredSample, { deviceId, location, ...ids }: Omit<PointOptions, "bucketId">) {
	const { timestamp, signalStrength, ...values } = kept;
	return {
		...ids,
		timestamp: new Date(timestamp).toISOString(),
		values,
		metadata: { deviceId, location, signalStrength },
	};
}
