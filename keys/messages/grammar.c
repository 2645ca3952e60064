/* keys/messages/grammar.c - the one shape that a decrypted message may have. */
#include "keys/messages/grammar.h"

#include "gateway/base/fdio.h"
#include "keys/messages/container.h"
#include "keys/packets/inflate.h"

#include <inttypes.h>
#include <string.h>

#define SIGNATURES_MAX 16
#define FILLERS_MAX    64
#define ONE_PASS_MAX   255
#define LITERAL_HEAD   6 /* format, name's length, date */
/* What a compressed packet may hold beside the literal's content. */
#define FRAME_MAX ((uint64_t)256 * 1024)

/* What a one-pass packet announces of its signature. */
struct announced {
	uint8_t version, type, hash, pk;
	bool last;
};

struct grammar {
	int out;
	uint64_t max_plain;
	struct unseal_result *result;
	struct announced one_pass[SIGNATURES_MAX];
	unsigned one_passes; /* before the literal */
	unsigned signatures; /* before or after it */
	bool literal, compressed;
	unsigned fillers;
	uint64_t pushed;
};

static enum gw_status
refuse(struct why *why, enum gw_reason reason, const char *what)
{
	why_set(why, reason, "the message is not signed data of one piece: %s",
	    what);
	return GW_REFUSED;
}

bool
grammar_filler(const struct body *b)
{
	return b->tag == BODY_MARKER || b->tag == BODY_PADDING;
}

enum gw_status
grammar_skip(struct body *b, unsigned *count, struct why *why)
{
	if (++*count > FILLERS_MAX)
		return refuse(why, REASON_MALFORMED, "a flood of padding");
	return source_drain(&b->src, NULL, why);
}

/* RFC 9580, 5.4.  The flag must say "more of my kind follow" for all but the
 * last; a one in front would mean a signature over the packets that follow
 * it, not over the document. */
static enum gw_status
read_one_pass(struct grammar *g, struct body *b, struct why *why)
{
	struct announced *a = &g->one_pass[g->one_passes];
	uint8_t raw[ONE_PASS_MAX];
	struct buf p;
	enum gw_status st;
	size_t len;

	if (g->literal || g->signatures > 0)
		return refuse(why, REASON_MALFORMED, "packets out of order");
	if (g->one_passes == SIGNATURES_MAX)
		return refuse(why, REASON_MALFORMED, "too many signatures");
	if (g->one_passes > 0 && a[-1].last)
		return refuse(why, REASON_MALFORMED, "a nested signature");
	if ((st = source_read(&b->src, raw, sizeof(raw), &len, why)) != GW_OK ||
	    (st = source_fill(&b->src, why)) != GW_OK)
		return st;
	buf_view(&p, raw, len);
	a->version = buf_get_u8(&p);
	a->type = buf_get_u8(&p);
	a->hash = buf_get_u8(&p);
	a->pk = buf_get_u8(&p);
	if (a->version == 6)
		(void)buf_take(&p, buf_get_u8(&p));   /* salt: p turns bad */
	(void)buf_take(&p, a->version == 6 ? 32 : 8); /* issuer: a hint */
	a->last = buf_get_u8(&p) != 0;
	if (!buf_done(&p) || b->src.left > 0)
		return refuse(why, REASON_MALFORMED, "a wrong one-pass packet");
	if (a->version != 3 && a->version != 6)
		return refuse(why, REASON_UNSUPPORTED, "one-pass version");
	g->one_passes++;
	return GW_OK;
}

/* RFC 9580, 5.9: format, name, date; then the document. */
static enum gw_status
read_literal_head(struct grammar *g, struct body *b, struct why *why)
{
	struct unseal_result *r = g->result;
	uint8_t name_len, date[4];
	enum gw_status st;

	if ((st = source_need(&b->src, &r->format, 1, why)) != GW_OK ||
	    (st = source_need(&b->src, &name_len, 1, why)) != GW_OK ||
	    (st = source_need(&b->src, r->name, name_len, why)) != GW_OK ||
	    (st = source_need(&b->src, date, sizeof(date), why)) != GW_OK)
		return st;
	r->name[name_len] = '\0';
	r->date = (uint32_t)date[0] << 24 | (uint32_t)date[1] << 16 |
		  (uint32_t)date[2] << 8 | date[3];
	if (memchr("btu", r->format, 3) == NULL)
		return refuse(why, REASON_UNSUPPORTED, "literal data format");
	return GW_OK;
}

static enum gw_status
too_large(const struct grammar *g, struct why *why)
{
	why_set(why, REASON_TOO_LARGE,
	    "the document is larger than the %" PRIu64 " bytes allowed",
	    g->max_plain);
	return GW_REFUSED;
}

