import SDKDigital from "embedded:io/digital";
import SDKOneWire from "onewire";
import type { OneWire } from "../board";
import { assertUsablePin } from "./usable-pin";

const romBytes = 8;

/**
 * The SDK's 1-Wire bus, on the chip's RMT peripheral (ESP-IDF component `onewire_bus`). Its byte arrays are buffers,
 * unlike in its typings, and a failed transfer returns zeros without an error.
 */
export class OneWireBus implements OneWire {
	private bus: SDKOneWire | undefined;

	constructor({ pin }: { pin: number }) {
		assertUsablePin(pin, "output");
		// The SDK does not check whether it gets the pin; the pin class does.
		new SDKDigital({ pin, mode: SDKDigital.Output }).close();
		this.bus = new SDKOneWire({ pin });
	}

	search(): readonly Uint8Array[] {
		// It returns each code from its last byte to its first.
		return this.requireBus().search().map(reversed);
	}

	reset(): boolean {
		return this.requireBus().reset();
	}

	write(bytes: Uint8Array): void {
		for (const byte of bytes) this.requireBus().write(byte);
	}

	read(count: number): Uint8Array {
		const bytes = this.requireBus().read(count);
		return typeof bytes === "number" ? Uint8Array.of(bytes) : new Uint8Array(bytes);
	}

	close(): void {
		const bus = this.bus;
		this.bus = undefined;
		bus?.close();
	}

	private requireBus(): SDKOneWire {
		if (this.bus === undefined) throw new Error("the 1-Wire bus has been closed");
		return this.bus;
	}
}

function reversed(rom: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(rom);
	const result = new Uint8Array(romBytes);
	for (let i = 0; i < romBytes; i++) result[i] = bytes[romBytes - 1 - i] ?? 0;
	return result;
}
