// What the emulated board has in place of the chip's radio: ESP-IDF's Ethernet driver for QEMU. Besides that, what the
// tests on the emulated chip ask for and provoke. Called through mc/ffi (see manifest.json).

#include <stdint.h>
#include <stdlib.h>
#include "xsAll.h"
#include "esp_attr.h"
#include "esp_eth.h"
#include "esp_eth_mac_openeth.h"
#include "esp_event.h"
#include "esp_freertos_hooks.h"
#include "esp_heap_caps.h"
#include "esp_mac.h"
#include "esp_netif.h"
#include "esp_rom_sys.h"
#include "esp_system.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#if __riscv
	#include "esp_freertos_hooks.h"
	#include "riscv/csr.h"
#endif

extern void sleep_memory_read(uint8_t *into, uint32_t count);
extern void sleep_memory_write(uint8_t *from, uint32_t count);

extern txMachine *gThe;

static esp_netif_t *interface;

#if __riscv
// QEMU's ESP32-C3 offers an interrupt that came while they were switched off when an instruction switches them on, but not
// when the return from a handler does. The idle task would wait with it pending, no tick would come any more, and in the
// end the watchdog.
static bool offerInterrupts(void)
{
	RV_CLEAR_CSR(mstatus, MSTATUS_MIE);
	RV_SET_CSR(mstatus, MSTATUS_MIE);
	return true;
}

__attribute__((constructor)) static void hookIdleTask(void)
{
	esp_register_freertos_idle_hook_for_cpu(offerInterrupts, 0);
}
#endif

// Whether instructions are counted, see below.
static bool isCounting = true;

// Of XS's own collections since the last emulator_collect: how many, and the most that one has left; of chunks with the one
// that it was made for, which would have failed if they did not fit together.
static uint32_t collections, liveSlots, neededChunks;
static bool isAsked, wasCompacted;

// XS calls it at the end of each collection, before anything else is allocated (xs/xsMemory.c). Each one frees slots; chunks
// only one that compacts them, as XS does when they are full, so after the others nobody knows how much of them lives.
void emulator_collected(txMachine *the, uint32_t hasCompacted)
{
	if (isAsked) return;
	collections += 1;
	if (the->currentHeapCount > liveSlots) liveSlots = the->currentHeapCount;
	if (hasCompacted) wasCompacted = true;
}

// XS calls it after each chunk.
void emulator_allocated(txMachine *the)
{
	if (!wasCompacted) return;
	wasCompacted = false;
	if (the->currentChunksSize > neededChunks) neededChunks = the->currentChunksSize;
}

// For how long the event loop did not wait, milliseconds: at most since the last emulator_collect, and now. The watchdog is
// fed more often, after each message.
static uint32_t longestBusy, busy;

// What the stack of XS holds where nothing has been yet.
static const uint32_t untouched = 0x5a5a5a5a;

// Fills what is free of the stack; but for what is on its way there now.
static void fillStack(void)
{
	for (uint32_t *word = (uint32_t *)gThe->stackBottom; word < (uint32_t *)(gThe->stack - 32); word++)
		*word = untouched;
}

// Bytes of the stack that have been in use, with XS's own slots at its top.
static uint32_t usedStack(void)
{
	uint32_t *word = (uint32_t *)gThe->stackBottom;
	while (*word == untouched) word++;
	return (uint8_t *)gThe->stackTop - (uint8_t *)word;
}

// Looks each millisecond.
static void watchEventLoop(void *unused)
{
	for (;;) {
		// It would count, too.
		vTaskDelay(isCounting ? 1000 : 1);
		busy = eBlocked == eTaskGetState(gThe->task) ? 0 : busy + 1;
		if (busy > longestBusy) longestBusy = busy;
	}
}

