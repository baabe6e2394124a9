// In place of what the SDK and ESP-IDF refer to and the firmware never uses: 36 KB of an image. All are weak: where the
// linker has the real ones, it takes those.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "chacha.h"
#include "esp_err.h"
#include "fips46.h"
#include "lwip/ethip6.h"
#include "lwip/icmp6.h"
#include "lwip/ip6.h"
#include "lwip/mld6.h"
#include "rc.h"
#include "rfc1321.h"

#define unused __attribute__((weak))

// Ciphers and a hash that the SDK links in (modCrypt.c); TLS uses AES and SHA only.
unused void des_keysched(const uint8_t *key, enum des_cipher_direction direction, des_subkey subkey)
{
	abort();
}

unused void des_process(const uint8_t *in, uint8_t *out, des_subkey subkey)
{
	abort();
}

unused int chacha_keysetup(chacha_ctx *cipher, const uint8_t *key, uint32_t size)
{
	abort();
}

unused void chacha_ivsetup(chacha_ctx *cipher, const uint8_t *vector, uint32_t size, uint64_t counter)
{
	abort();
}

unused void chacha_process(const void *in, void *out, uint32_t size, chacha_ctx *cipher)
{
	abort();
}

unused void rc4_init(rc4_state_t *cipher, const uint8_t *key, uint32_t size)
{
	abort();
}

unused void rc4_process(const uint8_t *in, uint8_t *out, uint32_t size, rc4_state_t *cipher)
{
	abort();
}

unused void md5_create(struct md5 *hash)
{
	abort();
}

unused void md5_update(struct md5 *hash, const void *data, uint32_t size)
{
	abort();
}

unused void md5_fin(struct md5 *hash, uint8_t *digest)
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

// IPv6, which the firmware does not use: without neighbour discovery (CONFIG_LWIP_ND6) no host can be reached.
unused err_t ip6_input(struct pbuf *packet, struct netif *netif)
{
	pbuf_free(packet);
	return ERR_OK;
}

unused struct netif *ip6_route(const ip6_addr_t *source, const ip6_addr_t *destination)
{
	return NULL;
}

unused const ip_addr_t *ip6_select_source_address(struct netif *netif, const ip6_addr_t *destination)
{
	return NULL;
}

unused err_t ip6_output_if(struct pbuf *packet, const ip6_addr_t *source, const ip6_addr_t *destination, u8_t limit, u8_t class, u8_t next, struct netif *netif)
{
	return ERR_RTE;
}

unused err_t ip6_output_if_src(struct pbuf *packet, const ip6_addr_t *source, const ip6_addr_t *destination, u8_t limit, u8_t class, u8_t next, struct netif *netif)
{
	return ERR_RTE;
}

unused err_t ethip6_output(struct netif *netif, struct pbuf *packet, const ip6_addr_t *destination)
{
	return ERR_RTE;
}

unused void icmp6_dest_unreach(struct pbuf *packet, enum icmp6_dur_code code)
{
}

unused err_t mld6_joingroup(const ip6_addr_t *source, const ip6_addr_t *group)
{
	return ERR_OK;
}

unused err_t mld6_joingroup_netif(struct netif *netif, const ip6_addr_t *group)
{
	return ERR_OK;
}

unused err_t mld6_leavegroup(const ip6_addr_t *source, const ip6_addr_t *group)
{
	return ERR_OK;
}

unused err_t mld6_leavegroup_netif(struct netif *netif, const ip6_addr_t *group)
{
	return ERR_OK;
}

unused void mld6_report_groups(struct netif *netif)
{
}

unused err_t mld6_stop(struct netif *netif)
{
	return ERR_OK;
}

// Texts of C library errors: logs have the number.
unused const char *esp_err_to_name_r(esp_err_t error, char *text, size_t size)
{
	snprintf(text, size, "error 0x%x", (unsigned)error);
	return text;
}
