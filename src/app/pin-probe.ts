import type { Board, Timer } from "../boards/board";
import { Sampler } from "../sensors/pipeline/sampler";
import type { SensorState } from "../sensors/pipeline/sensor-registry";
import type { Settings } from "../settings/settings";

/** The page asks each three seconds; when it asks no more, the pins are released. */
const releaseMs = 15_000;

/** What is probed is not set up yet: nothing of it is kept. */
const noStorage = Object.freeze({ read: () => undefined, write: () => {} });

/**
 * Measures inputs that are being set up, at pins that the settings in use leave free. It has a sampler of its own, so that
 * nothing of it reaches the readings, the log or the storage.
 */
export class PinProbe {
	private readonly board: Pick<Board, "i2c" | "pins" | "time">;
	private sampler: Sampler | undefined;
	/** What it measures, as JSON. */
	private target = "";
	private releaseTimer: Timer | undefined;

	constructor(board: Pick<Board, "i2c" | "pins" | "time">) {
		this.board = board;
	}

	/** `wanted`: checked settings; `used`: those in use. Starts a measurement, and returns the values of the last one. */
	probe(wanted: Settings, used: Settings): readonly SensorState[] {
		const { time } = this.board;
		const usedPins: readonly unknown[] = [
			used.oneWirePin,
			used.serialPin,
			...used.inputs.map(({ pin }) => pin),
		];
		const settings = {
			...{ sensors: {}, derived: [], altitude: 0, interval: 60, power: wanted.power },
			statistics: "off",
			serialPin: "none",
			oneWirePin: usedPins.includes(wanted.oneWirePin) ? "none" : wanted.oneWirePin,
			// Pulses show best as their total since the probe began.
			inputs: wanted.inputs
				.filter(({ pin }) => !usedPins.includes(pin))
				.map((input) => (input.kind === "pulses" ? { ...input, report: "total" as const } : input)),
		} as const;
		const target = JSON.stringify(settings);
		if (target !== this.target) {
			this.close();
			this.target = target;
			if (settings.inputs.length > 0 || settings.oneWirePin !== "none")
				this.sampler = new Sampler({
					...{ bus: this.board.i2c, pins: this.board.pins, time, storage: noStorage, settings },
					drivers: [],
					log: () => {},
				});
		}
		time.clear(this.releaseTimer);
		this.releaseTimer = time.set(() => this.close(), releaseMs);
		void this.sampler?.sample();
		return this.sampler?.sensors ?? [];
	}

	/** Releases the pins. */
	close(): void {
		this.board.time.clear(this.releaseTimer);
		this.sampler?.close();
		this.sampler = undefined;
		this.target = "";
	}
}
