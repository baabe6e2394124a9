import { type CertificateOptions, certify, type TestCertificate } from "./certificate";
import { type ChainTable, forged, leaf } from "./chain-table";

const noWayBack = "OpenSSL takes the first issuer and does not go back";

/** More than one way to a root, or certificates that lead nowhere. */
export async function addPaths(table: ChainTable): Promise<void> {
	const { root, intermediate, good } = table;
	const add = table.add.bind(table);
	const unknown = await certify({ name: "Unknown", authority: true });
	const twice = await certify({ name: "Twice", issuer: root, authority: 0 });
	const again = (issuer: TestCertificate, more: Partial<CertificateOptions> = {}) =>
		certify({ name: "Twice", issuer, authority: 0, keys: twice.keys, ...more });
	const byUnknown = await again(unknown);
	add("one intermediate by a known root, then by an unknown one", "accepted", [
		await leaf(twice),
		twice,
		byUnknown,
	]);
	add(
		"one intermediate by an unknown root, then by a known one",
		"accepted",
		[await leaf(twice), byUnknown, twice],
		{ wider: noWayBack },
	);
	add(
		"one intermediate by an unknown root, which is sent, then by a known one",
		"accepted",
		[await leaf(twice), byUnknown, unknown, twice],
		{ wider: noWayBack },
	);
	add(
		"one intermediate that is no authority, then one that is",
		"accepted",
		[await leaf(twice), await certify({ name: "Twice", issuer: root, keys: twice.keys }), twice],
		{ wider: noWayBack },
	);
	add(
		"one intermediate with a damaged signature, then a good one",
		"accepted",
		[await leaf(twice), await again(root, { forger: unknown }), twice],
		{ wider: noWayBack },
	);
	const unneeded = await Promise.all(
		Array.from({ length: 8 }, (_, index) => certify({ name: `Unneeded ${index}`, authority: true })),
	);
	add("five unneeded certificates before the right one", "accepted", [
		good,
		...unneeded.slice(0, 5),
		intermediate,
	]);
	add("eight unneeded certificates before the right one", "accepted", [good, ...unneeded, intermediate]);
	const decoys = await Promise.all(
		Array.from({ length: 5 }, () => certify({ name: "Intermediate", issuer: root, authority: 0 })),
	);
	add("five of the right name and another key before the right one", "accepted", [
		good,
		...decoys,
		intermediate,
	]);
	const bare = await certify({ name: "Bare", issuer: root, authority: 0, plain: true });
	const bareDecoys = await Promise.all(
		Array.from({ length: 5 }, () => certify({ name: "Bare", issuer: root, authority: 0, plain: true })),
	);
	add(
		"five of the right name and another key before the right one, without key identifiers",
		"accepted",
		[await leaf(bare, { plain: true }), ...bareDecoys, bare],
		{ wider: noWayBack },
	);
	// Two authorities signed each other, and one of them is signed by the root.
	const left = await certify({ name: "Left", issuer: root, authority: true });
	const right = await certify({ name: "Right", issuer: left, authority: true });
	const leftByRight = await certify({ name: "Left", issuer: right, authority: true, keys: left.keys });
	add(
		"two authorities that signed each other, and one by the root",
		"accepted",
		[await leaf(right), right, leftByRight, left],
		{ wider: noWayBack },
	);
	const rightByUnknown = await certify({
		name: "Right",
		issuer: unknown,
		authority: true,
		keys: right.keys,
	});
	add(
		"two ways at two levels, the last one right",
		"accepted",
		[
			await leaf(right),
			rightByUnknown,
			await certify({ name: "Left", issuer: unknown, authority: true, keys: left.keys }),
			right,
			left,
		],
		{ wider: noWayBack },
	);
	add("two authorities that signed each other, and no root", "refused, untrusted", [
		await leaf(right),
		right,
		leftByRight,
	]);
	// The upper bound on the path is one intermediate; the one with the same key that allows more is right.
	const narrow = await certify({ name: "Narrow", issuer: root, authority: 0 });
	const below = await certify({ name: "Below", issuer: narrow, authority: 0 });
	add(
		"a path length too short, then the same without",
		"accepted",
		[
			await leaf(below),
			below,
			narrow,
			await certify({ name: "Narrow", issuer: root, authority: true, keys: narrow.keys }),
		],
		{ wider: noWayBack },
	);
	add("a path length too short", forged, [await leaf(below), below, narrow]);
	const renewed = await certify({ name: "Narrow", issuer: narrow, authority: 0 });
	add("an authority that signed its new key does not count", "accepted", [
		await leaf(renewed),
		renewed,
		narrow,
	]);
	const levels = [await certify({ name: "Level 0", issuer: root, authority: true })];
	for (let level = 1; level < 5; level++)
		levels.unshift(await certify({ name: `Level ${level}`, issuer: levels[0] ?? root, authority: true }));
	const [fifth = root, ...four] = levels;
	const [fourth = root] = four;
	add("four intermediates", "accepted", [await leaf(fourth), ...four]);
	add("four intermediates in the wrong order", "accepted", [await leaf(fourth), ...four.toReversed()]);
	add("five intermediates", "refused, untrusted", [await leaf(fifth), fifth, ...four], {
		stricter: "more than any public chain has",
	});
	// A root whose key another root signed; the client has the other, or the first in an older certificate.
	const crossed = await certify({ name: "Crossed", authority: true });
	const byRoot = await certify({ name: "Crossed", issuer: root, authority: true, keys: crossed.keys });
	const lower = await certify({ name: "Lower", issuer: crossed, authority: 0 });
	add(
		"a new root that is sent, before its certificate by the old one",
		"accepted",
		[await leaf(lower), lower, crossed, byRoot],
		{ wider: noWayBack },
	);
	add("a new root that is sent, behind its certificate by the old one", "accepted", [
		await leaf(lower),
		lower,
		byRoot,
		crossed,
	]);
	add(
		"a root that is sent in another certificate than the client has",
		"accepted",
		[
			await leaf(lower),
			lower,
			await certify({ name: "Crossed", authority: true, keys: crossed.keys, toDays: 80 }),
		],
		{ root: crossed },
	);
	add("an intermediate by a root with another key", forged, [
		await leaf(twice),
		await again(await certify({ name: "Root", authority: true })),
	]);
}
