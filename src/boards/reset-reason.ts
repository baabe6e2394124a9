/**
 * Why a board started, in the order of ESP-IDF's `esp_reset_reason_t` (esp_system.h). After `deep sleep` it goes on
 * where it was; all others begin a boot.
 */
export const resetReasons = Object.freeze([
	"unknown",
	"power-on",
	"reset pin",
	"restart",
	"panic",
	"interrupt watchdog",
	"task watchdog",
	"other watchdog",
	"deep sleep",
	"brown-out",
	"SDIO",
	"USB",
	"JTAG",
	"eFuse error",
	"power glitch",
	"CPU lock-up",
] as const);

export type ResetReason = (typeof resetReasons)[number];
