import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { makeTCP } from "../../boards/node/tcp";
import { makeTLS } from "../../boards/node/tls";
import { makeUpdateFile, rawPublicKey } from "../../scripts/update-file";
import type { DevelopmentCertificates } from "../../simulator/dakkio/certificates";
import {
	flashOverCable,
	inspectSlots,
	makeFirmwareSlots,
	runBootloader,
} from "../../simulator/hardware/bootloader";
import { type ImageBehaviour, makeFirmwareImage } from "../../simulator/hardware/firmware-image";
import { VirtualTime } from "../../simulator/virtual-time";
import type { Resolver } from "../../src/boards/ecma419";
import { parseHttpsUrl } from "../../src/common/https-url";
import type { DownloadConditions } from "../../src/update/download-plan";
import { Downloader } from "../../src/update/downloader";
import { FirmwareUpdate } from "../../src/update/firmware-update";
import { headerBytes, parseVersion, type Version } from "../../src/update/image-header";
import { MemoryKeyValue } from "../memory-key-value";
import { MemoryFlash } from "./memory-flash";

export const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const strangers: KeyObject = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

export interface MadeFile {
	readonly version?: string;
	readonly chip?: string;
	readonly lengthBytes?: number;
	/** Signed with another key. */
	readonly forged?: boolean;
	readonly behaviour?: ImageBehaviour;
}

/** Three ranges and a bit. */
export const imageBytes = 100_000;

export function updateFile({ version = "0.3.0", chip = "node", forged, ...rest }: MadeFile = {}): Uint8Array {
	const { lengthBytes = imageBytes, behaviour = "works" } = rest;
	const image = makeFirmwareImage({ version, behaviour }, lengthBytes);
	return makeUpdateFile(
		image,
		{ chip, version: versionOf(version) },
		forged === true ? strangers : privateKey,
	);
}

export function releaseIndex(file: Uint8Array, chip = "node", address = "node.update"): Uint8Array {
	const header = Buffer.from(file.subarray(0, headerBytes)).toString("base64");
	return Buffer.from(JSON.stringify({ images: { [chip]: { address, header } } }));
}

function versionOf(text: string): Version {
	const version = parseVersion(text);
	if (version === undefined) throw new Error(`${text} is no version`);
	return version;
}

/** Resolves in the same turn: a real lookup waits for a thread, however late that comes. */
const localhost: Resolver = {
	resolve: ({ host, onResolved }) => void Promise.resolve().then(() => onResolved(host, "127.0.0.1")),
};

const startedAt = Date.UTC(2027, 2, 1);

/** A board's downloader, on real sockets and in virtual time, with its slots in memory. */
export class DownloadFixture {
	readonly time = new VirtualTime();
	readonly flash: MemoryFlash;
	readonly storage = new MemoryKeyValue();
	readonly log: string[] = [];
	conditions: Omit<DownloadConditions, "nowUtc"> = {
		isOnline: true,
		isUploadDue: false,
		onBattery: false,
		isOnTrial: false,
	};
	failedVersion: string | undefined;
	random = 0.5;
	/** The server is another process: while something is open, no time passes faster than it really does. */
	isRealTime = false;
	/** Versions that were installed. */
	readonly installed: string[] = [];
	downloader: Downloader;
	update: FirmwareUpdate;
	/** Sockets that are open, and the most at the same time. */
	openCount = 0;
	maxOpen = 0;
	/** Of the index. */
	address: string;
	private readonly roots: readonly Uint8Array[];

	constructor({ root }: DevelopmentCertificates, port: number, sectors = 64) {
		this.address = `https://localhost:${port}/releases/index.json`;
		this.roots = [root.der];
		this.flash = new MemoryFlash({ ota_0: sectors, ota_1: sectors, otadata: 2 });
		flashOverCable(this.flash, makeFirmwareImage({ version: "0.2.0", behaviour: "works" }));
		[this.update, this.downloader] = this.boot();
		this.downloader.start();
	}

	get nowUtc(): number {
		return startedAt + this.time.ticks();
	}

	/** What the bootloader would start next, and the version in the other slot. */
	get slots(): readonly (string | undefined)[] {
		return inspectSlots(this.flash).map((image) => image?.version);
	}

	/** As after a power cut: only flash and storage remain. */
	async restart(): Promise<void> {
		await this.downloader.stop();
		this.update.close();
		[this.update, this.downloader] = this.boot();
		this.downloader.start();
	}

	private boot(): [FirmwareUpdate, Downloader] {
		const { time, storage, flash } = this;
		const running = runBootloader(flash);
		if (running === undefined) throw new Error("the board does not start");
		const version = running.image.version;
		const slots = makeFirmwareSlots({
			...{ flash, running: running.slot, releaseKey: rawPublicKey(publicKey) },
			restart: () => {},
		});
		const log = (line: string) => this.log.push(line);
		const update = new FirmwareUpdate({
			...{ slots, storage, time, chip: "node", version: versionOf(version) },
			owner: { log, onActivated() {} },
		});
		const hold = () => {
			this.openCount++;
			this.maxOpen = Math.max(this.maxOpen, this.openCount);
			return () => {
				this.openCount--;
			};
		};
		const fixture = this;
		const { address } = this;
		const index = parseHttpsUrl(address);
		if (index === undefined) throw new Error("no address");
		const downloader = new Downloader({
			network: { TCP: makeTCP({}), TLS: makeTLS({ roots: this.roots, hold }), resolver: localhost },
			...{
				time,
				storage,
				address,
				index,
				ca: [],
				chip: "node",
				version,
				userAgent: "dakkio-esp32/test",
				update,
			},
			owner: {
				get failedVersion() {
					return fixture.failedVersion;
				},
				get downloadConditions() {
					return { ...fixture.conditions, nowUtc: fixture.nowUtc };
				},
				onChange() {},
				onInstalled: () => this.installed.push("installed"),
				random: () => this.random,
				log,
			},
		});
		return [update, downloader];
	}

	/** Lets time pass until `done`: in steps of milliseconds while sockets are open, and from timer to timer otherwise. */
	async until(done: () => boolean, maxMs = 40 * 86_400_000): Promise<void> {
		const end = this.time.ticks() + maxMs;
		while (!done()) {
			if (this.time.ticks() > end) throw new Error(`it did not happen: ${this.log.join("; ")}`);
			if (this.isRealTime && this.downloader.isActive) await delay(5);
			const idleMs = Math.min(this.time.untilNextMs, 3_600_000, end + 1 - this.time.ticks());
			await this.time.advance(this.downloader.isActive ? 5 : idleMs);
		}
	}

	/** Lets time pass, as {@link until}. */
	pass(milliseconds: number): Promise<void> {
		const end = this.time.ticks() + milliseconds;
		return this.until(() => this.time.ticks() >= end);
	}

	async close(): Promise<void> {
		await this.downloader.stop();
		this.update.close();
	}
}
