/* base/hex.c - bytes as hexadecimal text and back. */
#include "gateway/base/hex.h"

#include <string.h>

static char *
hex_write(const uint8_t *data, size_t n, char *out, const char *digits)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}

char *
hex_lower(const uint8_t *data, size_t n, char *out)
{
	return hex_write(data, n, out, "0123456789abcdef");
}

char *
hex_upper(const uint8_t *data, size_t n, char *out)
{
	return hex_write(data, n, out, "0123456789ABCDEF");
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_parse(const char *text, uint8_t *out, size_t n)
{
	if (strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = digit(text[2 * i]), lo = digit(text[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}
