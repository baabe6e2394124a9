import { encodeUtf8 } from "../common/utf8";
import { encodeQr } from "./qr";
import { qrLines } from "./qr-text";
import { wifiUri } from "./wifi-uri";

/** How to come to the page, as lines for the log: in words, and as a code for a phone's camera. */
export function* setupInstructions(
	ssid: string,
	password: string | undefined,
	origin: string,
): Generator<string> {
	const key = password === undefined ? "which has no password" : `password ${password}`;
	yield `setup: join the Wi-Fi ${ssid}, ${key}, and open ${origin}`;
	const code = encodeQr(encodeUtf8(wifiUri(ssid, password)));
	if (code !== undefined) yield* qrLines(code);
}
