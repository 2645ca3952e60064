/* base/hex.h - bytes as hexadecimal text and back. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN     32
#define SHA256_HEX_MAX (2 * SHA256_LEN + 1)

/* Lower-case hex with a NUL; out holds 2 * n + 1 bytes; returns out. */
char *hex_lower(const uint8_t *, size_t n, char *out);
/* As hex_lower(), upper case: the form of OpenPGP fingerprints. */
char *hex_upper(const uint8_t *, size_t n, char *out);
/* Exactly 2 * n hex digits of either case; false otherwise. */
bool hex_parse(const char *text, uint8_t *out, size_t n);

#endif
