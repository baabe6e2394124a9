import { VirtualSleepMemory } from "../hardware/sleep-memory";

/** The memory that the device's deep sleep keeps, and what may happen to it meanwhile. */
export class DeviceSleepMemory extends VirtualSleepMemory {
	private latest: string | undefined;
	/** Of the sleep before the latest. */
	private earlier: string | undefined;

	override keep(text: string): boolean {
		const fits = super.keep(text);
		if (fits) {
			this.earlier = this.latest;
			this.latest = text;
		}
		return fits;
	}

	/** It holds what was kept for the sleep before. */
	revert(): void {
		if (this.earlier !== undefined) super.keep(this.earlier);
	}
}
