/* keys/certs/cert_merge.c - two copies of a certificate become one; what was
 * revoked in either stays so (RFC 9580, 10.1). */
#include "keys/certs/cert_parts.h"
#include "keys/packets/armor.h"

#include <stdlib.h>
#include <string.h>

/* A verified signature, wherever it was found. */
struct entry {
	const uint8_t *at;
	struct cert_packet packet;
	time_t created;
	bool revokes, back_signed;
};

/* All that is said about one part. */
struct bundle {
	struct entry *entries;
	size_t count;
};

static int
compare_octets(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
	int order = memcmp(a, b, n < m ? n : m);

	if (order != 0 || n == m)
		return order;
	return n < m ? -1 : 1;
}

/* Do they differ in nothing but what anybody could have changed? */
static int
compare_signed(const struct entry *x, const struct entry *y)
{
	int order =
	    compare_octets(x->at, x->packet.head, y->at, y->packet.head);

	if (order != 0)
		return order;
	return compare_octets(x->at + x->packet.len - x->packet.numbers,
	    x->packet.numbers, y->at + y->packet.len - y->packet.numbers,
	    y->packet.numbers);
}

/*
 * Revocations first, then the newest.  Of two spellings of one signature the
 * one with its back signature goes first; for the rest any order would do as
 * long as it is always the same.
 */
static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order;

	if (x->revokes != y->revokes)
		return x->revokes ? -1 : 1;
	if (x->created != y->created)
		return x->created > y->created ? -1 : 1;
	if ((order = compare_signed(x, y)) != 0)
		return order;
	if (x->back_signed != y->back_signed)
		return x->back_signed ? -1 : 1;
	return compare_octets(x->at, x->packet.len, y->at, y->packet.len);
}

static void
gather(struct bundle *b, const struct cert *c, const struct cert_story *s)
{
	for (size_t i = 0; i < s->revocation_count; i++) {
		const struct cert_revocation *r = &s->revocations[i];

		b->entries[b->count++] =
		    (struct entry){ .at = c->raw.data + r->packet.at,
			    .packet = r->packet,
			    .created = r->created,
			    .revokes = true };
	}
	for (size_t i = 0; i < s->claim_count; i++) {
		const struct cert_claim *claim = &s->claims[i];

		b->entries[b->count++] =
		    (struct entry){ .at = c->raw.data + claim->packet.at,
			    .packet = claim->packet,
			    .created = claim->created,
			    .back_signed = claim->back_signed };
	}
}

/* Where something is said about a part; both NULL: nowhere. */
struct source_part {
	const struct cert *cert;
	const struct cert_story *story;
};

static void
put_bundle(struct buf *out, const struct bundle *b)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct entry *e = &b->entries[i];

		if (i == 0 || compare_signed(e - 1, e) != 0)
			packet_put(out, PACKET_SIGNATURE, e->at, e->packet.len);
	}
}

/* A part with its signatures; without any it is nobody's and goes. */
static enum gw_status
put_part(struct buf *out, int tag, const uint8_t *body, size_t len,
    const struct source_part from[2], struct why *why)
{
	struct bundle b = { NULL, 0 };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		if (from[i].cert != NULL)
			n += from[i].story->claim_count +
			     from[i].story->revocation_count;
	if (n == 0 && tag != PACKET_PUBLIC_KEY)
		return GW_OK;
	if ((b.entries = calloc(n + 1, sizeof(*b.entries))) == NULL)
		return cert_nomem(why);
	for (size_t i = 0; i < 2; i++)
		if (from[i].cert != NULL)
			gather(&b, from[i].cert, from[i].story);
	qsort(b.entries, b.count, sizeof(*b.entries), compare);
	packet_put(out, tag, body, len);
	put_bundle(out, &b);
	free(b.entries);
	return GW_OK;
}

static const struct cert_uid *
same_uid(
    const struct cert *c, const struct cert *of, const struct cert_uid *uid)
{
	for (size_t i = 0; i < c->uid_count; i++) {
		const struct cert_uid *u = &c->uids[i];

		if (u->attribute == uid->attribute && u->len == uid->len &&
		    memcmp(c->raw.data + u->at, of->raw.data + uid->at,
			u->len) == 0)
			return u;
	}
	return NULL;
}

/* The user ids of `c`, with what `other` says about them; with `rest` only
 * those that `other` does not have. */
static enum gw_status
put_uids(struct buf *out, const struct cert *c, const struct cert *other,
    bool rest, struct why *why)
{
	enum gw_status st = GW_OK;

	for (size_t i = 0; i < c->uid_count && st == GW_OK; i++) {
		const struct cert_uid *uid = &c->uids[i];
		const struct cert_uid *same = same_uid(other, c, uid);
		const struct source_part from[2] = { { c, &uid->story },
			{ same != NULL ? other : NULL,
			    same != NULL ? &same->story : NULL } };

		if (!rest || same == NULL)
			st = put_part(out,
			    uid->attribute ? PACKET_USER_ATTRIBUTE
					   : PACKET_USER_ID,
			    c->raw.data + uid->at, uid->len, from, why);
	}
	return st;
}

static const struct cert_key *
same_key(const struct cert *c, const struct cert_key *key)
{
	for (size_t i = 0; i < c->key_count; i++)
		if (pk_same(&c->keys[i].pk, &key->pk))
			return &c->keys[i];
	return NULL;
}

