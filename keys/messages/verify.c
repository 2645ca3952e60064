/* keys/messages/verify.c - is this document really from that partner? */
#include "keys/messages/verify.h"

#include "keys/certs/trust_priv.h"
#include "keys/messages/judge.h"
#include "keys/packets/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct candidate {
	struct sig sig;
	bool parsed;
	struct trust_match matches[TRUST_MATCHES_MAX];
	size_t match_count;
};

/*
 * How much a failure says; when no signature is good, the one that says most
 * is told.  A bad signature of the partner, and one for somebody else or out
 * of time, counts even beside a good one.
 */
enum weight {
	WEIGHT_NOTHING,
	WEIGHT_UNREADABLE, /* of a kind that we do not know */
	WEIGHT_STRANGER,
	WEIGHT_OTHER, /* proven to be another partner's */
	WEIGHT_UNFIT, /* the partner's, by a key that may not */
	WEIGHT_BAD    /* refuses whatever else there is */
};

struct verify {
	const struct verify_request *request;
	struct verify_result *result;
	struct candidate candidates[JUDGE_SIGNATURES_MAX];
	size_t count;
	struct digests *digests;
	bool good; /* at least one signature of the partner is */
	enum weight weight;
	struct why why; /* of the weightiest failure */
};

static void
note(struct verify *v, enum weight weight, const struct why *why)
{
	if (weight <= v->weight)
		return;
	v->weight = weight;
	v->why = *why;
}

static enum gw_status
no_memory(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory to verify");
	return GW_AGAIN;
}

static bool
of_partner(const struct verify *v, const struct candidate *c)
{
	for (size_t i = 0; i < c->match_count; i++)
		if (strcmp(c->matches[i].partner, v->request->partner) == 0)
			return true;
	return false;
}

/* Read one signature packet, find out who could have made it, and have what
 * it needs hashed. */
static enum gw_status
add_candidate(struct verify *v, const struct packet *p, struct why *why)
{
	struct candidate *c = &v->candidates[v->count];
	bool other;
	enum gw_status st;

	if (p->tag != PACKET_SIGNATURE || v->count == JUDGE_SIGNATURES_MAX) {
		why_set(
		    why, REASON_MALFORMED, "not a small number of signatures");
		return GW_REFUSED;
	}
	v->count++;
	st = judge_parse(p, false, &c->sig, &other, why);
	if (st == GW_REFUSED && !other) {
		note(v, WEIGHT_UNREADABLE, why);
		return GW_OK;
	}
	if (st != GW_OK)
		return st;
	c->match_count = trust_find(v->request->trust, &c->sig, c->matches);
	if (c->match_count == 0) {
		why_set(why, REASON_SIGNER_UNKNOWN,
		    "signed by a key that no partner has");
		note(v, WEIGHT_STRANGER, why);
		return GW_OK;
	}
	st = sig_policy(&c->sig, SIG_FOR_DATA, why);
	if (st == GW_REFUSED) {
		note(v, of_partner(v, c) ? WEIGHT_UNFIT : WEIGHT_STRANGER, why);
		return GW_OK;
	}
	c->parsed = st == GW_OK;
	if (st == GW_OK)
		st = digests_want_sig(
		    v->digests, &c->sig, judge_form(&c->sig, false), why);
	return st;
}

static enum gw_status
read_signatures(struct verify *v, struct why *why)
{
	struct buf all;
	struct packet p;
	enum gw_status st;

	buf_view(&all, v->request->signatures, v->request->signatures_len);
	while ((st = packet_next(&all, &p, why)) == GW_OK)
		if ((st = add_candidate(v, &p, why)) != GW_OK)
			return st;
	if (st != GW_NONE)
		return st;
	if (v->count == 0) {
		why_set(
		    why, REASON_UNSIGNED, "the message carries no signature");
		return GW_REFUSED;
	}
	return GW_OK;
}

