/* keys/messages/grammar.c - the one shape that a document may come in. */
#include "keys/messages/grammar.h"

#include "gateway/base/fdio.h"
#include "keys/messages/container.h"
#include "keys/messages/outlet.h"
#include "keys/messages/verify.h"
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
	uint8_t salt_len; /* version 6 */
	uint8_t salt[ONE_PASS_MAX];
	bool last;
};

struct grammar {
	const struct unseal_request *request;
	struct unseal_result *result;
	struct outlet out;
	struct announced one_pass[SIGNATURES_MAX];
	unsigned one_passes; /* before the literal */
	unsigned signatures; /* before or after it */
	bool literal, compressed;
	unsigned fillers;
};

static enum gw_status
refuse(struct why *why, enum gw_reason reason, const char *what)
{
	why_set(why, reason, "the message is not signed data of one piece: %s",
	    what);
	return GW_REFUSED;
}

enum gw_status
grammar_skip(struct body *b, unsigned *count, struct why *why)
{
	if (++*count > FILLERS_MAX)
		return refuse(why, REASON_MALFORMED, "a flood of padding");
	return source_drain(&b->src, NULL, why);
}

/* RFC 9580, 5.4.  The issuer at the end of it is only a hint. */
static bool
parse_one_pass(struct announced *a, struct buf *p)
{
	a->version = buf_get_u8(p);
	a->type = buf_get_u8(p);
	a->hash = buf_get_u8(p);
	a->pk = buf_get_u8(p);
	a->salt_len = 0;
	if (a->version == 6) {
		a->salt_len = buf_get_u8(p);
		(void)buf_get(p, a->salt, a->salt_len); /* p turns bad */
	}
	(void)buf_take(p, a->version == 6 ? 32 : 8);
	a->last = buf_get_u8(p) != 0;
	return buf_done(p);
}

/* Have hashed what it announces, when somebody wants that.  A hash that is
 * none of ours is passed over: its signature will be refused for it. */
static enum gw_status
want_announced(
    const struct grammar *g, const struct announced *a, struct why *why)
{
	enum digests_form form =
	    a->type == PACKET_SIG_TEXT ? DIGESTS_TEXT : DIGESTS_BINARY;
	enum gw_status st;

	if (g->request->digests == NULL)
		return GW_OK;
	st = digests_want(
	    g->request->digests, a->hash, form, a->salt, a->salt_len, why);
	return st == GW_REFUSED ? GW_OK : st;
}

/* The flag must say "more of my kind follow" for all but the last; a one in
 * front would mean a signature over the packets that follow it, not over the
 * document. */
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
	if (!parse_one_pass(a, &p) || b->src.left > 0)
		return refuse(why, REASON_MALFORMED, "a wrong one-pass packet");
	if (a->version != 3 && a->version != 6)
		return refuse(why, REASON_UNSUPPORTED, "one-pass version");
	g->one_passes++;
	return want_announced(g, a, why);
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

/* Signatures of the old style are all known by now. */
static enum gw_status
want_prefixed(const struct grammar *g, struct why *why)
{
	const struct buf *all = &g->result->signatures;

	if (g->request->digests == NULL || g->signatures == 0)
		return GW_OK;
	return verify_want(
	    g->request->digests, all->data, all->len, false, why);
}

static enum gw_status
read_literal(struct grammar *g, struct body *b, struct why *why)
{
	enum gw_status st;

	if (g->literal)
		return refuse(why, REASON_MALFORMED, "two documents in one");
	if (g->one_passes > 0 && !g->one_pass[g->one_passes - 1].last)
		return refuse(why, REASON_MALFORMED, "a signature is missing");
	g->literal = true;
	if ((st = want_prefixed(g, why)) != GW_OK ||
	    (st = read_literal_head(g, b, why)) != GW_OK)
		return st;
	while ((st = source_fill(&b->src, why)) == GW_OK && b->src.left > 0) {
		st = outlet_put(&g->out, b->src.at, b->src.left, why);
		if (st != GW_OK)
			return st;
		source_take(&b->src, b->src.left);
	}
	if (st == GW_OK)
		st = outlet_end(&g->out, why);
	g->result->plain_size = g->out.size;
	return st;
}

