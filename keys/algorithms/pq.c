/* keys/algorithms/pq.c - ML-KEM-768 and ML-DSA-65 by libgcrypt, where it has them. */
#include "keys/algorithms/pq.h"

#include "gateway/base/buf.h"
#include "keys/packets/packet.h"

#include <gcrypt.h>
#include <pthread.h>
#include <string.h>

/* 1.11 has ML-KEM, but takes no seed, and no ML-DSA. */
#define NEED_NUMBER  0x010c00
#define NEED_VERSION "1.12.0"
#define NEED_WORDS   "libgcrypt 1.12 or later"

/* What ML-DSA without a context has in front of the message (FIPS 204, 5.2:
 * not hashed by ML-DSA itself; no context). */
#define MLDSA_HEAD 2

#if GCRYPT_VERSION_NUMBER >= NEED_NUMBER
#define BUILT_WITH_IT true

bool
pq_mlkem_expand(const uint8_t seed[PQ_MLKEM_SEED],
    uint8_t public[PQ_MLKEM_PUBLIC], uint8_t secret[PQ_MLKEM_SECRET])
{
	return gcry_kem_genkey(GCRY_KEM_MLKEM768, public, PQ_MLKEM_PUBLIC,
		   secret, PQ_MLKEM_SECRET, seed, PQ_MLKEM_SEED) == 0;
}

bool
pq_mlkem_seal(const uint8_t public[PQ_MLKEM_PUBLIC],
    uint8_t sealed[PQ_MLKEM_SEALED], uint8_t shared[PQ_MLKEM_SHARED])
{
	return gcry_kem_encap(GCRY_KEM_MLKEM768, public, PQ_MLKEM_PUBLIC,
		   sealed, PQ_MLKEM_SEALED, shared, PQ_MLKEM_SHARED, NULL,
		   0) == 0;
}

bool
pq_mlkem_open(const uint8_t secret[PQ_MLKEM_SECRET],
    const uint8_t sealed[PQ_MLKEM_SEALED], uint8_t shared[PQ_MLKEM_SHARED])
{
	return gcry_kem_decap(GCRY_KEM_MLKEM768, secret, PQ_MLKEM_SECRET,
		   sealed, PQ_MLKEM_SEALED, shared, PQ_MLKEM_SHARED, NULL,
		   0) == 0;
}

#else
#define BUILT_WITH_IT false

bool
pq_mlkem_expand(const uint8_t seed[PQ_MLKEM_SEED],
    uint8_t public[PQ_MLKEM_PUBLIC], uint8_t secret[PQ_MLKEM_SECRET])
{
	(void)seed;
	(void)public;
	(void)secret;
	return false;
}

bool
pq_mlkem_seal(const uint8_t public[PQ_MLKEM_PUBLIC],
    uint8_t sealed[PQ_MLKEM_SEALED], uint8_t shared[PQ_MLKEM_SHARED])
{
	(void)public;
	(void)sealed;
	(void)shared;
	return false;
}

bool
pq_mlkem_open(const uint8_t secret[PQ_MLKEM_SECRET],
    const uint8_t sealed[PQ_MLKEM_SEALED], uint8_t shared[PQ_MLKEM_SHARED])
{
	(void)secret;
	(void)sealed;
	(void)shared;
	return false;
}
#endif

bool
pq_mlkem_public_good(const uint8_t public[PQ_MLKEM_PUBLIC])
{
	/* Two coefficients of 12 bits in three octets; 32 octets of seed end
	 * it (FIPS 203, 4.2.1). */
	for (size_t i = 0; i < PQ_MLKEM_PUBLIC - 32; i += 3) {
		unsigned a = public[i] | (public[i + 1] & 0x0fu) << 8;
		unsigned b = public[i + 1] >> 4 | (unsigned)public[i + 2] << 4;

		if (a >= 3329 || b >= 3329)
			return false;
	}
	return true;
}

