/* keys/packets/armor_write.c - packets become text (RFC 9580, 6). */
#include "keys/packets/armor.h"

#include <string.h>

#define DASHES "-----"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* crc_of[k][v]: what octet v becomes with k octets behind it. */
static uint32_t crc_of[3][256];

static uint32_t
crc_octet(uint32_t v)
{
	uint32_t crc = v << 16;

	for (int i = 0; i < 8; i++) {
		crc <<= 1;
		if ((crc & 0x1000000) != 0)
			crc ^= 0x1864cfb;
	}
	return crc;
}

static void
crc_fill(void)
{
	for (uint32_t v = 0; v < 256; v++)
		crc_of[0][v] = crc_octet(v);
	for (int k = 1; k < 3; k++)
		for (uint32_t v = 0; v < 256; v++) {
			uint32_t crc = crc_of[k - 1][v];

			crc_of[k][v] =
			    (crc << 8 & 0xffffff) ^ crc_of[0][crc >> 16];
		}
}

uint32_t
armor_crc(uint32_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;

	if (crc_of[0][1] == 0)
		crc_fill();
	/* The register is as wide as three octets, which go in at once. */
	for (; n >= 3; n -= 3, p += 3)
		crc = crc_of[2][(crc >> 16) ^ p[0]] ^
		      crc_of[1][(crc >> 8 & 0xff) ^ p[1]] ^
		      crc_of[0][(crc & 0xff) ^ p[2]];
	for (; n > 0; n--, p++)
		crc = (crc << 8 & 0xffffff) ^ crc_of[0][(crc >> 16) ^ *p];
	return crc;
}

/* Whole groups of three as four characters each. */
static char *
put_groups(char *out, const uint8_t *p, size_t n)
{
	for (; n >= 3; n -= 3, p += 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 0x3f];
		*out++ = alphabet[v >> 6 & 0x3f];
		*out++ = alphabet[v & 0x3f];
	}
	return out;
}

/* The same, and one or two octets at the end, padded. */
static char *
put_last(char *out, const uint8_t *p, size_t n)
{
	size_t rest = n % 3;
	uint8_t group[3] = { 0 };

	out = put_groups(out, p, n - rest);
	if (rest == 0)
		return out;
	memcpy(group, p + n - rest, rest);
	out = put_groups(out, group, 3);
	out[-1] = '=';
	if (rest == 1)
		out[-2] = '=';
	return out;
}

static char *
put_text(char *out, const char *text)
{
	size_t n = strlen(text);

	memcpy(out, text, n);
	return out + n;
}

/* Labels are ours, and short. */
static char *
put_border(char *out, const char *what, const char *label)
{
	out = put_text(out, DASHES);
	out = put_text(out, what);
	out = put_text(out, label);
	return put_text(out, DASHES "\n");
}

size_t
armor_begin(struct armor_writer *w, const char *label, bool sum, char *out)
{
	char *end = put_border(out, "BEGIN ", label);

	memset(w, 0, sizeof(*w));
	w->label = label;
	w->sum = sum;
	w->crc = ARMOR_CRC_START;
	*end++ = '\n';
	return (size_t)(end - out);
}

static char *
put_line(char *out, const uint8_t line[ARMOR_LINE_BYTES])
{
	out = put_groups(out, line, ARMOR_LINE_BYTES);
	*out++ = '\n';
	return out;
}

/* Begin with what is held; false when that is still less than a line. */
static bool
fill_line(struct armor_writer *w, const uint8_t **p, size_t *n)
{
	size_t part = ARMOR_LINE_BYTES - w->held_len;

	if (part > *n)
		part = *n;
	memcpy(w->held + w->held_len, *p, part);
	w->held_len += part;
	*p += part;
	*n -= part;
	return w->held_len == ARMOR_LINE_BYTES;
}

size_t
armor_more(struct armor_writer *w, const void *data, size_t n, char *out)
{
	const uint8_t *p = data;
	char *end = out;

	if (n == 0)
		return 0;
	if (w->sum)
		w->crc = armor_crc(w->crc, p, n);
	if (w->held_len > 0) {
		if (!fill_line(w, &p, &n))
			return 0;
		end = put_line(end, w->held);
	}
	for (; n >= ARMOR_LINE_BYTES; n -= ARMOR_LINE_BYTES) {
		end = put_line(end, p);
		p += ARMOR_LINE_BYTES;
	}
	memcpy(w->held, p, n);
	w->held_len = n;
	return (size_t)(end - out);
}

size_t
armor_end(struct armor_writer *w, char *out)
{
	uint8_t sum[3] = { (uint8_t)(w->crc >> 16), (uint8_t)(w->crc >> 8),
		(uint8_t)w->crc };
	char *end = out;

	if (w->held_len > 0) {
		end = put_last(end, w->held, w->held_len);
		*end++ = '\n';
	}
	if (w->sum) {
		*end++ = '=';
		end = put_groups(end, sum, sizeof(sum));
		*end++ = '\n';
	}
	end = put_border(end, "END ", w->label);
	mem_wipe(w, sizeof(*w)); /* it may have held a private key */
	return (size_t)(end - out);
}

static enum gw_status
write_block(const char *label, bool sum, const void *data, size_t len,
    struct buf *out, struct why *why)
{
	struct armor_writer w;
	char *text =
	    (char *)buf_room(out, ARMOR_TEXT_MAX(len) + 2 * ARMOR_TEXT_MAX(0));
	size_t n;

	if (text == NULL) {
		why_set(why, REASON_INTERNAL, "armor: no room for the text");
		return GW_INTERNAL;
	}
	n = armor_begin(&w, label, sum, text);
	n += armor_more(&w, data, len, text + n);
	n += armor_end(&w, text + n);
	buf_grew(out, n);
	return GW_OK;
}

enum gw_status
armor_write(const char *label, const void *data, size_t len, struct buf *out,
    struct why *why)
{
	return write_block(label, true, data, len, out, why);
}

enum gw_status
armor_write_bare(const char *label, const void *data, size_t len,
    struct buf *out, struct why *why)
{
	return write_block(label, false, data, len, out, why);
}