static enum gw_status
wrong_size(const struct verify *v, struct why *why)
{
	why_set(why, REASON_DAMAGED,
	    "the decrypted document has not the %" PRIu64 " bytes it had",
	    v->request->plain_size);
	return GW_REFUSED;
}

/* The whole document once through all hashes, one half of the buffer being
 * read while the other is hashed.  pread: whoever wrote it may have left the
 * position anywhere. */
static enum gw_status
hash_document(struct verify *v, int plain, struct why *why)
{
	size_t cap = source_cap(v->request->plain_size, SOURCE_CHUNK);
	uint8_t *halves = malloc(2 * cap);
	uint64_t at = 0;
	unsigned turn = 0;
	enum gw_status st = GW_OK;

	if (halves == NULL)
		return no_memory(why);
	while (st == GW_OK) {
		uint8_t *chunk = halves + (turn & 1) * cap;
		ssize_t n = pread(plain, chunk, cap, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			why_errno(why, REASON_IO_ERROR, "reading the document");
			st = GW_INTERNAL;
		}
		if (n <= 0)
			break;
		digests_write(v->digests, chunk, (size_t)n);
		turn++;
		at += (uint64_t)n;
		if (at > v->request->plain_size)
			st = wrong_size(v, why);
	}
	digests_settle(v->digests);
	free(halves);
	if (st == GW_OK && at != v->request->plain_size)
		st = wrong_size(v, why);
	return st;
}

/* RFC 9580, 5.2.3.36: when recipients are named, we must be one of them;
 * else somebody passed on what was signed for him.  Waybill always names
 * them, and its message-id shows that it was Waybill. */
static enum gw_status
check_recipient(const struct verify *v, const struct sig *sig, struct why *why)
{
	const struct verify_request *q = v->request;
	char id[DOC_MESSAGE_ID_SIZE];

	if (sig->recipient_count == 0 &&
	    !sig_notation_text(sig, SIG_NOTATION_MESSAGE_ID, id, sizeof(id)))
		return GW_OK;
	for (size_t i = 0; i < sig->recipient_count; i++) {
		const struct sig_span *r = &sig->recipients[i];
		char hex[DOC_FINGERPRINT_SIZE];

		if (2 * r->len >= sizeof(hex))
			continue;
		hex_upper(r->at, r->len, hex);
		for (size_t j = 0; j < q->own_count; j++)
			if (strcasecmp(hex, q->own_fingerprints[j]) == 0)
				return GW_OK;
	}
	why_set(why, REASON_WRONG_RECIPIENT,
	    "signed for another recipient than us");
	return GW_REFUSED;
}

/* What the signature says, now that it is proven. */
static void
take_claims(
    struct verify *v, const struct candidate *c, const struct trust_match *m)
{
	struct verify_result *r = v->result;

	snprintf(r->signer, sizeof(r->signer), "%s", cert_fingerprint(m->cert));
	snprintf(r->signing_key, sizeof(r->signing_key), "%s", m->pk->hex);
	r->signed_at = c->sig.created;
	(void)sig_notation_text(&c->sig, SIG_NOTATION_MESSAGE_ID, r->message_id,
	    sizeof(r->message_id)); /* empty when it is missing or odd */
	(void)sig_notation_text(
	    &c->sig, SIG_NOTATION_FLOW, r->flow, sizeof(r->flow));
	(void)sig_notation_text(
	    &c->sig, SIG_NOTATION_SEQUENCE, r->sequence, sizeof(r->sequence));
}

/* The numbers fit the partner's key: may it count? */
static void
judge_partner(
    struct verify *v, const struct candidate *c, const struct trust_match *m)
{
	const struct verify_request *q = v->request;
	struct why why;

	if (judge_time(&c->sig, q->when, q->clock_skew, &why) != GW_OK ||
	    check_recipient(v, &c->sig, &why) != GW_OK) {
		note(v, WEIGHT_BAD, &why);
		return;
	}
	if (cert_signer_fit(m->cert, m->pk, c->sig.created, q->when, &why) !=
	    GW_OK) {
		note(v, WEIGHT_UNFIT, &why);
		return;
	}
	if (!v->good)
		take_claims(v, c, m);
	v->good = true;
}

