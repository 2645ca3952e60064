/* keys/algorithms/mldsa.c - ML-DSA-65+Ed25519, both halves (RFC 9980, 5). */
#include "keys/algorithms/eddsa.h"
#include "keys/algorithms/kind.h"
#include "keys/algorithms/pq.h"

#include <string.h>

/* In all that stands in packets Ed25519's part comes first. */
#define POINT 32

static const uint8_t *
mldsa_public(const struct pk *pk)
{
	return pk->body + pk->point + POINT;
}

static enum gw_status
read_public(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *point = buf_take(b, POINT);
	struct why cannot;
	enum gw_status st;

	if (point == NULL || buf_take(b, PQ_MLDSA_PUBLIC) == NULL)
		return kind_malformed(why, "cut short");
	pk->point = b->pos - PQ_MLDSA_PUBLIC - POINT;
	st = eddsa_public(&pk_math_ed25519, point, &pk->sexp, why);
	if (st != GW_OK)
		return st;
	pk->supported = pq_possible(pk->algorithm, &cannot) == GW_OK;
	return GW_OK;
}

/* Both or none (RFC 9980, 5.2.3): each is there for the day on which the
 * other one can be forged. */
static enum gw_status
verify(const struct pk *pk, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers, struct why *why)
{
	const uint8_t *eddsa = buf_take(numbers, 2 * POINT);
	const uint8_t *mldsa = buf_take(numbers, PQ_MLDSA_SIGNED);
	enum gw_status st;

	if (!buf_done(numbers))
		return kind_bad_signature(why);
	st = eddsa_verify(&pk_math_ed25519, pk->sexp, digest, hash->len, eddsa,
	    eddsa + POINT, why);
	if (st != GW_OK)
		return st;
	st = pq_mldsa_verify(mldsa_public(pk), digest, hash->len, mldsa);
	if (st == GW_REFUSED)
		return kind_bad_signature(why);
	if (st != GW_OK)
		why_set(why, REASON_INTERNAL, "no memory to verify");
	return st;
}

/* Ed25519's seed becomes an expression, ML-DSA's is expanded. */
static enum gw_status
take_seeds(struct secret_key *k, const uint8_t *eddsa, const uint8_t *mldsa,
    struct why *why)
{
	uint8_t public[PQ_MLDSA_PUBLIC];

	if ((k->secret = gcry_malloc_secure(PQ_MLDSA_SECRET)) == NULL)
		return kind_failed(why, k->pk, "take a secret key");
	k->secret_len = PQ_MLDSA_SECRET;
	if (!pq_mldsa_expand(mldsa, public, k->secret) ||
	    !eddsa_private(
		&pk_math_ed25519, k->pk->body + k->pk->point, eddsa, &k->sexp))
		return kind_failed(why, k->pk, "take a secret key");
	return memcmp(public, mldsa_public(k->pk), sizeof(public)) == 0
		   ? GW_OK
		   : kind_disagree(why, k->pk);
}

/* RFC 9980, 5.3.2.2: the seed of Ed25519, the seed of ML-DSA. */
static enum gw_status
open_secret(struct secret_key *k, struct buf *numbers, struct why *why)
{
	const uint8_t *both = buf_take(numbers, POINT + PQ_MLDSA_SEED);
	uint8_t *copy;
	enum gw_status st;

	if (!buf_done(numbers))
		return kind_disagree(why, k->pk);
	if ((copy = kind_secret_copy(both, POINT + PQ_MLDSA_SEED)) == NULL)
		return kind_failed(why, k->pk, "take a secret key");
	st = take_seeds(k, copy, copy + POINT, why);
	kind_free_secret(copy, POINT + PQ_MLDSA_SEED);
	return st;
}

static bool
sign(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *out)
{
	uint8_t r[POINT], s[POINT], mldsa[PQ_MLDSA_SIGNED];

	return eddsa_sign(&pk_math_ed25519, k->sexp, digest, hash->len, r, s) &&
	       pq_mldsa_sign(k->secret, digest, hash->len, mldsa) &&
	       buf_put(out, r, sizeof(r)) && buf_put(out, s, sizeof(s)) &&
	       buf_put(out, mldsa, sizeof(mldsa));
}

/* seeds and expanded: secure memory. */
static bool
make_numbers(
    uint8_t *seeds, uint8_t *expanded, struct buf *public, struct buf *numbers)
{
	uint8_t point[POINT], mldsa[PQ_MLDSA_PUBLIC];

	gcry_randomize(seeds + POINT, PQ_MLDSA_SEED, GCRY_VERY_STRONG_RANDOM);
	return eddsa_make(&pk_math_ed25519, point, seeds) &&
	       pq_mldsa_expand(seeds + POINT, mldsa, expanded) &&
	       buf_put(public, point, sizeof(point)) &&
	       buf_put(public, mldsa, sizeof(mldsa)) &&
	       buf_put(numbers, seeds, POINT + PQ_MLDSA_SEED);
}

static enum gw_status
make(const struct pk_kind *kind, unsigned bits, struct buf *public,
    struct buf *numbers, struct why *why)
{
	uint8_t *seeds, *expanded;
	bool ok;

	(void)bits;
	if (pq_possible(kind->algorithm, why) != GW_OK)
		return GW_REFUSED;
	seeds = gcry_malloc_secure(POINT + PQ_MLDSA_SEED);
	expanded = gcry_malloc_secure(PQ_MLDSA_SECRET);
	ok = seeds != NULL && expanded != NULL &&
	     make_numbers(seeds, expanded, public, numbers);
	kind_free_secret(expanded, PQ_MLDSA_SECRET);
	kind_free_secret(seeds, POINT + PQ_MLDSA_SEED);
	if (ok)
		return GW_OK;
	why_set(why, REASON_INTERNAL, "libgcrypt made no %s key", kind->name);
	return GW_INTERNAL;
}

const struct kind_family mldsa_family = {
	.read = read_public,
	.verify = verify,
	.open = open_secret,
	.sign = sign,
	.make = make,
};
