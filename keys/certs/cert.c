/* keys/certs/cert.c - what others ask a certificate. */
#include "keys/certs/cert.h"

#include "gateway/base/clock.h"
#include "keys/certs/cert_judge.h"
#include "keys/packets/armor.h"

#include <string.h>

/*
 * The newest key that is good for it.  Without one, `j` tells how near the
 * best of them came.  The primary key comes last: it certifies, and signs or
 * decrypts only when no subkey does.
 */
static const struct pk *
choose(const struct cert *c, enum cert_use use, time_t when,
    struct cert_judgement *j)
{
	const struct pk *best = NULL;

	j->fit = FIT_UNSUPPORTED;
	for (size_t i = 1; i < c->key_count + 1; i++) {
		size_t at = i % c->key_count;
		struct cert_judgement one = cert_judge(c, at, use, when);

		if (one.fit > j->fit || (i == 1 && best == NULL))
			*j = one;
		if (one.fit != FIT_GOOD || (at == 0 && best != NULL))
			continue;
		if (best == NULL || c->keys[at].pk.created >= best->created)
			best = &c->keys[at].pk;
	}
	return best;
}

/* The key that is or was meant for it, whatever its state today: what people
 * want to read about. */
static size_t
meant_for(const struct cert *c, enum cert_use use)
{
	size_t best = c->key_count;

	for (size_t i = 1; i < c->key_count + 1; i++) {
		size_t at = i % c->key_count;
		const struct cert_claim *claim =
		    cert_claim_of(c, at, INT64_MAX);
		const struct pk *pk = &c->keys[at].pk;

		if (claim == NULL && c->keys[at].story.claim_count > 0)
			claim = &c->keys[at].story.claims[0];
		if (claim == NULL || !cert_key_has_use(pk, claim, use) ||
		    (at == 0 && best != c->key_count))
			continue;
		if (best == c->key_count ||
		    pk->created >= c->keys[best].pk.created)
			best = at;
	}
	return best;
}

const char *
cert_fingerprint(const struct cert *c)
{
	return c->keys[0].pk.hex;
}

const char *
cert_user_id(const struct cert *c)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);

	for (size_t i = 0; i < c->uid_count; i++)
		if (!c->uids[i].attribute &&
		    cert_claim_at(&c->uids[i].story, now) != NULL &&
		    strlen(c->uids[i].text) == c->uids[i].len)
			return c->uids[i].text;
	return "";
}

time_t
cert_created(const struct cert *c)
{
	return c->keys[0].pk.created;
}

time_t
cert_expires(const struct cert *c, enum cert_use use)
{
	size_t i = meant_for(c, use);
	time_t first = cert_key_expiry(c, 0, INT64_MAX), own;

	if (i == c->key_count)
		return first;
	own = cert_key_expiry(c, i, INT64_MAX);
	return first == 0 || (own != 0 && own < first) ? own : first;
}

const char *
cert_algorithm(const struct cert *c, enum cert_use use)
{
	size_t i = meant_for(c, use);

	return i < c->key_count ? c->keys[i].pk.name : "";
}

enum gw_status
cert_usable(
    const struct cert *c, enum cert_use use, time_t when, struct why *why)
{
	struct cert_judgement j;

	return choose(c, use, when, &j) != NULL ? GW_OK
						: cert_explain(c, j, use, why);
}

enum gw_status
cert_export(
    const struct cert *c, bool armored, struct buf *out, struct why *why)
{
	/* RFC 9580, 6.1: a check sum is for older software. */
	if (armored && c->keys[0].pk.version == 6)
		return armor_write_bare(
		    ARMOR_PUBLIC_KEY, c->raw.data, c->raw.len, out, why);
	if (armored)
		return armor_write(
		    ARMOR_PUBLIC_KEY, c->raw.data, c->raw.len, out, why);
	if (!buf_put(out, c->raw.data, c->raw.len)) {
		why_set(why, REASON_INTERNAL, "no room for a certificate");
		return GW_INTERNAL;
	}
	return GW_OK;
}

