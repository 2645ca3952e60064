/* keys/certs/cert_parse.c - packets become a certificate; self-signatures are
 * verified on the way (RFC 9580, 10.1). */
#include "keys/packets/armor.h"
#include "keys/certs/cert_parts.h"

#include <stdlib.h>
#include <string.h>

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
nomem(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory for a certificate");
	return GW_AGAIN;
}

/* Room for one more element behind `count`, zeroed; NULL without memory, and
 * then the old array is still there. */
static void *
grow(void *array, size_t count, size_t size)
{
	uint8_t *more = realloc(array, (count + 1) * size);

	if (more != NULL)
		memset(more + count * size, 0, size);
	return more;
}

/* RFC 9580, 5.2.4: how a user id is hashed. */
static void
hash_uid(gcry_md_hd_t md, const struct cert_uid *uid)
{
	uint8_t head[5] = { 0xb4, 0, 0, (uint8_t)(uid->len >> 8),
		(uint8_t)uid->len };

	gcry_md_write(md, head, sizeof(head));
	gcry_md_write(md, uid->text, uid->len);
}

/* Is `sig` a good signature by `signer` over the primary key and, where they
 * are not NULL, that subkey and that user id?  Only GW_AGAIN is an error. */
static enum gw_status
check(const struct cert *c, const struct sig *sig, const struct pk *signer,
    const struct pk *subkey, const struct cert_uid *uid,
    enum sig_purpose purpose, struct why *why)
{
	gcry_md_hd_t md;
	enum gw_status st;

	if (!sig_hint_fits(sig, signer))
		return GW_REFUSED;
	if ((st = sig_md_open(sig, &md, why)) != GW_OK)
		return st;
	pk_hash_into(&c->keys[0].pk, md);
	if (subkey != NULL)
		pk_hash_into(subkey, md);
	if (uid != NULL)
		hash_uid(md, uid);
	st = sig_verify(sig, signer, purpose, md, why);
	gcry_md_close(md);
	return st;
}

/* A subkey that signs must have signed that it belongs to this primary key,
 * or anybody could claim it for his own certificate. */
static enum gw_status
check_back(const struct cert *c, const struct sig *binding,
    const struct pk *subkey, struct cert_claim *claim, struct why *why)
{
	struct sig back;
	enum gw_status st;

	if (binding->embedded.at == NULL)
		return GW_OK;
	st = sig_parse(&back, binding->embedded.at, binding->embedded.len, why);
	if (st == GW_REFUSED)
		return GW_OK;
	if (st != GW_OK)
		return st;
	st = back.type == PACKET_SIG_PRIMARY
		 ? check(c, &back, subkey, subkey, NULL, SIG_FOR_SELF, why)
		 : GW_REFUSED;
	claim->back_signed = st == GW_OK;
	claim->back_expires = back.expires;
	sig_close(&back);
	return st == GW_REFUSED ? GW_OK : st;
}

static enum gw_status
add_claim(const struct reader *r, struct cert_story *story,
    const struct sig *sig, const struct cert_key *subkey, struct why *why)
{
	struct cert_claim claim = {
		.created = sig->created,
		.expires = sig->expires,
		.key_lifetime = sig->key_lifetime,
		.has_flags = sig->has_key_flags,
		.flags = sig->key_flags,
		.features = sig->features,
		.primary_uid = sig->primary_uid,
	};
	struct cert_claim *claims;
	enum gw_status st;

	if (subkey != NULL && (claim.flags & PACKET_FLAG_SIGN) != 0 &&
	    (st = check_back(r->cert, sig, &subkey->pk, &claim, why)) != GW_OK)
		return st;
	claims = grow(story->claims, story->claim_count, sizeof(*claims));
	if (claims == NULL)
		return nomem(why);
	story->claims = claims;
	claims[story->claim_count++] = claim;
	return GW_OK;
}

/* RFC 9580, 5.2.3.31: superseded and retired keys were good until then. */
static enum gw_status
add_revocation(struct cert_story *story, const struct sig *sig, struct why *why)
{
	struct cert_revocation *rev =
	    grow(story->revocations, story->revocation_count, sizeof(*rev));

	if (rev == NULL)
		return nomem(why);
	story->revocations = rev;
	rev += story->revocation_count++;
	rev->created = sig->created;
	rev->hard = !sig->has_revoke_reason ||
		    (sig->revoke_reason != 1 && sig->revoke_reason != 3 &&
			sig->revoke_reason != 32);
	return GW_OK;
}

