import { freePlanCallsPerMonth } from "../src/dakkio/rate-limits";

/** In place of the page, where no script runs. */
export const noScript = "This page needs JavaScript: switch it on, or open the page in another browser.";

/** Every text of the page that the board does not send: names of settings, findings and cures come from there. */
export const texts = Object.freeze({
	title: "Set up your board",
	loading: "Asking the board…",
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
	problems: (count: number) => (count === 1 ? "One thing needs a look." : `${count} things need a look.`),

	lost: (name: string) =>
		`No answer from the board. Is this phone still on the Wi-Fi “${name}”? Trying again…`,
	lostFirst: "No answer from the board. Is this phone still on its Wi-Fi? Trying again…",
	found: "The board answers again.",
	refused: (status: number) => `The board did not take this (${status}). Reload the page and try again.`,
	tooLarge: "This is more than the board can take at once. Is the certificate only one certificate?",

	networks: {
		title: "Wi-Fi",
		lead: "Choose the network for the board. It keeps up to three, and joins the first one that lets it in.",
		nearby: "Networks nearby",
		none: "No network found. The board sees 2.4 GHz networks only; move it closer to the router and look again.",
		missing:
			"Not in the list? A network that is 5 GHz only cannot be joined: switch on 2.4 GHz in the router.",
		scanning: "Looking for networks…",
		scanned: (count: number) => (count === 1 ? "1 network found." : `${count} networks found.`),
		rescan: "Look again",
		hidden: "Hidden network…",
		hiddenTitle: "Hidden network",
		name: "Name of the network (SSID)",
		password: "Password",
		passwordOf: (ssid: string) => `Password of ${ssid}`,
		keep: "The board has it. Leave empty to keep it.",
		maybeOpen: "Leave empty if it has none.",
		open: "This network is open: it needs no password. What the board sends is encrypted all the same.",
		first: "Choose a network, or add a hidden one.",
		nameMissing: "Type the name of the network.",
		passwordMissing: "Type the password of this network.",
		full: "Three networks is all that the board can keep: remove one first.",
		remove: "Remove",
		removeOf: (ssid: string) => `Remove ${ssid}`,
		removed: (ssid: string) => `${ssid} removed.`,
		earlierOf: (ssid: string) => `Move ${ssid} up: try it earlier`,
		moved: (ssid: string, place: number) => `${ssid} is now number ${place}.`,
		strength: ["very weak", "weak", "fair", "good", "strong"],
		secured: "needs a password",
		unsecured: "open",
		isChosen: "chosen",
		tooWeak: "The signal is very weak here. Expect gaps; nothing is lost, readings wait on the board.",
	},

	dakkio: {
		title: "Dakkio",
		lead: "Where the readings go. You find all three in Dakkio, in the bucket’s settings.",
		keySet: "The board has one. Leave empty to keep it.",
		keyMissing: "Paste the write key of this board.",
		bucketMissing: "Paste the id of the bucket.",
		create: "Create one for me",
		createHelp: "The board makes one, with a field for each value of the sensors.",
		existing: "Use this one",
		sourceId: "Id of the data source",
		sourceMissing: "Paste the id of the data source, or let the board create one.",
	},

	board: {
		title: "This board",
		lead: "What it is, what it measures, and how often.",
		name: "Name",
		chip: "Chip",
		firmware: "Firmware",
		waiting: "Waiting to be sent",
		readings: (count: number) => (count === 1 ? "1 reading" : `${number(count)} readings`),
		sensors: "Sensors",
		lookAgain: "Look again",
		forgetMissing: "Forget sensors that are not there",
		noSensors:
			"No sensor found. Check its wires and its 3.3 V; if it is on other pins than usual, set them under Advanced.",
		noValue: "–",
		measuring: "Measuring",
		advanced: "Advanced",
		groups: {
			service: "Service and clock",
			battery: "Battery",
			panel: "Light and button",
			bus: "Sensors",
			more: "More",
		},
		seconds: "seconds",
		other: "Other…",
		number: "Number…",
		numberOf: (label: string) => `${label}: number`,
		secondsOf: (label: string) => `${label}: seconds`,
		onePerLine: "One on each line.",
		keepSecret: "The board has one. Leave empty to keep it.",
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

	plan: {
		title: "Calls a month",
		needs: (calls: number, every: string) =>
			`About ${number(calls)} calls a month: one every ${every}, with all readings since the last.`,
		fits: (limit: number, remaining: number) =>
			`${planName(limit)} has ${number(limit)}, for all your boards together${remaining < limit ? `; ${number(remaining)} are left this month` : ""}.`,
		over: (limit: number) =>
			`${planName(limit)} has only ${number(limit)}. Set the upload interval to Automatic, or longer.`,
		unknown: "The intervals above are not right yet.",
	},

	transfer: {
		title: "Settings file",
		lead: "Set up many boards alike: export the settings of one, import them into the next.",
		import: "Import",
		file: "Settings file",
		paste: "or its text",
		own: "The file is from this very board: take its device id and data source, too",
		take: "Import",
		notJson: "This is not a settings file: it is JSON, as a board exports it.",
		tooLarge: "This is not a settings file: it is larger than any.",
		wrong: (label: string, problem: string) => `${label}: ${problem}`,
		nothing: "Choose a file, or paste its text.",
		taken: (count: number) =>
			`${count === 1 ? "1 setting" : `${count} settings`} taken over. Nothing is saved before you save.`,
		unknown: (names: string) => `Not known to this board, left out: ${names}.`,
		export: "Export",
		saved: "What is exported is what the board has saved.",
		secrets: "With passwords and key",
		secretsHelp: "Anyone who has the file has them, too.",
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
		lead: "The board joins your network and sends a first point, while this page stays with it. It takes half a minute.",
		channel: "This phone may lose the board’s Wi-Fi for a moment; the page waits for it.",
		start: "Start the test",
		again: "Test again",
		running: "The test runs…",
		signal: (strength: string, power: string) => `${strength} signal (${power}\u00a0dBm)`,
		steps: {
			join: "Join the Wi-Fi",
			name: "Find the service",
			time: "Set the clock",
			certificate: "Verify the certificate",
			key: "Key and bucket",
			source: "Data source",
			point: "First point",
		},
		states: { waiting: "waiting", running: "under way", done: "done", failed: "failed" },
		passed: "Everything works.",
		failed: "This did not work yet.",
		change: (label: string) => `Change: ${label}`,
		interrupted: "The board has started anew, and the test with it. Start it again.",
		another: "This test was broken off: one was begun on another phone. Start it again.",
		changed: "You have changed something since this test.",
		save: "Save and start",
		saveUntested: "Save without a test",
		saveAnyway: "Save anyway",
		anywayHelp: "The board keeps every reading and goes on trying.",
		saving: "Saving…",
	},

	end: {
		title: "Done",
		lead: "The settings are saved, and the board starts to measure.",
		untested:
			"The settings are saved. They were not tested; the board goes on trying, and keeps every reading.",
		connected: "Connected to",
		service: "Service",
		source: "Data source",
		next: "Next point",
		nextIn: (every: string) => `within a minute, then every ${every}`,
		nextOnBattery: (every: string) => `at once, then every ${every}; the board sleeps in between`,
		waiting: "Waiting to be sent",
		close: "You can close this page. This phone goes back to its own Wi-Fi by itself.",
		return: "To come back",
		returnHelp: (name: string) =>
			`Hold the board’s button for 5 seconds, and join the Wi-Fi “${name}” again.`,
		unheard: "The board left before it could answer. That is what it does when it starts.",
	},

	/** In words, to two units: `6 minutes 23 seconds`. */
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
	/** After "every": `minute`, `5 minutes`; what is no whole number of minutes is told to the minute. */
	every: (seconds: number): string => {
		const round = seconds > 120 ? 60 * Math.round(seconds / 60) : Math.round(seconds);
		return texts.duration(round).replace(/^1 (\w+)$/, "$1");
	},
	/** As a person writes what is measured. */
	fields: { co2: "CO₂" } as Readonly<Record<string, string>>,
	number,
	/** As a person writes a unit. */
	units: { celsius: "°C", percent: "%", volt: "V", milliampere: "mA", lux: "lx" } as Readonly<
		Record<string, string>
	>,
});

function planName(limit: number): string {
	return limit === freePlanCallsPerMonth ? "The Free plan" : "Your plan";
}

function number(value: number): string {
	return value.toLocaleString("en");
}
