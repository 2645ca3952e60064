/* keys/packets/dearmor.c - the binary message inside an armored one, streaming. */
#include "keys/packets/dearmor.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX   64
#define BLANKS_MAX    1000
#define BOM           "\xef\xbb\xbf"
#define DEARMOR_CHUNK ((size_t)96 * 1024)

struct dearmor {
	struct source src;
	struct source *from;
	uint8_t *out;
	size_t cap;
	uint32_t bits; /* characters decoded but not yet three octets */
	int have;      /* how many of them */
	int pads;      /* '=' seen in the present group */
	enum dearmor_block block;
	bool line_start;
	bool in_body;
	int8_t value[256]; /* of a base 64 character, else -1 */
};

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "not an OpenPGP message: %s", what);
	return GW_REFUSED;
}

static enum gw_status
cut(struct why *why)
{
	why_set(why, REASON_DAMAGED, "the armored message is cut short");
	return GW_REFUSED;
}

enum gw_status
dearmor_line(
    struct source *from, char line[DEARMOR_LINE_MAX + 1], struct why *why)
{
	size_t n = 0;
	bool any = false;
	int c;

	for (;;) {
		enum gw_status st = source_byte(from, &c, why);

		if (st != GW_OK)
			return st;
		if (c < 0 || c == '\n')
			break;
		any = true;
		if (n == DEARMOR_LINE_MAX)
			return malformed(why, "a line is far too long");
		if (c == 0)
			return malformed(why, "a zero octet in the armor");
		line[n++] = (char)c;
	}
	while (n > 0 && strchr(" \t\r", line[n - 1]) != NULL)
		n--;
	line[n] = '\0';
	return c < 0 && !any ? GW_NONE : GW_OK;
}

static const struct {
	enum dearmor_block block;
	const char *begin, *end;
} blocks[] = {
	{ DEARMOR_MESSAGE, "-----BEGIN PGP MESSAGE-----",
	    "-----END PGP MESSAGE-----" },
	{ DEARMOR_CLEARTEXT, "-----BEGIN PGP SIGNED MESSAGE-----", NULL },
	{ DEARMOR_SIGNATURE, "-----BEGIN PGP SIGNATURE-----",
	    "-----END PGP SIGNATURE-----" },
};

#define BLOCKS (sizeof(blocks) / sizeof(blocks[0]))

enum gw_status
dearmor_begin(struct source *from, enum dearmor_block *block, struct why *why)
{
	char line[DEARMOR_LINE_MAX + 1];
	enum gw_status st;
	const char *p;
	unsigned n = 0;

	do {
		if ((st = dearmor_line(from, line, why)) == GW_NONE ||
		    n++ > BLANKS_MAX)
			return malformed(why, "it is empty");
		if (st != GW_OK)
			return st;
		p = line;
		if (n == 1 && strncmp(p, BOM, 3) == 0)
			p += 3;
	} while (*p == '\0');
	for (size_t i = 0; i < BLOCKS; i++) {
		if (strcmp(p, blocks[i].begin) != 0)
			continue;
		*block = blocks[i].block;
		return GW_OK;
	}
	return malformed(why, "it starts neither as a packet nor as armor");
}

/* Headers, which say nothing that counts, and a blank line (RFC 9580, 6.2). */
static enum gw_status
read_headers(struct dearmor *d, struct why *why)
{
	char line[DEARMOR_LINE_MAX + 1];
	enum gw_status st;

	for (unsigned n = 0; n < HEADERS_MAX; n++) {
		if ((st = dearmor_line(d->from, line, why)) != GW_OK)
			return st == GW_NONE ? cut(why) : st;
		if (line[0] == '\0')
			return GW_OK;
		if (strstr(line, ": ") == NULL && line[strlen(line) - 1] != ':')
			return malformed(why, "a wrong line in the armor");
	}
	return malformed(why, "too many armor headers");
}

/* After the END line: white space only. */
static enum gw_status
read_rest(struct dearmor *d, struct why *why)
{
	enum gw_status st;
	int c;

	while ((st = source_byte(d->from, &c, why)) == GW_OK && c >= 0)
		if (strchr(" \t\r\n", c) == NULL || c == 0)
			return malformed(why, "something after the armor");
	return st;
}

/* `first` began a line and is no base 64: check sum, then the END line. */
static enum gw_status
read_tail(struct dearmor *d, int first, struct why *why)
{
	const char *expect = blocks[d->block].end + (first == '-' ? 1 : 0);
	char line[DEARMOR_LINE_MAX + 1];
	enum gw_status st = GW_OK;

	if (d->have != 0 || d->pads != 0)
		return malformed(why, "the armor ends in mid-group");
	if (first == '=') {
		/* Four more characters; RFC 9580, 6.1 wants a wrong one
		 * ignored, and what it shall find is found by the
		 * integrity protection inside. */
		if ((st = dearmor_line(d->from, line, why)) == GW_OK &&
		    strlen(line) != 4)
			return malformed(why, "a wrong armor check sum");
	}
	if (st == GW_OK && (st = dearmor_line(d->from, line, why)) == GW_OK) {
		if (strcmp(line, expect) != 0)
			return malformed(why, "a wrong end of the armor");
		d->src.end = true;
		return read_rest(d, why);
	}
	return st == GW_NONE ? cut(why) : st;
}

