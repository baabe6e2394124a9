// Runs the chip's arithmetic of public keys on this computer: a line of standard input is a function's name and its arguments,
// numbers or bytes in hexadecimal; a line of output is what it returns, and the bytes that it wrote.

#include <stdio.h>
#include <stdlib.h>
#include "../../src/boards/esp32/tls/public-key.c"

static uint8_t *readBytes(uint32_t *length)
{
	static char text[4096];
	if (scanf("%4095s", text) != 1) exit(1);
	*length = strlen(text) / 2;
	// As long as it is, so that a look behind it is found.
	uint8_t *bytes = malloc(*length);
	for (uint32_t i = 0; i < *length; i++) {
		unsigned byte;
		if (sscanf(text + 2 * i, "%2x", &byte) != 1) exit(1);
		bytes[i] = byte;
	}
	return bytes;
}

static void print(const uint8_t *bytes, uint32_t count)
{
	putchar(' ');
	for (uint32_t i = 0; i < count; i++) printf("%02x", bytes[i]);
}

int main(void)
{
	char name[16];
	while (scanf("%15s", name) == 1) {
		uint32_t length, exponentLength, curve = 0;
		if (strcmp(name, "rsa_power") && scanf("%u", &curve) != 1) exit(1);
		uint8_t *first = readBytes(&length);
		if (!strcmp(name, "ec_is_point")) printf("%d", ec_is_point(curve, first));
		else if (!strcmp(name, "ecdsa_verify")) {
			uint8_t *hash = readBytes(&length), *signature = readBytes(&length);
			printf("%d", ecdsa_verify(curve, first, hash, signature));
			free(hash);
			free(signature);
		} else if (!strcmp(name, "ecdh_agree")) {
			uint32_t size = length / 2;
			uint8_t *key = readBytes(&length), *own = calloc(2, size), *shared = calloc(1, size);
			printf("%d", ecdh_agree(curve, first, key, own, shared));
			print(own, 2 * size);
			print(shared, size);
			free(key);
			free(own);
			free(shared);
		} else {
			uint8_t *exponent = readBytes(&exponentLength), *modulus = readBytes(&length), *result = calloc(1, length);
			printf("%d", rsa_power(result, first, exponent, exponentLength, modulus, length));
			print(result, length);
			free(exponent);
			free(modulus);
			free(result);
		}
		free(first);
		putchar('\n');
	}
	return 0;
}
