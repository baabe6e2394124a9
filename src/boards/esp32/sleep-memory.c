// Memory that a deep sleep keeps. ESP-IDF clears it at any other start of the chip: a restart, a reset, a power cut. It is
// called through mc/ffi (see manifest.json).

#include <stdint.h>
#include <string.h>

#define SIZE 768

static uint8_t memory[SIZE] __attribute__((section(".rtc.bss")));

void sleep_memory_read(uint8_t *into, uint32_t count)
{
	memcpy(into, memory, count < SIZE ? count : SIZE);
}

// Clears what is behind.
void sleep_memory_write(uint8_t *from, uint32_t count)
{
	if (count > SIZE) return;
	memcpy(memory, from, count);
	memset(memory + count, 0, SIZE - count);
}