/* A group is complete: write its one to three octets. */
static bool
flush_group(struct dearmor *d)
{
	int octets = 3 - d->pads;

	if (d->have + d->pads != 4 || d->pads > 2)
		return false;
	d->bits <<= 6 * d->pads;
	/* Bits that belong to no octet: one way of writing them is enough. */
	if ((d->bits & ((1u << 8 * d->pads) - 1)) != 0)
		return false;
	for (int i = 0; i < octets; i++)
		d->out[d->src.left++] = (uint8_t)(d->bits >> (16 - 8 * i));
	d->bits = 0;
	d->have = 0;
	return true;
}

/* One character of the body.  After padding only line ends may follow. */
static enum gw_status
body_char(struct dearmor *d, int c, struct why *why)
{
	bool line_start = d->line_start;
	int v = d->value[c];

	d->line_start = c == '\n';
	if (c == '\n' || c == '\r' || c == ' ' || c == '\t') {
		if (c != '\n')
			d->line_start = line_start;
		return GW_OK;
	}
	if (line_start && (c == '-' || c == '=') && d->have == 0) {
		d->pads = 0;
		return read_tail(d, c, why);
	}
	if (c == '=' && d->have >= 2 && d->pads < 4 - d->have)
		d->pads++;
	else if (v >= 0 && d->pads == 0) {
		d->bits = d->bits << 6 | (uint32_t)v;
		d->have++;
	} else
		return malformed(why, "a wrong character in the armor");
	if (d->have + d->pads == 4 && !flush_group(d))
		return malformed(why, "wrong padding in the armor");
	return GW_OK;
}

/* The usual case, four characters of one line, without the state machine. */
static void
body_fast(struct dearmor *d)
{
	struct source *from = d->from;

	while (d->have == 0 && d->pads == 0 && !d->line_start &&
	       from->left >= 4 && d->src.left + 3 <= d->cap) {
		int a = d->value[from->at[0]], b = d->value[from->at[1]];
		int c = d->value[from->at[2]], e = d->value[from->at[3]];
		uint8_t *to = d->out + d->src.left;

		if ((a | b | c | e) < 0)
			return;
		to[0] = (uint8_t)(a << 2 | b >> 4);
		to[1] = (uint8_t)(b << 4 | c >> 2);
		to[2] = (uint8_t)(c << 6 | e);
		d->src.left += 3;
		source_take(from, 4);
	}
}

static enum gw_status
dearmor_more(struct source *s, struct why *why)
{
	struct dearmor *d = (struct dearmor *)s;
	enum gw_status st;
	int c;

	if (!d->in_body) {
		if ((st = read_headers(d, why)) != GW_OK)
			return st;
		d->in_body = d->line_start = true;
	}
	s->at = d->out;
	while (!s->end && s->left + 3 <= d->cap) {
		body_fast(d);
		if (s->left + 3 > d->cap)
			break;
		if ((st = source_byte(d->from, &c, why)) != GW_OK)
			return st;
		if (c < 0)
			return cut(why);
		if ((st = body_char(d, c, why)) != GW_OK)
			return st;
	}
	return GW_OK;
}

bool
dearmor_wanted(uint8_t first)
{
	/* A byte order mark would be packet type 47, which nobody sends. */
	return (first & 0x80) == 0 || first == (uint8_t)BOM[0];
}

enum gw_status
dearmor_open(struct source *from, enum dearmor_block block, uint64_t hint,
    struct source **out, struct why *why)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct dearmor *d;

	if (blocks[block].end == NULL)
		return malformed(why, "a signed text is not armored");
	d = calloc(1, sizeof(*d));
	if (d != NULL)
		d->out = malloc(d->cap = source_cap(hint, DEARMOR_CHUNK));
	if (d == NULL || d->out == NULL) {
		free(d);
		why_set(why, REASON_INTERNAL, "no memory to read the armor");
		return GW_AGAIN;
	}
	memset(d->value, -1, sizeof(d->value));
	for (int i = 0; i < 64; i++)
		d->value[(uint8_t)digits[i]] = (int8_t)i;
	d->src.more = dearmor_more;
	d->from = from;
	d->block = block;
	*out = &d->src;
	return GW_OK;
}

void
dearmor_close(struct source *s)
{
	struct dearmor *d = (struct dearmor *)s;

	if (d == NULL)
		return;
	free(d->out);
	free(d);
}
