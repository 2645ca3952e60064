/* keys/certs/cert_story.c - signatures on a certificate, verified, become what
 * its owner says (RFC 9580, 5.2.3.10). */
#include "keys/certs/cert_parts.h"

#include <stdlib.h>
#include <string.h>

/* What a signature stands behind. */
struct part {
	struct cert *cert;
	struct cert_key *subkey; /* NULL: not behind a subkey */
	struct cert_uid *uid;    /* NULL: not behind a user id */
};

enum gw_status
cert_nomem(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory for a certificate");
	return GW_AGAIN;
}

void *
cert_grow(void *array, size_t count, size_t size)
{
	uint8_t *more = realloc(array, (count + 1) * size);

	if (more != NULL)
		memset(more + count * size, 0, size);
	return more;
}

/* RFC 9580, 5.2.4: how a user id is hashed. */
static void
hash_uid(const struct cert *c, const struct cert_uid *uid, gcry_md_hd_t md)
{
	uint8_t head[5] = { uid->attribute ? 0xd1 : 0xb4,
		(uint8_t)(uid->len >> 24), (uint8_t)(uid->len >> 16),
		(uint8_t)(uid->len >> 8), (uint8_t)uid->len };

	gcry_md_write(md, head, sizeof(head));
	gcry_md_write(md, c->raw.data + uid->at, uid->len);
}

/* GW_NONE: with a hash that we do not have. */
static enum gw_status
hash_part(const struct part *p, const struct sig *sig, gcry_md_hd_t *md,
    struct why *why)
{
	enum gw_status st = sig_md_open(sig, md, why);

	if (st != GW_OK)
		return st == GW_REFUSED ? GW_NONE : st;
	pk_hash_into(&p->cert->keys[0].pk, *md);
	if (p->subkey != NULL)
		pk_hash_into(&p->subkey->pk, *md);
	if (p->uid != NULL)
		hash_uid(p->cert, p->uid, *md);
	return GW_OK;
}

/*
 * Is it a good signature by `signer` over the primary key and the part that
 * it stands behind?  Only GW_AGAIN, and the bound, are errors.
 *
 * The bound is for work: 1024 signatures with the largest keys are some
 * seconds.  It refuses the whole certificate, for behind the last one that
 * was looked at there could be a revocation.
 */
static enum gw_status
check(const struct part *p, const struct sig *sig, const struct pk *signer,
    enum sig_purpose purpose, bool *good, struct why *why)
{
	struct cert *c = p->cert;
	struct why ignored;
	gcry_md_hd_t md;
	enum gw_status st;

	*good = false;
	if (!sig_hint_fits(sig, signer))
		return GW_OK;
	if (++c->signature_count > CERT_SIGNATURES_MAX) {
		why_set(why, REASON_MALFORMED,
		    "bad certificate: too many signatures in the name of %s",
		    c->keys[0].pk.hex);
		return GW_REFUSED;
	}
	if ((st = hash_part(p, sig, &md, why)) != GW_OK)
		return st == GW_NONE ? GW_OK : st;
	st = sig_verify(sig, signer, purpose, md, &ignored);
	gcry_md_close(md);
	*good = st == GW_OK;
	if (st != GW_OK && st != GW_REFUSED) {
		*why = ignored;
		return st;
	}
	return GW_OK;
}

/*
 * A subkey that signs must have signed that it belongs to this primary key,
 * or anybody could claim it for his own certificate.  What the back signature
 * itself embeds is not looked at, so this goes one level deep.
 */
static enum gw_status
check_back(const struct part *p, const struct sig *binding,
    struct cert_claim *claim, struct why *why)
{
	struct sig back;
	struct why ignored;
	enum gw_status st;

	if (binding->embedded.at == NULL)
		return GW_OK;
	st = sig_parse(
	    &back, binding->embedded.at, binding->embedded.len, &ignored);
	if (st == GW_REFUSED)
		return GW_OK;
	if (st != GW_OK)
		return cert_nomem(why);
	if (back.type == PACKET_SIG_PRIMARY)
		st = check(p, &back, &p->subkey->pk, SIG_FOR_SELF,
		    &claim->back_signed, why);
	claim->back_created = back.created;
	claim->back_expires = back.expires;
	sig_close(&back);
	return st;
}

