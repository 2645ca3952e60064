/* keys/algorithms/mlkem.c - ML-KEM-768+X25519, both halves (RFC 9980, 4). */
#include "keys/algorithms/kind.h"
#include "keys/algorithms/pk_math.h"
#include "keys/algorithms/pq.h"
#include "keys/algorithms/session.h"

#include <string.h>

/* In all that stands in packets X25519's part comes first. */
#define POINT PK_MATH_X25519_LEN

/* What k->secret holds: the scalar, the expanded decapsulation key. */
#define SECRET_LEN (POINT + PQ_MLKEM_SECRET)

static const uint8_t *
mlkem_public(const struct pk *pk)
{
	return pk->body + pk->point + POINT;
}

static enum gw_status
read_public(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *point = buf_take(b, POINT);
	const uint8_t *mlkem = buf_take(b, PQ_MLKEM_PUBLIC);
	struct why cannot;

	if (point == NULL || mlkem == NULL)
		return kind_malformed(why, "cut short");
	if (!pq_mlkem_public_good(mlkem))
		return kind_malformed(why, "ML-KEM number out of range");
	pk->point = b->pos - PQ_MLKEM_PUBLIC - POINT;
	pk->supported = pq_possible(pk->algorithm, &cannot) == GW_OK;
	return GW_OK;
}

/* RFC 9580's X25519 and ML-KEM together (RFC 9980, 4.2.1); whoever cannot
 * open both has nothing. */
static void
combine(const struct pk *pk, const uint8_t mlkem_shared[PQ_MLKEM_SHARED],
    const uint8_t shared[POINT], const uint8_t ephemeral[POINT],
    uint8_t kek[SESSION_KEK_MAX])
{
	static const char domain[] = "OpenPGPCompositeKDFv1";
	size_t domain_len = sizeof(domain) - 1;
	uint8_t room[PQ_MLKEM_SHARED + 3 * POINT + 1 + sizeof(domain)];
	uint8_t *at = room;

	memcpy(at, mlkem_shared, PQ_MLKEM_SHARED);
	at += PQ_MLKEM_SHARED;
	memcpy(at, shared, POINT);
	memcpy(at + POINT, ephemeral, POINT);
	memcpy(at + 2 * POINT, pk->body + pk->point, POINT);
	at += 3 * POINT;
	*at++ = (uint8_t)pk->algorithm;
	memcpy(at, domain, domain_len);
	at[domain_len] = (uint8_t)domain_len;
	gcry_md_hash_buffer(GCRY_MD_SHA3_256, kek, room, sizeof(room));
	mem_wipe(room, sizeof(room));
}

/* A point for this message alone, and what it shares with the key. */
static enum gw_status
share(const struct pk *pk, uint8_t ephemeral[POINT], uint8_t shared[POINT],
    struct why *why)
{
	uint8_t scalar[POINT];
	enum gw_status st = GW_OK;

	gcry_randomize(scalar, sizeof(scalar), GCRY_STRONG_RANDOM);
	if (!pk_math_x25519(scalar, NULL, ephemeral))
		st = kind_failed(why, pk, "encrypt");
	else if (!pk_math_x25519(scalar, pk->body + pk->point, shared))
		st = kind_unfit(why, pk); /* a point of small order */
	mem_wipe(scalar, sizeof(scalar));
	return st;
}

static enum gw_status
encrypt(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	uint8_t ephemeral[POINT], shared[POINT], kek[SESSION_KEK_MAX];
	uint8_t sealed[PQ_MLKEM_SEALED], mlkem_shared[PQ_MLKEM_SHARED];
	enum gw_status st = share(pk, ephemeral, shared, why);

	if (st != GW_OK)
		return st;
	if (!pq_mlkem_seal(mlkem_public(pk), sealed, mlkem_shared)) {
		st = kind_failed(why, pk, "encrypt");
		goto wipe;
	}
	combine(pk, mlkem_shared, shared, ephemeral, kek);
	buf_put(out, ephemeral, sizeof(ephemeral));
	buf_put(out, sealed, sizeof(sealed));
	if (!session_put_wrapped(
		out, version, cipher, kek, sizeof(kek), session_key))
		st = kind_failed(why, pk, "encrypt");
wipe:
	mem_wipe(shared, sizeof(shared));
	mem_wipe(mlkem_shared, sizeof(mlkem_shared));
	mem_wipe(kek, sizeof(kek));
	return st;
}

