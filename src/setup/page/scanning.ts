import { type Client, pause } from "./client";
import type { NetworksField } from "./networks";
import { texts } from "./texts";

/** Between two looks at what was heard so far, milliseconds. */
const lookEvery = 500;

interface ScanningOptions {
	readonly client: Client;
	readonly networks: () => NetworksField;
	/** For a screen reader. */
	announce(text: string): void;
}

/** Lets the board listen for networks, and shows them. */
export class Scanning {
	readonly #options: ScanningOptions;

	constructor(options: ScanningOptions) {
		this.#options = options;
	}

	/** What the board has heard already; it listens when that is nothing. */
	async start(): Promise<void> {
		const heard = await this.#options.client.networks();
		if (heard.networks.length === 0 && !heard.scanning) await this.again();
		else await this.#follow();
	}

	async again(): Promise<void> {
		const { client, networks } = this.#options;
		networks().heard({ scanning: true, networks: [] });
		await client.scan();
		await this.#follow();
	}

	/** Until the radio has listened on all channels. */
	async #follow(): Promise<void> {
		const { client, networks, announce } = this.#options;
		announce(texts.networks.scanning);
		for (;;) {
			const heard = await client.networks();
			networks().heard(heard);
			if (!heard.scanning) {
				announce(texts.networks.scanned(heard.networks.length));
				return;
			}
			await pause(lookEvery);
		}
	}
}
