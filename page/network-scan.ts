import { type BoardClient, delay } from "./board-client";
import type { NetworksField } from "./networks-field";
import { texts } from "./texts";

const pollIntervalMs = 500;

interface NetworkScanOptions {
	readonly client: BoardClient;
	readonly networks: () => NetworksField;
	/** Announces a text to screen readers. */
	announce(text: string): void;
}

/** Runs scans on the board, and shows their results. */
export class NetworkScan {
	readonly #options: NetworkScanOptions;

	constructor(options: NetworkScanOptions) {
		this.#options = options;
	}

	/** Shows the results of the last scan; starts one if there are none. */
	async start(): Promise<void> {
		const results = await this.#options.client.networks();
		if (results.networks.length === 0 && !results.scanning) await this.rescan();
		else await this.#poll();
	}

	async rescan(): Promise<void> {
		const { client, networks } = this.#options;
		networks().showScan({ scanning: true, networks: [] });
		await client.scan();
		await this.#poll();
	}

	/** Until the scan is complete. */
	async #poll(): Promise<void> {
		const { client, networks, announce } = this.#options;
		announce(texts.networks.scanning);
		for (;;) {
			const results = await client.networks();
			networks().showScan(results);
			if (!results.scanning) {
				announce(texts.networks.scanned(results.networks.length));
				return;
			}
			await delay(pollIntervalMs);
		}
	}
}