/* The octets of one value in an expression; false unless there are `len`. */
static bool
take(gcry_sexp_t from, const char *name, uint8_t *to, size_t len)
{
	gcry_sexp_t found = gcry_sexp_find_token(from, name, 0);
	size_t n = 0;
	const char *p = gcry_sexp_nth_data(found, 1, &n);
	bool ok = p != NULL && n == len;

	if (ok)
		memcpy(to, p, len);
	gcry_sexp_release(found);
	return ok;
}

/* ML-DSA-65 goes by its first name in libgcrypt 1.12. */
bool
pq_mldsa_expand(const uint8_t seed[PQ_MLDSA_SEED],
    uint8_t public[PQ_MLDSA_PUBLIC], uint8_t secret[PQ_MLDSA_SECRET])
{
	gcry_sexp_t how = NULL, key = NULL, part = NULL;
	bool ok =
	    gcry_sexp_build(&how, NULL, "(genkey(dilithium3(S%b)))",
		PQ_MLDSA_SEED, seed) == 0 &&
	    gcry_pk_genkey(&key, how) == 0 &&
	    (part = gcry_sexp_find_token(key, "private-key", 0)) != NULL &&
	    take(part, "p", public, PQ_MLDSA_PUBLIC) &&
	    take(part, "s", secret, PQ_MLDSA_SECRET);

	gcry_sexp_release(part);
	gcry_sexp_release(key);
	gcry_sexp_release(how);
	return ok;
}

static bool
mldsa_data(const uint8_t *digest, size_t len, gcry_sexp_t *data)
{
	uint8_t message[MLDSA_HEAD + PACKET_HASH_MAX] = { 0, 0 };

	*data = NULL;
	if (len > PACKET_HASH_MAX)
		return false;
	memcpy(message + MLDSA_HEAD, digest, len);
	return gcry_sexp_build(data, NULL,
		   "(data(flags raw no-prefix)(value%b))",
		   (int)(MLDSA_HEAD + len), message) == 0;
}

bool
pq_mldsa_sign(const uint8_t secret[PQ_MLDSA_SECRET], const uint8_t *digest,
    size_t len, uint8_t signature[PQ_MLDSA_SIGNED])
{
	gcry_sexp_t key = NULL, data = NULL, sig = NULL;
	bool ok = mldsa_data(digest, len, &data) &&
		  gcry_sexp_build(&key, NULL, "(private-key(dilithium3(s%b)))",
		      PQ_MLDSA_SECRET, secret) == 0 &&
		  gcry_pk_sign(&sig, data, key) == 0 &&
		  take(sig, "s", signature, PQ_MLDSA_SIGNED);

	gcry_sexp_release(sig);
	gcry_sexp_release(key);
	gcry_sexp_release(data);
	return ok;
}

enum gw_status
pq_mldsa_verify(const uint8_t public[PQ_MLDSA_PUBLIC], const uint8_t *digest,
    size_t len, const uint8_t signature[PQ_MLDSA_SIGNED])
{
	gcry_sexp_t key = NULL, data = NULL, sig = NULL;
	enum gw_status st = GW_AGAIN;
	gcry_error_t err;

	if (mldsa_data(digest, len, &data) &&
	    gcry_sexp_build(&key, NULL, "(public-key(dilithium3(p%b)))",
		PQ_MLDSA_PUBLIC, public) == 0 &&
	    gcry_sexp_build(&sig, NULL, "(sig-val(dilithium3(s%b)))",
		PQ_MLDSA_SIGNED, signature) == 0) {
		err = gcry_pk_verify(sig, data, key);
		if (gcry_err_code(err) != GPG_ERR_ENOMEM)
			st = err == 0 ? GW_OK : GW_REFUSED;
	}
	gcry_sexp_release(sig);
	gcry_sexp_release(key);
	gcry_sexp_release(data);
	return st;
}

/* Beginnings of what comes of the seed 00 01 02 ...: SHA3-256 of the public
 * keys.  Drafts of both standards gave others. */
static const uint8_t mlkem_known[8] = { 0xa2, 0x4e, 0x16, 0xd8, 0xf8, 0xf9,
	0x38, 0x3a };
static const uint8_t mldsa_known[8] = { 0x18, 0x00, 0x72, 0x50, 0x67, 0xe3,
	0x88, 0xd8 };
