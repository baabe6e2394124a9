// Memory that a deep sleep keeps. ESP-IDF clears it at any other start of the chip: a restart, a reset, a power cut. It is
// called through mc/ffi (see manifest.json).

#include <stdint.h>
#include <string.h>
#include "sdkconfig.h"
#if !CONFIG_FREERTOS_UNICORE
	#include "esp_ipc.h"
#endif

#define SIZE 768

static uint8_t memory[SIZE] __attribute__((section(".rtc.bss")));

void sleep_memory_read(uint8_t *into, uint32_t count)
{
	memcpy(into, memory, count < SIZE ? count : SIZE);
}

// Zeroes the rest.
void sleep_memory_write(uint8_t *from, uint32_t count)
{
	if (count > SIZE) return;
	memcpy(memory, from, count);
	memset(memory + count, 0, SIZE - count);
}

// As in storage.ts.
#define TEXT_SIZE 3072

static struct {
	uint32_t length;
	uint32_t sum;
	uint8_t bytes[TEXT_SIZE];
} text __attribute__((section(".rtc.bss")));

// FNV-1a: different for any two texts that differ in one byte.
static uint32_t sum_text(void)
{
	uint32_t sum = 2166136261u ^ text.length;
	for (uint32_t i = 0; i < text.length; i++) sum = (sum ^ text.bytes[i]) * 16777619u;
	return sum;
}

// The length of the text that was kept, 0 without one; clears it.
uint32_t sleep_text_take(uint8_t *into, uint32_t size)
{
	uint32_t length = text.length;
	if (length > TEXT_SIZE || length > size || sum_text() != text.sum) length = 0;
	memcpy(into, text.bytes, length);
	memset(&text, 0, sizeof text);
	return length;
}

void sleep_text_keep(uint8_t *from, uint32_t length)
{
	memset(&text, 0, sizeof text);
	if (length > TEXT_SIZE) return;
	memcpy(text.bytes, from, length);
	text.length = length;
	text.sum = sum_text();
}

extern void bootloader_common_reset_rtc_retain_mem(void);

static void forget(void *unused)
{
	bootloader_common_reset_rtc_retain_mem();
}

// After a deep sleep, the bootloader starts the image that it verified before without checking it again. The record of that
// is in the RTC's fast memory; on an ESP32, accessing it from core 1 is an exception.
void forget_verified_image(void)
{
#if CONFIG_FREERTOS_UNICORE
	forget(NULL);
#else
	esp_ipc_call_blocking(0, forget, NULL);
#endif
}
