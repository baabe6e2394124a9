import { freePlanCallsPerMonth } from "../src/dakkio/rate-limits";
import type { StepDetails, TestStep, UpdateState } from "../src/setup/api";
import type { CallEstimate } from "./call-estimate";
import { fieldNames, unitSymbols } from "./value-text";

/** In place of the page, where no script runs. */
export const noScript = "This page needs JavaScript: turn it on, or open the page in another browser.";

/**
 * The texts of the page. Those of settings and failures are in setting-texts.ts and failure-texts.ts; the board sends
 * what is wrong with a value.
 */
export const texts = Object.freeze({
	title: "Set up your board",
	loading: "Connecting to the board…",
	steps: { wifi: "Wi-Fi", dakkio: "Dakkio", board: "Board", test: "Test" },
	stepsName: "Steps",
	stepDone: "done",
	back: "Back",
	next: "Continue",
	show: "Show",
	hide: "Hide",
	showOf: (label: string) => `Show: ${label}`,
	problem: "Error:",
	warning: "Note:",
	lengthOf: (length: number, maxLength: number) => `${length} of ${maxLength}`,
	keepSecret: (unsaved?: boolean) =>
		`${unsaved === true ? "From the last test, not saved yet" : "Saved on the board"}. Leave empty to keep it.`,
	problems: (count: number) => (count === 1 ? "1 problem found." : `${count} problems found.`),

	lost: (name = "") =>
		`No response from the board. Is this phone still on ${name === "" ? "its Wi-Fi" : `the Wi-Fi “${name}”`}? Trying again…`,
	busy: "The board is busy with a test or another page: wait, or close it. Trying again…",
	found: "Connected to the board again.",
	refused: (status: number) => `The board refused this request (${status}). Reload the page and try again.`,
	tooLarge: "This is too large for the board.",

	networks: {
		title: "Wi-Fi",
		lead: "Choose the network for the board. It stores up to three, and joins the first one it can.",
		nearby: "Networks nearby",
		none: "No network found. Move the board closer to the router and scan again.",
		missing: "Not in the list? The board needs 2.4 GHz: turn it on in the router.",
		scanning: "Scanning for networks…",
		scanned: (count: number) => (count === 1 ? "1 network found." : `${count} networks found.`),
		rescan: "Scan again",
		hidden: "Hidden network…",
		hiddenTitle: "Hidden network",
		name: "Name of the network (SSID)",
		password: "Password",
		passwordOf: (ssid: string) => `Password of ${ssid}`,
		maybeOpen: "Leave empty if the network has none.",
		open: "This network is open: it needs no password. The board's uploads are encrypted.",
		first: "Choose a network, or add a hidden one.",
		nameMissing: "Type the name of the network.",
		passwordMissing: "Type the password of this network.",
		full: "The board can store three networks: remove one first.",
		remove: "Remove",
		similar: (ssid: string) => `Did you mean “${ssid}”? Capitals, blanks and accents count.`,
		removeOf: (ssid: string) => `Remove ${ssid}`,
		removed: (ssid: string) => `${ssid} removed.`,
		earlierOf: (ssid: string) => `Move ${ssid} up`,
		moved: (ssid: string, place: number) => `${ssid} is now number ${place}.`,
		strength: ["very weak", "weak", "fair", "good", "strong"],
		secured: "needs a password",
		notJoinable: "not joinable here: its name is not text",
		unsecured: "open",
		chosen: "chosen",
		tooWeak: "The signal is very weak here: uploads may be delayed.",
	},

	dakkio: {
		title: "Dakkio",
		lead: "Where the readings are stored. All three are in Dakkio, in the bucket’s settings.",
		keyMissing: "Paste a write key for this board.",
		bucketMissing: "Paste the id of the bucket.",
		create: "Create one for me",
		createHelp: "The board creates one, with a field for each sensor value.",
		existing: "Use this one",
		sourceId: "Id of the data source",
		sourceMissing: "Paste the id of the data source, or let the board create one.",
	},

	board: {
		title: "This board",
		lead: "Its sensors, its intervals and its hardware.",
		name: "Setup Wi-Fi",
		deviceId: "Device id",
		names: "The setup Wi-Fi is only for this page. The device id is sent with every point.",
		chip: "Chip",
		firmware: "Firmware",
		pending: "Pending",
		readings: (count: number) => (count === 1 ? "1 reading" : `${number(count)} readings`),
		sensors: "Sensors",
		inputs: "Inputs",
		scanAgain: "Scan again",
		forgetMissing: "Forget missing sensors",
		noValue: "–",
		measuring: "Measuring",
		more: "More settings",
		groups: {
			service: "Service and clock",
			battery: "Battery",
			panel: "Light and button",
			bus: "Sensor bus and statistics",
			more: "Other",
		},
		seconds: "seconds",
		other: "Other…",
		number: "Number…",
		numberOf: (label: string) => `${label}: number`,
		secondsOf: (label: string) => `${label}: seconds`,
		onePerLine: "One per line.",
		words: {
			auto: "Automatic",
			none: "None",
			mains: "Mains",
			battery: "Battery",
			high: "High",
			low: "Low",
			off: "Off",
		} as Readonly<Record<string, string>>,
		eachReading: "With each reading",
	},

	sensors: {
		none: "No sensor found. Check its wires, its 3.3 V supply, and its pins under “Sensor bus and statistics”.",
		use: "Use",
		useOf: (name: string) => `Use ${name}`,
		name: "Name",
		store: "Store and send this value",
		off: "left out",
		nameTaken: (name: string) => `Another value has the name ${name}.`,
		more: "Settings of the sensor",
		/** `isOn`: a switch that is on unless switched off; otherwise a number. */
		options: {
			shunt: { label: "Shunt (Ω)", help: "Empty: 0.1." },
			range: { label: "Range (V)", help: "6.144, 4.096, 2.048, 1.024, 0.512 or 0.256. Empty: 4.096." },
			temperatureOffset: {
				label: "Temperature offset (°C)",
				help: "How much warmer the sensor is than the air. Empty: 4.",
			},
			recalibrate: {
				label: "Calibrate CO₂ to (ppm)",
				help: "Outdoors about 425. Once, after three minutes of measuring.",
			},
			selfCalibration: { label: "Calibrates itself with fresh air each week", help: "", isOn: true },
		} satisfies Readonly<Record<string, SensorOptionText>> as Readonly<
			Record<"shunt" | "range" | "temperatureOffset" | "recalibrate" | "selfCalibration", SensorOptionText>
		>,
	},

	calibration: {
		title: "Calibration",
		actual: "It should read now",
		set: "Set",
		help: "Corrects the offset. With a second point, at another value, it corrects the factor, too.",
		second: "Set as second point",
		scale: "Factor",
		offset: "Offset",
		noValue: "There is no value now.",
		noNumber: "Type what it should read, as a number.",
		same: "The second point needs another measured value.",
		point: (measured: string, actual: string) => `${measured} is now ${actual}.`,
	},

	inputs: {
		kinds: { analog: "Voltage", state: "Contact", pulses: "Pulses", oneWire: "1-Wire" },
		addTitle: "Add an input",
		add: (kind: string) => `Add: ${kind}`,
		/** Names of new fields. */
		names: { analog: "analog", state: "contact", pulses: "pulses" },
		title: (kind: string, pin: number) => `${kind} at GPIO ${pin}`,
		pin: "Pin",
		pinMissing: "Choose the pin that it is wired to.",
		numbered: (index: number, problem: string) => `Number ${index + 1}: ${problem}`,
		remove: "Remove",
		removed: (title: string) => `${title}: removed.`,
		now: "Now:",
		choosePin: "choose a pin",
		measuring: "measuring…",
		later: "shown after the test",
		of: (value: string, volts: string) => `${value} (${volts})`,
		pulses: (count: number) => (count === 1 ? "1 pulse" : `${number(count)} pulses`),
		thermometers: (count: number) =>
			count === 0
				? "none found: check the wires and the resistor"
				: count === 1
					? "1 thermometer found"
					: `${count} thermometers found`,
		members: {
			name: "Name",
			unit: "Unit",
			decimals: "Decimals",
			scale: "Per pulse",
			debounce: "Bounces for (ms)",
			wiring: "Wired to",
			report: "Report",
		},
		wirings: {
			"up low": "GND, closed is true",
			"up high": "GND, open is true",
			"down high": "3.3 V, closed is true",
			"down low": "3.3 V, open is true",
			"none high": "an output, high is true",
			"none low": "an output, low is true",
		},
		reports: { count: "Since the last reading", rate: "Per second", total: "In total" },
	},

	pins: {
		choose: "Choose…",
		free: "Free",
		careful: "Free, with care",
		used: "In use",
		care: {
			boot: "must not be pulled at start",
			serial: "serial log",
			usb: "USB",
			psram: "not on modules with PSRAM",
			noPull: "no pull-up inside",
		},
	},

	update: {
		title: "Firmware update",
		lead: "Settings and readings stay. If it is interrupted, choose the same file again: the update resumes.",
		file: "Update file (.update)",
		install: "Install",
		installOlder: "Install the older version",
		noFile: "Choose a file.",
		installed:
			"The board restarts with the new firmware. Unless that works within 15 minutes, the present one returns.",
		problems: {
			"one slot": "This board’s flash has no room for updates: use the cable.",
			"no key": "This firmware has no release key: use the cable.",
			trial: "The present firmware is on trial: try again in 15 minutes.",
			busy: "An update is being installed.",
			format: "This is not an update file.",
			signature: "This file is not signed with the board’s release key.",
			chip: "This file is for another chip.",
			size: "This firmware is too large for the board.",
			older: "This version is older than the present one.",
			offset: "Another update is being sent.",
			hash: "This file is damaged.",
			image: "This file holds no firmware.",
			storage: "The flash failed: try again.",
		} satisfies Readonly<Record<NonNullable<UpdateState["problem"]>, string>>,
	},

	maintenance: {
		title: "Restart, log, factory reset",
		reason: "Last start",
		starts: "All starts",
		uptime: "Running for",
		memory: "Free memory",
		unknown: "unknown",
		log: "Log",
		reload: "Reload",
		restart: "Restart",
		restartHelp: "Changes that are not saved are lost.",
		restartDone: "The board restarts with its saved settings.",
		reset: "Factory reset",
		resetHelp: "Erases all settings, the key, the Wi-Fi passwords, and readings that are not sent yet.",
		confirm: (name: string) => `Type ${name} to confirm`,
		resetDone: "The board erases everything and restarts.",
	},

	plan: {
		title: "Calls per month",
		needs: ({ calls, intervalS, callsPerUpload: { min, max } }: CallEstimate) => {
			const count = max === 1 ? "one" : min === max ? number(min) : `${number(min)} or ${number(max)}`;
			const every = texts.duration(intervalS).replace(/^1 (\w+)$/, "$1");
			return `About ${number(calls)} calls per month: ${count} every ${every}, with all readings since the last upload.`;
		},
		fits: (limit: number, remaining: number) =>
			`${planName(limit)} has ${number(limit)} for all your boards${remaining < limit ? `; ${number(remaining)} are left this month` : ""}.`,
		over: (limit: number) =>
			`${planName(limit)} has only ${number(limit)}. Set the upload interval to Automatic, or to a longer one.`,
		unknown: "The intervals above are not valid.",
	},

	transfer: {
		title: "Settings file",
		lead: "This board’s settings as text: a backup, or a start for further boards. An import leaves all that is not in the file.",
		import: "Import",
		file: "Settings file",
		paste: "or its text",
		own: "The file is from this board: also import device id and data source",
		start: "Import",
		notJson: "This is not a settings file: choose one that a board has exported.",
		typingError: (line: unknown, column: unknown) =>
			`There is a typing error in line ${line} at column ${column}, or just before it.`,
		tooLarge: "This is not a settings file: it is too large.",
		wrong: (label: string, problem: string) => `${label}: ${problem}`,
		nothing: "Choose a file, or paste its text.",
		imported: (count: number, invalid: number) =>
			`${count === 1 ? "1 setting" : `${count} settings`} imported${invalid > 0 ? `, ${invalid} invalid` : ""}. Nothing is saved until you save.`,
		reset: "The file has a key, but no service address: it is set to its default.",
		kept: (names: string) => `Not in the file, so left as they are: ${names}.`,
		unknown: (names: string) => `Unknown to this board, ignored: ${names}.`,
		export: "Export",
		saved: "Exports the saved settings.",
		secrets: "With passwords and key",
		secretsHelp: "Anyone with the file can read them.",
		make: "Export",
		made: "The settings file:",
		download: "Download",
		copy: "Copy",
		copied: "Copied.",
		close: "Close",
		fileName: (board: string) => `${board}.json`,
	},

	test: {
		title: "Test",
		lead: "The board joins your network and sends a first point. This takes half a minute.",
		channel: "This phone may lose the board’s Wi-Fi for a moment. The page waits for it.",
		start: "Start the test",
		again: "Test again",
		running: "Testing…",
		steps: {
			join: "Join the Wi-Fi",
			name: "Find the service",
			time: "Set the clock",
			certificate: "Verify the certificate",
			key: "Key and bucket",
			source: "Data source",
			point: "First point",
		},
		states: { waiting: "waiting", running: "in progress", done: "done", failed: "failed" },
		/** What a step found. */
		found: {
			join: ({ ssid, address, strength }) =>
				`${ssid}, address ${address}${strength === undefined ? "" : `, ${signal(strength)}`}`,
			name: ({ host, address }) => (host === address ? host : `${host} is ${address}`) ?? "",
			// In the phone's own time zone, beside the phone's clock: a wrong time is seen.
			time: ({ utc = 0 }) => new Date(utc).toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" }),
			certificate: ({ issuer = "" }) => issuer,
			key: () => "Key and bucket are accepted.",
			source: ({ source, deviceId }) =>
				source === "listed"
					? deviceId === undefined
						? "It is in the bucket."
						: `${deviceId} is in the bucket.`
					: source === "unlisted"
						? "The bucket has too many to search; the point will show."
						: `${source === "created" ? "Created" : "Found"} as ${deviceId}.`,
			point: ({ status }) => `Stored (${status}).`,
		} as Readonly<Record<TestStep, (details: StepDetails) => string>>,
		source: (name: string, id: string) => `${name} (${id})`,
		passed: "Everything works.",
		failed: "The test failed.",
		change: (label: string) => `Change: ${label}`,
		interrupted: "The board has restarted, and the test was lost. Start it again.",
		another: "This test was stopped: another phone started one. Start it again.",
		changed: "Settings have changed since this test.",
		save: "Save and start",
		saveUntested: "Save without a test",
		saveAnyway: "Save anyway",
		anywayHelp: "The board keeps every reading and keeps trying.",
		saving: "Saving…",
	},

	end: {
		title: "Done",
		lead: "The settings are saved, and the board starts measuring.",
		untested: "The settings are saved, but not tested. The board keeps every reading and keeps trying.",
		connected: "Connected to",
		service: "Service",
		source: "Data source",
		next: "Next point",
		nextNever: "when key and bucket are set",
		nextIn: (every: string) => `within a minute, then every ${every}`,
		nextOnBattery: (every: string) => `now, then every ${every}; the board sleeps in between`,
		pending: "Pending",
		close: "You can close this page. This phone returns to its own Wi-Fi by itself.",
		return: "To open setup again",
		returnHelp: (name: string) =>
			`Hold the board’s button for 5 seconds, and join the Wi-Fi “${name}” again.`,
		left: "Restarting",
		leftHelp: (name: string) =>
			`Without saved Wi-Fi networks the board opens setup again: join the Wi-Fi “${name}”, and reload this page.`,
		noResponse: "The board restarted before it could respond. That is normal.",
	},

	/** In words, in at most two units: `6 minutes 23 seconds`. */
	duration: (seconds: number): string => {
		const parts: string[] = [];
		let rest = Math.round(seconds);
		for (const [length, unit] of [
			[86_400, "day"],
			[3_600, "hour"],
			[60, "minute"],
			[1, "second"],
		] as const) {
			const count = Math.floor(rest / length);
			rest -= count * length;
			if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
			else if (parts.length > 0) break;
		}
		return parts.join(" ") || "0 seconds";
	},
	/** After "every": `minute`, `5 minutes`. Above two minutes rounded to whole ones. */
	every: (seconds: number): string => {
		const round = seconds > 120 ? 60 * Math.round(seconds / 60) : Math.round(seconds);
		return texts.duration(round).replace(/^1 (\w+)$/, "$1");
	},
	/** Field names that are not plain words. */
	fields: fieldNames,
	number,
	/** Symbols of units. */
	units: unitSymbols,
});

interface SensorOptionText {
	readonly label: string;
	readonly help: string;
	readonly isOn?: boolean;
}

function planName(limit: number): string {
	return limit === freePlanCallsPerMonth ? "The Free plan" : "Your plan";
}

function number(value: number): string {
	return value.toLocaleString("en").replace("-", "−");
}

function signal(strength: number): string {
	return `${texts.networks.strength[signalLevel(strength)]} signal (${number(strength)}\u00a0dBm)`;
}

/** 0 … 4 bars for a strength in dBm: from where a connection hardly holds to where it is as fast as it can be. */
export function signalLevel(strength: number): 0 | 1 | 2 | 3 | 4 {
	if (strength >= -55) return 4;
	if (strength >= -67) return 3;
	if (strength >= -75) return 2;
	return strength >= -85 ? 1 : 0;
}
