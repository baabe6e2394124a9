// The chip's checksums as a program. Each line of its input is an initial value, a start, an end, and bytes in hexadecimal;
// the answers are the CRC-24 of these bytes from start to end, -1 for a RangeError, and the CRC-32 of all.

#include "../../src/boards/esp32/replaced/checksum.c"

static char hexadecimal[65536];

int main(void)
{
	double initial, start, end;
	while (scanf("%lf %lf %lf %65535s", &initial, &start, &end, hexadecimal) == 4) {
		uint32_t count = 0;
		while (hexadecimal[2 * count] > '-') count++;
		// Of exactly that size: the sanitizer finds what is read outside.
		uint8_t *bytes = malloc(count);
		for (uint32_t i = 0; i < count; i++) {
			unsigned byte;
			sscanf(hexadecimal + 2 * i, "%2x", &byte);
			bytes[i] = byte;
		}
		xsMachine machine = {{{initial}, {0, bytes, count}, {start}, {end}}};
		xs_crc24(&machine);
		printf("%.0f", machine.result.number);
		machine.arguments[0] = machine.arguments[1];
		xs_crc32(&machine);
		printf(" %.0f\n", machine.result.number);
		free(bytes);
	}
}