static void
note_other(struct verify *v, const struct trust_match *m)
{
	struct why why;

	why_set(&why, REASON_SIGNER_OTHER,
	    "signed by partner %s, delivered by %s", m->partner,
	    v->request->partner);
	note(v, WEIGHT_OTHER, &why);
}

/* No key fits.  Wrong numbers are worse than a kind that we cannot check. */
static void
note_unproven(
    struct verify *v, const struct candidate *c, const struct why *why)
{
	enum weight weight = WEIGHT_STRANGER;

	if (of_partner(v, c))
		weight = why->reason == REASON_SIGNATURE_BAD ? WEIGHT_BAD
							     : WEIGHT_UNFIT;
	note(v, weight, why);
}

/* Find the key whose signature it really is, among those it claims. */
static enum gw_status
judge(struct verify *v, const struct candidate *c, struct why *why)
{
	uint8_t digest[PACKET_HASH_MAX];
	size_t len;
	const char *partner = v->request->partner;
	struct why bad = { REASON_SIGNATURE_BAD, "" };
	bool proven = false;
	enum gw_status st;

	st = judge_digest(&c->sig, false, v->digests, digest, &len, why);
	if (st != GW_OK)
		return st;
	/* The partner may have two copies of a certificate, one renewed, so
	 * the search goes on until a copy lets the key count. */
	for (size_t i = 0; i < c->match_count && !(proven && v->good); i++) {
		const struct trust_match *m = &c->matches[i];

		st = sig_verify_digest(
		    &c->sig, m->pk, SIG_FOR_DATA, digest, len, why);
		if (st == GW_REFUSED)
			bad = *why;
		else if (st != GW_OK)
			return st;
		else
			proven = true;
		if (st == GW_OK && strcmp(m->partner, partner) == 0)
			judge_partner(v, c, m);
		else if (st == GW_OK)
			note_other(v, m);
	}
	if (!proven)
		note_unproven(v, c, &bad);
	return GW_OK;
}

/* All that was learned, in one place: nothing else leaves GW_OK. */
static enum gw_status
decide(const struct verify *v, struct why *why)
{
	enum gw_status verdict = GW_REFUSED;

	*why = v->why;
	if (v->good && v->weight < WEIGHT_BAD) {
		why->reason = REASON_NONE;
		verdict = GW_OK;
	}
	return verdict;
}

static void
verify_close(struct verify *v)
{
	for (size_t i = 0; i < v->count; i++)
		sig_close(&v->candidates[i].sig);
	digests_free(v->digests);
	free(v);
}

static enum gw_status
verify_all(struct verify *v, int plain, struct why *why)
{
	enum gw_status st;

	if ((st = digests_new(&v->digests, why)) != GW_OK)
		return st;
	/* Wanted in any case, and usually what the signature is over. */
	st = digests_want(
	    v->digests, PACKET_SHA256, DIGESTS_BINARY, NULL, 0, why);
	if (st != GW_OK || (st = read_signatures(v, why)) != GW_OK ||
	    (st = hash_document(v, plain, why)) != GW_OK)
		return st;
	for (size_t i = 0; i < v->count; i++)
		if (v->candidates[i].parsed &&
		    (st = judge(v, &v->candidates[i], why)) != GW_OK)
			return st;
	digests_sha256(v->digests, v->result->plain_sha256);
	return decide(v, why);
}

enum gw_status
verify_document(const struct verify_request *request, int plain,
    struct verify_result *result, struct why *why)
{
	struct verify *v = calloc(1, sizeof(*v));
	enum gw_status verdict;

	memset(result, 0, sizeof(*result));
	if (v == NULL)
		return no_memory(why);
	v->request = request;
	v->result = result;
	verdict = verify_all(v, plain, why);
	/* Nothing half proven leaves here. */
	if (verdict != GW_OK)
		memset(result, 0, sizeof(*result));
	verify_close(v);
	return verdict;
}
