import { expect, test } from "vitest";
import { readImageParts } from "../../scripts/image-parts";

test("an image's bytes belong to the archive that they come from", () => {
	const map = `
.flash.text     0x42000020    0x1000
 .text.a        0x42000020       0x10 esp-idf/mbedtls/libtfpsacrypto.a(psa_crypto.c.obj)
 .text.b        0x42000030       0x20 esp-idf/mbedtls/libmbed-builtin.a(ecp.c.obj)
 .text.a_long_name_that_takes_a_line
                0x42000050       0x40 esp-idf/lwip/liblwip.a(tcp.c.obj)
 .text.c        0x42000090       0x80 esp-idf/freertos/libfreertos.a(tasks.c.obj)
.dram0.bss      0x3fc92788      0x100
 .bss.d         0x3fc92788      0x100 esp-idf/lwip/liblwip.a(dns.c.obj)
`;
	const parts = Object.entries(readImageParts(map)).filter(([, bytes]) => bytes > 0);
	expect(parts).toEqual([
		["WPA: cryptography", 0x30],
		["TCP/IP", 0x40],
		["rest of ESP-IDF", 0x80],
	]);
});
