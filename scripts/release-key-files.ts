import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { root } from "./sdk";
import { rawPublicKey } from "./update-file";

/** The public half, which a build takes in. */
const publicKeyFile = join(root, "release-key.pub.pem");

/** Where the private half is: never in the project's folder. */
export function privateKeyFile(): string {
	const configuration = process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
	return join(configuration, "dakkio-esp32", "release-key.pem");
}

/** x and y, 64 bytes; `undefined`: no key was made, and a build takes no updates. */
export function readPublicKey(file = publicKeyFile): Uint8Array | undefined {
	const pem = readIfThere(file);
	return pem === undefined
		? undefined
		: rawPublicKey(parseKey(pem, createPublicKey, `${file} is not a public key`));
}

/**
 * The private half: from `$DAKKIO_RELEASE_KEY` (PEM), else from its file; `undefined`: it is not on this computer. Throws
 * if it does not belong to the public half.
 */
export function readPrivateKey(): KeyObject | undefined {
	const given = process.env.DAKKIO_RELEASE_KEY;
	const file = privateKeyFile();
	const pem = given || readIfThere(file);
	if (pem === undefined) return undefined;
	const key = parsePrivateKey(pem, given ? "$DAKKIO_RELEASE_KEY" : file);
	const own = Buffer.from(rawPublicKey(createPublicKey(key)));
	if (!own.equals(readPublicKey() ?? new Uint8Array()))
		throw new Error(
			"The release key does not belong to release-key.pub.pem: boards would refuse what it signs. `npm run release-key` writes that file.",
		);
	return key;
}

/** Makes a key, or writes the public half of the existing one. Returns what it did, as a sentence. */
export function makeReleaseKey(privateFile: string, publicFile = publicKeyFile): string {
	if (!relative(root, privateFile).startsWith(".."))
		throw new Error(`${privateFile} is in the project: a private key must not get into its repository.`);
	const isNew = !existsSync(privateFile);
	if (isNew) {
		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		makeDirectory(dirname(privateFile), 0o700);
		const pem = privateKey.export({ type: "pkcs8", format: "pem" });
		writeFileSync(privateFile, pem, { mode: 0o600, flag: "wx" });
	}
	const publicKey = createPublicKey(parsePrivateKey(readFileSync(privateFile, "utf8"), privateFile));
	const old = readPublicKey(publicFile);
	if (old !== undefined && !Buffer.from(old).equals(rawPublicKey(publicKey)))
		throw new Error(
			`${publicFile} is of another key, and boards that were built with it take only what that one signs. Delete it to build with yours.`,
		);
	writeFileSync(publicFile, publicKey.export({ type: "spki", format: "pem" }));
	return [
		isNew ? `Made the release key ${privateFile}.` : `The release key is ${privateFile}.`,
		"Keep a copy of it in a safe place: without it, boards with this key take no more updates. Never publish it.",
		`Builds now contain its public half, ${relative(root, publicFile)}; flash your boards once with such a build.`,
		"",
	].join("\n");
}

/** `source`: where the text is from. */
function parsePrivateKey(pem: string, source: string): KeyObject {
	return parseKey(pem, createPrivateKey, `The release key in ${source} is not a private key`);
}

/** OpenSSL's own error does not say which key it is about. The text may be a secret, so it is not repeated. */
function parseKey(pem: string, parse: (pem: string) => KeyObject, problem: string): KeyObject {
	try {
		return parse(pem);
	} catch {
		throw new Error(`${problem} in PEM.`);
	}
}

function readIfThere(file: string): string | undefined {
	return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
