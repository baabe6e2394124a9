// What the emulated board has in place of the chip's radio: ESP-IDF's Ethernet driver for QEMU. Besides that, what the
// tests on the emulated chip ask for and provoke. Called through mc/ffi (see manifest.json).

#include <stdint.h>
#include <stdlib.h>
#include "xsAll.h"
#include "esp_eth.h"
#include "esp_eth_mac_openeth.h"
#include "esp_event.h"
#include "esp_heap_caps.h"
#include "esp_mac.h"
#include "esp_netif.h"
#include "esp_system.h"

extern txMachine *gThe;

static esp_netif_t *interface;

// Brings the Ethernet interface up, with DHCP. An error of ESP-IDF, 0 for none.
int32_t emulator_start_ethernet(void)
{
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

static uint32_t peakSlots, peakChunks;

// What XS has taken between two collections, at the most; then collects. It moves buffers, so it fills none.
void emulator_collect(void)
{
	peakSlots = gThe->peakHeapCount * sizeof(txSlot);
	peakChunks = gThe->peakChunksSize;
	fxCollectGarbage(gThe);
}

// Ten numbers: the whole heap, what of it is free, its minimum since the start and its largest piece; bytes of slots and of chunks
// in use, their peaks at the last emulator_collect, and their limits.
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
}

void emulator_panic(void)
{
	abort();
}