// Brings the Ethernet interface up, with DHCP. An error of ESP-IDF, 0 for none.
int32_t emulator_start_ethernet(void)
{
	fillStack();
	xTaskCreate(watchEventLoop, "event loop", 1536, NULL, 9, NULL);
	esp_err_t err = esp_netif_init();
	if (ESP_OK != err) return err;
	err = esp_event_loop_create_default();
	if (ESP_OK != err && ESP_ERR_INVALID_STATE != err) return err;

	esp_netif_config_t netifConfig = ESP_NETIF_DEFAULT_ETH();
	interface = esp_netif_new(&netifConfig);
	eth_mac_config_t macConfig = ETH_MAC_DEFAULT_CONFIG();
	eth_phy_config_t phyConfig = ETH_PHY_DEFAULT_CONFIG();
	phyConfig.autonego_timeout_ms = 100;
	esp_eth_config_t config = ETH_DEFAULT_CONFIG(esp_eth_mac_new_openeth(&macConfig), esp_eth_phy_new_generic(&phyConfig));
	esp_eth_handle_t ethernet = NULL;
	err = esp_eth_driver_install(&config, &ethernet);
	if (ESP_OK != err) return err;
	uint8_t address[6];
	err = esp_read_mac(address, ESP_MAC_ETH);
	if (ESP_OK != err) return err;
	esp_eth_ioctl(ethernet, ETH_CMD_S_MAC_ADDR, address);
	err = esp_netif_attach(interface, esp_eth_new_netif_glue(ethernet));
	if (ESP_OK != err) return err;
	err = esp_eth_start(ethernet);
	if (ESP_OK != err) return err;
	// The SDK opens no socket without a default interface, and by itself ESP-IDF has none before DHCP has ended.
	return esp_netif_set_default_netif(interface);
}

// 0: the cable is out; 1: no address yet; 2: `address` has the four bytes of the IPv4 address.
int32_t emulator_ethernet_state(uint8_t *address)
{
	esp_netif_ip_info_t info;
	if (!interface || !esp_netif_is_netif_up(interface)) return 0;
	if (ESP_OK != esp_netif_get_ip_info(interface, &info) || 0 == info.ip.addr) return 1;
	c_memcpy(address, &info.ip.addr, 4);
	return 2;
}

static uint32_t lastCollections, peakSlots, peakChunks, lastBusy;

// Collects, and begins to count anew. It moves buffers, so it fills none.
void emulator_collect(void)
{
	lastCollections = collections;
	peakSlots = liveSlots * sizeof(txSlot);
	peakChunks = neededChunks;
	lastBusy = longestBusy;
	isAsked = true;
	fxCollectGarbage(gThe);
	isAsked = false;
	collections = liveSlots = neededChunks = longestBusy = 0;
}

// Thirteen numbers: the whole heap, what of it is free, its minimum since the start and its largest piece; bytes of slots and
// of chunks in use, the most that was needed at a collection until emulator_collect, their limits, and the
// number of collections; the most bytes of the stack in use since the start; the longest time that
// the event loop did not wait until emulator_collect, milliseconds.
void emulator_memory(uint32_t *figures)
{
	*figures++ = heap_caps_get_total_size(MALLOC_CAP_8BIT);
	*figures++ = esp_get_free_heap_size();
	*figures++ = esp_get_minimum_free_heap_size();
	*figures++ = heap_caps_get_largest_free_block(MALLOC_CAP_8BIT);
	*figures++ = gThe->currentHeapCount * sizeof(txSlot);
	*figures++ = gThe->currentChunksSize;
	*figures++ = peakSlots;
	*figures++ = peakChunks;
	*figures++ = gThe->maximumHeapCount * sizeof(txSlot);
	*figures++ = gThe->maximumChunksSize;
	*figures++ = lastCollections;
	*figures++ = usedStack();
	*figures++ = lastBusy;
}

// How many slots there are of each kind in use (XS's numbers of kinds, up to 63).
void emulator_slots(uint32_t *counts)
{
	c_memset(counts, 0, 64 * sizeof(uint32_t));
	for (txSlot *heap = gThe->firstHeap; heap; heap = heap->next)
		for (txSlot *slot = heap + 1; slot < heap->value.reference; slot++)
			counts[slot->kind & 63] += 1;
	for (txSlot *slot = gThe->freeHeap; slot; slot = slot->next)
		counts[slot->kind & 63] -= 1;
}

void emulator_panic(void)
{
	abort();
}

