/* keys/messages/cleartext.c - the cleartext signature framework (RFC 9580, 7). */
#include "keys/messages/cleartext.h"

#include "keys/messages/grammar.h"
#include "keys/messages/outlet.h"
#include "keys/packets/dearmor.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 16
/* White space that may turn out to end a line has to be kept until then; this
 * is more than any text has in one place. */
#define WHITE_MAX ((size_t)64 * 1024)

struct cleartext {
	struct source *from;
	struct outlet out;
	uint8_t *white; /* seen, and neither written nor dropped yet */
	size_t white_len;
	const char *line_end; /* of the line before; "" before the first */
};

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "not a proper signed text: %s", what);
	return GW_REFUSED;
}

static enum gw_status
cut(struct why *why)
{
	why_set(why, REASON_DAMAGED, "the signed text is cut short");
	return GW_REFUSED;
}

/* RFC 9580, 9.5. */
static bool
names_hash(const char *name, size_t len)
{
	static const char *const names[] = { "MD5", "SHA1", "RIPEMD160",
		"SHA256", "SHA384", "SHA512", "SHA224", "SHA3-256",
		"SHA3-512" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	return false;
}

/*
 * RFC 9580, 6.2.2.3: a "Hash" header holds names of hashes and commas, and
 * anything else in it refuses, since a reader might take it for a part of the
 * text.  What it says is ignored: the signature knows its hash.
 */
static bool
hash_header(const char *line)
{
	static const char key[] = "Hash: ";

	if (strncmp(line, key, sizeof(key) - 1) != 0)
		return false;
	line += sizeof(key) - 1;
	for (;;) {
		size_t len = strcspn(line, ",");

		if (!names_hash(line, len))
			return false;
		line += len;
		if (*line == '\0')
			return true;
		line++;
		line += strspn(line, " ");
	}
}

static enum gw_status
read_headers(struct cleartext *c, struct why *why)
{
	char line[DEARMOR_LINE_MAX + 1];

	for (unsigned n = 0; n <= HEADERS_MAX; n++) {
		enum gw_status st = dearmor_line(c->from, line, why);

		if (st != GW_OK)
			return st == GW_NONE ? cut(why) : st;
		if (line[0] == '\0')
			return GW_OK;
		if (!hash_header(line))
			return malformed(why, "a header that is none");
	}
	return malformed(why, "too many headers");
}

/* The end of the line before belongs to the text, now that there is another
 * line. */
static enum gw_status
begin_line(struct cleartext *c, struct why *why)
{
	return outlet_put(&c->out, c->line_end, strlen(c->line_end), why);
}

/* Part of a line that is not white space to its end: [from, last) and, if no
 * line end was seen, white space behind it. */
static enum gw_status
take_part(struct cleartext *c, const uint8_t *p, const uint8_t *last,
    const uint8_t *stop, struct why *why)
{
	size_t tail = (size_t)(stop - last);
	enum gw_status st = GW_OK;

	if (last > p) {
		st = outlet_put(&c->out, c->white, c->white_len, why);
		c->white_len = 0;
		if (st == GW_OK)
			st = outlet_put(&c->out, p, (size_t)(last - p), why);
	}
	if (st != GW_OK)
		return st;
	if (tail > WHITE_MAX - c->white_len)
		return malformed(why, "endless white space");
	memcpy(c->white + c->white_len, last, tail);
	c->white_len += tail;
	return GW_OK;
}

/* RFC 9580, 7.2: spaces and tabs before a line end are not part of what is
 * signed, nor is a CR. */
static bool
is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static enum gw_status
read_line(struct cleartext *c, struct why *why)
{
	struct source *s = c->from;
	const uint8_t *lf = NULL;
	enum gw_status st;

	while (lf == NULL) {
		const uint8_t *stop, *last;

		if ((st = source_fill(s, why)) != GW_OK)
			return st;
		if (s->left == 0)
			return cut(why);
		lf = memchr(s->at, '\n', s->left);
		stop = lf != NULL ? lf : s->at + s->left;
		last = stop;
		while (last > s->at && is_white(last[-1]))
			last--;
		if ((st = take_part(c, s->at, last, stop, why)) != GW_OK)
			return st;
		source_take(s, (size_t)(stop - s->at) + (lf != NULL));
	}
	c->line_end = c->white_len > 0 && c->white[c->white_len - 1] == '\r'
			  ? "\r\n"
			  : "\n";
	c->white_len = 0;
	return GW_OK;
}

/* A line that begins with a dash: escaped text, or the signatures' first
 * line.  Anything else would be shown as text by one reader and not by
 * another. */
static enum gw_status
read_dash(struct cleartext *c, bool *ended, struct why *why)
{
	static const char begin[] = "-----BEGIN PGP SIGNATURE-----";
	char line[DEARMOR_LINE_MAX + 1];
	enum gw_status st;
	int second;

	source_take(c->from, 1);
	if ((st = source_byte(c->from, &second, why)) != GW_OK)
		return st;
	if (second == ' ') {
		if ((st = begin_line(c, why)) != GW_OK)
			return st;
		return read_line(c, why);
	}
	if (second != '-')
		return second < 0 ? cut(why) : malformed(why, "a bare dash");
	if ((st = dearmor_line(c->from, line, why)) != GW_OK)
		return st == GW_NONE ? cut(why) : st;
	if (strcmp(line, begin + 2) != 0)
		return malformed(why, "a line of dashes inside");
	*ended = true;
	return GW_OK;
}

static enum gw_status
read_text(struct cleartext *c, struct why *why)
{
	bool ended = false;
	enum gw_status st;

	while (!ended) {
		if ((st = source_fill(c->from, why)) != GW_OK)
			return st;
		if (c->from->left == 0)
			return cut(why);
		if (*c->from->at == '-')
			st = read_dash(c, &ended, why);
		else if ((st = begin_line(c, why)) == GW_OK)
			st = read_line(c, why);
		if (st != GW_OK)
			return st;
	}
	return outlet_end(&c->out, why);
}

static enum gw_status
read_signatures(struct cleartext *c, uint64_t hint,
    struct unseal_result *result, struct why *why)
{
	struct source *bare = NULL;
	enum gw_status st =
	    dearmor_open(c->from, DEARMOR_SIGNATURE, hint, &bare, why);

	if (st != GW_OK)
		return st;
	st = grammar_signatures(bare, result, why);
	dearmor_close(bare);
	return st;
}

enum gw_status
cleartext_read(const struct unseal_request *request, struct source *from,
    uint64_t hint, int out, struct unseal_result *result, struct why *why)
{
	struct cleartext c = {
		.from = from, .white = malloc(WHITE_MAX), .line_end = ""
	};
	enum gw_status st;

	if (c.white == NULL) {
		why_set(why, REASON_INTERNAL, "no memory to read the text");
		return GW_AGAIN;
	}
	outlet_open(&c.out, out, request, hint, NULL);
	if ((st = read_headers(&c, why)) == GW_OK &&
	    (st = read_text(&c, why)) == GW_OK)
		st = read_signatures(&c, hint, result, why);
	result->shape = UNSEAL_CLEARTEXT;
	result->format = 't';
	result->plain_size = c.out.size;
	outlet_close(&c.out);
	free(c.white);
	return st;
}
