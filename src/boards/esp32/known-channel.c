// Joins a network on the channel of the last join, without scanning all channels as the SDK's Wi-Fi class does. The channel
// survives deep sleep; ESP-IDF clears it at any other start. Called through mc/ffi (see manifest.json).

#include <stdint.h>
#include <string.h>
#include "esp_wifi.h"

static struct {
	uint8_t ssid[32];
	// 0: unknown.
	uint8_t channel;
} known __attribute__((section(".rtc.bss")));

// Saves the channel of the current network.
void known_channel_keep(void)
{
	wifi_ap_record_t joined;
	if (ESP_OK != esp_wifi_sta_get_ap_info(&joined)) return;
	memcpy(known.ssid, joined.ssid, sizeof(known.ssid));
	known.channel = joined.primary;
}

// Returns 1 if an attempt has begun. The SDK's class reports its success; a failure causes no event.
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
