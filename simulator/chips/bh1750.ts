import type { Bytes } from "../../src/boards/ecma419";
import { SimulatedChip } from "./simulated-chip";

type Light = "illuminance";

/** Commands (BH1750FVI technical note, "Instruction Set Architecture"). */
const powerDown = 0x00;
const powerOn = 0x01;
const reset = 0x07;

/** Typical durations with the default sensitivity ("Electrical Characteristics"). */
const highResolutionMs = 120;
const lowResolutionMs = 16;
/** With the default sensitivity ("Measurement Accuracy"). */
const countsPerLux = 1.2;
const defaultMeasurementTime = 69;

/** Rohm BH1750, by commands. */
export class BH1750Chip extends SimulatedChip<Light> {
	private powered = false;
	private measurementTimeRegister = defaultMeasurementTime;
	private data = 0;
	private measuring:
		| { readonly since: number; readonly duration: number; readonly scale: number; once: boolean }
		| undefined;

	/** Acknowledges everything; one command per write. */
	protected override onWrite(bytes: Bytes): void {
		this.update();
		const [opcode = powerDown] = bytes;
		if (opcode === powerDown) this.stop();
		else if (opcode === powerOn) this.powered = true;
		else if (opcode === reset && this.powered) this.data = 0;
		else if (opcode >> 3 === 0b01000)
			this.measurementTimeRegister = ((opcode & 7) << 5) | (this.measurementTimeRegister & 31);
		else if (opcode >> 5 === 0b011)
			this.measurementTimeRegister = (this.measurementTimeRegister & 0xe0) | (opcode & 31);
		else if (opcode >> 4 === 1 || opcode >> 4 === 2) this.start(opcode & 15, opcode >> 4 === 2);
	}

	/** The data register, repeatedly, whatever was written last. */
	protected override onRead(into: Bytes): void {
		this.update();
		for (let i = 0; i < into.length; i++) into[i] = i % 2 === 0 ? this.data >> 8 : this.data & 0xff;
	}

	private start(mode: number, once: boolean): void {
		const share = this.measurementTimeRegister / defaultMeasurementTime;
		const duration = (mode === 3 ? lowResolutionMs : highResolutionMs) * share;
		this.powered = true;
		this.measuring = { since: this.now, duration, scale: countsPerLux * share * (mode === 1 ? 2 : 1), once };
	}

	private update(): void {
		const measuring = this.measuring;
		if (measuring === undefined || !this.hasEnded(measuring.since, measuring.duration)) return;
		const { since, duration, scale, once } = measuring;
		const last = once ? since + duration : since + duration * Math.floor((this.now - since) / duration);
		const counts = Math.round(this.environmentAt(last).illuminance * scale);
		this.data = this.fault === "out of range" ? 0xffff : Math.min(0xffff, Math.max(0, counts));
		if (once) this.stop();
	}

	private stop(): void {
		this.powered = false;
		this.measuring = undefined;
	}
}
