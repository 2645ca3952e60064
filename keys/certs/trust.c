/* keys/certs/trust.c - which certificates speak for which partner. */
#include "keys/certs/trust_priv.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	char partner[DOC_LABEL_SIZE];
	struct cert *cert;
};

struct trust {
	struct entry *entries;
	size_t count;
};

struct trust *
trust_new(void)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (t == NULL)
		gw_fatal("no memory for the list of partners");
	return t;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		cert_free(t->entries[i].cert);
	free(t->entries);
	free(t);
}

/* Do two certificates have a key in common that could sign? */
static bool
share_signer(const struct cert *a, const struct cert *b)
{
	const struct pk *mine[CERT_KEYS_MAX], *theirs[CERT_KEYS_MAX];
	size_t n = cert_signers(a, mine), m = cert_signers(b, theirs);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			if (pk_same(mine[i], theirs[k]))
				return true;
	return false;
}

/* A newer copy of what the partner has already; GW_NONE: it is none. */
static enum gw_status
join_copy(
    struct trust *t, const char *partner, struct cert *cert, struct why *why)
{
	enum gw_status st = GW_NONE;

	for (size_t i = 0; i < t->count && st == GW_NONE; i++)
		if (strcmp(t->entries[i].partner, partner) == 0)
			st = cert_absorb(&t->entries[i].cert, cert, why);
	return st;
}

enum gw_status
trust_add(
    struct trust *t, const char *partner, struct cert *cert, struct why *why)
{
	struct entry *more;
	enum gw_status st;

	if (!name_is_label(partner)) {
		why_set(why, REASON_CONFIG, "not a partner's name");
		return GW_REFUSED;
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = &t->entries[i];

		if (strcmp(e->partner, partner) == 0 ||
		    !share_signer(e->cert, cert))
			continue;
		why_set(why, REASON_CONFIG,
		    "certificate %s speaks for partner %s already",
		    cert_fingerprint(cert), e->partner);
		return GW_EXISTS;
	}
	if ((st = join_copy(t, partner, cert, why)) != GW_NONE)
		return st;
	more = realloc(t->entries, (t->count + 1) * sizeof(*more));
	if (more == NULL) {
		why_set(why, REASON_INTERNAL, "no memory for a certificate");
		return GW_AGAIN;
	}
	t->entries = more;
	memset(&more[t->count], 0, sizeof(*more));
	memcpy(more[t->count].partner, partner, strlen(partner) + 1);
	more[t->count++].cert = cert;
	return GW_OK;
}

/* Could that key sign in the certificate's name: did it agree to be its? */
static bool
speaks(const struct cert *c, const struct pk *pk)
{
	const struct pk *signers[CERT_KEYS_MAX];
	size_t n = cert_signers(c, signers);

	for (size_t i = 0; i < n; i++)
		if (signers[i] == pk)
			return true;
	return false;
}

/* Keys that the hints fit and that speak for their certificate, or those that
 * do not, behind the n that are there. */
static size_t
add_matches(const struct trust *t, const struct sig *sig, bool speaking,
    struct trust_match out[TRUST_MATCHES_MAX], size_t n)
{
	const struct pk *keys[CERT_KEYS_MAX];

	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = &t->entries[i];
		size_t fit = cert_candidates(e->cert, sig, keys);

		for (size_t k = 0; k < fit && n < TRUST_MATCHES_MAX; k++)
			if (speaks(e->cert, keys[k]) == speaking)
				out[n++] =
				    (struct trust_match){ .partner = e->partner,
					    .cert = e->cert,
					    .pk = keys[k] };
	}
	return n;
}

/*
 * Anybody can claim somebody else's key as a subkey; only its owner makes it
 * agree.  Mere claims come last, so that no number of them hides the owner;
 * they are there at all to tell why they do not count.
 */
size_t
trust_find(const struct trust *t, const struct sig *sig,
    struct trust_match out[TRUST_MATCHES_MAX])
{
	size_t n;

	if (sig->issuer_fpr.at == NULL && sig->issuer_id.at == NULL)
		return 0;
	n = add_matches(t, sig, true, out, 0);
	return add_matches(t, sig, false, out, n);
}
