/**
 * What a phone's camera takes for a Wi-Fi network (ZXing, "Barcode Contents"): `WIFI:T:WPA;S:name;P:password;;`, with a
 * backslash before what would end a part. `password` left out: an open network.
 */
export function wifiUri(ssid: string, password: string | undefined): string {
	const name = `S:${escapeUri(ssid)};`;
	return password === undefined ? `WIFI:T:nopass;${name};` : `WIFI:T:WPA;${name}P:${escapeUri(password)};;`;
}

function escapeUri(text: string): string {
	return text.replace(/[\\;,":]/g, "\\$&");
}
