/** What a part of the image is, by the archive and the object that it comes from; the first that fits. */
const parts: readonly (readonly [name: string, archive: RegExp, object: RegExp])[] = [
	["JavaScript: the firmware's, and the SDK's TLS", /^xs_/, /^mc\.xs\.c/],
	["XS, the engine", /^xs_/, /^(xs[A-Z]\w*|xsdtoa|xsre|xsmc|e_pow)\.c/],
	["the SDK's modules in C", /^xs_/, /./],
	["Wi-Fi: driver and radio", /^lib(net80211|pp|phy|core|mesh|espnow|coexist|esp_(wifi|phy|coex))\.a/, /./],
	["WPA: supplicant", /^libwpa_supplicant/, /./],
	["WPA: cryptography", /^lib(tfpsacrypto|mbedtls|mbedcrypto|mbed-builtin|everest|p256m|builtin)/, /./],
	["TCP/IP", /^lib(lwip|esp_netif)/, /./],
	["C library", /^lib(c|m|gcc|stdc\+\+|nosys|c_nano)\.a/, /./],
	["flash and settings (NVS)", /^lib(nvs_flash|spi_flash|esp_partition|esp_hal_mspi)/, /./],
	["rest of ESP-IDF", /./, /./],
];

export const partNames: readonly string[] = parts.map(([name]) => name);

/** Bytes of each part of an image. */
export type ImageParts = Readonly<Record<string, number>>;

/** Output sections that are in the image: not those that are cleared at the start, nor what is for debuggers. */
const inImage =
	/^\.(iram0\.(text|vectors|data)|dram0\.data|flash\.(text|rodata|appdesc|init_array)\w*|flash_rodata|rtc\.(text|data))/;

/** Adds up the linker's map (`xs_esp32.map`), in which each input section stands with its size and where it comes from. */
export function readImageParts(map: string): ImageParts {
	const bytes: Record<string, number> = Object.fromEntries(parts.map(([name]) => [name, 0]));
	let counted = false;
	// A long name of a section has the rest of its line to itself.
	const lines = map.replace(/^( \.?\S+)\n +(0x)/gm, "$1 $2").split("\n");
	for (const line of lines) {
		const output = /^(\.\S+)/.exec(line)?.[1];
		if (output !== undefined) counted = inImage.test(output);
		const input = /^ \S+ +0x([0-9a-f]+) +0x([0-9a-f]+) +.*?([^/]+\.a)\((\S+)\)$/.exec(line);
		if (!counted || input === null) continue;
		const [, , size = "", archive = "", object = ""] = input;
		const part = parts.find(([, inArchive, ofObject]) => inArchive.test(archive) && ofObject.test(object));
		if (part !== undefined) bytes[part[0]] = (bytes[part[0]] ?? 0) + Number.parseInt(size, 16);
	}
	return bytes;
}
