/* keys/messages/sign.c - signatures without encryption. */
#include "keys/messages/sign.h"

#include "gateway/base/fdio.h"
#include "gateway/base/utf8.h"
#include "keys/messages/document.h"
#include "keys/messages/signers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM         ((size_t)256 * 1024)
#define UTF8_LEN_MAX 4

struct signing {
	struct signers signers;
	struct digests *digests;
	struct sink_fd out;
};

/* Those who sign, at least one, and what is to be hashed. */
static enum gw_status
open_signing(struct signing *s, const struct seal_signing *q,
    enum digests_form form, struct why *why)
{
	enum gw_status st;

	memset(s, 0, sizeof(*s));
	if (q->signer_count == 0) {
		why_set(why, REASON_KEY_UNUSABLE, "there is nobody to sign");
		return GW_REFUSED;
	}
	if ((st = signers_choose(&s->signers, q, form, why)) == GW_OK &&
	    (st = digests_new(&s->digests, why)) == GW_OK)
		st = signers_want(&s->signers, s->digests, why);
	return st;
}

static void
close_signing(struct signing *s)
{
	digests_free(s->digests);
	if (s->out.sink.take != NULL)
		sink_fd_close(&s->out);
	signers_close(&s->signers);
}

static enum gw_status
open_out(struct signing *s, const char *label, bool armored, int out,
    struct why *why)
{
	/* RFC 9580, 6.1. */
	const struct sink_form form = {
		.label = armored ? label : NULL,
		.sum = !signers_all(&s->signers, 6),
	};

	return sink_fd_open(&s->out, out, &form, why);
}

/* What else is done with a piece of the document. */
typedef enum gw_status (*piece_fn)(
    void *ctx, const uint8_t *, size_t n, struct why *);

/* Read to the end, in two halves by turns: one is hashed while the other is
 * read.  digests and use may be NULL. */
static enum gw_status
each_piece(
    int in, struct digests *digests, piece_fn use, void *ctx, struct why *why)
{
	uint8_t *halves = malloc(2 * ROOM);
	enum gw_status st = GW_OK;
	unsigned turn = 0;
	size_t got = ROOM;

	if (halves == NULL) {
		why_set(why, REASON_INTERNAL, "no memory to read");
		return GW_AGAIN;
	}
	while (st == GW_OK && got == ROOM) {
		uint8_t *half = halves + (turn++ & 1) * ROOM;

		if ((st = fd_read_full(in, half, ROOM, &got, why)) != GW_OK)
			break;
		if (digests != NULL)
			digests_write(digests, half, got);
		if (use != NULL && got > 0)
			st = use(ctx, half, got, why);
	}
	if (digests != NULL)
		digests_settle(digests);
	free(halves);
	return st;
}

enum gw_status
sign_detached(const struct seal_signing *q, bool armored, int in, int out,
    int *hash_algorithm, struct why *why)
{
	struct signing s;
	enum gw_status st =
	    open_signing(&s, q, q->text ? DIGESTS_TEXT : DIGESTS_BINARY, why);

	if (st == GW_OK && hash_algorithm != NULL)
		*hash_algorithm = s.signers.one[0].build.hash_algorithm;
	if (st == GW_OK &&
	    (st = each_piece(in, s.digests, NULL, NULL, why)) == GW_OK &&
	    (st = open_out(&s, ARMOR_SIGNATURE, armored, out, why)) == GW_OK &&
	    (st = signers_put(&s.signers, s.digests, &s.out.sink, why)) ==
		GW_OK)
		st = sink_end(&s.out.sink, why);
	close_signing(&s);
	return st;
}

enum gw_status
sign_inline(const struct seal_signing *q, bool armored, int in, int out,
    struct why *why)
{
	struct signing s;
	struct document d;
	enum gw_status st =
	    open_signing(&s, q, q->text ? DIGESTS_TEXT : DIGESTS_BINARY, why);
	struct sink *to = &s.out.sink;

	if (st == GW_OK &&
	    (st = document_open(&d, in, s.digests, why)) == GW_OK &&
	    (st = open_out(&s, ARMOR_MESSAGE, armored, out, why)) == GW_OK &&
	    (st = signers_put_one_pass(&s.signers, to, why)) == GW_OK &&
	    (st = document_put(
		 &d, to, q->text ? 'u' : 'b', NULL, q->when, why)) == GW_OK &&
	    (st = signers_put_after(&s.signers, s.digests, to, why)) == GW_OK)
		st = sink_end(to, why);
	close_signing(&s);
	return st;
}

/* ---- cleartext ---------------------------------------------------------- */

/* Characters may be cut by the border between two pieces. */
struct utf8_check {
	char cut[2 * UTF8_LEN_MAX];
	size_t cut_len;
};

static enum gw_status
not_text(struct why *why)
{
	why_set(why, REASON_MALFORMED,
	    "only UTF-8 text can be signed as cleartext");
	return GW_REFUSED;
}

/* All characters but one that may be cut at the end; how many octets. */
static size_t
whole_characters(const char *s, size_t n)
{
	size_t at = 0, len;
	uint32_t cp;

	while (at < n && (len = utf8_next(s + at, n - at, &cp)) > 0)
		at += len;
	return at;
}