static enum gw_status
read_literal(struct grammar *g, struct body *b, struct why *why)
{
	struct unseal_result *r = g->result;
	enum gw_status st;

	if (g->literal)
		return refuse(why, REASON_MALFORMED, "two documents in one");
	if (g->one_passes > 0 && !g->one_pass[g->one_passes - 1].last)
		return refuse(why, REASON_MALFORMED, "a signature is missing");
	g->literal = true;
	if ((st = read_literal_head(g, b, why)) != GW_OK)
		return st;
	while ((st = source_fill(&b->src, why)) == GW_OK && b->src.left > 0) {
		r->plain_size += b->src.left;
		if (g->max_plain != 0 && r->plain_size > g->max_plain)
			return too_large(g, why);
		st = fd_write_all(g->out, b->src.at, b->src.left, why);
		if (st != GW_OK)
			return st;
		container_push_back(g->out, r->plain_size, &g->pushed);
		source_take(&b->src, b->src.left);
	}
	return st;
}

/* The signatures close what the one-pass packets opened, innermost first. */
static bool
agrees(const struct grammar *g, const struct buf *sig)
{
	const struct announced *a =
	    &g->one_pass[g->one_passes - 1 - g->signatures];
	int version = a->version == 6 ? 6 : 4;

	return sig->len >= 4 && sig->data[0] == version &&
	       sig->data[1] == a->type && sig->data[2] == a->pk &&
	       sig->data[3] == a->hash;
}

static enum gw_status
read_signature(struct grammar *g, struct body *b, struct why *why)
{
	struct buf *all = &g->result->signatures, sig;
	uint8_t header[6] = { 0xc0 | BODY_SIGNATURE };
	enum gw_status st;
	size_t len;

	if (g->signatures == SIGNATURES_MAX)
		return refuse(why, REASON_MALFORMED, "too many signatures");
	if (g->literal ? g->signatures >= g->one_passes : g->one_passes > 0)
		return refuse(why, REASON_MALFORMED, "packets out of order");
	buf_init(&sig, UNSEAL_SIGNATURES_MAX);
	if ((st = body_collect(b, &sig, why)) != GW_OK)
		goto done;
	if (g->literal && !agrees(g, &sig)) {
		st = refuse(why, REASON_MALFORMED,
		    "signature and one-pass packet differ");
		goto done;
	}
	g->signatures++;
	len = 1 + container_length(sig.len, header + 1);
	if (!buf_put(all, header, len) || !buf_put(all, sig.data, sig.len))
		st = refuse(why, REASON_MALFORMED, "signatures too large");
done:
	buf_free(&sig);
	return st;
}

static enum gw_status read_packets(
    struct grammar *, struct source *, struct why *);

static enum gw_status
read_compressed(struct grammar *g, struct body *b, struct why *why)
{
	uint64_t max = g->max_plain != 0 ? g->max_plain + FRAME_MAX : 0;
	struct source *inside = NULL;
	enum gw_status st;

	if (g->literal || g->one_passes > 0 || g->signatures > 0)
		return refuse(why, REASON_MALFORMED, "packets out of order");
	if (g->compressed)
		return refuse(why, REASON_MALFORMED, "compressed twice");
	g->compressed = true;
	if ((st = inflate_open(&b->src, max, &inside, why)) != GW_OK)
		return st;
	st = read_packets(g, inside, why);
	inflate_close(inside);
	return st;
}

static const struct {
	int tag;
	enum gw_status (*read)(struct grammar *, struct body *, struct why *);
} readers[] = {
	{ BODY_COMPRESSED, read_compressed },
	{ BODY_ONE_PASS, read_one_pass },
	{ BODY_LITERAL, read_literal },
	{ BODY_SIGNATURE, read_signature },
};

static enum gw_status
read_packet(struct grammar *g, struct body *b, struct why *why)
{
	if (grammar_filler(b))
		return grammar_skip(b, &g->fillers, why);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].tag == b->tag)
			return readers[i].read(g, b, why);
	why_set(why, REASON_MALFORMED,
	    "packet type %d inside the encrypted message", b->tag);
	return GW_REFUSED;
}

static enum gw_status
read_packets(struct grammar *g, struct source *from, struct why *why)
{
	struct body b;
	enum gw_status st;

	while ((st = body_next(&b, from, why)) == GW_OK)
		if ((st = read_packet(g, &b, why)) != GW_OK)
			return st;
	return st == GW_NONE ? GW_OK : st;
}

enum gw_status
grammar_read(struct source *from, int out, uint64_t max_plain,
    struct unseal_result *result, struct why *why)
{
	struct grammar g = {
		.out = out, .max_plain = max_plain, .result = result
	};
	enum gw_status st = read_packets(&g, from, why);

	if (st != GW_OK)
		return st;
	if (!g.literal)
		return refuse(why, REASON_MALFORMED, "there is no document");
	if (g.one_passes > 0 && g.signatures != g.one_passes)
		return refuse(why, REASON_MALFORMED, "a signature is missing");
	return GW_OK;
}