const struct pk *
cert_primary(const struct cert *c)
{
	return &c->keys[0].pk;
}

const struct pk *
cert_key_for(
    const struct cert *c, enum cert_use use, time_t when, struct why *why)
{
	struct cert_judgement j;
	const struct pk *pk = choose(c, use, when, &j);

	if (pk == NULL)
		(void)cert_explain(c, j, use, why); /* NULL says it */
	return pk;
}

const struct pk *
cert_sign_key(const struct cert *c, time_t when, struct why *why)
{
	return cert_key_for(c, CERT_SIGN, when, why);
}

const struct pk *
cert_encrypt_key(const struct cert *c, time_t when, struct why *why)
{
	return cert_key_for(c, CERT_ENCRYPT, when, why);
}

size_t
cert_keys(const struct cert *c, const struct pk *out[CERT_KEYS_MAX])
{
	for (size_t i = 0; i < c->key_count; i++)
		out[i] = &c->keys[i].pk;
	return c->key_count;
}

size_t
cert_signers(const struct cert *c, const struct pk *out[CERT_KEYS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < c->key_count; i++) {
		const struct cert_story *s = &c->keys[i].story;
		bool speaks = i == 0;

		for (size_t k = 0; k < s->claim_count; k++)
			speaks = speaks || s->claims[k].back_signed;
		if (speaks && pk_can_sign(&c->keys[i].pk))
			out[n++] = &c->keys[i].pk;
	}
	return n;
}

bool
cert_meant_for(const struct cert *c, const struct pk *pk, enum cert_use use)
{
	for (size_t i = 0; i < c->key_count; i++) {
		const struct cert_story *s = &c->keys[i].story;
		const struct cert_claim *claim = cert_claim_of(c, i, INT64_MAX);

		if (&c->keys[i].pk != pk)
			continue;
		if (claim == NULL && s->claim_count > 0)
			claim = &s->claims[s->claim_count - 1];
		return claim != NULL && cert_key_has_use(pk, claim, use);
	}
	return false;
}

bool
cert_reads_seipd2(const struct cert *c, time_t when)
{
	const struct cert_claim *claim = cert_claim_of(c, 0, when);

	return claim != NULL && (claim->features & PACKET_FEATURE_SEIPD2) != 0;
}

unsigned
cert_takes_bit(int cipher, int aead)
{
	if (cipher < PACKET_AES128 || cipher > PACKET_AES256 || aead < 0 ||
	    aead > PACKET_GCM)
		return 0;
	return aead == 0 ? 1u << (cipher - PACKET_AES128)
			 : 1u << (3 * (cipher - PACKET_AES128) + aead - 1);
}

bool
cert_takes(const struct cert *c, int cipher, int aead, time_t when)
{
	const struct cert_claim *claim = cert_claim_of(c, 0, when);
	unsigned bit = cert_takes_bit(cipher, aead), listed = 0;

	if (cipher == PACKET_AES128 && (aead == 0 || aead == PACKET_OCB))
		return true;
	if (claim != NULL)
		listed = aead == 0 ? claim->ciphers : claim->suites;
	return (listed & bit) != 0;
}

bool
cert_revoked(const struct cert *c)
{
	const struct cert_story *s = &c->keys[0].story;

	for (size_t i = 0; i < s->revocation_count; i++)
		if (!s->revocations[i].of_claim)
			return true;
	return false;
}

size_t
cert_candidates(const struct cert *c, const struct sig *sig,
    const struct pk *out[CERT_KEYS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < c->key_count; i++) {
		const struct pk *pk = &c->keys[i].pk;

		if (pk->algorithm == sig->pk_algorithm &&
		    sig_hint_fits(sig, pk))
			out[n++] = pk;
	}
	return n;
}

