/* keys/certs/cert.c - which key of a certificate is good for what, and when. */
#include "keys/certs/cert.h"

#include "gateway/base/clock.h"
#include "keys/packets/armor.h"
#include "keys/certs/cert_parts.h"

#include <stdio.h>
#include <string.h>

/* Why a key cannot be used; the later, the nearer to being good. */
enum fit {
	FIT_UNSUPPORTED,
	FIT_NOT_BOUND,
	FIT_WRONG_USE,
	FIT_WEAK,
	FIT_LACKING, /* meant for it, but not supported */
	FIT_NO_BACK,
	FIT_NOT_YET,
	FIT_REVOKED,
	FIT_EXPIRED,
	FIT_GOOD
};

struct judgement {
	enum fit fit;
	time_t date;         /* of the revocation, the expiry ... */
	const struct pk *pk; /* which is not supported, or too weak for this,
			      * at that time */
	enum policy_use use;
	time_t when;
};

/* Was it taken back by something that is not older? */
static bool
taken_back(const struct cert_story *s, time_t created, time_t when)
{
	for (size_t i = 0; i < s->revocation_count; i++) {
		const struct cert_revocation *r = &s->revocations[i];

		if (r->of_claim && r->created >= created && r->created <= when)
			return true;
	}
	return false;
}

const struct cert_claim *
cert_claim_at(const struct cert_story *s, time_t when)
{
	const struct cert_claim *best = NULL;

	for (size_t i = 0; i < s->claim_count; i++) {
		const struct cert_claim *c = &s->claims[i];

		if (c->created > when ||
		    (c->expires != 0 && c->expires <= when))
			continue;
		if (best == NULL || c->created >= best->created)
			best = c;
	}
	return best != NULL && taken_back(s, best->created, when) ? NULL : best;
}

/* The claim of the primary user id: the newest that calls itself so, else the
 * newest (RFC 9580, 5.2.3.27). */
static const struct cert_claim *
primary_uid_claim(const struct cert *c, time_t when)
{
	const struct cert_claim *best = NULL;

	for (size_t i = 0; i < c->uid_count; i++) {
		const struct cert_claim *claim =
		    cert_claim_at(&c->uids[i].story, when);

		if (claim == NULL || c->uids[i].attribute)
			continue;
		if (best == NULL || (claim->primary_uid != best->primary_uid
					    ? claim->primary_uid
					    : claim->created > best->created))
			best = claim;
	}
	return best;
}

static bool
says_anything(const struct cert_claim *c)
{
	return c->has_flags || c->key_lifetime != 0;
}

/*
 * What holds for the primary key.  Version 6: its direct-key signature, which
 * must be there (RFC 9580, 5.2.3.10), or whoever strips it could undo an
 * expiry.  Version 4: that or the self-signature on its primary user id,
 * whichever is newer and says anything about flags or expiry.  Taking one kind
 * before the other would let an old one outlive its correction.
 */
static const struct cert_claim *
primary_claim(const struct cert *c, time_t when)
{
	const struct cert_claim *uid = primary_uid_claim(c, when);
	const struct cert_claim *key = cert_claim_at(&c->keys[0].story, when);

	if (c->keys[0].pk.version == 6)
		return key;
	if (uid == NULL || key == NULL)
		return uid != NULL ? uid : key;
	if (says_anything(uid) != says_anything(key))
		return says_anything(uid) ? uid : key;
	return key->created > uid->created ? key : uid;
}

static const struct cert_claim *
claim_of(const struct cert *c, size_t i, time_t when)
{
	return i == 0 ? primary_claim(c, when)
		      : cert_claim_at(&c->keys[i].story, when);
}

static time_t
key_expiry(const struct pk *pk, const struct cert_claim *claim)
{
	return claim->key_lifetime == 0 ? 0 : pk->created + claim->key_lifetime;
}

/*
 * A revoked key stays revoked, whatever is signed later: what is to be used
 * again can be made again.  A hard revocation reaches into the past.  A
 * revocation's own expiry is not looked at.
 */
