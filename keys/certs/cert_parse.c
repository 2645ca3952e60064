/* keys/certs/cert_parse.c - packets become a certificate (RFC 9580, 10.1). */
#include "keys/certs/cert_parts.h"
#include "keys/packets/armor.h"

#include <stdlib.h>
#include <string.h>

/* RFC 9580, 4.3: packets from here on may be read over. */
#define FIRST_UNCRITICAL 40

/* The part that signatures belong to which follow now. */
struct reader {
	struct cert *cert;
	struct cert_key *subkey; /* NULL: not in a subkey */
	struct cert_uid *uid;    /* NULL: not in a user id */
	bool skip;               /* in a part that we do not read */
};

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad certificate: %s", what);
	return GW_REFUSED;
}

static enum gw_status
read_key(struct reader *r, struct packet *p, struct why *why)
{
	struct cert *c = r->cert;
	struct cert_key *key;
	struct pk pk;
	bool primary = p->tag == PACKET_PUBLIC_KEY;
	enum gw_status st;

	if (primary != (c->key_count == 0))
		return malformed(
		    why, primary ? "more than one" : "no primary key first");
	if (c->key_count == CERT_KEYS_MAX)
		return malformed(why, "too many subkeys");
	r->subkey = NULL;
	r->uid = NULL;
	r->skip = false;
	st = pk_parse(&pk, &p->body, why);
	if (st == GW_REFUSED && why->reason == REASON_UNSUPPORTED && !primary) {
		r->skip = true;
		return GW_OK;
	}
	if (st != GW_OK)
		return st;
	if (!buf_done(&p->body)) {
		pk_close(&pk);
		return malformed(why, "octets after a public key");
	}
	/* RFC 9580, 10.1.1 and 10.1.3: all keys are of one version. */
	if (!primary && pk.version != c->keys[0].pk.version) {
		pk_close(&pk);
		r->skip = true;
		return GW_OK;
	}
	/* A key counts once, or somebody else's key could be repeated until
	 * looking for its owner finds nothing else. */
	for (size_t i = 0; i < c->key_count; i++)
		if (pk_same(&c->keys[i].pk, &pk)) {
			pk_close(&pk);
			return malformed(why, "the same key twice");
		}
	if ((key = cert_grow(c->keys, c->key_count, sizeof(*key))) == NULL) {
		pk_close(&pk);
		return cert_nomem(why);
	}
	c->keys = key;
	key += c->key_count++;
	key->pk = pk; /* takes it */
	if (!primary)
		r->subkey = key;
	return GW_OK;
}

/* A user id that is there already; a certificate that was put together by
 * others may have its signatures in two places. */
static struct cert_uid *
find_uid(const struct cert *c, const struct packet *p)
{
	for (size_t i = 0; i < c->uid_count; i++) {
		struct cert_uid *uid = &c->uids[i];

		if (uid->attribute == (p->tag == PACKET_USER_ATTRIBUTE) &&
		    uid->len == p->body.len &&
		    memcmp(c->raw.data + uid->at, p->body.data, uid->len) == 0)
			return uid;
	}
	return NULL;
}

static enum gw_status
read_uid(struct reader *r, const struct packet *p, struct why *why)
{
	struct cert *c = r->cert;
	struct cert_uid *uid;
	bool attribute = p->tag == PACKET_USER_ATTRIBUTE;

	r->subkey = NULL;
	r->skip = false;
	if ((r->uid = find_uid(c, p)) != NULL)
		return GW_OK;
	if (c->uid_count == CERT_USER_IDS_MAX)
		return malformed(why, "too many user ids");
	if (!attribute && p->body.len > CERT_USER_ID_LEN)
		return malformed(why, "user id too long");
	if ((uid = cert_grow(c->uids, c->uid_count, sizeof(*uid))) == NULL)
		return cert_nomem(why);
	c->uids = uid;
	uid += c->uid_count++;
	uid->at = (size_t)(p->body.data - c->raw.data);
	uid->len = p->body.len;
	uid->attribute = attribute;
	if (!attribute && (uid->text = malloc(uid->len + 1)) == NULL)
		return cert_nomem(why);
	if (!attribute) {
		memcpy(uid->text, p->body.data, uid->len);
		uid->text[uid->len] = '\0';
	}
	r->uid = uid;
	return GW_OK;
}