/* Do both halves belong to the public numbers? */
static bool
agrees(const struct secret_key *k, const uint8_t mlkem[PQ_MLKEM_PUBLIC])
{
	uint8_t point[POINT];

	return pk_math_x25519(k->secret, NULL, point) &&
	       memcmp(point, k->pk->body + k->pk->point, POINT) == 0 &&
	       memcmp(mlkem, mlkem_public(k->pk), PQ_MLKEM_PUBLIC) == 0;
}

/* RFC 9980, 4.3.2.2: the scalar, the seed of ML-KEM. */
static enum gw_status
open_secret(struct secret_key *k, struct buf *numbers, struct why *why)
{
	const uint8_t *scalar = buf_take(numbers, POINT);
	const uint8_t *seed = buf_take(numbers, PQ_MLKEM_SEED);
	uint8_t mlkem[PQ_MLKEM_PUBLIC];

	if (!buf_done(numbers))
		return kind_disagree(why, k->pk);
	if ((k->secret = gcry_malloc_secure(SECRET_LEN)) == NULL)
		return kind_failed(why, k->pk, "take a secret key");
	k->secret_len = SECRET_LEN;
	memcpy(k->secret, scalar, POINT);
	if (!pq_mlkem_expand(seed, mlkem, k->secret + POINT))
		return kind_failed(why, k->pk, "take a secret key");
	return agrees(k, mlkem) ? GW_OK : kind_disagree(why, k->pk);
}

static bool
unwrap(const struct secret_key *k, int version, struct buf *fields, int *cipher,
    struct buf *session_key)
{
	const uint8_t *point = buf_take(fields, POINT);
	const uint8_t *sealed = buf_take(fields, PQ_MLKEM_SEALED);
	uint8_t shared[POINT], mlkem_shared[PQ_MLKEM_SHARED];
	uint8_t kek[SESSION_KEK_MAX];
	bool ok;

	if (point == NULL || sealed == NULL)
		return false;
	ok = pk_math_x25519(k->secret, point, shared) &&
	     pq_mlkem_open(k->secret + POINT, sealed, mlkem_shared);
	if (ok)
		combine(k->pk, mlkem_shared, shared, point, kek);
	ok = ok && session_take_wrapped(
		       fields, version, cipher, kek, sizeof(kek), session_key);
	mem_wipe(shared, sizeof(shared));
	mem_wipe(mlkem_shared, sizeof(mlkem_shared));
	mem_wipe(kek, sizeof(kek));
	return ok;
}

static bool
make_numbers(const uint8_t *scalar, const uint8_t *seed, uint8_t *expanded,
    struct buf *public, struct buf *numbers)
{
	uint8_t point[POINT], mlkem[PQ_MLKEM_PUBLIC];

	return pk_math_x25519(scalar, NULL, point) &&
	       pq_mlkem_expand(seed, mlkem, expanded) &&
	       buf_put(public, point, sizeof(point)) &&
	       buf_put(public, mlkem, sizeof(mlkem)) &&
	       buf_put(numbers, scalar, POINT) &&
	       buf_put(numbers, seed, PQ_MLKEM_SEED);
}

static enum gw_status
make(const struct pk_kind *kind, unsigned bits, struct buf *public,
    struct buf *numbers, struct why *why)
{
	uint8_t *fresh, *expanded;
	bool ok;

	(void)bits;
	if (pq_possible(kind->algorithm, why) != GW_OK)
		return GW_REFUSED;
	/* Independent of each other (RFC 9980, 4.2.2). */
	fresh = gcry_random_bytes_secure(
	    POINT + PQ_MLKEM_SEED, GCRY_VERY_STRONG_RANDOM);
	expanded = gcry_malloc_secure(PQ_MLKEM_SECRET);
	ok = expanded != NULL &&
	     make_numbers(fresh, fresh + POINT, expanded, public, numbers);
	kind_free_secret(expanded, PQ_MLKEM_SECRET);
	kind_free_secret(fresh, POINT + PQ_MLKEM_SEED);
	if (ok)
		return GW_OK;
	why_set(why, REASON_INTERNAL, "libgcrypt made no %s key", kind->name);
	return GW_INTERNAL;
}

const struct kind_family mlkem_family = {
	.read = read_public,
	.encrypt = encrypt,
	.open = open_secret,
	.unwrap = unwrap,
	.make = make,
};