/* Of what the owner would like, the part that we could follow. */
static void
take_preferences(struct cert_claim *claim, const struct sig *sig)
{
	const struct sig_span *ciphers = &sig->pref_ciphers;
	const struct sig_span *suites = &sig->pref_aead;

	for (size_t i = 0; i < ciphers->len; i++)
		claim->ciphers |= (uint8_t)cert_takes_bit(ciphers->at[i], 0);
	for (size_t i = 0; i + 1 < suites->len; i += 2)
		claim->suites |=
		    (uint16_t)cert_takes_bit(suites->at[i], suites->at[i + 1]);
}

static struct cert_packet
packet_of(const struct cert *c, const struct packet *p, const struct sig *sig)
{
	return (struct cert_packet){ .at = (size_t)(p->body.data - c->raw.data),
		.len = p->body.len,
		.head = sig->head.len,
		.numbers = sig->numbers.len };
}

static enum gw_status
add_claim(const struct part *p, struct cert_story *story, const struct sig *sig,
    const struct packet *packet, struct why *why)
{
	struct cert_claim claim = {
		.packet = packet_of(p->cert, packet, sig),
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

	take_preferences(&claim, sig);
	if (p->subkey != NULL && (claim.flags & PACKET_FLAG_SIGN) != 0 &&
	    (st = check_back(p, sig, &claim, why)) != GW_OK)
		return st;
	claims = cert_grow(story->claims, story->claim_count, sizeof(*claims));
	if (claims == NULL)
		return cert_nomem(why);
	story->claims = claims;
	claims[story->claim_count++] = claim;
	return GW_OK;
}

static enum gw_status
add_revocation(const struct part *p, struct cert_story *story,
    const struct sig *sig, const struct packet *packet, struct why *why)
{
	struct cert_revocation *rev = cert_grow(
	    story->revocations, story->revocation_count, sizeof(*rev));

	if (rev == NULL)
		return cert_nomem(why);
	story->revocations = rev;
	rev += story->revocation_count++;
	rev->packet = packet_of(p->cert, packet, sig);
	rev->created = sig->created;
	rev->hard = !sig_revokes_softly(sig);
	rev->of_claim = sig->type == PACKET_SIG_REVOKE_CERT;
	return GW_OK;
}

static bool
revokes(int type)
{
	return type == PACKET_SIG_REVOKE_KEY ||
	       type == PACKET_SIG_REVOKE_SUBKEY ||
	       type == PACKET_SIG_REVOKE_CERT;
}

/* What a signature of this type would be about, here; NULL: nothing to us. */
static struct cert_story *
story_of(const struct part *p, int type)
{
	if (p->subkey != NULL)
		return type == PACKET_SIG_SUBKEY ||
			       type == PACKET_SIG_REVOKE_SUBKEY
			   ? &p->subkey->story
			   : NULL;
	if (p->uid != NULL)
		return (type >= PACKET_SIG_CERT_GENERIC &&
			   type <= PACKET_SIG_CERT_POSITIVE) ||
			       type == PACKET_SIG_REVOKE_CERT
			   ? &p->uid->story
			   : NULL;
	/* 0x30 takes back a direct-key signature (RFC 9580, 5.2.1.13). */
	return type == PACKET_SIG_DIRECT || type == PACKET_SIG_REVOKE_KEY ||
		       type == PACKET_SIG_REVOKE_CERT
		   ? &p->cert->keys[0].story
		   : NULL;
}

/* Made before the key that it is about, or by which it is: somebody's clock
 * or somebody's lie.  A revocation may be. */
static bool
too_old(const struct part *p, const struct sig *sig)
{
	return sig->created < p->cert->keys[0].pk.created ||
	       (p->subkey != NULL && sig->created < p->subkey->pk.created);
}

/* RFC 9980, 7.2: not even one of the days when it was good enough; there were
 * no such keys then. */
static bool
too_weak(const struct part *p, const struct sig *sig)
{
	return p->subkey != NULL && pk_is_post_quantum(&p->subkey->pk) &&
	       sig->hash_algorithm == PACKET_SHA1;
}

static enum gw_status
read_sig(const struct part *p, const struct sig *sig,
    const struct packet *packet, struct why *why)
{
	struct cert_story *story = story_of(p, sig->type);
	enum sig_purpose purpose =
	    revokes(sig->type) ? SIG_FOR_REVOCATION : SIG_FOR_SELF;
	bool good;
	enum gw_status st;

	if (story == NULL ||
	    (purpose == SIG_FOR_SELF && (too_old(p, sig) || too_weak(p, sig))))
		return GW_OK;
	st = check(p, sig, &p->cert->keys[0].pk, purpose, &good, why);
	if (st != GW_OK || !good)
		return st;
	return purpose == SIG_FOR_REVOCATION
		   ? add_revocation(p, story, sig, packet, why)
		   : add_claim(p, story, sig, packet, why);
}

enum gw_status
cert_story_read(struct cert *c, struct cert_key *subkey, struct cert_uid *uid,
    const struct packet *packet, struct why *why)
{
	struct part p = { c, subkey, uid };
	struct why ignored;
	struct sig sig;
	enum gw_status st =
	    sig_parse(&sig, packet->body.data, packet->body.len, &ignored);

	if (st == GW_REFUSED)
		return GW_OK;
	if (st != GW_OK)
		return cert_nomem(why);
	st = read_sig(&p, &sig, packet, why);
	sig_close(&sig);
	return st;
}

/* A story has it by where its packet is. */
static bool
counted(const struct cert *c, const struct packet *packet)
{
	size_t at = (size_t)(packet->body.data - c->raw.data);

	for (size_t i = 0; i < c->key_count; i++)
		for (size_t k = 0; k < c->keys[i].story.revocation_count; k++)
			if (c->keys[i].story.revocations[k].packet.at == at)
				return true;
	return false;
}

/* Could it be by the owner and about this, as far as the hint and the left 16
 * bits tell?  They spare the mathematics for nearly all the other keys. */
static enum gw_status
resembles(
    const struct part *p, const struct sig *sig, bool *like, struct why *why)
{
	uint8_t digest[PACKET_HASH_MAX];
	size_t len;
	gcry_md_hd_t md;
	enum gw_status st;

	*like = false;
	if (!sig_hint_fits(sig, &p->cert->keys[0].pk))
		return GW_OK;
	if (++p->cert->stray_count > CERT_STRAYS_MAX) {
		why_set(why, REASON_MALFORMED,
		    "bad certificate: too many stray revocations in the name "
		    "of %s",
		    p->cert->keys[0].pk.hex);
		return GW_REFUSED;
	}
	if ((st = hash_part(p, sig, &md, why)) != GW_OK)
		return st == GW_NONE ? GW_OK : st;
	st = sig_digest(sig, md, digest, &len, why);
	gcry_md_close(md);
	*like = st == GW_OK && len >= sizeof(sig->left16) &&
		memcmp(digest, sig->left16, sizeof(sig->left16)) == 0;
	return st;
}

static enum gw_status
try_stray(struct cert *c, const struct sig *sig, const struct packet *packet,
    struct why *why)
{
	bool whole = sig->type == PACKET_SIG_REVOKE_KEY, good = false;
	size_t end = whole ? 1 : c->key_count;
	enum gw_status st = GW_OK;

	for (size_t i = whole ? 0 : 1; i < end && st == GW_OK && !good; i++) {
		struct part p = { c, whole ? NULL : &c->keys[i], NULL };

		st = resembles(&p, sig, &good, why);
		if (st == GW_OK && good)
			st = check(&p, sig, &c->keys[0].pk, SIG_FOR_REVOCATION,
			    &good, why);
		if (st == GW_OK && good)
			st = add_revocation(
			    &p, &c->keys[i].story, sig, packet, why);
	}
	return st;
}

enum gw_status
cert_story_stray(struct cert *c, const struct packet *packet, struct why *why)
{
	const struct buf *body = &packet->body;
	struct why ignored;
	struct sig sig;
	enum gw_status st;

	/* The type stands behind the version. */
	if (body->len < 2 ||
	    (body->data[1] != PACKET_SIG_REVOKE_KEY &&
		body->data[1] != PACKET_SIG_REVOKE_SUBKEY) ||
	    counted(c, packet))
		return GW_OK;
	st = sig_parse(&sig, body->data, body->len, &ignored);
	if (st == GW_REFUSED)
		return GW_OK;
	if (st != GW_OK)
		return cert_nomem(why);
	st = try_stray(c, &sig, packet, why);
	sig_close(&sig);
	return st;
}

void
cert_story_free(struct cert_story *s)
{
	free(s->claims);
	free(s->revocations);
}