// Counts instructions (only on RISC-V): QEMU's clock goes by them (`-icount`), and what waits for an interrupt would move it on.
// So an idle chip turns in a loop of known length instead, and what is not in this loop is work.
enum { instructionsATurn = 5, turnsAtOnce = 20000 };
// As `instructionCounting` in scripts/emulated-chip.ts.
#define CLOCK_SHIFT 3
static volatile uint32_t idleTurns;
static uint32_t turnsBefore;
static uint64_t idleInstructions, excluded, atStart, atBegin;

#if CONFIG_IDF_TARGET_ARCH_RISCV
// At a nanosecond of QEMU's clock for 2^shift of an instruction.
static uint64_t clockNs(void)
{
	uint32_t high, low, again;
	do {
		__asm__ volatile("csrr %0, mcycleh\n csrr %1, mcycle\n csrr %2, mcycleh" : "=r"(high), "=r"(low), "=r"(again));
	} while (high != again);
	return (uint64_t)high << 32 | low;
}

static bool turnIdle(void)
{
	if (!isCounting) return true;
	uint32_t left = turnsAtOnce, turns;
	__asm__ volatile(
		"1: lw %0, 0(%2)\n addi %0, %0, 1\n sw %0, 0(%2)\n addi %1, %1, -1\n bnez %1, 1b"
		: "=&r"(turns), "+r"(left) : "r"(&idleTurns) : "memory");
	return false;
}
#else
static uint64_t clockNs(void) { return 0; }
static bool turnIdle(void) { return true; }
#endif

static uint64_t instructionsSoFar(void)
{
	uint64_t now = clockNs() >> CLOCK_SHIFT;
	uint32_t turns = idleTurns;
	idleInstructions += (uint64_t)(turns - turnsBefore) * instructionsATurn;
	turnsBefore = turns;
	return now - idleInstructions;
}

// Prints a line: the kind, thousands of instructions since power was switched on, and the clock in milliseconds. What this takes
// itself does not count.
static void printMark(uint32_t kind, uint64_t at)
{
	uint64_t now = instructionsSoFar();
	esp_rom_printf("@%u %u %u\n", kind, (uint32_t)(at / 1000), (uint32_t)(clockNs() / 1000000));
	excluded += instructionsSoFar() - now;
}

void emulator_mark(uint32_t kind)
{
	if (isCounting) printMark(kind, instructionsSoFar() - excluded);
}

// What a deep sleep keeps, over the restart that stands for it.
static struct {
	uint32_t mark;
	uint8_t memory[768];
	double elapsedMs;
	uint64_t excluded;
} kept __attribute__((section(".rtc_noinit")));
static const uint32_t sleepMark = 0x5133e90a;
static double elapsedMs = -1;

// Before app_main; ESP-IDF has cleared the memory of sleep.
static void __attribute__((constructor)) begin(void)
{
	esp_register_freertos_idle_hook(turnIdle);
	if (kept.mark == sleepMark) excluded = kept.excluded;
	atStart = instructionsSoFar() - excluded;
	if (kept.mark != sleepMark) return;
	kept.mark = 0;
	sleep_memory_write(kept.memory, sizeof(kept.memory));
	elapsedMs = kept.elapsedMs;
}

// The firmware's first statement.
void emulator_begin(void)
{
	atBegin = instructionsSoFar() - excluded;
}

// Goes on with counting, or not.
void emulator_count(uint32_t isOn)
{
	if (isOn) {
		printMark(0, atStart);
		printMark(1, atBegin);
	}
	isCounting = isOn;
}

// Marks the sleep, and has the next restart be its end, with the duration of the boot so far and of the sleep.
void emulator_sleep(double bootMs, double sleepMs)
{
	emulator_mark(6);
	esp_rom_printf("@sleep %u\n", (uint32_t)sleepMs);
	sleep_memory_read(kept.memory, sizeof(kept.memory));
	kept.elapsedMs = bootMs + sleepMs;
	instructionsSoFar();
	kept.excluded = excluded + idleInstructions;
	kept.mark = sleepMark;
	esp_restart();
}

// Milliseconds of the boot that was before the sleep; less than 0: there was none.
double emulator_slept(void)
{
	return elapsedMs;
}
