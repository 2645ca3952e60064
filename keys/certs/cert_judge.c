/* keys/certs/cert_judge.c - what a key of a certificate is good for, when, and
 * why not. */
#include "keys/certs/cert_judge.h"

#include "gateway/base/clock.h"

#include <string.h>

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
 * before the other would let an old one outlive its correction.  The expiry is
 * looked for in both: cert_key_expiry().
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

const struct cert_claim *
cert_claim_of(const struct cert *c, size_t i, time_t when)
{
	return i == 0 ? primary_claim(c, when)
		      : cert_claim_at(&c->keys[i].story, when);
}

/*
 * Of a primary key of version 4 either kind of self-signature can say it, and
 * which of them software puts it into differs: one that is silent does not
 * take back what the other kind says, even when it is newer.  Reading too
 * early an end is the safe mistake.  It is taken back by a newer one of its own
 * kind, and when both say it, primary_claim()'s counts.
 */
time_t
cert_key_expiry(const struct cert *c, size_t i, time_t when)
{
	const struct pk *pk = &c->keys[i].pk;
	const struct cert_claim *claim = cert_claim_of(c, i, when);
	const struct cert_claim *key, *uid;

	if (i == 0 && pk->version != 6 && claim != NULL &&
	    claim->key_lifetime == 0) {
		key = cert_claim_at(&c->keys[0].story, when);
		uid = primary_uid_claim(c, when);
		claim = claim == uid ? key : uid;
	}
	return claim == NULL || claim->key_lifetime == 0
		   ? 0
		   : pk->created + claim->key_lifetime;
}

/*
 * A revoked key stays revoked, whatever is signed later: what is to be used
 * again can be made again.  A hard revocation reaches into the past.  A
 * revocation's own expiry is not looked at.
 */
bool
cert_key_revoked(const struct cert_key *key, time_t when, time_t *date)
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
time_t
cert_key_begins(const struct cert_story *s, time_t when)
{
	time_t first = 0;

	for (size_t i = 0; i < s->claim_count; i++)
		if (s->claims[i].created > when &&
		    (first == 0 || s->claims[i].created < first))
			first = s->claims[i].created;
	return first;
}

static struct cert_judgement
weak(const struct pk *pk, enum policy_use use, time_t when)
{
	return (struct cert_judgement){
		.fit = FIT_WEAK, .pk = pk, .use = use, .when = when
	};
}

/* Bound, born, not revoked, not expired: what every use needs. */
struct cert_judgement
cert_judge_life(const struct cert *c, size_t i, time_t when)
{
	const struct cert_key *key = &c->keys[i];
	const struct cert_claim *claim = cert_claim_of(c, i, when);
	struct why why;
	time_t date = 0;

	if (!key->pk.supported && !key->pk.weak)
		return (struct cert_judgement){ .fit = FIT_UNSUPPORTED,
			.pk = &key->pk };
	if (!key->pk.supported ||
	    (i == 0 && policy_key(&key->pk, POLICY_SELF, when, &why) != GW_OK))
		return weak(&key->pk, POLICY_SELF, when);
	if (cert_key_revoked(key, when, &date))
		return (
		    struct cert_judgement){ .fit = FIT_REVOKED, .date = date };
	if (key->pk.created > when)
		return (struct cert_judgement){ .fit = FIT_NOT_YET,
			.date = key->pk.created };
	if (claim == NULL && (date = cert_key_begins(&key->story, when)) != 0)
		return (
		    struct cert_judgement){ .fit = FIT_NOT_YET, .date = date };
	if (claim == NULL)
		return (struct cert_judgement){ .fit = FIT_NOT_BOUND };
	date = cert_key_expiry(c, i, when);
	if (date != 0 && date <= when)
		return (
		    struct cert_judgement){ .fit = FIT_EXPIRED, .date = date };
	return (struct cert_judgement){ .fit = FIT_GOOD };
}

/* Does the subkey agree, at that time? */
static bool
is_back_signed(const struct cert_claim *claim, time_t when)
{
	return claim->back_signed && claim->back_created <= when &&
	       (claim->back_expires == 0 || claim->back_expires > when);
}

bool
cert_claim_means(const struct cert_claim *claim, enum cert_use use)
{
	return (claim->flags &
		   (use == CERT_SIGN ? PACKET_FLAG_SIGN
				     : PACKET_FLAG_ENCRYPT_COMM |
					   PACKET_FLAG_ENCRYPT_STOR)) != 0;
}

bool
cert_key_has_use(
    const struct pk *pk, const struct cert_claim *claim, enum cert_use use)
{
	bool pq = pk_is_post_quantum(pk);

	if (!cert_claim_means(claim, use))
		return false;
	if (use == CERT_SIGN)
		return pk_can_sign(pk);
	return pk_can_encrypt(pk) &&
	       (use == CERT_ENCRYPT || pq == (use == CERT_ENCRYPT_PQ));
}

/* Key `i` for that use at that time, the primary key's life included. */
struct cert_judgement
cert_judge(const struct cert *c, size_t i, enum cert_use use, time_t when)
{
	const struct pk *pk = &c->keys[i].pk;
	enum policy_use policy =
	    use == CERT_SIGN ? POLICY_DATA : POLICY_ENCRYPT;
	const struct cert_claim *claim;
	struct why why;
	struct cert_judgement j = cert_judge_life(c, 0, when);

	if (j.fit != FIT_GOOD)
		return j;
	if (i != 0 && (j = cert_judge_life(c, i, when)).fit != FIT_GOOD) {
		/* A dead key that never could is no reason to give. */
		claim = cert_claim_of(c, i, when);
		if (claim != NULL &&
		    !(pk->supported ? cert_key_has_use(pk, claim, use)
				    : cert_claim_means(claim, use)))
			j.fit = FIT_WRONG_USE;
		if (j.fit == FIT_WEAK && claim == NULL)
			j.fit = FIT_NOT_BOUND;
		if (j.fit == FIT_UNSUPPORTED && claim != NULL &&
		    cert_claim_means(claim, use))
			j.fit = FIT_LACKING;
		return j;
	}
	claim = cert_claim_of(c, i, when);
	if (claim == NULL || !cert_key_has_use(pk, claim, use))
		return (struct cert_judgement){ .fit = FIT_WRONG_USE };
	if (policy_key(pk, policy, when, &why) != GW_OK)
		return weak(pk, policy, when);
	if (use == CERT_SIGN && i != 0 && !is_back_signed(claim, when))
		return (struct cert_judgement){ .fit = FIT_NO_BACK };
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
enum gw_status
cert_explain(const struct cert *c, struct cert_judgement j, enum cert_use use,
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
