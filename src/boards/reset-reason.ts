/**
 * Why a board started, in the order of ESP-IDF's `esp_reset_reason_t` (esp_system.h). After `deep sleep` the
 * boot continues; all others begin a new one.
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
