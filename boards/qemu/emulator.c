// Replaces the chip's radio by ESP-IDF's Ethernet driver for QEMU, and has the functions with which tests on the emulated
// chip query it and provoke faults. Called through mc/ffi (see manifest.json).

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
// QEMU's ESP32-C3 delivers an interrupt that became pending while interrupts were off when an instruction enables them, but
// not when a return from a handler does. The idle task would wait with it pending, without ticks, until the watchdog fires.
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

// Whether instructions are counted, see printMark.
static bool isCounting = true;

// XS's own collections since the last emulator_collect: their number, and the maxima after one. Chunks include the
// allocation that caused the collection, as both must fit together.
static uint32_t collections, liveSlots, neededChunks;
static bool isAsked, wasCompacted;

// XS calls it at the end of each collection, before anything else is allocated (xs/xsMemory.c). Each one frees slots. Only
// one that compacts also frees chunks, so only then is the number of live chunks known.
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

// Milliseconds that the event loop was busy without waiting: maximum since the last emulator_collect, and current. The
// watchdog is fed more often, after each message.
static uint32_t longestBusy, busy;

// Fill pattern of unused XS stack.
static const uint32_t untouched = 0x5a5a5a5a;

// Fills the free part of the stack.
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

// Samples the event loop each millisecond.
static void watchEventLoop(void *unused)
{
	for (;;) {
		// Its own instructions would be counted.
		vTaskDelay(isCounting ? 1000 : 1);
		busy = eBlocked == eTaskGetState(gThe->task) ? 0 : busy + 1;
		if (busy > longestBusy) longestBusy = busy;
	}
}

// The SDK's Wi-Fi reports a network when it has an IPv6 address, too. This does the same, as our options of lwIP decide
// whether it ever gets one.
static bool hasIp6;

static void onLinkChanged(void *unused, esp_event_base_t base, int32_t event, void *data)
{
	hasIp6 = ESP_OK != esp_netif_create_ip6_linklocal(interface);
}

static void onIp6Address(void *unused, esp_event_base_t base, int32_t event, void *data)
{
	hasIp6 = true;
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
	// After the interface's own handlers, which set it up.
	err = esp_event_handler_register(ETH_EVENT, ETHERNET_EVENT_CONNECTED, onLinkChanged, NULL);
	if (ESP_OK != err) return err;
	err = esp_event_handler_register(IP_EVENT, IP_EVENT_GOT_IP6, onIp6Address, NULL);
	if (ESP_OK != err) return err;
	err = esp_eth_start(ethernet);
	if (ESP_OK != err) return err;
	// The SDK opens no socket without a default interface, and by itself ESP-IDF has none before DHCP has ended.
	return esp_netif_set_default_netif(interface);
}

// 0: the cable is out; 1: not all addresses yet; 2: `address` has the four bytes of the IPv4 address.
int32_t emulator_ethernet_state(uint8_t *address)
{
	esp_netif_ip_info_t info;
	if (!interface || !esp_netif_is_netif_up(interface)) return 0;
	if (ESP_OK != esp_netif_get_ip_info(interface, &info) || 0 == info.ip.addr || !hasIp6) return 1;
	c_memcpy(address, &info.ip.addr, 4);
	return 2;
}

static uint32_t lastCollections, peakSlots, peakChunks, lastBusy;

// Collects garbage and resets the maxima. Takes no buffer, because it moves them.
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

// Thirteen numbers. Heap: total, free, minimum free since the start, largest free block. XS: bytes of slots and of chunks in
// use, their maxima at collections since emulator_collect, their limits, and the number of collections; maximum bytes of stack
// since the start. Event loop: longest busy time since emulator_collect, milliseconds.
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

// Number of slots in use by kind (XS's kind numbers, up to 63).
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

// Counts instructions (RISC-V only): QEMU's clock follows them (`-icount`), but waiting for an interrupt would advance it.
// So an idle chip runs a loop of known length instead, which is subtracted.
enum { instructionsATurn = 5, turnsAtOnce = 20000 };
// As `instructionCounting` in scripts/emulated-chip.ts.
#define CLOCK_SHIFT 3
static volatile uint32_t idleTurns;
static uint32_t turnsBefore;
static uint64_t idleInstructions, excluded, atStart, atBegin;

#if CONFIG_IDF_TARGET_ARCH_RISCV
// QEMU's clock: 2^shift nanoseconds per instruction.
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

// Prints the kind, thousands of instructions since power-on, and the clock in milliseconds. Excludes its own instructions.
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

// State kept over a restart that stands for a deep sleep.
static struct {
	uint32_t mark;
	uint8_t memory[768];
	double elapsedMs;
	uint64_t excluded;
} kept __attribute__((section(".rtc_noinit")));
static const uint32_t sleepMark = 0x5133e90a;
static double elapsedMs = -1;

// Runs before app_main, after ESP-IDF has cleared RTC memory.
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

// Resumes or pauses counting.
void emulator_count(uint32_t isOn)
{
	if (isOn) {
		printMark(0, atStart);
		printMark(1, atBegin);
	}
	isCounting = isOn;
}

// Records a sleep for the next restart to end: the duration of the boot so far, and of the sleep.
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

// Milliseconds of the boot before the sleep; negative: none.
double emulator_slept(void)
{
	return elapsedMs;
}
