import { type BoardClient, delay } from "./board-client";
import type { NetworksField } from "./networks-field";
import { texts } from "./texts";

/** Between two looks at what was heard so far, milliseconds. */
const pollIntervalMs = 500;

interface NetworkScanOptions {
	readonly client: BoardClient;
	readonly networks: () => NetworksField;
	/** For a screen reader. */
	announce(text: string): void;
}

/** Lets the board listen for networks, and shows them. */
export class NetworkScan {
	readonly #options: NetworkScanOptions;

	constructor(options: NetworkScanOptions) {
		this.#options = options;
	}

	/** What the board has heard already; it listens when that is nothing. */
	async start(): Promise<void> {
		const heard = await this.#options.client.networks();
		if (heard.networks.length === 0 && !heard.scanning) await this.rescan();
		else await this.#poll();
	}

	async rescan(): Promise<void> {
		const { client, networks } = this.#options;
		networks().showScan({ scanning: true, networks: [] });
		await client.scan();
		await this.#poll();
	}

	/** Until the radio has listened on all channels. */
	async #poll(): Promise<void> {
		const { client, networks, announce } = this.#options;
		announce(texts.networks.scanning);
		for (;;) {
			const heard = await client.networks();
			networks().showScan(heard);
			if (!heard.scanning) {
				announce(texts.networks.scanned(heard.networks.length));
				return;
			}
			await delay(pollIntervalMs);
		}
	}
}
