import { KeyObject, sign } from "node:crypto";
import { certify, derToPem, KeyUsageFlags, toPem } from "./certificate";
import { type ChainTable, forged, host, leaf } from "./chain-table";
import { asVersion1 } from "./resign";

/** Roots as `openssl req -x509` makes them, and a server's own certificate as the root. */
export async function addOwnRoots(table: ChainTable): Promise<void> {
	const add = table.add.bind(table);
	const root = await certify({ name: "Own", authority: true, plain: true });
	add("an own root without key usage", "accepted", [await leaf(root)], { root });
	const below = await certify({ name: "Below", issuer: root, authority: 0, plain: true });
	add("an own root and an intermediate without key usage", "accepted", [await leaf(below), below], { root });
	const rsa = await certify({ name: "RSA", key: "RSA 2048", authority: true, plain: true });
	add("an own root on RSA without key usage", "accepted", [await leaf(rsa, { plain: true })], {
		root: rsa,
	});
	const old = await certify({ name: "Old", authority: true, hash: "SHA-1" });
	add("an own root that signed itself with SHA-1", "accepted", [await leaf(old)], { root: old });
	const ecKey = KeyObject.from(root.keys.privateKey);
	const first = asVersion1(new Uint8Array(root.certificate.rawData), (bytes) => sign("sha256", bytes, ecKey));
	add("an own root of version 1", "refused, untrusted", [await leaf(root)], {
		root: derToPem(first),
		stricter: "an issuer needs CA:TRUE, which version 1 does not have (RFC 5280, 6.1.4)",
	});
	const noAuthority = await certify({ name: "No authority", plain: true });
	add("an own root that is no authority", forged, [await leaf(noAuthority)], { root: noAuthority });
	const noSign = await certify({
		name: "May not sign",
		authority: true,
		usage: KeyUsageFlags.digitalSignature,
	});
	add("an own root without keyCertSign", forged, [await leaf(noSign)], { root: noSign });
	const expired = await certify({ name: "Expired", authority: true, fromDays: -60, toDays: -1 });
	add("an own root that expired", "refused, expired", [await leaf(expired)], { root: expired });
	const short = await certify({ name: "Short", authority: 0 });
	const tooMuch = await certify({ name: "Too much", issuer: short, authority: 0 });
	add("longer than an own root's path length", forged, [await leaf(tooMuch), tooMuch], { root: short });
	const clients = await certify({ name: "Clients", authority: true, purposes: ["1.3.6.1.5.5.7.3.2"] });
	add("an own root for clients only", forged, [await leaf(clients)], { root: clients });
	const lower = await certify({
		name: "Clients",
		issuer: root,
		authority: 0,
		purposes: ["1.3.6.1.5.5.7.3.2"],
	});
	add("an intermediate for clients only", forged, [await leaf(lower), lower], { root });
	const twoRoots = toPem(table.root) + toPem(root);
	add("the second of two own roots", "accepted", [await leaf(root)], { root: twoRoots });

	const pinned = await certify({ name: "Server", names: [host], plain: true });
	add("the server's own certificate as the root", "accepted", [pinned], { root: pinned });
	const authority = await certify({ name: "Server", names: [host], plain: true, authority: true });
	add("the server's own certificate, an authority, as the root", "accepted", [authority], {
		root: authority,
	});
	const full = await certify({ name: "Server", names: [host] });
	add("the server's own certificate with all extensions as the root", "accepted", [full], { root: full });
	add("the server's own certificate as the root, and others", "accepted", [full, table.intermediate], {
		root: full,
	});
	add("another self-signed certificate of the same name as the root", forged, [authority], { root: pinned });
	const again = (more: object) => certify({ name: "Server", names: [host], keys: pinned.keys, ...more });
	add("another of the same name and key as the root", "refused, untrusted", [await again({})], {
		root: pinned,
	});
	const authorities = await certify({
		name: "Server",
		names: [host],
		plain: true,
		authority: true,
		keys: authority.keys,
	});
	add("another of the same name and key as the root, an authority", "refused, untrusted", [authorities], {
		root: authority,
	});
	const late = await certify({ name: "Server", names: [host], plain: true, fromDays: -60, toDays: -1 });
	add("the server's own certificate as the root, expired", "refused, expired", [late], { root: late });
	const early = await certify({ name: "Server", names: [host], plain: true, fromDays: 1, toDays: 60 });
	add("the server's own certificate as the root, not yet valid", "refused, not yet valid", [early], {
		root: early,
	});
	const other = await certify({ name: "Server", names: ["other.test"], plain: true });
	add("the server's own certificate as the root, for another name", "refused, wrong name", [other], {
		root: other,
	});
	const forClients = await certify({ name: "Server", names: [host], purposes: ["1.3.6.1.5.5.7.3.2"] });
	add("the server's own certificate as the root, for clients only", forged, [forClients], {
		root: forClients,
	});
	add("a server's certificate that is not self-signed as the root", "refused, untrusted", [table.good], {
		root: table.good,
	});
	const upper = await certify({ name: "Upper", issuer: root, authority: true });
	add("an intermediate as the root", "accepted", [await leaf(upper)], {
		root: upper,
		wider: "OpenSSL wants the path to end at a self-signed root",
	});
	const signed = await certify({ name: "Server", issuer: pinned, names: [host], plain: true });
	add("signed by a server's own certificate that is the root", forged, [signed], { root: pinned });
	const sameName = await certify({ name: "Own", issuer: root, names: [host] });
	add("a server with the name of its root", "accepted", [sameName], { root });
	const sameNameOnly = await certify({ name: "Own", issuer: root, names: [host], plain: true });
	add("a server with the name of its root, without key identifiers", "accepted", [sameNameOnly], {
		root,
		wider: "OpenSSL takes it for self-signed, although another key signed it",
	});
}
