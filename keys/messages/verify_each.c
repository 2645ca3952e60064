/* keys/messages/verify_each.c - each signature on its own, by certificates at hand. */
#include "keys/messages/verify.h"

#include "keys/messages/judge.h"
#include "keys/packets/body.h"

#include <stdio.h>
#include <string.h>

/* What all signatures of one call are judged by. */
struct each {
	const struct cert *const *certs;
	size_t cert_count;
	struct digests *digests;
	bool cleartext;
	time_t when;
};

static enum gw_status
too_many(struct why *why)
{
	why_set(why, REASON_MALFORMED, "not a small number of signatures");
	return GW_REFUSED;
}

static enum gw_status
want_one(
    struct digests *d, const struct packet *p, bool cleartext, struct why *why)
{
	struct sig sig;
	enum gw_status st = judge_parse(p, cleartext, &sig, NULL, why);

	if (st == GW_OK)
		st =
		    digests_want_sig(d, &sig, judge_form(&sig, cleartext), why);
	sig_close(&sig);
	/* Its verdict will say what is wrong with it. */
	return st == GW_REFUSED ? GW_OK : st;
}

enum gw_status
verify_want(struct digests *d, const void *signatures, size_t len,
    bool cleartext, struct why *why)
{
	struct buf all;
	struct packet p;
	enum gw_status st;
	size_t n = 0;

	buf_view(&all, signatures, len);
	while ((st = packet_next(&all, &p, why)) == GW_OK) {
		if (body_filler(p.tag))
			continue;
		if (p.tag != PACKET_SIGNATURE || n++ == VERIFY_MAX)
			return too_many(why);
		if ((st = want_one(d, &p, cleartext, why)) != GW_OK)
			return st;
	}
	return st == GW_NONE ? GW_OK : st;
}

static enum gw_status
unknown_signer(struct why *why)
{
	why_set(why, REASON_SIGNER_UNKNOWN,
	    "signed by a key that is in none of these certificates");
	return GW_REFUSED;
}

/* The numbers are this key's: may they count? */
static enum gw_status
judge_signer(const struct each *e, const struct sig *sig,
    const struct cert *cert, const struct pk *pk, struct verify_one *one,
    struct why *why)
{
	enum gw_status st = judge_time(sig, e->when, 0, why);

	snprintf(
	    one->signer, sizeof(one->signer), "%s", cert_fingerprint(cert));
	snprintf(one->signing_key, sizeof(one->signing_key), "%s", pk->hex);
	if (st != GW_OK)
		return st;
	return cert_signer_was_fit(cert, pk, sig->created, e->when, why);
}

/*
 * Every key that it could be, until one fits; a certificate may be there
 * twice, once renewed, so a proven key that may not sign does not end the
 * search.
 */
static enum gw_status
find_signer(const struct each *e, const struct sig *sig, const uint8_t *digest,
    size_t len, struct verify_one *one, struct why *why)
{
	enum gw_status verdict = unknown_signer(why), st;
	bool proven = false;
	struct why found;

	for (size_t i = 0; i < e->cert_count; i++) {
		const struct pk *keys[CERT_KEYS_MAX];
		size_t n = cert_candidates(e->certs[i], sig, keys);

		for (size_t k = 0; k < n; k++) {
			st = sig_verify_digest(
			    sig, keys[k], SIG_FOR_DATA, digest, len, &found);
			if (st != GW_OK && st != GW_REFUSED) {
				*why = found;
				return st;
			}
			if (st == GW_REFUSED && proven)
				continue;
			if (st == GW_OK) {
				proven = true;
				st = judge_signer(
				    e, sig, e->certs[i], keys[k], one, &found);
			}
			if (st == GW_OK)
				return GW_OK;
			*why = found;
			verdict = st;
		}
	}
	return verdict;
}

static enum gw_status
judge_one(const struct each *e, const struct packet *p, struct verify_one *one,
    struct why *why)
{
	uint8_t digest[PACKET_HASH_MAX];
	struct sig sig;
	size_t len = 0;
	enum gw_status st = judge_parse(p, e->cleartext, &sig, NULL, why);

	if (st == GW_OK) {
		one->signed_at = sig.created;
		one->text = sig.type == PACKET_SIG_TEXT;
		st = sig_policy(&sig, SIG_FOR_DATA, why);
	}
	if (st == GW_OK)
		st = judge_digest(
		    &sig, e->cleartext, e->digests, digest, &len, why);
	if (st == GW_OK)
		st = find_signer(e, &sig, digest, len, one, why);
	sig_close(&sig);
	return st;
}

enum gw_status
verify_each(const struct cert *const *certs, size_t count,
    const void *signatures, size_t len, bool cleartext, struct digests *digests,
    time_t when, struct verify_one out[VERIFY_MAX], size_t *n, struct why *why)
{
	const struct each e = { certs, count, digests, cleartext, when };
	struct buf all;
	struct packet p;
	enum gw_status st;

	*n = 0;
	buf_view(&all, signatures, len);
	while ((st = packet_next(&all, &p, why)) == GW_OK) {
		struct verify_one *one = &out[*n];

		if (body_filler(p.tag))
			continue;
		if (p.tag != PACKET_SIGNATURE || *n == VERIFY_MAX)
			return too_many(why);
		memset(one, 0, sizeof(*one));
		one->verdict = GW_REFUSED;
		st = judge_one(&e, &p, one, &one->why);
		if (st != GW_OK && st != GW_REFUSED) {
			*why = one->why;
			return st;
		}
		if (st == GW_OK)
			memset(&one->why, 0, sizeof(one->why));
		one->verdict = st;
		++*n;
	}
	return st == GW_NONE ? GW_OK : st;
}
