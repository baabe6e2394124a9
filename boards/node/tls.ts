import { isIP } from "node:net";
import {
	checkServerIdentity,
	connect,
	createSecureContext,
	rootCertificates,
	type SecureContext,
} from "node:tls";
import type { TLSConstructor, TLSOptions } from "../../src/boards/ecma419";
import { explainTLSError } from "./errors";
import { type Hold, noHold } from "./real-time-hold";
import { checkAddress } from "./tcp";
import { NodeTCPSocket, type NodeTCPSocketOptions } from "./tcp-socket";

export interface TLSFactoryOptions {
	/** Trusted root certificates, DER or PEM. */
	readonly roots?: readonly Uint8Array[];
	/** Whether Node's public authorities are trusted as well. */
	readonly trustSystemRoots?: boolean;
	readonly hold?: Hold;
}

/**
 * The TLS class of a board on Node: TLS 1.2 or later, and always with verification of the certificate's chain and name.
 */
export function makeTLS({
	roots = [],
	trustSystemRoots = false,
	hold = noHold,
}: TLSFactoryOptions): TLSConstructor {
	/** Cached by the board's own roots: reading the public authorities takes 20 ms. */
	const contexts = new Map<string, SecureContext>();
	const contextFor = (own: readonly Uint8Array[]): SecureContext => {
		const texts = own.map(toPem);
		const key = texts.join("");
		const context = contexts.get(key) ?? makeContext(texts, trustSystemRoots);
		contexts.set(key, context);
		return context;
	};
	return class extends NodeTCPSocket {
		constructor(options: TLSOptions) {
			super(connectOptions(options, contextFor([...roots, ...(options.secure?.ca ?? [])]), hold));
		}
	};
}

function connectOptions(options: TLSOptions, secureContext: SecureContext, hold: Hold): NodeTCPSocketOptions {
	const { address, port, host } = options;
	checkAddress(address);
	const socket = connect({
		secureContext,
		host: address,
		port,
		// An address is not a server name (RFC 6066 section 3).
		...(isIP(host) === 0 && { servername: host }),
		rejectUnauthorized: true,
		checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
	});
	socket.setNoDelay(options.nodelay ?? false);
	const explain = (error: Error) => explainTLSError(error, Boolean(socket.authorizationError));
	const onOpen = () => {
		const { issuer } = socket.getPeerCertificate();
		options.onVerified?.([issuer?.O, issuer?.CN].flat().find((name) => name !== undefined) ?? "");
	};
	return { socket, openEvent: "secureConnect", callbacks: options, hold, onOpen, explain };
}

/** `own`: PEM; Node's default is the public authorities, read once for all connections. */
function makeContext(own: readonly string[], system: boolean): SecureContext {
	const trust = system && own.length === 0 ? {} : { ca: [...(system ? rootCertificates : []), ...own] };
	return createSecureContext({ ...trust, minVersion: "TLSv1.2" });
}

function toPem(certificate: Uint8Array): string {
	const bytes = Buffer.from(certificate);
	// DER begins with the tag of a sequence, PEM with text.
	if (bytes[0] !== 0x30) return bytes.toString("latin1");
	return `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64")}\n-----END CERTIFICATE-----\n`;
}
