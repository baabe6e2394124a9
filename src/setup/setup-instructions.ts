import { encodeUtf8 } from "../common/utf8";
import { encodeQr, type QrCode } from "./qr";

/** Light modules around a QR code (ISO/IEC 18004). */
const quietZoneModules = 4;

/** Log lines for opening the setup page: a sentence, and the Wi-Fi as a QR code. */
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

/**
 * `WIFI:T:WPA;S:name;P:password;;`, which phone cameras understand (ZXing, "Barcode Contents"). Without `password`: an
 * open network.
 */
export function wifiUri(ssid: string, password: string | undefined): string {
	const name = `S:${escapeWifiUri(ssid)};`;
	return password === undefined
		? `WIFI:T:nopass;${name};`
		: `WIFI:T:WPA;${name}P:${escapeWifiUri(password)};;`;
}

function escapeWifiUri(text: string): string {
	let escaped = "";
	for (const character of text) escaped += '\\;,":'.includes(character) ? `\\${character}` : character;
	return escaped;
}

/** Two rows of modules per line. Draws the light modules: a log is light text on a dark ground. */
export function* qrLines(code: QrCode): Generator<string> {
	const { size } = code;
	const isLight = (x: number, y: number) => x < 0 || y < 0 || x >= size || y >= size || !code.isDark(x, y);
	for (let y = -quietZoneModules; y < size + quietZoneModules; y += 2) {
		let line = "";
		for (let x = -quietZoneModules; x < size + quietZoneModules; x++) {
			const [upper, lower] = [isLight(x, y), y + 1 < size + quietZoneModules && isLight(x, y + 1)];
			line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
		}
		yield line;
	}
}
