import { checkSensorDrivers } from "../../sdk-tests/device/sensors";

declare global {
	/** Of the SDK. */
	function trace(line: string): void;
}

/** What the suite reports, as the SDK's simulator prints it. */
const lines: string[] = [];

Object.assign(globalThis, {
	trace: (line: string) => lines.push(line),
	work: {
		run: () => {
			void checkSensorDrivers();
		},
		/** Throws unless this number of checks has passed, and no other. */
		expectPassed: (count: number) => {
			const failed = lines.filter((line) => line.includes('"problem"'));
			if (failed.length > 0 || lines.length !== count) throw new Error(`${lines.length}: ${failed.join("")}`);
		},
	},
});
