import { generateKeyPairSync } from "node:crypto";
import { makeUpdateFile, rawPublicKey } from "../../scripts/update-file";
import { makeFirmwareImage } from "../../simulator/hardware/firmware-image";
import type { UpdatePlan } from "../test-plan";

/** An update, the key that it is signed with, and another one. */
export function planUpdate(): UpdatePlan {
	const [key, another] = [makeKey(), makeKey()];
	const image = makeFirmwareImage({ version: "0.9.0", behaviour: "works" }, 9_001);
	const file = makeUpdateFile(image, { chip: "lin", version: [0, 9, 0] }, key.privateKey);
	return {
		releaseKey: [...rawPublicKey(key.publicKey)],
		anotherKey: [...rawPublicKey(another.publicKey)],
		file: [...file],
	};
}

function makeKey() {
	return generateKeyPairSync("ec", { namedCurve: "P-256" });
}
