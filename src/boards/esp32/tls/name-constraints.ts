import { areBytesEqual } from "../../../common/equal-bytes";
import type { Certificate } from "./certificate";
import { type DerElement, DerError, DerReader, identifierKey, parseSequence, Tag } from "./der";
import { hostName, isSameName, NameTag } from "./server-name";

/** Maximum comparisons for one authority and certificate: names times subtrees, both untrusted. */
const maxComparisons = 10_000;

/** The parts of a certificate that have names. */
type Named = Pick<Certificate, "subject"> & {
	readonly extensions: Pick<Certificate["extensions"], "subjectAltNames">;
};

/** A name in a certificate, or in a subtree. */
type Name = Pick<DerElement, "tag" | "content">;

/**
 * Whether all names of a certificate are within the name constraints (content of the extension) of an authority above it
 * (RFC 5280 section 4.2.1.10). DNS names and addresses are compared; directory names must begin with a permitted one. A
 * constraint on another kind of name is not supported: a certificate with such a name is refused. Names and subtrees are
 * read again for each comparison: hundreds of either would not fit the chip's memory.
 */
export function areNamesWithin(constraints: Uint8Array, certificate: Named, host?: string): boolean {
	try {
		const lists = new DerReader(constraints);
		const permitted = lists.readOptional(0xa0);
		const excluded = lists.readOptional(0xa1);
		lists.end();
		let comparisons = 0;
		for (const name of namesOf(certificate, host)) {
			let isConstrained = false;
			let isPermitted = false;
			for (const base of subtreesOf(permitted)) {
				comparisons++;
				if (base.tag !== name.tag) continue;
				isConstrained = true;
				isPermitted ||= isWithin(name, base, false);
			}
			for (const base of subtreesOf(excluded)) {
				comparisons++;
				if (base.tag === name.tag && isWithin(name, base, true)) return false;
			}
			if ((isConstrained && !isPermitted) || comparisons > maxComparisons) return false;
		}
		return true;
	} catch {
		// Malformed constraints, or a malformed name.
		return false;
	}
}

function* subtreesOf(list: DerElement | undefined): Generator<Name> {
	if (list === undefined) return;
	const reader = new DerReader(list.content);
	while (!reader.done) {
		const subtree = parseSequence(reader.read(Tag.sequence));
		const base = subtree.readAny();
		// Minimum and maximum are not used (RFC 5280); the minimum's default is 0.
		subtree.end();
		const { tag, content } = base;
		if (tag === NameTag.address && content.length !== 8 && content.length !== 32)
			throw new DerError("a name constraint of another size");
		yield base;
	}
}

/** All names, among them the subject, an e-mail address in it, and the host by which the server is addressed. */
function* namesOf({ subject, extensions }: Named, host: string | undefined): Generator<Name> {
	// A wildcard may stand for a name that is excluded.
	const own = host === undefined ? undefined : hostName(host);
	if (own !== undefined) yield own;
	const directory = new DerReader(subject).read(Tag.sequence).content;
	if (directory.length > 0) yield { tag: NameTag.directory, content: subject };
	const sets = new DerReader(directory);
	while (!sets.done) {
		const attributes = new DerReader(sets.readAny().content);
		while (!attributes.done) {
			const attribute = parseSequence(attributes.read(Tag.sequence));
			if (identifierKey(attribute.read(Tag.objectIdentifier)) === emailAddress)
				yield { tag: NameTag.email, content: attribute.readAny().content };
		}
	}
	const list = new DerReader(extensions.subjectAltNames);
	while (!list.done) yield list.readAny();
}

/** PKCS #9, in old subjects (RFC 5280 section 4.1.2.6). */
const emailAddress = "42.134.72.134.247.13.1.9.1";

/** Whether a name is within a subtree of its kind; `unknown`: the result that rejects, for unsupported kinds. */
function isWithin({ tag, content: name }: Name, { content: base }: Name, unknown: boolean): boolean {
	switch (tag) {
		case NameTag.dns:
			return isSubdomain(name, base);
		case NameTag.address:
			return isInSubnet(name, base);
		case NameTag.directory:
			return unknown || isBelow(name, base);
		default:
			return unknown;
	}
}

const dot = 0x2e;

/** The base itself or a name below it; a base with a leading dot is for names below it only; an empty one is for all. */
function isSubdomain(name: Uint8Array, base: Uint8Array): boolean {
	const start = name.length - base.length;
	if (start < 0 || !isSameName(name.subarray(start), base)) return false;
	return start === 0 || base.length === 0 || base[0] === dot || name[start - 1] === dot;
}

/** The base is an address and a mask. */
function isInSubnet(address: Uint8Array, base: Uint8Array): boolean {
	const size = address.length;
	return (
		base.length === 2 * size &&
		address.every((byte, index) => ((byte ^ (base[index] ?? 0)) & (base[size + index] ?? 0)) === 0)
	);
}

/** Whether a distinguished name begins with another (RFC 5280 section 7.1). */
function isBelow(name: Uint8Array, base: Uint8Array): boolean {
	const [parts, first] = [name, base].map((bytes) => parseSequence(new DerReader(bytes).readAny()));
	while (first?.done === false)
		if (parts?.done !== false || !isSameSet(parts.readAny().content, first.readAny().content)) return false;
	return true;
}

/** Sets of one attribute, whatever the type of its text; others only if they are encoded the same. */
function isSameSet(set: Uint8Array, other: Uint8Array): boolean {
	if (areBytesEqual(set, other)) return true;
	const [a, b] = [set, other].map((bytes) => {
		const reader = new DerReader(bytes);
		const attribute = parseSequence(reader.readAny());
		reader.end();
		return { type: attribute.readAny().content, text: attribute.readAny().content };
	});
	return a !== undefined && b !== undefined && areBytesEqual(a.type, b.type) && isSameName(a.text, b.text);
}