/* And of what a sealed text of zeros opens to (FIPS 203, 6.3):
 * SHAKE-256(20 21 .. 3f || the sealed text). */
static const uint8_t reject_known[8] = { 0xc8, 0xfb, 0xed, 0xda, 0xfd, 0xac,
	0xef, 0x2f };

static void
count_up(uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)i;
}

static bool
is_known(const uint8_t *public, size_t len, const uint8_t known[8])
{
	uint8_t digest[32];

	gcry_md_hash_buffer(GCRY_MD_SHA3_256, digest, public, len);
	return memcmp(digest, known, 8) == 0;
}

static bool
mlkem_answers(void)
{
	uint8_t seed[PQ_MLKEM_SEED], public[PQ_MLKEM_PUBLIC];
	uint8_t secret[PQ_MLKEM_SECRET], sealed[PQ_MLKEM_SEALED];
	uint8_t one[PQ_MLKEM_SHARED], other[PQ_MLKEM_SHARED];

	count_up(seed, sizeof(seed));
	if (!pq_mlkem_expand(seed, public, secret) ||
	    !is_known(public, sizeof(public), mlkem_known) ||
	    !pq_mlkem_seal(public, sealed, one) ||
	    !pq_mlkem_open(secret, sealed, other) ||
	    memcmp(one, other, sizeof(one)) != 0)
		return false;
	memset(sealed, 0, sizeof(sealed));
	return pq_mlkem_open(secret, sealed, other) &&
	       memcmp(other, reject_known, sizeof(reject_known)) == 0;
}

static bool
mldsa_answers(void)
{
	uint8_t seed[PQ_MLDSA_SEED], public[PQ_MLDSA_PUBLIC];
	uint8_t secret[PQ_MLDSA_SECRET], sig[PQ_MLDSA_SIGNED];

	count_up(seed, sizeof(seed));
	if (!pq_mldsa_expand(seed, public, secret) ||
	    !is_known(public, sizeof(public), mldsa_known) ||
	    !pq_mldsa_sign(secret, seed, sizeof(seed), sig) ||
	    pq_mldsa_verify(public, seed, sizeof(seed), sig) != GW_OK)
		return false;
	seed[0] ^= 1;
	return pq_mldsa_verify(public, seed, sizeof(seed), sig) == GW_REFUSED;
}

static bool mlkem_works, mldsa_works;
static pthread_once_t asked = PTHREAD_ONCE_INIT;

static void
ask(void)
{
	if (!BUILT_WITH_IT || gcry_check_version(NEED_VERSION) == NULL)
		return;
	mlkem_works = mlkem_answers();
	mldsa_works = mldsa_answers();
}

static enum gw_status
impossible(const char *name, struct why *why)
{
	const char *runs = gcry_check_version(NULL);

	if (gcry_check_version(NEED_VERSION) == NULL)
		why_set(why, REASON_UNSUPPORTED,
		    "%s needs " NEED_WORDS "; this one is %s", name, runs);
	else if (!BUILT_WITH_IT)
		why_set(why, REASON_UNSUPPORTED,
		    "%s needs " NEED_WORDS
		    "; this one is %s, but Waybill was built with %s",
		    name, runs, GCRYPT_VERSION);
	else
		why_set(why, REASON_UNSUPPORTED,
		    "%s: libgcrypt %s does not give the known answers", name,
		    runs);
	return GW_REFUSED;
}

enum gw_status
pq_possible(int algorithm, struct why *why)
{
	if (pthread_once(&asked, ask) != 0)
		gw_fatal("pthread_once");
	if (algorithm == PACKET_MLKEM768_X25519)
		return mlkem_works ? GW_OK
				   : impossible("ML-KEM-768+X25519", why);
	if (algorithm == PACKET_MLDSA65_ED25519)
		return mldsa_works ? GW_OK
				   : impossible("ML-DSA-65+Ed25519", why);
	why_set(why, REASON_UNSUPPORTED,
	    "public key algorithm %d is not supported", algorithm);
	return GW_REFUSED;
}
