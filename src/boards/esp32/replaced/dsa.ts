/**
 * Stands for modules of the SDK that its TLS imports, and has no use for with what is offered: the signatures of the
 * server are verified in `tls/signature`, a key exchange under RSA is not offered, and the board has no certificate.
 */
export default class Unused {
	constructor() {
		throw new Error("not in this firmware");
	}
}