/* What a signature of this type would say, here; NULL: nothing to us. */
static struct cert_story *
story_of(const struct reader *r, int type, bool *revokes)
{
	*revokes = type == PACKET_SIG_REVOKE_KEY ||
		   type == PACKET_SIG_REVOKE_SUBKEY ||
		   type == PACKET_SIG_REVOKE_CERT;
	if (r->subkey != NULL)
		return type == PACKET_SIG_SUBKEY ||
			       type == PACKET_SIG_REVOKE_SUBKEY
			   ? &r->subkey->story
			   : NULL;
	if (r->uid != NULL)
		return (type >= PACKET_SIG_CERT_GENERIC &&
			   type <= PACKET_SIG_CERT_POSITIVE) ||
			       type == PACKET_SIG_REVOKE_CERT
			   ? &r->uid->story
			   : NULL;
	return type == PACKET_SIG_DIRECT || type == PACKET_SIG_REVOKE_KEY
		   ? &r->cert->keys[0].story
		   : NULL;
}

/*
 * Signatures that do not count are read over, not refused: anybody can add
 * them to a certificate on its way, and old ones may be weak by now.
 */
static enum gw_status
read_signature(struct reader *r, const struct packet *p, struct why *why)
{
	struct cert *c = r->cert;
	struct cert_story *story;
	struct sig sig;
	bool revokes;
	enum gw_status st;

	if (++c->signature_count > CERT_SIGNATURES_MAX)
		return malformed(why, "too many signatures");
	if (r->skip)
		return GW_OK;
	st = sig_parse(&sig, p->body.data, p->body.len, why);
	if (st == GW_REFUSED)
		return GW_OK;
	if (st != GW_OK)
		return st;
	if ((story = story_of(r, sig.type, &revokes)) == NULL)
		goto done;
	st = check(c, &sig, &c->keys[0].pk,
	    r->subkey != NULL ? &r->subkey->pk : NULL, r->uid,
	    revokes ? SIG_FOR_REVOCATION : SIG_FOR_SELF, why);
	if (st == GW_OK && revokes)
		st = add_revocation(story, &sig, why);
	else if (st == GW_OK)
		st = add_claim(r, story, &sig, r->subkey, why);
	else if (st == GW_REFUSED)
		st = GW_OK;
done:
	sig_close(&sig);
	return st;
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
	/* A key counts once, or somebody else's key could be repeated until
	 * looking for its owner finds nothing else. */
	for (size_t i = 0; i < c->key_count; i++)
		if (pk_same(&c->keys[i].pk, &pk)) {
			pk_close(&pk);
			return malformed(why, "the same key twice");
		}
	if ((key = grow(c->keys, c->key_count, sizeof(*key))) == NULL) {
		pk_close(&pk);
		return nomem(why);
	}
	c->keys = key;
	key += c->key_count++;
	key->pk = pk; /* takes it */
	if (!primary)
		r->subkey = key;
	return GW_OK;
}

static enum gw_status
read_uid(struct reader *r, const struct packet *p, struct why *why)
{
	struct cert *c = r->cert;
	struct cert_uid *uid;

	if (c->uid_count == CERT_USER_IDS_MAX)
		return malformed(why, "too many user ids");
	if (p->body.len > CERT_USER_ID_LEN)
		return malformed(why, "user id too long");
	if ((uid = grow(c->uids, c->uid_count, sizeof(*uid))) == NULL)
		return nomem(why);
	c->uids = uid;
	uid += c->uid_count++;
	if ((uid->text = malloc(p->body.len + 1)) == NULL)
		return nomem(why);
	memcpy(uid->text, p->body.data, p->body.len);
	uid->text[p->body.len] = '\0';
	uid->len = p->body.len;
	r->subkey = NULL;
	r->uid = uid;
	r->skip = false;
	return GW_OK;
}

static enum gw_status
read_packet(struct reader *r, struct packet *p, struct why *why)
{
	if (r->cert->key_count == 0 && p->tag != PACKET_PUBLIC_KEY &&
	    p->tag != PACKET_MARKER)
		return malformed(why, p->tag == PACKET_SECRET_KEY
					  ? "this is a secret key"
					  : "it does not start with one");
	switch (p->tag) {
	case PACKET_PUBLIC_KEY:
	case PACKET_PUBLIC_SUBKEY:
		return read_key(r, p, why);
	case PACKET_USER_ID:
		return read_uid(r, p, why);
	case PACKET_USER_ATTRIBUTE:
		r->skip = true; /* pictures */
		return GW_OK;
	case PACKET_SIGNATURE:
		return read_signature(r, p, why);
	case PACKET_MARKER:
	case PACKET_TRUST:
	case PACKET_PADDING:
		return GW_OK;
	default:
		return malformed(
		    why, "a packet that belongs to no certificate");
	}
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
	return c->key_count > 0 ? GW_OK : malformed(why, "empty");
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
		return nomem(why);
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

static void
free_story(struct cert_story *s)
{
	free(s->claims);
	free(s->revocations);
}

void
cert_free(struct cert *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->key_count; i++) {
		pk_close(&c->keys[i].pk);
		free_story(&c->keys[i].story);
	}
	for (size_t i = 0; i < c->uid_count; i++) {
		free(c->uids[i].text);
		free_story(&c->uids[i].story);
	}
	free(c->keys);
	free(c->uids);
	buf_free(&c->raw);
	free(c);
}
