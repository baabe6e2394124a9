import Debug from "debug";
import Instrumentation from "instrumentation";
import type { Network } from "../../src/boards/board";
import type { TCP, TLSOptions } from "../../src/boards/ecma419";
import { report } from "./report";

/** Bytes that XS uses after a collection. */
interface Use {
	readonly slots: number;
	readonly chunks: number;
	readonly stack: number;
}

function measure(): Use {
	Debug.gc();
	const [slots = 0, chunks = 0, stack = 0] = (
		["XS Slot Heap Used", "XS Chunk Heap Used", "XS Stack Used"] as const
	).map((what) => Instrumentation.get(Instrumentation.map(what)));
	return { slots, chunks, stack };
}

/** What XS holds now. */
export function memory(name: string): void {
	report({ suite: "memory", name, ...measure() });
}

/** The most that XS holds while something goes on, looked at in the middle of it. */
export class Peak {
	private most: Use = { slots: 0, chunks: 0, stack: 0 };
	private where = "nowhere";

	look(where: string): void {
		const now = measure();
		// A slot has half the size on the chip.
		if (now.slots / 2 + now.chunks <= this.most.slots / 2 + this.most.chunks) return;
		this.most = now;
		this.where = where;
	}

	report(name: string): void {
		report({ suite: "memory", name: `${name} (${this.where})`, ...this.most });
	}
}

/** The network, looked at while a certificate chain is verified and whenever bytes come or go under TLS. */
export function watched(network: Network, peak: Peak): Network {
	return {
		...network,
		TLS: class implements TCP {
			private readonly socket: TCP;

			constructor(options: TLSOptions) {
				this.socket = new network.TLS({
					...options,
					secure: { ca: new WatchedRoots(options.secure?.ca ?? [], peak) },
					onReadable: (count) => {
						peak.look("an answer has come");
						options.onReadable?.(count);
					},
					onWritable: (count) => {
						peak.look("more can be sent");
						options.onWritable?.(count);
					},
				});
			}

			get remoteAddress(): string | undefined {
				return this.socket.remoteAddress;
			}

			get remotePort(): number | undefined {
				return this.socket.remotePort;
			}

			read(buffer: Uint8Array): number {
				return this.socket.read(buffer);
			}

			write(buffer: Uint8Array): void {
				peak.look("points are sent");
				this.socket.write(buffer);
			}

			close(): void {
				this.socket.close();
			}
		},
	};
}

/** They are gone through when all certificates of the chain have been taken apart. */
class WatchedRoots extends Array<Uint8Array> {
	private readonly peak: Peak;

	constructor(roots: readonly Uint8Array[], peak: Peak) {
		super();
		for (const root of roots) this.push(root);
		this.peak = peak;
	}

	override *[Symbol.iterator](): ArrayIterator<Uint8Array> {
		this.peak.look("the server's certificates are verified");
		for (let index = 0; index < this.length; index++) {
			const root = this[index];
			if (root !== undefined) yield root;
		}
	}
}
