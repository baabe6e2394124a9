/**
 * A model, not a measurement: how long a board lives on a cell, from the computrons of a wake, the radio model, and the
 * currents of an ESP32-C3 at 3.3 V, in milliamperes: those usually quoted from the current consumption characteristics of
 * its data sheet. They were not compared with the document.
 */
export const currents = Object.freeze({
	/** RTC timer and RTC memory. */
	deepSleep: 0.005,
	/** Modem-sleep, the CPU running at 160 MHz, the clocks of all peripherals on. */
	cpu: 28,
	/** 802.11b/g/n, HT20. */
	receive: 84,
	/** 802.11n, HT20, MCS7, 18.5 dBm. */
	transmit: 276,
});

export const chargeModel = Object.freeze({
	/** Milliampere hours. */
	cell: 2_000,
	/** Share of its time in which the radio transmits. */
	transmitShare: 0.05,
	/**
	 * Million instructions from the reset to the firmware's first statement on an emulated ESP32-C3: ROM, boot loader, ESP-IDF,
	 * XS. Some 9 of them verify the image, which a wake on a chip leaves out.
	 */
	platformStart: 12.7,
	/**
	 * Million instructions of a wake that are not the firmware's JavaScript: the start, and C that it calls (key-value storage,
	 * flash, timers). The wake of a board with one pin takes 32.4 there, of which 2.0 are taken for its JavaScript: the bench's
	 * wake had 75,700 computrons then, some 4,000 of them the bench's own board.
	 */
	wakeBesides: 30.4,
	/** Instructions a computron: mounting a full ring took 26.6 million there, and 950,050 computrons. */
	instructionsPerComputron: 28,
	/** One instruction a cycle: waits for the flash are not modelled. */
	hertz: 160e6,
	/** Seconds for which the BME280 measures at most. */
	measurement: 0.0113,
});

export interface BatteryDay {
	/** Wakes that store a reading. */
	readonly wakes: number;
	/** Computrons of each of these, without the upload; `undefined`: only the platform starts. */
	readonly computrons: number | undefined;
	/** Seconds of radio. */
	readonly radioS: number;
}

/** Seconds from the reset to the sleep that follows it, without radio. */
function wakeSeconds(computrons: number | undefined): number {
	const { platformStart, wakeBesides, instructionsPerComputron, hertz, measurement } = chargeModel;
	const millions =
		computrons === undefined ? platformStart : wakeBesides + (computrons * instructionsPerComputron) / 1e6;
	return (millions * 1e6) / hertz + measurement;
}

/** Days on one cell, without its self-discharge and what a board has besides the chip. */
export function daysOnCell({ wakes, computrons, radioS }: BatteryDay): number {
	const { deepSleep, cpu, receive, transmit } = currents;
	const { cell, transmitShare } = chargeModel;
	const radioCurrent = receive + transmitShare * (transmit - receive);
	const milliampereSeconds =
		86_400 * deepSleep + wakes * wakeSeconds(computrons) * cpu + radioS * radioCurrent;
	return (cell * 3_600) / milliampereSeconds;
}

/** The model as a sentence. */
export function describeChargeModel(): string {
	const { deepSleep, cpu, receive, transmit } = currents;
	const { cell, transmitShare, platformStart, wakeBesides, instructionsPerComputron, measurement } =
		chargeModel;
	return [
		`The model: a cell of ${cell.toLocaleString("en")} mAh, of which the chip alone takes: ${1000 * deepSleep} µA in deep sleep, ${cpu} mA while the CPU runs at 160 MHz, with the radio ${receive} mA to receive and ${transmit} mA for the ${100 * transmitShare} % of its time in which it transmits`,
		`a wake takes ${wakeBesides} million instructions besides the firmware's JavaScript (on the emulated chip, ${platformStart} of them until its first), ${instructionsPerComputron} for each computron, and ${Math.round(1000 * measurement)} ms for the sensor`,
		"the radio as below",
	]
		.join("; ")
		.concat(". No chip was at hand to measure a current.");
}