static bool
is_revoked(const struct cert_key *key, time_t when, time_t *date)
{
	bool revoked = false;

	for (size_t i = 0; i < key->story.revocation_count; i++) {
		const struct cert_revocation *r = &key->story.revocations[i];

		if (r->of_claim || (!r->hard && r->created > when))
			continue;
		if (!revoked || r->created < *date)
			*date = r->created;
		revoked = true;
	}
	return revoked;
}

/* When the first of its claims begins that do not count yet; 0: none. */
static time_t
begins(const struct cert_story *s, time_t when)
{
	time_t first = 0;

	for (size_t i = 0; i < s->claim_count; i++)
		if (s->claims[i].created > when &&
		    (first == 0 || s->claims[i].created < first))
			first = s->claims[i].created;
	return first;
}

static struct judgement
weak(const struct pk *pk, enum policy_use use, time_t when)
{
	return (struct judgement){
		.fit = FIT_WEAK, .pk = pk, .use = use, .when = when
	};
}

/* Bound, born, not revoked, not expired: what every use needs. */
static struct judgement
judge_life(const struct cert *c, size_t i, time_t when)
{
	const struct cert_key *key = &c->keys[i];
	const struct cert_claim *claim = claim_of(c, i, when);
	struct why why;
	time_t date = 0;

	if (!key->pk.supported && !key->pk.weak)
		return (
		    struct judgement){ .fit = FIT_UNSUPPORTED, .pk = &key->pk };
	if (!key->pk.supported ||
	    (i == 0 && policy_key(&key->pk, POLICY_SELF, when, &why) != GW_OK))
		return weak(&key->pk, POLICY_SELF, when);
	if (is_revoked(key, when, &date))
		return (struct judgement){ .fit = FIT_REVOKED, .date = date };
	if (key->pk.created > when)
		return (struct judgement){ .fit = FIT_NOT_YET,
			.date = key->pk.created };
	if (claim == NULL && (date = begins(&key->story, when)) != 0)
		return (struct judgement){ .fit = FIT_NOT_YET, .date = date };
	if (claim == NULL)
		return (struct judgement){ .fit = FIT_NOT_BOUND };
	date = key_expiry(&key->pk, claim);
	if (date != 0 && date <= when)
		return (struct judgement){ .fit = FIT_EXPIRED, .date = date };
	return (struct judgement){ .fit = FIT_GOOD };
}

/* Does the subkey agree, at that time? */
static bool
is_back_signed(const struct cert_claim *claim, time_t when)
{
	return claim->back_signed && claim->back_created <= when &&
	       (claim->back_expires == 0 || claim->back_expires > when);
}

static bool
is_meant_for(const struct cert_claim *claim, enum cert_use use)
{
	return (claim->flags &
		   (use == CERT_SIGN ? PACKET_FLAG_SIGN
				     : PACKET_FLAG_ENCRYPT_COMM |
					   PACKET_FLAG_ENCRYPT_STOR)) != 0;
}

static bool
has_use(const struct pk *pk, const struct cert_claim *claim, enum cert_use use)
{
	bool pq = pk_is_post_quantum(pk);

	if (!is_meant_for(claim, use))
		return false;
	if (use == CERT_SIGN)
		return pk_can_sign(pk);
	return pk_can_encrypt(pk) &&
	       (use == CERT_ENCRYPT || pq == (use == CERT_ENCRYPT_PQ));
}

