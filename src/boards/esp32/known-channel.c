// Joins a network on the channel on which it was joined last, without a search on all channels: the SDK's Wi-Fi class searches
// all. A deep sleep keeps the channel; ESP-IDF clears it at any other start. Called through mc/ffi (see manifest.json).

#include <stdint.h>
#include <string.h>
#include "esp_wifi.h"

static struct {
	uint8_t ssid[32];
	// 0: none is known.
	uint8_t channel;
} known __attribute__((section(".rtc.bss")));

// Of the network that is joined now.
void known_channel_keep(void)
{
	wifi_ap_record_t joined;
	if (ESP_OK != esp_wifi_sta_get_ap_info(&joined)) return;
	memcpy(known.ssid, joined.ssid, sizeof(known.ssid));
	known.channel = joined.primary;
}

// 1 if an attempt has begun. Its end is an event of the SDK's class if it succeeds, and silence if it does not.
int32_t known_channel_connect(uint8_t *ssid, uint32_t ssidLength, uint8_t *password, uint32_t passwordLength)
{
	wifi_config_t config = {0};
	if (ssidLength > sizeof(config.sta.ssid) || passwordLength > sizeof(config.sta.password)) return 0;
	memcpy(config.sta.ssid, ssid, ssidLength);
	memcpy(config.sta.password, password, passwordLength);
	config.sta.scan_method = WIFI_FAST_SCAN;
	config.sta.channel = known.channel;
	if (0 == known.channel || 0 != memcmp(known.ssid, config.sta.ssid, sizeof(known.ssid))) return 0;
	return ESP_OK == esp_wifi_set_config(WIFI_IF_STA, &config) && ESP_OK == esp_wifi_connect();
}
