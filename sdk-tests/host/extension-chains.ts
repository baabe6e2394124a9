import { Extension } from "@peculiar/x509";
import { certify, KeyUsageFlags, rawNames } from "./certificate";
import { type ChainTable, forged, host, leaf, wrongName } from "./chain-table";
import { identifier, tlv } from "./resign";

/** 2.25 and a UUID: an arc of 128 bits. */
const uuid = "2.25.329800735698586629295641978511506172918";
const empty = tlv(0x30, Buffer.alloc(0));

/** Extensions that are not asked for, or are odd; wildcards. */
export async function addExtensions(table: ChainTable): Promise<void> {
	const { root, intermediate } = table;
	const add = table.add.bind(table);
	const withLeaf = async (
		name: string,
		expected: string,
		extensions: readonly Extension[],
		more: { stricter?: string; wider?: string } = {},
	) => add(name, expected, [await leaf(intermediate, { extensions }), intermediate], more);
	await withLeaf("an extension with an arc of 128 bits", "accepted", [new Extension(uuid, false, empty)]);
	await withLeaf("a critical extension with an arc of 128 bits", forged, [new Extension(uuid, true, empty)]);
	const long = `1.3.6.1.4.1.${Array.from({ length: 90 }, (_, index) => index + 1000).join(".")}`;
	await withLeaf("an extension with an identifier of 180 bytes", "accepted", [
		new Extension(long, false, empty),
	]);
	await withLeaf("an unknown extension whose value is no DER", "accepted", [
		new Extension("1.3.6.1.4.1.99999.1", false, Buffer.from("0102", "hex")),
	]);
	await withLeaf("an unknown extension with an empty value", "accepted", [
		new Extension("1.3.6.1.4.1.99999.1", false, Buffer.alloc(0)),
	]);
	await withLeaf("the precertificate's poison", forged, [
		new Extension("1.3.6.1.4.1.11129.2.4.3", true, Buffer.of(5, 0)),
	]);
	await withLeaf("OCSP must-staple", "accepted", [
		new Extension("1.3.6.1.5.5.7.1.24", false, Buffer.from("3003020105", "hex")),
	]);
	const policies = tlv(0x30, tlv(0x30, identifier(0x67, 0x81, 0x0c, 1, 2, 1)));
	await withLeaf("critical policies", "accepted", [new Extension("2.5.29.32", true, policies)]);
	await withLeaf(
		"critical policy constraints",
		forged,
		[new Extension("2.5.29.36", true, tlv(0x30, Buffer.of(0x80, 1, 0)))],
		{ stricter: "OpenSSL ignores policies unless asked to check them" },
	);
	await withLeaf("critical policy mappings", "accepted", [
		new Extension(
			"2.5.29.33",
			true,
			tlv(0x30, tlv(0x30, Buffer.concat([identifier(0x67, 1), identifier(0x67, 2)]))),
		),
	]);
	const policed = await certify({
		name: "Policed",
		issuer: root,
		authority: 0,
		extensions: [
			new Extension("2.5.29.32", true, tlv(0x30, tlv(0x30, identifier(0x55, 0x1d, 0x20, 0)))),
			new Extension("2.5.29.54", true, Buffer.of(2, 1, 0)),
		],
	});
	add("an intermediate with critical policies", "accepted", [await leaf(policed), policed]);
	const odd = await certify({
		name: "Odd",
		issuer: root,
		authority: 0,
		extensions: [new Extension(uuid, false, empty)],
	});
	add("an intermediate with an arc of 128 bits", "accepted", [await leaf(odd), odd]);
	const critical = await certify({
		name: "Critical",
		issuer: root,
		authority: 0,
		extensions: [new Extension(uuid, true, empty)],
	});
	add("an intermediate with a critical extension with an arc of 128 bits", forged, [
		await leaf(critical),
		critical,
	]);
	const ownRoot = await certify({
		name: "Odd root",
		authority: true,
		extensions: [new Extension(uuid, false, empty)],
	});
	add("a root with an arc of 128 bits", "accepted", [await leaf(ownRoot)], { root: ownRoot });
	add("a purpose with an arc of 128 bits, and for servers", "accepted", [
		await leaf(intermediate, { purposes: [uuid, "1.3.6.1.5.5.7.3.1"] }),
		intermediate,
	]);
	add("only for a purpose with an arc of 128 bits", forged, [
		await leaf(intermediate, { purposes: [uuid] }),
		intermediate,
	]);
	add("without any extension but the name", "accepted", [
		await leaf(intermediate, { plain: true }),
		intermediate,
	]);
	add(
		"a key that may only encrypt",
		forged,
		[await leaf(intermediate, { key: "RSA 2048", usage: KeyUsageFlags.keyEncipherment }), intermediate],
		{ stricter: "ECDHE wants a key that may sign (RFC 5246, 7.4.2); browsers refuse it, too" },
	);
	add("names of other kinds before the name", "accepted", [
		await certify({
			name: "Server",
			issuer: intermediate,
			extensions: [
				new Extension(
					"2.5.29.17",
					false,
					tlv(
						0x30,
						Buffer.concat([
							tlv(0x81, Buffer.from("a@b.test")),
							tlv(0x86, Buffer.from("urn:x")),
							tlv(0x82, Buffer.from(host)),
						]),
					),
				),
			],
		}),
		intermediate,
	]);
	const named = async (
		expected: string,
		names: readonly string[],
		more: { host?: string; stricter?: string } = {},
	) =>
		add(
			`${names.join(", ")} for ${more.host ?? host}`,
			expected,
			[
				await certify({ name: "Server", issuer: intermediate, extensions: [rawNames(...names)] }),
				intermediate,
			],
			more,
		);
	const whole = "a wildcard stands for a whole label (RFC 9525)";
	await named("accepted", ["*.dakkio.test"]);
	await named("accepted", ["*.DAKKIO.Test"]);
	await named("accepted", ["*.dakkio.test"], { host: "xn--bcher-kva.dakkio.test" });
	await named("accepted", ["*.a.b.dakkio.test"], { host: "api.a.b.dakkio.test" });
	await named(wrongName, ["*.dakkio.test"], { host: "a.api.dakkio.test" });
	await named(wrongName, ["*.dakkio.test"], { host: "dakkio.test" });
	await named(wrongName, ["*.dakkio.test"], { host: "under_score.dakkio.test" });
	await named(wrongName, ["api.*.test"]);
	await named(wrongName, ["*.*.test"]);
	await named(wrongName, ["*pi.dakkio.test"], { stricter: whole });
	await named(wrongName, ["a*i.dakkio.test"]);
	await named(wrongName, ["*"]);
	await named(wrongName, ["*.test"], { host: "dakkio.test" });
	await named(wrongName, ["*.0.0.1"], { host: "127.0.0.1" });
	await named(wrongName, ["**.dakkio.test"]);
	await named(wrongName, ["*.dakkio.test."]);
	await named(wrongName, [""]);
}
