import { type Driver, massField } from "./driver";
import { uint16 } from "./i2c-device";
import type { SerialDevice } from "./serial-device";

/** A frame (PMS5003 data manual, version 2.5, appendix I): two start bytes, length, 13 words, and their sum. */
const frameBytes = 32;
const start = 0x424d;
const lengthAfterStart = 28;
/** Of the mass in the air: PM1, PM2.5 and PM10. */
const massOffset = 10;

/** Frames come each 200 to 2,300 ms; a port buffers 128 bytes. */
const pollMs = 700;
const maxPolls = 6;

interface PMS5003State {
	received: Uint8Array;
	polls: number;
}

/** Plantower PMS5003 and PMS7003: particulate matter. It sends by itself, from 30 seconds after it is switched on. */
export const pms5003 = Object.freeze<Driver<PMS5003State, SerialDevice>>({
	name: "PMS5003",
	addresses: Object.freeze([]),
	fields: Object.freeze(["pm1", "pm2_5", "pm10"].map(massField)),

	open: () => ({ received: new Uint8Array(0), polls: 0 }),

	/** What the port has buffered is old. */
	start(port, state) {
		port.read();
		state.received = new Uint8Array(0);
		state.polls = 0;
		return pollMs;
	},

	proceed(port, state) {
		state.received = Uint8Array.from([...state.received, ...port.read()]);
		return ++state.polls < maxPolls && findFrame(state.received) === undefined ? pollMs : 0;
	},

	read(port, { received }) {
		const frame = findFrame(received);
		if (frame !== undefined) return [0, 2, 4].map((at) => uint16(frame, massOffset + at));
		throw port.error(
			received.length === 0
				? "it sends nothing. Check its supply of 5 V, and that its TX is at this pin."
				: "what it sends is not valid. Check its wiring; another device may be at this pin.",
		);
	},
});

/** The newest frame with the right sum. */
function findFrame(received: Uint8Array): Uint8Array | undefined {
	for (let at = received.length - frameBytes; at >= 0; at--) {
		if (uint16(received, at) !== start || uint16(received, at + 2) !== lengthAfterStart) continue;
		const frame = received.subarray(at, at + frameBytes);
		const sum = frame.subarray(0, frameBytes - 2).reduce((total, byte) => total + byte, 0);
		if (sum === uint16(frame, frameBytes - 2)) return frame;
	}
	return undefined;
}