/* Key `i` for that use at that time, the primary key's life included. */
static struct judgement
judge(const struct cert *c, size_t i, enum cert_use use, time_t when)
{
	const struct pk *pk = &c->keys[i].pk;
	enum policy_use policy =
	    use == CERT_SIGN ? POLICY_DATA : POLICY_ENCRYPT;
	const struct cert_claim *claim;
	struct why why;
	struct judgement j = judge_life(c, 0, when);

	if (j.fit != FIT_GOOD)
		return j;
	if (i != 0 && (j = judge_life(c, i, when)).fit != FIT_GOOD) {
		/* A dead key that never could is no reason to give. */
		claim = claim_of(c, i, when);
		if (claim != NULL &&
		    !(pk->supported ? has_use(pk, claim, use)
				    : is_meant_for(claim, use)))
			j.fit = FIT_WRONG_USE;
		if (j.fit == FIT_WEAK && claim == NULL)
			j.fit = FIT_NOT_BOUND;
		if (j.fit == FIT_UNSUPPORTED && claim != NULL &&
		    is_meant_for(claim, use))
			j.fit = FIT_LACKING;
		return j;
	}
	claim = claim_of(c, i, when);
	if (claim == NULL || !has_use(pk, claim, use))
		return (struct judgement){ .fit = FIT_WRONG_USE };
	if (policy_key(pk, policy, when, &why) != GW_OK)
		return weak(pk, policy, when);
	if (use == CERT_SIGN && i != 0 && !is_back_signed(claim, when))
		return (struct judgement){ .fit = FIT_NO_BACK };
	return j;
}

static const char *
day(time_t t, char out[CLOCK_TEXT_MAX])
{
	clock_text((int64_t)t * 1000, out);
	out[strlen("2026-11-23")] = '\0';
	return out;
}

/* The judgement in words; both sides of a document need them. */
static enum gw_status
explain(const struct cert *c, struct judgement j, enum cert_use use,
    struct why *why)
{
	bool sign = use == CERT_SIGN;
	static const char *const words[] = { [CERT_SIGN] = "signing",
		[CERT_ENCRYPT] = "encryption",
		[CERT_ENCRYPT_PQ] = "post-quantum encryption",
		[CERT_ENCRYPT_CLASSIC] = "classic encryption" };
	const char *what = words[use];
	enum gw_reason unfit =
	    sign ? REASON_SIGNER_UNFIT : REASON_RECIPIENT_UNFIT;
	const char *hex = c->keys[0].pk.hex;
	char date[CLOCK_TEXT_MAX];

	switch (j.fit) {
	case FIT_GOOD:
		return GW_OK;
	case FIT_EXPIRED:
		why_set(why, sign ? REASON_SIGNER_EXPIRED : unfit,
		    "certificate %s: the %s key expired on %s", hex, what,
		    day(j.date, date));
		break;
	case FIT_REVOKED:
		why_set(why, sign ? REASON_SIGNER_REVOKED : unfit,
		    "certificate %s: the %s key was revoked on %s", hex, what,
		    day(j.date, date));
		break;
	case FIT_NOT_YET:
		why_set(why, unfit,
		    "certificate %s: the %s key is not valid before %s", hex,
		    what, day(j.date, date));
		break;
	case FIT_WEAK:
		why_set(why, REASON_WEAK, "it is too weak");
		(void)policy_key(j.pk, j.use, j.when, why); /* says why */
		why_prefix(why, "certificate %s: the %s key", hex, what);
		why->reason = REASON_WEAK;
		break;
	case FIT_UNSUPPORTED:
	case FIT_LACKING:
		(void)pk_supported(j.pk, why); /* says why not */
		why_prefix(why, "certificate %s: the %s key", hex, what);
		why->reason = unfit;
		break;
	case FIT_NO_BACK:
		why_set(why, unfit,
		    "certificate %s: the signing subkey does not say that it "
		    "belongs to it",
		    hex);
		break;
	case FIT_NOT_BOUND:
		why_set(why, unfit, "certificate %s: no valid %s", hex,
		    c->keys[0].pk.version == 6
			? "direct-key signature, or no valid binding"
			: "self-signature");
		break;
	case FIT_WRONG_USE:
		why_set(why, unfit, "certificate %s: no key for %s", hex, what);
		break;
	}
	return GW_REFUSED;
}

/*
 * The newest key that is good for it.  Without one, `j` tells how near the
 * best of them came.  The primary key comes last: it certifies, and signs or
 * decrypts only when no subkey does.
 */