/* Likewise the keys from number `first` on. */
static enum gw_status
put_keys(struct buf *out, const struct cert *c, const struct cert *other,
    size_t first, size_t end, bool rest, struct why *why)
{
	enum gw_status st = GW_OK;

	for (size_t i = first; i < end && st == GW_OK; i++) {
		const struct cert_key *key = &c->keys[i];
		const struct cert_key *same = same_key(other, key);
		const struct source_part from[2] = { { c, &key->story },
			{ same != NULL ? other : NULL,
			    same != NULL ? &same->story : NULL } };

		if (!rest || same == NULL)
			st = put_part(out,
			    i == 0 ? PACKET_PUBLIC_KEY : PACKET_PUBLIC_SUBKEY,
			    key->pk.body, key->pk.body_len, from, why);
	}
	return st;
}

enum gw_status
cert_merge(const struct cert *a, const struct cert *b, struct cert **out,
    struct why *why)
{
	struct buf text;
	enum gw_status st;

	*out = NULL;
	if (!pk_same(&a->keys[0].pk, &b->keys[0].pk)) {
		why_set(why, REASON_CONFIG,
		    "certificates %s and %s are of different keys",
		    a->keys[0].pk.hex, b->keys[0].pk.hex);
		return GW_REFUSED;
	}
	/* Nothing could be verified, so nothing would be left. */
	if ((st = pk_supported(&a->keys[0].pk, why)) != GW_OK)
		return st;
	buf_init(&text, 2 * CERT_SIZE_MAX);
	if ((st = put_keys(&text, a, b, 0, 1, false, why)) == GW_OK &&
	    (st = put_uids(&text, a, b, false, why)) == GW_OK &&
	    (st = put_uids(&text, b, a, true, why)) == GW_OK &&
	    (st = put_keys(&text, a, b, 1, a->key_count, false, why)) ==
		GW_OK &&
	    (st = put_keys(&text, b, a, 1, b->key_count, true, why)) == GW_OK)
		st = text.bad ? cert_nomem(why)
			      : cert_parse(text.data, text.len, out, why);
	buf_free(&text);
	return st;
}

/* The packets of a revocation, whatever armor it comes in: people wrap it as
 * a key, as gpg does, or as the signature that it is. */
static enum gw_status
read_revocation(
    const void *data, size_t len, struct buf *packets, struct why *why)
{
	enum gw_status st;

	if (len > 2 * CERT_SIZE_MAX) {
		why_set(why, REASON_MALFORMED, "revocation: larger than 1 MiB");
		return GW_REFUSED;
	}
	if (!armor_looks(data, len)) {
		buf_put(packets, data, len);
		return packets->bad ? cert_nomem(why) : GW_OK;
	}
	st = armor_read(ARMOR_PUBLIC_KEY, data, len, packets, why);
	if (st != GW_REFUSED)
		return st;
	buf_reset(packets);
	return armor_read(ARMOR_SIGNATURE, data, len, packets, why);
}

/*
 * A certificate that consists of the key and its revocation: as version 6
 * hands it on (RFC 9580, 10.1.2), or made here from the bare signature of
 * version 4 (10.1.3).
 */
static enum gw_status
complete(const struct cert *c, struct buf *packets, struct buf *text,
    struct why *why)
{
	const struct pk *pk = &c->keys[0].pk;
	struct packet p;
	struct buf at;
	enum gw_status st;

	buf_view(&at, packets->data, packets->len);
	do
		st = packet_next(&at, &p, why);
	while (st == GW_OK && p.tag == PACKET_MARKER);
	if (st == GW_NONE)
		why_set(why, REASON_MALFORMED, "revocation: it is empty");
	if (st != GW_OK)
		return GW_REFUSED;
	if (p.tag == PACKET_SIGNATURE)
		packet_put(text, PACKET_PUBLIC_KEY, pk->body, pk->body_len);
	buf_put(text, packets->data, packets->len);
	return text->bad ? cert_nomem(why) : GW_OK;
}

static enum gw_status
parse_revocation(const struct cert *c, const void *data, size_t len,
    struct cert **out, struct why *why)
{
	struct buf packets, text;
	enum gw_status st;

	buf_init(&packets, 2 * CERT_SIZE_MAX);
	buf_init(&text, 3 * CERT_SIZE_MAX);
	if ((st = read_revocation(data, len, &packets, why)) == GW_OK &&
	    (st = complete(c, &packets, &text, why)) == GW_OK)
		st = cert_parse(text.data, text.len, out, why);
	buf_free(&text);
	buf_free(&packets);
	return st;
}

enum gw_status
cert_revoke(const struct cert *c, const void *sig, size_t len,
    struct cert **out, struct why *why)
{
	struct cert *revocation = NULL;
	enum gw_status st;

	*out = NULL;
	if ((st = pk_supported(&c->keys[0].pk, why)) != GW_OK ||
	    (st = parse_revocation(c, sig, len, &revocation, why)) != GW_OK)
		return st;
	if (cert_revoked(revocation)) {
		st = cert_merge(c, revocation, out, why);
	} else {
		why_set(why, REASON_SIGNATURE_BAD,
		    "revocation: it does not revoke the key %s by itself",
		    c->keys[0].pk.hex);
		st = GW_REFUSED;
	}
	cert_free(revocation);
	return st;
}
