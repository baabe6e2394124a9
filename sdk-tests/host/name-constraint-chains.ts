import { Extension } from "@peculiar/x509";
import { certify, type NameConstraints, nameConstraints, type TestCertificate } from "./certificate";
import { type ChainTable, forged, host, leaf } from "./chain-table";
import { identifier, tlv } from "./resign";

const loopback = { host: "127.0.0.1" } as const;
const unsupported = "a name of a kind that is constrained, and not compared";

function directoryName(...names: readonly (readonly [attribute: number, text: string])[]): Buffer {
	const sets = names.map(([attribute, text]) =>
		tlv(0x31, tlv(0x30, Buffer.concat([identifier(0x55, 4, attribute), tlv(0x0c, Buffer.from(text))]))),
	);
	return tlv(0xa4, tlv(0x30, Buffer.concat(sets)));
}

/** Authorities for some names only (RFC 5280 section 4.2.1.10). */
export async function addNameConstraints(table: ChainTable): Promise<void> {
	const { root } = table;
	const add = table.add.bind(table);
	let number = 0;
	const authority = (constraints: NameConstraints, critical = true, issuer = root) =>
		certify({
			name: `Constrained ${++number}`,
			issuer,
			authority: true,
			extensions: [nameConstraints(constraints, critical)],
		});
	const check = async (
		name: string,
		expected: string,
		constraints: NameConstraints,
		more: {
			names?: readonly string[];
			host?: string;
			critical?: boolean;
			stricter?: string;
			wider?: string;
			subject?: string;
		} = {},
	) => {
		const issuer = await authority(constraints, more.critical);
		const { names = [host], subject } = more;
		add(
			`constraints: ${name}`,
			expected,
			[await leaf(issuer, { names, ...(subject === undefined ? {} : { subject }) }), issuer],
			more,
		);
	};
	await check("the domain", "accepted", { permitted: ["dakkio.test"] });
	await check("the domain, not critical", "accepted", { permitted: ["dakkio.test"] }, { critical: false });
	await check("the name itself", "accepted", { permitted: [host] });
	await check("the domain in capitals", "accepted", { permitted: ["DAKKIO.TEST"] });
	await check("one of two domains", "accepted", { permitted: ["example.org", "dakkio.test"] });
	await check("another domain", forged, { permitted: ["example.org"] });
	await check("another domain, not critical", forged, { permitted: ["example.org"] }, { critical: false });
	await check("part of a label", forged, { permitted: ["akkio.test"] });
	await check("a name below", forged, { permitted: [`x.${host}`] });
	await check("an empty domain", "accepted", { permitted: [""] });
	await check("a leading dot", "accepted", { permitted: [".dakkio.test"] });
	await check("a leading dot, for the domain itself", forged, { permitted: [`.${host}`] });
	await check(
		"one name within, another not",
		forged,
		{ permitted: ["dakkio.test"] },
		{
			names: [host, "example.org"],
		},
	);
	await check("a wildcard within", "accepted", { permitted: ["dakkio.test"] }, { names: ["*.dakkio.test"] });
	await check("a wildcard above", forged, { permitted: [host] }, { names: ["*.dakkio.test"] });
	await check("the domain excluded", forged, { excluded: ["dakkio.test"] });
	await check(
		"the domain excluded, not critical",
		forged,
		{ excluded: ["dakkio.test"] },
		{ critical: false },
	);
	await check("the name excluded", forged, { excluded: [host] });
	await check("the name excluded, in capitals", forged, { excluded: ["API.DAKKIO.TEST"] });
	await check("another domain excluded", "accepted", { excluded: ["example.org"] });
	await check("part of a label excluded", "accepted", { excluded: ["akkio.test"] });
	await check("all domains excluded", forged, { excluded: [""] });
	await check("a leading dot excluded", forged, { excluded: [".dakkio.test"] });
	await check("a leading dot excluded, for the domain itself", "accepted", { excluded: [`.${host}`] });
	await check("the domain, but not the name", forged, { permitted: ["dakkio.test"], excluded: [host] });
	await check(
		"the name excluded, which a wildcard stands for",
		forged,
		{ excluded: [host] },
		{
			names: ["*.dakkio.test"],
			stricter: "OpenSSL compares the wildcard, not the name it is used for",
		},
	);
	await check(
		"another name excluded, which a wildcard could stand for",
		"accepted",
		{
			excluded: ["other.dakkio.test"],
		},
		{ names: ["*.dakkio.test"] },
	);

	const local = [127, 0, 0, 0, 255, 0, 0, 0];
	const other = [10, 0, 0, 0, 255, 0, 0, 0];
	const allV4 = [0, 0, 0, 0, 0, 0, 0, 0];
	const allV6 = Array.from({ length: 32 }, () => 0);
	const addresses = { ...loopback, names: ["127.0.0.1"] };
	await check("the subnet", "accepted", { permitted: [local] }, addresses);
	await check("another subnet", forged, { permitted: [other] }, addresses);
	await check("the second of two subnets", "accepted", { permitted: [other, local] }, addresses);
	await check(
		"the address itself",
		"accepted",
		{ permitted: [[127, 0, 0, 1, 255, 255, 255, 255]] },
		addresses,
	);
	await check("the next address", forged, { permitted: [[127, 0, 0, 2, 255, 255, 255, 255]] }, addresses);
	await check(
		"a mask within a byte",
		"accepted",
		{ permitted: [[127, 0, 0, 0, 255, 255, 255, 254]] },
		addresses,
	);
	await check(
		"a mask within a byte, other half",
		forged,
		{
			permitted: [[127, 0, 0, 2, 255, 255, 255, 254]],
		},
		addresses,
	);
	await check("the subnet excluded", forged, { excluded: [local] }, addresses);
	await check("another subnet excluded", "accepted", { excluded: [other] }, addresses);
	await check("all addresses excluded", forged, { excluded: [allV4, allV6] }, addresses);
	await check("all addresses excluded, for a name", "accepted", {
		permitted: ["dakkio.test"],
		excluded: [allV4, allV6],
	});
	await check("only IPv6, for an IPv4 address", forged, { permitted: [allV6] }, addresses);
	await check("IPv6 excluded, for an IPv4 address", "accepted", { excluded: [allV6] }, addresses);
	await check(
		"an IPv6 address beside, within",
		"accepted",
		{
			permitted: [
				local,
				[0x20, 1, ...Array.from({ length: 14 }, () => 0), 255, 255, ...Array.from({ length: 14 }, () => 0)],
			],
		},
		{ ...addresses, names: ["127.0.0.1", "2001:db8::1"] },
	);
	await check(
		"an IPv6 address beside, outside",
		forged,
		{
			permitted: [
				local,
				[0x20, 2, ...Array.from({ length: 14 }, () => 0), 255, 255, ...Array.from({ length: 14 }, () => 0)],
			],
		},
		{ ...addresses, names: ["127.0.0.1", "2001:db8::1"] },
	);
	await check("only domains, for an address", "accepted", { permitted: ["dakkio.test"] }, addresses);
	await check("only addresses, for a name", "accepted", { permitted: [other] });
	await check("a subnet of seven bytes", forged, { permitted: [[127, 0, 0, 0, 255, 0, 0]] }, addresses);
	await check(
		"a subnet of seven bytes excluded",
		forged,
		{ excluded: [[10, 0, 0, 0, 255, 0, 0]] },
		addresses,
	);

	const email = tlv(0x81, Buffer.from("dakkio.test"));
	const uri = tlv(0x86, Buffer.from("dakkio.test"));
	await check("e-mail, for a server without", "accepted", { permitted: ["dakkio.test", email] });
	await check(
		"e-mail, for a server with an address in its subject",
		forged,
		{
			permitted: ["dakkio.test", email],
		},
		{ subject: "CN=Server, E=a@dakkio.test", stricter: unsupported },
	);
	await check(
		"e-mail excluded, for a server with an address in its subject",
		forged,
		{
			excluded: [email],
		},
		{ subject: "CN=Server, E=a@example.org", stricter: unsupported },
	);
	await check("URI, for a server without", "accepted", { permitted: [uri] });
	const uriNames = new Extension(
		"2.5.29.17",
		false,
		tlv(
			0x30,
			Buffer.concat([tlv(0x82, Buffer.from(host)), tlv(0x86, Buffer.from("https://a.dakkio.test/"))]),
		),
	);
	const forUri = await authority({ permitted: [tlv(0x86, Buffer.from(".dakkio.test"))] });
	add(
		"constraints: URI, for a server with one",
		forged,
		[await certify({ name: "Server", issuer: forUri, extensions: [uriNames] }), forUri],
		{ stricter: unsupported },
	);
	const directory = directoryName([10, "Dakkio tests"]);
	const subject = "O=Dakkio tests, CN=Server";
	await check("the organization", "accepted", { permitted: ["dakkio.test", directory] }, { subject });
	await check(
		"the organization in capitals",
		"accepted",
		{ permitted: [directoryName([10, "DAKKIO TESTS"])] },
		{
			subject,
		},
	);
	await check("another organization", forged, { permitted: [directoryName([10, "Others"])] }, { subject });
	await check(
		"a longer name",
		forged,
		{ permitted: [directoryName([10, "Dakkio tests"], [3, "Else"])] },
		{
			subject,
		},
	);
	await check(
		"another organization excluded",
		forged,
		{ excluded: [directoryName([10, "Others"])] },
		{
			subject,
			stricter: "texts can be written in several ways: an excluded one is not compared",
		},
	);
	await check(
		"an organization excluded, for a server without a subject",
		"accepted",
		{
			excluded: [directory],
		},
		{ subject: "" },
	);
	await check(
		"an organization, for a server without a subject",
		"accepted",
		{ permitted: [directory] },
		{
			subject: "",
		},
	);

	// The constraints of each authority hold, and for each certificate below.
	const company = await certify({
		name: "Company",
		authority: true,
		extensions: [nameConstraints({ permitted: ["dakkio.test"], excluded: [allV4, allV6] })],
	});
	add("constraints of a root", "accepted", [await leaf(company)], { root: company });
	add("constraints of a root, for another name", forged, [await leaf(company, { names: ["other.test"] })], {
		root: company,
		host: "other.test",
	});
	add("constraints of a root, for an address", forged, [await leaf(company, { names: ["127.0.0.1"] })], {
		root: company,
		host: "127.0.0.1",
	});
	const below = await certify({ name: "Below", issuer: company, authority: true });
	add("constraints of a root, over an intermediate", "accepted", [await leaf(below), below], {
		root: company,
	});
	add(
		"constraints of a root, over an intermediate, for another name",
		forged,
		[await leaf(below, { names: ["other.test"] }), below],
		{ root: company, host: "other.test" },
	);
	const inner = await authority({ permitted: ["api.dakkio.test"] }, true, company);
	add("constraints within constraints", "accepted", [await leaf(inner), inner], { root: company });
	const wider = await authority({ permitted: ["test"] }, true, company);
	add("wider constraints within", "accepted", [await leaf(wider), wider], { root: company });
	add(
		"wider constraints within, for another name",
		forged,
		[await leaf(wider, { names: ["other.test"] }), wider],
		{ root: company, host: "other.test" },
	);
	const disjoint = await authority({ permitted: ["example.org"] }, true, company);
	add("constraints that nothing is within", forged, [await leaf(disjoint), disjoint], { root: company });
	const named = await certify({ name: "Named", issuer: company, authority: true, names: ["other.test"] });
	add("an intermediate with a name outside", forged, [await leaf(named), named], { root: company });
	const upper = await authority({ permitted: ["dakkio.test"] });
	const renewed = (names: readonly string[]): Promise<TestCertificate> =>
		certify({
			name: "Constrained",
			subject: upper.certificate.subject,
			issuer: upper,
			authority: true,
			names,
		});
	const own = await renewed(["other.test"]);
	add("an authority that signed its new key has a name outside", "accepted", [await leaf(own), own, upper]);
	const { subject: upperName } = upper.certificate;
	add(
		"a server with the name of its authority has a name outside",
		forged,
		[await leaf(upper, { names: ["other.test"], subject: upperName }), upper],
		{ host: "other.test" },
	);
	const raw = (content: Buffer) => new Extension("2.5.29.30", true, tlv(0x30, content));
	const malformed = async (name: string, content: Buffer, stricter?: string) => {
		const issuer = await certify({
			name: `Malformed ${++number}`,
			issuer: root,
			authority: true,
			extensions: [raw(content)],
		});
		add(
			`constraints: ${name}`,
			forged,
			[await leaf(issuer), issuer],
			stricter === undefined ? {} : { stricter },
		);
	};
	const dns = tlv(0x82, Buffer.from("dakkio.test"));
	await malformed("bytes behind", Buffer.concat([tlv(0xa0, tlv(0x30, dns)), Buffer.of(5, 0)]));
	await malformed("no list", Buffer.of(5, 0));
	await malformed("a minimum", tlv(0xa0, tlv(0x30, Buffer.concat([dns, Buffer.of(0x80, 1, 1)]))));
	await malformed("a maximum", tlv(0xa0, tlv(0x30, Buffer.concat([dns, Buffer.of(0x81, 1, 9)]))));
	await check(
		"four hundred names within",
		"accepted",
		{
			permitted: ["example.org", "dakkio.test"],
			excluded: [allV4, allV6],
		},
		{ names: [...Array.from({ length: 400 }, (_, index) => `customer-${index}.dakkio.test`), host] },
	);
	await check(
		"the last of four hundred names outside",
		forged,
		{ permitted: ["dakkio.test"] },
		{
			names: [host, ...Array.from({ length: 400 }, (_, index) => `customer-${index}.dakkio.test`), "a.test"],
		},
	);
	const many = Array.from({ length: 300 }, (_, index) => `d${index}.test`);
	await check(
		"90,000 comparisons",
		forged,
		{ permitted: [...many, "dakkio.test"] },
		{
			names: Array.from({ length: 300 }, (_, index) => `d${index}.dakkio.test`).concat(host),
			stricter: "the chip would take minutes",
		},
	);
}