static const struct pk *
choose(
    const struct cert *c, enum cert_use use, time_t when, struct judgement *j)
{
	const struct pk *best = NULL;

	j->fit = FIT_UNSUPPORTED;
	for (size_t i = 1; i < c->key_count + 1; i++) {
		size_t at = i % c->key_count;
		struct judgement one = judge(c, at, use, when);

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
		const struct cert_claim *claim = claim_of(c, at, INT64_MAX);
		const struct pk *pk = &c->keys[at].pk;

		if (claim == NULL && c->keys[at].story.claim_count > 0)
			claim = &c->keys[at].story.claims[0];
		if (claim == NULL || !has_use(pk, claim, use) ||
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
	const struct cert_claim *claim = claim_of(c, 0, INT64_MAX);
	time_t first = claim != NULL ? key_expiry(&c->keys[0].pk, claim) : 0;
	time_t own = 0;

	if (i == c->key_count)
		return first;
	claim = claim_of(c, i, INT64_MAX);
	if (claim != NULL)
		own = key_expiry(&c->keys[i].pk, claim);
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
	struct judgement j;

	return choose(c, use, when, &j) != NULL ? GW_OK
						: explain(c, j, use, why);
}

enum gw_status
cert_export(
    const struct cert *c, bool armored, struct buf *out, struct why *why)
{
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
	struct judgement j;
	const struct pk *pk = choose(c, use, when, &j);

	if (pk == NULL)
		(void)explain(c, j, use, why); /* NULL says it */
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
		const struct cert_claim *claim = claim_of(c, i, INT64_MAX);

		if (&c->keys[i].pk != pk)
			continue;
		if (claim == NULL && s->claim_count > 0)
			claim = &s->claims[s->claim_count - 1];
		return claim != NULL && has_use(pk, claim, use);
	}
	return false;
}

bool
cert_reads_seipd2(const struct cert *c, time_t when)
{
	const struct cert_claim *claim = primary_claim(c, when);

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
	const struct cert_claim *claim = primary_claim(c, when);
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
	struct judgement j = { .fit = FIT_NOT_BOUND };
	const struct cert_claim *claim;
	size_t i = 0;

	while (i < c->key_count && &c->keys[i].pk != pk)
		i++;
	if (i == c->key_count)
		return explain(c, j, CERT_SIGN, why);
	if ((j = judge(c, i, CERT_SIGN, now)).fit != FIT_GOOD)
		return explain(c, j, CERT_SIGN, why);
	/*
	 * Then: born already, and not expired by what the newest binding
	 * says.  Not the binding of that day: certificates are handed on
	 * without their outdated self-signatures, and the newest one is what
	 * the owner stands by.
	 */
	claim = claim_of(c, i, now);
	if (pk->created > signed_at || c->keys[0].pk.created > signed_at) {
		j = (struct judgement){ .fit = FIT_NOT_YET,
			.date = pk->created };
	} else if (key_expiry(pk, claim) != 0 &&
		   key_expiry(pk, claim) <= signed_at) {
		j = (struct judgement){ .fit = FIT_EXPIRED,
			.date = key_expiry(pk, claim) };
	}
	return explain(c, j, CERT_SIGN, why);
}

bool
cert_is(const struct cert *c, const uint8_t *fpr, size_t len)
{
	const struct pk *pk = &c->keys[0].pk;

	return len == pk->fingerprint_len &&
	       memcmp(fpr, pk->fingerprint, len) == 0;
}

static enum cert_life
life_of(enum fit fit)
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
		const struct cert_claim *claim = claim_of(c, i, INT64_MAX);
		time_t bound = begins(&key->story, 0), revoked = 0;

		out[i] = (struct cert_key_facts){ .fingerprint = key->pk.hex,
			.algorithm = key->pk.name,
			.from =
			    bound > key->pk.created ? bound : key->pk.created,
			.life = life_of(judge_life(c, i, when).fit) };
		if (is_revoked(key, when, &revoked))
			out[i].revoked = revoked;
		if (claim == NULL)
			continue;
		out[i].certifies =
		    i == 0 && (claim->flags & PACKET_FLAG_CERTIFY) != 0;
		out[i].signs = is_meant_for(claim, CERT_SIGN);
		out[i].encrypts = is_meant_for(claim, CERT_ENCRYPT);
		out[i].until = key_expiry(&key->pk, claim);
	}
	return n;
}