/*
 * Unknown packets of the first 40 numbers refuse, the others are read over
 * (RFC 9580, 4.3).  A known one in the wrong place refuses too: what follows
 * it would belong to nothing.
 */
static enum gw_status
read_packet(struct reader *r, struct packet *p, struct why *why)
{
	if (p->tag == PACKET_MARKER || p->tag >= FIRST_UNCRITICAL)
		return GW_OK;
	if (r->cert->key_count == 0 && p->tag != PACKET_PUBLIC_KEY)
		return malformed(why, p->tag == PACKET_SECRET_KEY
					  ? "this is a secret key"
					  : "it does not start with one");
	switch (p->tag) {
	case PACKET_PUBLIC_KEY:
	case PACKET_PUBLIC_SUBKEY:
		return read_key(r, p, why);
	case PACKET_USER_ID:
	case PACKET_USER_ATTRIBUTE:
		return read_uid(r, p, why);
	case PACKET_SIGNATURE:
		return r->skip ? GW_OK
			       : cert_story_read(
				     r->cert, r->subkey, r->uid, p, why);
	case PACKET_TRUST:
	case PACKET_PADDING:
		return GW_OK;
	default:
		return malformed(
		    why, "a packet that belongs to no certificate");
	}
}

/* Only now are all keys there that one could be about. */
static enum gw_status
read_strays(struct cert *c, struct why *why)
{
	struct packet p;
	struct buf b;
	enum gw_status st;

	buf_view(&b, c->raw.data, c->raw.len);
	while ((st = packet_next(&b, &p, why)) == GW_OK)
		if (p.tag == PACKET_SIGNATURE &&
		    (st = cert_story_stray(c, &p, why)) != GW_OK)
			return st;
	return st == GW_NONE ? GW_OK : st;
}

static enum gw_status
read_packets(struct cert *c, struct why *why)
{
	struct reader r = { .cert = c };
	struct packet p;
	struct buf b;
	enum gw_status st;

	buf_view(&b, c->raw.data, c->raw.len);
	while ((st = packet_next(&b, &p, why)) == GW_OK)
		if ((st = read_packet(&r, &p, why)) != GW_OK)
			return st;
	if (st != GW_NONE)
		return st;
	return c->key_count > 0 ? read_strays(c, why) : malformed(why, "empty");
}

enum gw_status
cert_parse(const void *data, size_t len, struct cert **out, struct why *why)
{
	struct cert *c;
	enum gw_status st;

	*out = NULL;
	/* Armor is a third longer. */
	if (len > 2 * CERT_SIZE_MAX)
		return malformed(why, "larger than 1 MiB");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return cert_nomem(why);
	buf_init(&c->raw, CERT_SIZE_MAX);
	if (armor_looks(data, len)) {
		st = armor_read(ARMOR_PUBLIC_KEY, data, len, &c->raw, why);
	} else {
		buf_put(&c->raw, data, len);
		st = c->raw.bad ? malformed(why, "larger than 1 MiB") : GW_OK;
	}
	if (st != GW_OK || (st = read_packets(c, why)) != GW_OK) {
		cert_free(c);
		return st;
	}
	*out = c;
	return GW_OK;
}

void
cert_free(struct cert *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->key_count; i++) {
		pk_close(&c->keys[i].pk);
		cert_story_free(&c->keys[i].story);
	}
	for (size_t i = 0; i < c->uid_count; i++) {
		free(c->uids[i].text);
		cert_story_free(&c->uids[i].story);
	}
	free(c->keys);
	free(c->uids);
	buf_free(&c->raw);
	free(c);
}
