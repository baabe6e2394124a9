import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { makeUpdateFile, rawPublicKey } from "../scripts/update-file";
import { formatVersion, parseVersion, type Version } from "../src/update/image-header";
import { firmwareVersion } from "../src/version";
import { makeFirmwareImage } from "./hardware/firmware-image";
import { readStateFile, StateFileError } from "./state-file";

/** The releases of a virtual board: a key of its own, and a signed update to try. */
export class VirtualRelease {
	/** As the firmware takes it. */
	readonly publicKey: Uint8Array;
	readonly directory: string;
	private readonly key: KeyObject;

	/** The key stays in the directory, so that a file from an earlier start is still accepted. */
	constructor(directory: string) {
		this.directory = directory;
		this.key = loadKey(directory);
		this.publicKey = rawPublicKey(createPublicKey(this.key));
	}

	/** Writes an update file for the version after this one, or for another; returns its path. */
	write(version: Version = nextVersion()): string {
		const text = formatVersion(version);
		const path = join(this.directory, `dakkio-esp32-${text}-node.update`);
		if (existsSync(path)) return path;
		// What stands for an image: the code is the same.
		const image = makeFirmwareImage({ version: text, behaviour: "works" }, imageBytes);
		writeFileSync(path, makeUpdateFile(image, { chip: "node", version }, this.key));
		return path;
	}
}

/** So much that it takes a while. */
const imageBytes = 200_000;

function nextVersion(): Version {
	const [major = 0, minor = 0, patch = 0] = parseVersion(firmwareVersion) ?? [];
	return [major, minor, patch + 1];
}

function loadKey(directory: string): KeyObject {
	makeDirectory(directory);
	const file = join(directory, "release-key.pem");
	if (!existsSync(file)) {
		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
	}
	try {
		return createPrivateKey(readStateFile(file) ?? "");
	} catch (error) {
		throw error instanceof StateFileError ? error : new StateFileError(file, "is not a private key in PEM");
	}
}