static enum gw_status
check_piece(void *ctx, const uint8_t *p, size_t n, struct why *why)
{
	struct utf8_check *c = ctx;
	const char *s = (const char *)p;
	size_t take = 0;

	/* Complete what was cut, octet by octet. */
	while (c->cut_len > 0 && take < n) {
		uint32_t cp;

		c->cut[c->cut_len++] = s[take++];
		if (utf8_next(c->cut, c->cut_len, &cp) > 0)
			c->cut_len = 0;
		else if (c->cut_len >= UTF8_LEN_MAX)
			return not_text(why);
	}
	take += whole_characters(s + take, n - take);
	if (n - take >= UTF8_LEN_MAX)
		return not_text(why);
	if (take < n) {
		memcpy(c->cut, s + take, n - take);
		c->cut_len = n - take;
	}
	return GW_OK;
}

/* Nothing is written before the whole is known to be text. */
static enum gw_status
check_text(int in, struct why *why)
{
	struct utf8_check c = { .cut_len = 0 };
	struct stat sb;
	off_t at = lseek(in, 0, SEEK_CUR);
	enum gw_status st;

	if (fstat(in, &sb) != 0 || !S_ISREG(sb.st_mode) || at < 0) {
		why_set(why, REASON_INTERNAL,
		    "a text to sign must be a regular file");
		return GW_INTERNAL;
	}
	st = each_piece(in, NULL, check_piece, &c, why);
	if (st == GW_OK && c.cut_len > 0)
		st = not_text(why);
	if (st == GW_OK && lseek(in, at, SEEK_SET) != at) {
		why_errno(why, REASON_IO_ERROR, "reading the text again");
		st = GW_INTERNAL;
	}
	return st;
}

struct cleartext {
	struct sink *to;
	bool inside; /* of a line */
};

/* "From " is escaped as well, which mail software would alter otherwise; that
 * is only advice, so one at the border of two pieces may pass. */
static enum gw_status
put_line_start(struct cleartext *c, const uint8_t *p, size_t n, struct why *why)
{
	bool escape = *p == '-' || (n >= 5 && memcmp(p, "From ", 5) == 0);

	return escape ? sink_put(c->to, "- ", 2, why) : GW_OK;
}

/* RFC 9580, 7.1: the text as it is, each line that starts with a dash
 * escaped; the hash is of what stands there unescaped. */
static enum gw_status
put_piece(void *ctx, const uint8_t *p, size_t n, struct why *why)
{
	struct cleartext *c = ctx;
	const uint8_t *end = p + n;
	enum gw_status st = GW_OK;

	while (p < end && st == GW_OK) {
		const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf != NULL ? lf + 1 : end) - p);

		if (!c->inside)
			st = put_line_start(c, p, len, why);
		if (st == GW_OK)
			st = sink_put(c->to, p, len, why);
		c->inside = lf == NULL;
		p += len;
	}
	return st;
}

/* RFC 9580, 6.2.2.3: for old software, and only about version 4. */
static enum gw_status
put_hash_header(struct signing *s, struct why *why)
{
	struct buf line;
	enum gw_status st = GW_OK;
	unsigned seen = 0;

	buf_init(&line, 256);
	for (size_t i = 0; i < s->signers.count; i++) {
		const struct sig_build *b = &s->signers.one[i].build;
		const struct packet_hash *h =
		    packet_hash_find(b->hash_algorithm);

		if (b->version != 4 || h == NULL || (seen & 1u << h->id) != 0)
			continue;
		buf_put_text(&line, seen == 0 ? "Hash: " : ",");
		buf_put_text(&line, h->name);
		seen |= 1u << h->id;
	}
	if (seen != 0)
		buf_put_u8(&line, '\n');
	buf_put_u8(&line, '\n');
	st = sink_put(&s->out.sink, line.data, line.len, why);
	buf_free(&line);
	return st;
}

/* The text, and the line end in front of the signatures that is not its own. */
static enum gw_status
put_text(struct signing *s, int in, int out, struct why *why)
{
	static const char begin[] = "-----BEGIN PGP SIGNED MESSAGE-----\n";
	const struct sink_form plain = { .label = NULL };
	struct sink *to = &s->out.sink;
	struct cleartext c = { .to = to };
	enum gw_status st;

	if ((st = sink_fd_open(&s->out, out, &plain, why)) != GW_OK ||
	    (st = sink_put(to, begin, sizeof(begin) - 1, why)) != GW_OK ||
	    (st = put_hash_header(s, why)) != GW_OK ||
	    (st = each_piece(in, s->digests, put_piece, &c, why)) != GW_OK ||
	    (st = sink_put(to, "\n", 1, why)) != GW_OK)
		return st;
	return sink_end(to, why);
}

enum gw_status
sign_cleartext(const struct seal_signing *q, int in, int out, struct why *why)
{
	struct signing s;
	enum gw_status st = open_signing(&s, q, DIGESTS_CLEARTEXT, why);

	if (st == GW_OK && (st = check_text(in, why)) == GW_OK &&
	    (st = put_text(&s, in, out, why)) == GW_OK) {
		sink_fd_close(&s.out);
		st = open_out(&s, ARMOR_SIGNATURE, true, out, why);
	}
	if (st == GW_OK && (st = signers_put(&s.signers, s.digests, &s.out.sink,
				why)) == GW_OK)
		st = sink_end(&s.out.sink, why);
	close_signing(&s);
	return st;
}
