import {
	certify,
	damaged,
	KeyUsageFlags,
	rawNames,
	type TestCertificate,
	unknownRestriction,
} from "./certificate";
import { type ChainCase, ChainTable, host, leaf } from "./chain-table";
import { addExtensions } from "./extension-chains";
import { addMalformedSignatures } from "./malformed-signature-chains";
import { addNameConstraints } from "./name-constraint-chains";
import { addOwnRoots } from "./own-root-chains";
import { addPaths } from "./path-chains";
import { addSignatures } from "./signature-chains";

/** Issues all chains of the table. */
export async function makeChains(): Promise<readonly ChainCase[]> {
	const table = await ChainTable.make();
	await addUsualChains(table);
	await addPaths(table);
	await addOwnRoots(table);
	await addExtensions(table);
	await addNameConstraints(table);
	await addSignatures(table);
	await addMalformedSignatures(table);
	return table.all();
}

async function addUsualChains(table: ChainTable): Promise<void> {
	const { root, intermediate, good } = table;
	const add = table.add.bind(table);
	add("a leaf and its intermediate", "accepted", [good, intermediate]);
	add("a chain of one, signed by a root", "accepted", [await leaf(root)]);
	add("the root is sent along", "accepted", [good, intermediate, root]);
	const upper = await certify({ name: "Upper", issuer: root, authority: 1 });
	const lower = await certify({ name: "Lower", issuer: upper, authority: 0 });
	add("two intermediates", "accepted", [await leaf(lower), lower, upper]);
	add("two intermediates in the wrong order", "accepted", [await leaf(lower), upper, lower]);
	add("an unrelated certificate in between", "accepted", [
		good,
		await certify({ name: "Unrelated", authority: true }),
		intermediate,
	]);
	add("a wildcard", "accepted", [await leaf(intermediate, { names: ["*.dakkio.test"] }), intermediate]);
	add("an address", "accepted", [await leaf(intermediate, { names: ["127.0.0.1"] }), intermediate], {
		host: "127.0.0.1",
	});
	add("a name in capitals", "accepted", [
		await leaf(intermediate, { names: ["API.Dakkio.TEST"] }),
		intermediate,
	]);
	const rsaRoot = await certify({ name: "RSA root", key: "RSA 4096", hash: "SHA-384", authority: true });
	const rsaIntermediate = await certify({
		name: "RSA intermediate",
		key: "RSA 2048",
		issuer: rsaRoot,
		hash: "SHA-512",
		authority: 0,
	});
	add(
		"RSA 4096, RSA 2048, RSA 2048",
		"accepted",
		[await leaf(rsaIntermediate, { key: "RSA 2048" }), rsaIntermediate],
		{ root: rsaRoot },
	);
	add("RSA authorities, a leaf on P-256", "accepted", [await leaf(rsaIntermediate), rsaIntermediate], {
		root: rsaRoot,
	});
	const p384 = await certify({ name: "P-384 root", key: "P-384", authority: true });
	const p384Intermediate = await certify({ name: "P-384", key: "P-384", issuer: p384, authority: 0 });
	add("P-384 with SHA-384", "accepted", [await leaf(p384Intermediate), p384Intermediate], { root: p384 });
	const crossed = await certify({ name: "New root", authority: true });
	const cross = { ...crossed, certificate: (await recertified(crossed, "New root", root)).certificate };
	add("a new root, signed by the old one", "accepted", [await leaf(crossed), cross], { root });
	add("the leaf twice", "accepted", [good, good, intermediate]);
	add("the intermediate twice", "accepted", [good, intermediate, intermediate]);
	add("an unneeded old authority, signed with SHA-1", "accepted", [
		good,
		intermediate,
		await certify({ name: "Ancient", authority: true, hash: "SHA-1" }),
	]);
	const renewed = await certify({ name: "Renewed", issuer: root, authority: 0 });
	const renew = (issuer: TestCertificate, more: Partial<Parameters<typeof certify>[0]> = {}) =>
		certify({ name: "Renewed", issuer, authority: 0, keys: renewed.keys, ...more });
	add("an intermediate that expired, beside its renewal", "accepted", [
		await leaf(renewed),
		await renew(root, { fromDays: -60, toDays: -1 }),
		renewed,
	]);
	add("two authorities of one name, the first with another key", "accepted", [
		await leaf(renewed),
		await certify({ name: "Renewed", issuer: root, authority: 0 }),
		renewed,
	]);
	const crowd = Array.from({ length: 400 }, (_, index) => `customer-${index}.dakkio.test`);
	add("the last of four hundred names", "accepted", [
		await leaf(intermediate, { names: [...crowd, host] }),
		intermediate,
	]);
	add("behind a name of 9,000 bytes", "accepted", [
		await certify({ name: "Server", issuer: intermediate, extensions: [rawNames("x".repeat(9000), host)] }),
		intermediate,
	]);
	add("a serial number of 40 bytes", "accepted", [
		await leaf(intermediate, { serial: "7f".repeat(40) }),
		intermediate,
	]);

	add("expired", "refused, expired", [await leaf(intermediate, { fromDays: -60, toDays: -1 }), intermediate]);
	add("not yet valid", "refused, not yet valid", [
		await leaf(intermediate, { fromDays: 1, toDays: 60 }),
		intermediate,
	]);
	const oldIntermediate = await certify({
		name: "Old",
		issuer: root,
		authority: 0,
		fromDays: -60,
		toDays: -1,
	});
	add("an intermediate that expired", "refused, expired", [await leaf(oldIntermediate), oldIntermediate]);
	add("another name", "refused, wrong name", [
		await leaf(intermediate, { names: ["dakkio.test"] }),
		intermediate,
	]);
	add("a wildcard for two labels", "refused, wrong name", [
		await leaf(intermediate, { names: ["*.test"] }),
		intermediate,
	]);
	add(
		"the name only in the subject",
		"refused, wrong name",
		[await certify({ name: host, issuer: intermediate }), intermediate],
		{ stricter: "the subject's common name is no name of a server (RFC 9525)" },
	);
	add(
		"part of a label as a wildcard",
		"refused, wrong name",
		[await leaf(intermediate, { names: ["ap*.dakkio.test"] }), intermediate],
		{ stricter: "a wildcard stands for a whole label (RFC 9525)" },
	);
	add("an unknown root with the name of a known one", "refused, forged", [...(await untrustedChain(host))]);
	add("self-signed", "refused, untrusted", [await certify({ name: "Server", names: [host] })]);
	add("self-signed, in front of a genuine intermediate", "refused, untrusted", [
		await certify({ name: "Server", names: [host] }),
		intermediate,
	]);
	add("the name of a genuine intermediate, signed by another key", "refused, forged", [
		await leaf(intermediate, { forger: await certify({ name: "Forger", authority: true }) }),
		intermediate,
	]);
	add("a leaf that signs another", "refused, forged", [
		await certify({ name: "Forged", issuer: good, names: [host] }),
		good,
		intermediate,
	]);
	const notAuthority = await certify({
		name: "No authority",
		issuer: root,
		usage: KeyUsageFlags.keyCertSign,
	});
	add("an intermediate that is no authority", "refused, forged", [await leaf(notAuthority), notAuthority]);
	const noSign = await certify({
		name: "May not sign",
		issuer: root,
		authority: 0,
		usage: KeyUsageFlags.digitalSignature,
	});
	add("an intermediate without keyCertSign", "refused, forged", [await leaf(noSign), noSign]);
	const short = await certify({ name: "Short", issuer: root, authority: 0 });
	const below = await certify({ name: "Below", issuer: short, authority: 0 });
	add("longer than a path length allows", "refused, forged", [await leaf(below), below, short]);
	add("a leaf with a damaged signature", "refused, forged", [damaged(good), intermediate], { key: good });
	add("an intermediate with a damaged signature", "refused, forged", [good, damaged(intermediate)]);
	add("without its intermediate", "refused, untrusted", [good]);
	add("SHA-1", "refused, forged", [await leaf(intermediate, { hash: "SHA-1" }), intermediate]);
	add("an RSA key of 1024 bits", "refused, forged", [
		await leaf(intermediate, { key: "RSA 1024" }),
		intermediate,
	]);
	add("for clients only", "refused, forged", [
		await leaf(intermediate, { purposes: ["1.3.6.1.5.5.7.3.2"] }),
		intermediate,
	]);
	add("an unknown critical extension", "refused, forged", [
		await leaf(intermediate, { extensions: [unknownRestriction()] }),
		intermediate,
	]);
	add("for any purpose", "refused, forged", [
		await leaf(intermediate, { purposes: ["2.5.29.37.0"] }),
		intermediate,
	]);
	const named = (names: readonly string[]) =>
		certify({ name: "Server", issuer: intermediate, extensions: [rawNames(...names)] });
	add("the name, then a zero and another", "refused, wrong name", [
		await named([`${host}\0.evil.test`]),
		intermediate,
	]);
	add("the name with a full stop at its end", "refused, wrong name", [
		await named([`${host}.`]),
		intermediate,
	]);
	add("the name with the Kelvin sign as its k", "refused, wrong name", [
		await named([host.replace("k", Buffer.from("\u212a").toString("latin1"))]),
		intermediate,
	]);
	add("a wildcard below the name", "refused, wrong name", [await named([`*.${host}`]), intermediate]);
	add("a wildcard for everything", "refused, wrong name", [
		await named(["*", "*.", "*.*.test", "*.test", "**.dakkio.test", ".dakkio.test"]),
		intermediate,
	]);
	add("an address as a name", "refused, wrong name", [await named(["127.0.0.1"]), intermediate], {
		host: "127.0.0.1",
	});
	add("a wildcard for an address", "refused, wrong name", [await named(["*.0.0.1"]), intermediate], {
		host: "127.0.0.1",
	});
}

/** A whole chain whose root and intermediate have the genuine ones' names. */
async function untrustedChain(name: string): Promise<TestCertificate[]> {
	const root = await certify({ name: "Root", authority: true });
	const intermediate = await certify({ name: "Intermediate", issuer: root, authority: 0 });
	return [await certify({ name: "Server", issuer: intermediate, names: [name] }), intermediate];
}

/** The same key under a certificate that another authority signed. */
async function recertified(
	holder: TestCertificate,
	name: string,
	issuer: TestCertificate,
): Promise<TestCertificate> {
	return certify({ name, issuer, authority: true, keys: holder.keys });
}