enum gw_status
cert_signer_fit(const struct cert *c, const struct pk *pk, time_t signed_at,
    time_t now, struct why *why)
{
	struct cert_judgement j = { .fit = FIT_NOT_BOUND };
	time_t expiry;
	size_t i = 0;

	while (i < c->key_count && &c->keys[i].pk != pk)
		i++;
	if (i == c->key_count)
		return cert_explain(c, j, CERT_SIGN, why);
	if ((j = cert_judge(c, i, CERT_SIGN, now)).fit != FIT_GOOD)
		return cert_explain(c, j, CERT_SIGN, why);
	/*
	 * Then: born already, and not expired by what the newest binding
	 * says.  Not the binding of that day: certificates are handed on
	 * without their outdated self-signatures, and the newest one is what
	 * the owner stands by.
	 */
	expiry = cert_key_expiry(c, i, now);
	if (pk->created > signed_at || c->keys[0].pk.created > signed_at) {
		j = (struct cert_judgement){ .fit = FIT_NOT_YET,
			.date = pk->created };
	} else if (expiry != 0 && expiry <= signed_at) {
		j = (struct cert_judgement){ .fit = FIT_EXPIRED,
			.date = expiry };
	}
	return cert_explain(c, j, CERT_SIGN, why);
}

/* Did key number i expire before that time, by its newest claim? */
static bool
expired_by(const struct cert *c, size_t i, time_t then, time_t now)
{
	time_t expiry = cert_key_expiry(c, i, now);

	return expiry != 0 && expiry <= then;
}

enum gw_status
cert_signer_was_fit(const struct cert *c, const struct pk *pk, time_t signed_at,
    time_t now, struct why *why)
{
	enum gw_status st = cert_signer_fit(c, pk, signed_at, now, why);

	if (st != GW_REFUSED || signed_at > now ||
	    (why->reason != REASON_SIGNER_EXPIRED &&
		why->reason != REASON_SIGNER_REVOKED))
		return st;
	for (size_t i = 0; i < c->key_count; i++)
		if ((i == 0 || &c->keys[i].pk == pk) &&
		    expired_by(c, i, signed_at, now))
			return st;
	/* Strength is of today: a broken key signs with any date. */
	if ((st = policy_key(pk, POLICY_DATA, now, why)) != GW_OK)
		return st;
	return cert_signer_fit(c, pk, signed_at, signed_at, why);
}

bool
cert_is(const struct cert *c, const uint8_t *fpr, size_t len)
{
	const struct pk *pk = &c->keys[0].pk;

	return len == pk->fingerprint_len &&
	       memcmp(fpr, pk->fingerprint, len) == 0;
}

static enum cert_life
life_of(enum cert_fit fit)
{
	switch (fit) {
	case FIT_GOOD:
		return CERT_LIFE_GOOD;
	case FIT_NOT_YET:
		return CERT_LIFE_NOT_YET;
	case FIT_EXPIRED:
		return CERT_LIFE_EXPIRED;
	case FIT_REVOKED:
		return CERT_LIFE_REVOKED;
	default:
		return CERT_LIFE_UNFIT;
	}
}

size_t
cert_facts(
    const struct cert *c, time_t when, struct cert_key_facts *out, size_t max)
{
	size_t n = c->key_count < max ? c->key_count : max;

	for (size_t i = 0; i < n; i++) {
		const struct cert_key *key = &c->keys[i];
		/* The last word on it, which may be for days to come. */
		const struct cert_claim *claim = cert_claim_of(c, i, INT64_MAX);
		time_t bound = cert_key_begins(&key->story, 0), revoked = 0;

		out[i] = (struct cert_key_facts){ .fingerprint = key->pk.hex,
			.algorithm = key->pk.name,
			.from =
			    bound > key->pk.created ? bound : key->pk.created,
			.life = life_of(cert_judge_life(c, i, when).fit) };
		if (cert_key_revoked(key, when, &revoked))
			out[i].revoked = revoked;
		if (claim == NULL)
			continue;
		out[i].certifies =
		    i == 0 && (claim->flags & PACKET_FLAG_CERTIFY) != 0;
		out[i].signs = cert_claim_means(claim, CERT_SIGN);
		out[i].encrypts = cert_claim_means(claim, CERT_ENCRYPT);
		out[i].until = cert_key_expiry(c, i, INT64_MAX);
	}
	return n;
}