/* Version 6 has its salt in both (RFC 9580, 5.2.3 and 5.4): what was hashed
 * for the one must be what the other is over. */
static bool
same_salt(const struct announced *a, struct buf *sig)
{
	const uint8_t *salt;
	uint8_t len;

	(void)buf_take(sig, 4);
	(void)buf_take(sig, buf_get_u32(sig)); /* hashed area */
	(void)buf_take(sig, buf_get_u32(sig)); /* the other */
	(void)buf_take(sig, 2);
	len = buf_get_u8(sig);
	salt = buf_take(sig, len);
	return salt != NULL && len == a->salt_len &&
	       memcmp(salt, a->salt, len) == 0;
}

/* The signatures close what the one-pass packets opened, innermost first. */
static bool
agrees(const struct grammar *g, const struct buf *sig)
{
	const struct announced *a =
	    &g->one_pass[g->one_passes - 1 - g->signatures];
	int version = a->version == 6 ? 6 : 4;
	struct buf view;

	if (sig->len < 4 || sig->data[0] != version ||
	    sig->data[1] != a->type || sig->data[2] != a->pk ||
	    sig->data[3] != a->hash)
		return false;
	buf_view(&view, sig->data, sig->len);
	return version == 4 || same_salt(a, &view);
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

static enum gw_status
check_whole(const struct grammar *g, struct why *why)
{
	if (!g->literal)
		return refuse(why, REASON_MALFORMED, "there is no document");
	if (g->one_passes > 0 && g->signatures != g->one_passes)
		return refuse(why, REASON_MALFORMED, "a signature is missing");
	return GW_OK;
}

static enum gw_status read_packets(
    struct grammar *, struct source *, struct why *);

static enum gw_status
read_compressed(struct grammar *g, struct body *b, struct why *why)
{
	uint64_t max = g->request->max_plain;
	struct source *inside = NULL;
	enum gw_status st;

	if (g->literal || g->one_passes > 0 || g->signatures > 0)
		return refuse(why, REASON_MALFORMED, "packets out of order");
	if (g->compressed)
		return refuse(why, REASON_MALFORMED, "compressed twice");
	g->compressed = true;
	if (max != 0)
		max += FRAME_MAX;
	if ((st = inflate_open(&b->src, max, &inside, why)) != GW_OK)
		return st;
	st = read_packets(g, inside, why);
	inflate_close(inside);
	/* Whatever is signed is signed in there; nothing comes behind it. */
	return st == GW_OK ? check_whole(g, why) : st;
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
	if (body_filler(b->tag))
		return grammar_skip(b, &g->fillers, why);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].tag == b->tag)
			return readers[i].read(g, b, why);
	why_set(
	    why, REASON_MALFORMED, "packet type %d inside the message", b->tag);
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
grammar_read(const struct unseal_request *request, struct source *from,
    struct body *first, uint64_t hint, int out, struct unseal_result *result,
    struct why *why)
{
	struct grammar g = { .request = request, .result = result };
	enum gw_status st = GW_OK;

	outlet_open(&g.out, out, request, hint, request->digests);
	if (first != NULL)
		st = read_packet(&g, first, why);
	if (st == GW_OK)
		st = read_packets(&g, from, why);
	outlet_close(&g.out);
	return st == GW_OK ? check_whole(&g, why) : st;
}

enum gw_status
grammar_signatures(
    struct source *from, struct unseal_result *result, struct why *why)
{
	struct grammar g = { .result = result };
	struct body b;
	enum gw_status st;

	while ((st = body_next(&b, from, why)) == GW_OK) {
		if (body_filler(b.tag))
			st = grammar_skip(&b, &g.fillers, why);
		else if (b.tag == BODY_SIGNATURE)
			st = read_signature(&g, &b, why);
		else
			st = refuse(why, REASON_MALFORMED,
			    "something else beside the signatures");
		if (st != GW_OK)
			return st;
	}
	if (st == GW_NONE && g.signatures == 0) {
		why_set(why, REASON_UNSIGNED, "there is no signature");
		return GW_REFUSED;
	}
	return st == GW_NONE ? GW_OK : st;
}
