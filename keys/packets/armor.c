/* keys/packets/armor.c - reading packets that came as text (RFC 9580, 6). */
#include "keys/packets/armor.h"

#include <stdio.h>
#include <string.h>

/* RFC 9580, 6.2 asks for 76; mail and web pages have made longer ones. */
#define LINE_MAX_IN 1024

#define DASHES "-----"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct line {
	const char *at;
	size_t len;
};

struct reader {
	const char *at, *end;
	uint32_t bits; /* base 64 not yet made bytes */
	unsigned chars;
	bool padded;
};

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "armor: %s", what);
	return GW_REFUSED;
}

bool
armor_looks(const void *data, size_t len)
{
	const uint8_t *p = data;

	return len > 0 && (*p & 0x80) == 0;
}

/* The next line without its end and trailing white space; false at the end. */
static bool
next_line(struct reader *r, struct line *line)
{
	const char *nl;

	if (r->at == r->end)
		return false;
	nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
	line->at = r->at;
	line->len = (size_t)((nl != NULL ? nl : r->end) - r->at);
	r->at = nl != NULL ? nl + 1 : r->end;
	while (line->len > 0 &&
	       strchr(" \t\r", line->at[line->len - 1]) != NULL &&
	       line->at[line->len - 1] != '\0')
		line->len--;
	return true;
}

/* Is the line "-----<what> <label>-----"? */
static bool
is_border(const struct line *line, const char *what, const char *label)
{
	char want[128];
	int n =
	    snprintf(want, sizeof(want), DASHES "%s %s" DASHES, what, label);

	return n > 0 && (size_t)n == line->len &&
	       memcmp(line->at, want, (size_t)n) == 0;
}

/* Read on to the line that begins any block; false when there is none. */
static bool
find_block(struct reader *r, struct line *line)
{
	static const char begin[] = DASHES "BEGIN ";

	while (next_line(r, line))
		if (line->len >= sizeof(begin) - 1 &&
		    memcmp(line->at, begin, sizeof(begin) - 1) == 0)
			return true;
	return false;
}

/* "Key: value" lines up to the blank one (RFC 9580, 6.2.2); what they say is
 * nobody's business. */
static enum gw_status
skip_headers(struct reader *r, struct why *why)
{
	struct line line;

	while (next_line(r, &line)) {
		if (line.len == 0)
			return GW_OK;
		if (line.len > LINE_MAX_IN)
			return malformed(why, "line too long");
		if (memchr(line.at, ':', line.len) == NULL)
			return malformed(why, "no blank line after headers");
	}
	return malformed(why, "cut short");
}

static int
digit(char c)
{
	const char *p = c != '\0' ? strchr(alphabet, c) : NULL;

	return p != NULL ? (int)(p - alphabet) : -1;
}

/* One line of base 64; '=' ends the data, and must be right. */
static bool
read_data(struct reader *r, const struct line *line, struct buf *out)
{
	for (size_t i = 0; i < line->len; i++) {
		int v = digit(line->at[i]);

		if (line->at[i] == '=') {
			size_t pad = line->len - i;

			if (r->chars < 2 || pad != 4 - r->chars ||
			    (pad == 2 && line->at[i + 1] != '='))
				return false;
			/* Bits that no byte uses must be zero, or the same
			 * content had several spellings. */
			if ((r->bits & (r->chars == 2 ? 0xfu : 3u)) != 0)
				return false;
			if (r->chars == 2)
				buf_put_u8(out, (uint8_t)(r->bits >> 4));
			else {
				buf_put_u8(out, (uint8_t)(r->bits >> 10));
				buf_put_u8(out, (uint8_t)(r->bits >> 2));
			}
			r->padded = true;
			return true;
		}
		if (v < 0 || r->padded)
			return false;
		r->bits = r->bits << 6 | (uint32_t)v;
		if (++r->chars < 4)
			continue;
		buf_put_u8(out, (uint8_t)(r->bits >> 16));
		buf_put_u8(out, (uint8_t)(r->bits >> 8));
		buf_put_u8(out, (uint8_t)r->bits);
		r->bits = 0;
		r->chars = 0;
	}
	return true;
}

/* Data, perhaps a check sum, and the last line.  RFC 9580, 6.1: no object is
 * rejected for its check sum, which says nothing that signatures do not. */
static enum gw_status
read_body(struct reader *r, const char *label, struct buf *out, struct why *why)
{
	struct line line;
	bool summed = false;

	while (next_line(r, &line)) {
		if (line.len > LINE_MAX_IN)
			return malformed(why, "line too long");
		if (is_border(&line, "END", label)) {
			if (r->chars != 0 && !r->padded)
				return malformed(why, "base 64 cut short");
			return GW_OK;
		}
		if (summed && line.len > 0)
			return malformed(why, "text after the check sum");
		if (line.len > 0 && line.at[0] == '=' &&
		    (r->chars == 0 || r->padded)) {
			summed = true;
		} else if (!read_data(r, &line, out)) {
			return malformed(why, "not base 64");
		}
	}
	return malformed(why, "cut short");
}

enum gw_status
armor_next(const char *label, const void **text, size_t *len, struct buf *out,
    struct why *why)
{
	struct reader r = { .at = *text };
	struct line line;
	enum gw_status st;

	r.end = r.at + *len;
	if (!find_block(&r, &line))
		return GW_NONE;
	if (!is_border(&line, "BEGIN", label)) {
		why_set(why, REASON_MALFORMED,
		    "armor: there is a block that is no %s", label);
		return GW_REFUSED;
	}
	if ((st = skip_headers(&r, why)) != GW_OK)
		return st;
	if ((st = read_body(&r, label, out, why)) != GW_OK)
		return st;
	if (out->bad) {
		why_set(why, REASON_TOO_LARGE, "armor: too large");
		return GW_REFUSED;
	}
	*text = r.at;
	*len = (size_t)(r.end - r.at);
	return GW_OK;
}

enum gw_status
armor_read(const char *label, const void *text, size_t len, struct buf *out,
    struct why *why)
{
	struct line line;
	struct reader rest;
	enum gw_status st = armor_next(label, &text, &len, out, why);

	if (st == GW_NONE) {
		why_set(why, REASON_MALFORMED, "armor: there is no BEGIN %s",
		    label);
		return GW_REFUSED;
	}
	rest = (struct reader){ .at = text, .end = (const char *)text + len };
	if (st == GW_OK && find_block(&rest, &line))
		return malformed(why, "a second block");
	return st;
}
