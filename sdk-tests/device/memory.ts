import Debug from "debug";
import Instrumentation from "instrumentation";
import type { Network } from "../../src/boards/board";
import type { TCP, TLSOptions } from "../../src/boards/ecma419";
import { report } from "./report";

/** Bytes in use by XS after a collection. */
interface MemoryUse {
	readonly slots: number;
	readonly chunks: number;
	readonly stack: number;
}

function measure(): MemoryUse {
	Debug.gc();
	const [slots = 0, chunks = 0, stack = 0] = (
		["XS Slot Heap Used", "XS Chunk Heap Used", "XS Stack Used"] as const
	).map((what) => Instrumentation.get(Instrumentation.map(what)));
	return { slots, chunks, stack };
}

/** Memory in use by XS. */
export function reportMemory(name: string): void {
	report({ suite: "memory", name, ...measure() });
}

/** The maximum memory in use during an operation. */
export class PeakMemory {
	private max: MemoryUse = { slots: 0, chunks: 0, stack: 0 };
	private where: string | undefined;

	sample(where: string): void {
		const now = measure();
		// A slot has half the size on the chip.
		if (now.slots / 2 + now.chunks <= this.max.slots / 2 + this.max.chunks) return;
		this.max = now;
		this.where = where;
	}

	/** Nothing if there was no sample, which the computer notices. */
	report(name: string): void {
		if (this.where === undefined) return;
		report({ suite: "memory", name: `${name} (${this.where})`, ...this.max });
	}
}

/** A network that samples memory while certificates are verified and whenever data is sent or received over TLS. */
export function watchMemory(network: Network, peak: PeakMemory): Network {
	return {
		...network,
		TLS: class implements TCP {
			private readonly socket: TCP;

			constructor(options: TLSOptions) {
				this.socket = new network.TLS({
					...options,
					secure: { ca: watchRoots(options.secure?.ca ?? [], peak) },
					onReadable: (count) => {
						peak.sample("a response arrives");
						options.onReadable?.(count);
					},
					onWritable: (count) => {
						peak.sample("more can be written");
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
				peak.sample("points are sent");
				this.socket.write(buffer);
			}

			close(): void {
				this.socket.close();
			}
		},
	};
}

/** A network that samples memory whenever a part of a response is sent to a client. */
export function watchServer(network: Network, peak: PeakMemory): Network {
	return {
		...network,
		TCP: class extends network.TCP {
			override write(buffer: Uint8Array): void {
				super.write(buffer);
				peak.sample("a response is sent");
			}
		},
	};
}

/**
 * Samples memory whenever the roots are read, which is while a path is verified. A proxy and no subclass: whatever method
 * reads them, its results are plain arrays.
 */
function watchRoots(roots: readonly Uint8Array[], peak: PeakMemory): readonly Uint8Array[] {
	return new Proxy(roots, {
		get(target, key): unknown {
			peak.sample("the server's certificates are verified");
			return Reflect.get(target, key);
		},
	});
}
