/* keys/messages/encrypted.c - the encrypted packet, whichever of the three. */
#include "keys/messages/encrypted.h"

#include <stdlib.h>
#include <string.h>

static enum gw_status
unsupported(int version, struct why *why)
{
	why_set(
	    why, REASON_UNSUPPORTED, "encrypted data of version %d", version);
	return GW_REFUSED;
}

static enum gw_status
head_seipd2(struct encrypted *e, struct body *b, struct why *why)
{
	struct seipd2_params *p = &e->seipd2;
	uint8_t raw[SEIPD2_HEAD_LEN - 1];
	enum gw_status st = source_need(&b->src, raw, sizeof(raw), why);

	if (st != GW_OK)
		return st;
	e->what = ESK_FOR_SEIPD2;
	e->cipher = p->cipher = raw[0];
	p->aead = raw[1];
	p->chunk_octet = raw[2];
	memcpy(p->salt, raw + 3, sizeof(p->salt));
	return seipd2_check(p, why);
}

static enum gw_status
head_librepgp(struct encrypted *e, struct body *b, struct why *why)
{
	struct librepgp_params *p = &e->librepgp;
	uint8_t raw[3];
	enum gw_status st = source_need(&b->src, raw, sizeof(raw), why);

	if (st != GW_OK)
		return st;
	e->what = ESK_FOR_LIBREPGP;
	e->cipher = p->cipher = raw[0];
	p->aead = raw[1];
	p->chunk_octet = raw[2];
	if ((st = librepgp_check(p, why)) != GW_OK)
		return st;
	return source_need(&b->src, p->iv, cipher_nonce_len(p->aead), why);
}

enum gw_status
encrypted_head(struct encrypted *e, struct body *b, struct why *why)
{
	uint8_t version;
	enum gw_status st;

	memset(e, 0, sizeof(*e));
	if ((st = source_need(&b->src, &version, 1, why)) != GW_OK)
		return st;
	if (b->tag == BODY_LIBREPGP_AEAD)
		return version == 1 ? head_librepgp(e, b, why)
				    : unsupported(version, why);
	if (version == 2)
		return head_seipd2(e, b, why);
	e->what = ESK_FOR_SEIPD1;
	return version == 1 ? GW_OK : unsupported(version, why);
}

static enum gw_status
open_with(struct encrypted *e, struct source *from, uint64_t hint, int cipher,
    const struct buf *key, struct source **clear, struct why *why)
{
	switch (e->what) {
	case ESK_FOR_SEIPD1:
		return seipd1_open(from, hint, cipher, key, clear, why);
	case ESK_FOR_SEIPD2:
		return seipd2_open(from, hint, &e->seipd2, key, clear, why);
	case ESK_FOR_LIBREPGP:
		return librepgp_open(from, hint, &e->librepgp, key, clear, why);
	}
	gw_fatal("unseal: encrypted data of no kind");
}

static void
close_clear(const struct encrypted *e, struct source *clear)
{
	if (e->what == ESK_FOR_SEIPD1)
		seipd1_close(clear);
	else if (e->what == ESK_FOR_SEIPD2)
		seipd2_close(clear);
	else
		librepgp_close(clear);
}

/* First what was read ahead, then the rest. */
static enum gw_status
again_more(struct source *s, struct why *why)
{
	struct encrypted *e =
	    (struct encrypted *)((char *)s - offsetof(struct encrypted, again));
	enum gw_status st = source_fill(e->rest, why);

	if (st != GW_OK)
		return st;
	s->at = e->rest->at;
	s->left = e->rest->left;
	s->end = s->left == 0;
	source_take(e->rest, s->left);
	return GW_OK;
}

static enum gw_status
no_more(struct source *s, struct why *why)
{
	(void)why;
	s->end = true;
	return GW_OK;
}

/* How much of the data one must have seen to tell a right key from a wrong
 * one: the prefix and a packet's header, or a chunk and what follows it. */
static size_t
ahead_needed(const struct encrypted *e)
{
	int octet = e->what == ESK_FOR_SEIPD2 ? e->seipd2.chunk_octet
					      : e->librepgp.chunk_octet;

	if (e->what == ESK_FOR_SEIPD1)
		return SEIPD1_PEEK_LEN;
	return ((size_t)1 << (octet + 6)) + 2 * SEIPD2_TAG_LEN;
}

static enum gw_status
read_ahead(struct encrypted *e, struct body *b, struct why *why)
{
	size_t want = ahead_needed(e), cap = 0;
	enum gw_status st = GW_OK;

	while (e->ahead_len == cap && cap < want && st == GW_OK) {
		size_t more = cap == 0 ? 65536 : cap, got;
		uint8_t *larger;

		if (more > want - cap)
			more = want - cap;
		if ((larger = realloc(e->ahead, cap + more)) == NULL) {
			why_set(why, REASON_INTERNAL, "no memory to decrypt");
			return GW_AGAIN;
		}
		e->ahead = larger;
		cap += more;
		st = source_read(
		    &b->src, e->ahead + e->ahead_len, more, &got, why);
		e->ahead_len += got;
	}
	e->rest = &b->src;
	e->again = (struct source){
		.more = again_more, .at = e->ahead, .left = e->ahead_len
	};
	return st;
}

/* Does what was read ahead come out well under this key? */
static bool
plausible(struct encrypted *e, int cipher, const struct buf *key)
{
	struct source peek = {
		.more = no_more, .at = e->ahead, .left = e->ahead_len
	};
	struct source *clear = NULL;
	struct why why;
	bool fits;

	if (e->what == ESK_FOR_SEIPD1)
		return seipd1_peek(e->ahead, e->ahead_len, cipher, key);
	if (open_with(e, &peek, e->ahead_len, cipher, key, &clear, &why) !=
	    GW_OK)
		return false;
	fits = source_fill(clear, &why) == GW_OK;
	close_clear(e, clear);
	return fits;
}

/*
 * Several passwords leave several keys (esk.h).  The first that looks right
 * is it; when none does, the first is taken, so that a wrong password ends
 * where a damaged message does.
 */
static enum gw_status
choose(struct encrypted *e, struct body *b, const struct esk_keys *keys,
    size_t *which, struct why *why)
{
	enum gw_status st = read_ahead(e, b, why);

	*which = 0;
	for (size_t i = 0; st == GW_OK && i < keys->count; i++) {
		struct buf key;

		buf_view(&key, keys->one[i].key, keys->one[i].len);
		if (!plausible(e, keys->one[i].cipher, &key))
			continue;
		*which = i;
		break;
	}
	return st;
}

enum gw_status
encrypted_open(struct encrypted *e, struct body *b, uint64_t hint,
    const struct esk_keys *keys, size_t *which, struct source **clear,
    struct why *why)
{
	struct source *from = &b->src;
	struct buf key;
	enum gw_status st = GW_OK;

	*which = 0;
	if (keys->count > 1) {
		st = choose(e, b, keys, which, why);
		from = &e->again;
	}
	if (st != GW_OK)
		return st;
	buf_view(&key, keys->one[*which].key, keys->one[*which].len);
	st = open_with(
	    e, from, hint, keys->one[*which].cipher, &key, &e->clear, why);
	*clear = e->clear;
	return st;
}

void
encrypted_close(struct encrypted *e)
{
	if (e->clear != NULL)
		close_clear(e, e->clear);
	free(e->ahead);
	memset(e, 0, sizeof(*e));
}
