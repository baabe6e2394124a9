// In place of what the SDK and ESP-IDF refer to and the firmware never uses: 30 KB of an image. All are weak: where the
// linker has the real ones, it takes those.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "esp_err.h"
#include "fips46.h"
#include "lwip/nd6.h"

#define unused __attribute__((weak))

// DES, which the SDK links in (modCrypt.c); TLS uses AES only.
unused void des_keysched(const uint8_t *key, enum des_cipher_direction direction, des_subkey subkey)
{
	abort();
}

unused void des_process(const uint8_t *in, uint8_t *out, des_subkey subkey)
{
	abort();
}

// printf and scanf with %f and the like, which ESP-IDF gives the C library of the ROM. XS writes its numbers itself.
struct _reent;

unused int _printf_float(struct _reent *reent, void *data, FILE *file, int (*print)(struct _reent *, FILE *, const char *, size_t), va_list *arguments)
{
	return 0;
}

unused int _scanf_float(struct _reent *reent, void *data, FILE *file, va_list *arguments)
{
	return 1;
}

// Local time, whose time zones come from the environment: the firmware's dates are in UTC.
unused void tzset(void)
{
}

unused struct tm *localtime_r(const time_t *seconds, struct tm *date)
{
	return gmtime_r(seconds, date);
}

unused time_t mktime(struct tm *date)
{
	return (time_t)-1;
}

// Sockets as files: the SDK calls lwIP without them.
unused void esp_vfs_lwip_sockets_register(void)
{
}

// IPv6 routing without neighbour discovery (CONFIG_LWIP_ND6): packets are dropped.
unused err_t nd6_get_next_hop_addr_or_queue(struct netif *netif, struct pbuf *packet, const ip6_addr_t *address, const u8_t **hardware)
{
	return ERR_RTE;
}

// Texts of C library errors: logs have the number.
unused const char *esp_err_to_name_r(esp_err_t error, char *text, size_t size)
{
	snprintf(text, size, "error 0x%x", (unsigned)error);
	return text;
}
