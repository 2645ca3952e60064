/* keys/algorithms/kind.c - the table of algorithms and curves. */
#include "keys/algorithms/kind.h"

#include <string.h>

/* What both users of the same curve say of it (RFC 9580, 9.2 and 11.5.1). */
#define NIST_P256                                                              \
	.name = "NIST P-256", .curve = "NIST P-256", .bits = 256, .len = 32,   \
	.oid = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 },             \
	.oid_len = 8
#define NIST_P384                                                              \
	.name = "NIST P-384", .curve = "NIST P-384", .bits = 384, .len = 48,   \
	.oid = { 0x2b, 0x81, 0x04, 0x00, 0x22 }, .oid_len = 5
#define NIST_P521                                                              \
	.name = "NIST P-521", .curve = "NIST P-521", .bits = 521, .len = 66,   \
	.oid = { 0x2b, 0x81, 0x04, 0x00, 0x23 }, .oid_len = 5
#define BRAINPOOL_P256                                                         \
	.name = "brainpoolP256r1", .curve = "brainpoolP256r1", .bits = 256,    \
	.len = 32,                                                             \
	.oid = { 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 },       \
	.oid_len = 9
#define BRAINPOOL_P384                                                         \
	.name = "brainpoolP384r1", .curve = "brainpoolP384r1", .bits = 384,    \
	.len = 48,                                                             \
	.oid = { 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b },       \
	.oid_len = 9
#define BRAINPOOL_P512                                                         \
	.name = "brainpoolP512r1", .curve = "brainpoolP512r1", .bits = 512,    \
	.len = 64,                                                             \
	.oid = { 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d },       \
	.oid_len = 9

#define RSA(number, may_sign, may_encrypt)                                     \
	{                                                                      \
		.algorithm = (number), .name = "RSA", .family = &rsa_family,   \
		.signs = (may_sign), .encrypts = (may_encrypt),                \
		.hash = PACKET_SHA256                                          \
	}
/* RFC 9580, 5.2.3.2: the digest is as long as the curve's numbers, and 512
 * bits for P-521.  GnuPG keeps to that as well. */
#define ECDSA(on, digest)                                                      \
	{                                                                      \
		.algorithm = PACKET_ECDSA, .family = &ecdsa_family,            \
		.signs = true, .hash = (digest), on                            \
	}
#define ECDH(on, digest, cipher)                                               \
	{                                                                      \
		.algorithm = PACKET_ECDH, .family = &ecdh_family,              \
		.encrypts = true, .kdf_hash = (digest),                        \
		.kdf_cipher = (cipher), on                                     \
	}

static const struct pk_kind kinds[] = {
	RSA(PACKET_RSA, true, true),
	RSA(PACKET_RSA_ENCRYPT, false, true),
	RSA(PACKET_RSA_SIGN, true, false),
	{ .algorithm = PACKET_ED25519,
	    .name = "Ed25519",
	    .family = &eddsa_family,
	    .signs = true,
	    .bits = 255,
	    .len = 32,
	    .hash = PACKET_SHA256 },
	{ .algorithm = PACKET_ED448,
	    .name = "Ed448",
	    .family = &eddsa_family,
	    .signs = true,
	    .bits = 448,
	    .len = 57,
	    .hash = PACKET_SHA512 },
	{ .algorithm = PACKET_X25519,
	    .name = "X25519",
	    .family = &xdh_family,
	    .encrypts = true,
	    .bits = 255,
	    .len = 32 },
	{ .algorithm = PACKET_X448,
	    .name = "X448",
	    .family = &xdh_family,
	    .encrypts = true,
	    .bits = 448,
	    .len = 56 },
	/* RFC 9980, 3.5: of all its algorithms only this one may be in keys of
	 * version 4 as well. */
	{ .algorithm = PACKET_MLKEM768_X25519,
	    .name = "ML-KEM-768+X25519",
	    .family = &mlkem_family,
	    .encrypts = true,
	    .post_quantum = true },
	/* RFC 9980, 5.3.1: 256 bits are enough, for there is a salt. */
	{ .algorithm = PACKET_MLDSA65_ED25519,
	    .name = "ML-DSA-65+Ed25519",
	    .family = &mldsa_family,
	    .signs = true,
	    .only6 = true,
	    .post_quantum = true,
	    .hash = PACKET_SHA256 },
	/* RFC 9580, 9.2: these two codings are of version 4 only. */
	{ .algorithm = PACKET_EDDSA,
	    .name = "Ed25519",
	    .family = &eddsa_legacy_family,
	    .signs = true,
	    .only4 = true,
	    .curve = "Ed25519",
	    .oid = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01 },
	    .oid_len = 9,
	    .bits = 255,
	    .len = 32,
	    .hash = PACKET_SHA256 },
	{ .algorithm = PACKET_ECDH,
	    .name = "Curve25519",
	    .family = &xdh_legacy_family,
	    .encrypts = true,
	    .only4 = true,
	    .curve = "Curve25519",
	    .oid = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05,
		0x01 },
	    .oid_len = 10,
	    .bits = 255,
	    .len = 32,
	    .kdf_hash = PACKET_SHA256,
	    .kdf_cipher = PACKET_AES128 },
	ECDSA(NIST_P256, PACKET_SHA256),
	ECDSA(NIST_P384, PACKET_SHA384),
	ECDSA(NIST_P521, PACKET_SHA512),
	ECDSA(BRAINPOOL_P256, PACKET_SHA256),
	ECDSA(BRAINPOOL_P384, PACKET_SHA384),
	ECDSA(BRAINPOOL_P512, PACKET_SHA512),
	ECDH(NIST_P256, PACKET_SHA256, PACKET_AES128),
	ECDH(NIST_P384, PACKET_SHA384, PACKET_AES192),
	ECDH(NIST_P521, PACKET_SHA512, PACKET_AES256),
	ECDH(BRAINPOOL_P256, PACKET_SHA256, PACKET_AES128),
	ECDH(BRAINPOOL_P384, PACKET_SHA384, PACKET_AES192),
	ECDH(BRAINPOOL_P512, PACKET_SHA512, PACKET_AES256),
};

bool
kind_has_oid(int algorithm)
{
	return algorithm == PACKET_ECDH || algorithm == PACKET_ECDSA ||
	       algorithm == PACKET_EDDSA;
}

const struct pk_kind *
kind_find(int algorithm, const uint8_t *oid, size_t oid_len)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].algorithm == algorithm &&
		    kinds[i].oid_len == oid_len &&
		    (oid_len == 0 || memcmp(kinds[i].oid, oid, oid_len) == 0))
			return &kinds[i];
	return NULL;
}

const struct pk_kind *
kind_named(int algorithm, const char *curve)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].algorithm == algorithm &&
		    (curve == NULL ? kinds[i].curve == NULL
				   : kinds[i].curve != NULL &&
					 strcmp(kinds[i].curve, curve) == 0))
			return &kinds[i];
	return NULL;
}

enum gw_status
kind_malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad public key: %s", what);
	return GW_REFUSED;
}

enum gw_status
kind_bad_signature(struct why *why)
{
	why_set(why, REASON_SIGNATURE_BAD,
	    "the signature does not match what it is said to sign");
	return GW_REFUSED;
}

enum gw_status
kind_failed(struct why *why, const struct pk *pk, const char *doing)
{
	why_set(why, REASON_INTERNAL,
	    "key %s: libgcrypt failed to %s; is enough memory locked?",
	    *pk->hex != '\0' ? pk->hex : pk->name, doing);
	return GW_INTERNAL;
}

enum gw_status
kind_disagree(struct why *why, const struct pk *pk)
{
	why_set(why, REASON_KEY_UNUSABLE,
	    "secret key %s: public and secret numbers do not belong together",
	    pk->hex);
	return GW_REFUSED;
}

enum gw_status
kind_unfit(struct why *why, const struct pk *pk)
{
	why_set(why, REASON_RECIPIENT_UNFIT,
	    "key %s (%s) cannot be encrypted to", pk->hex, pk->name);
	return GW_REFUSED;
}

enum gw_status
kind_verify_sexp(
    gcry_sexp_t key, gcry_sexp_t data, gcry_sexp_t sig, struct why *why)
{
	gcry_error_t err = data != NULL && sig != NULL
			       ? gcry_pk_verify(sig, data, key)
			       : gcry_error(GPG_ERR_ENOMEM);

	gcry_sexp_release(sig);
	gcry_sexp_release(data);
	if (gcry_err_code(err) == GPG_ERR_ENOMEM) {
		why_set(why, REASON_INTERNAL, "no memory to verify");
		return GW_AGAIN;
	}
	return err == 0 ? GW_OK : kind_bad_signature(why);
}

bool
kind_extract(gcry_sexp_t from, const char *name, uint8_t *to, size_t len)
{
	gcry_sexp_t found = gcry_sexp_find_token(from, name, 0);
	size_t n = 0;
	const char *p = gcry_sexp_nth_data(found, 1, &n);
	bool ok;

	while (p != NULL && n > len && *p == '\0') {
		p++;
		n--;
	}
	ok = p != NULL && n <= len;
	if (ok) {
		memset(to, 0, len);
		memcpy(to + len - n, p, n);
	}
	gcry_sexp_release(found);
	return ok;
}

bool
kind_put_mpi(
    struct buf *out, gcry_sexp_t key, const char *part, const char *name)
{
	gcry_sexp_t list = gcry_sexp_find_token(key, part, 0);
	gcry_sexp_t value = gcry_sexp_find_token(list, name, 0);
	size_t len = 0;
	const char *p = gcry_sexp_nth_data(value, 1, &len);
	bool ok = p != NULL && packet_put_mpi(out, (const uint8_t *)p, len);

	gcry_sexp_release(value);
	gcry_sexp_release(list);
	return ok;
}

gcry_sexp_t
kind_generate(const char *how)
{
	gcry_sexp_t want = NULL, key = NULL;

	if (gcry_sexp_new(&want, how, 0, 1) == 0 &&
	    gcry_pk_genkey(&key, want) != 0)
		key = NULL;
	gcry_sexp_release(want);
	return key;
}

uint8_t *
kind_secret_copy(const uint8_t *p, size_t len)
{
	uint8_t *to = gcry_malloc_secure(len > 0 ? len : 1);

	if (to != NULL)
		memcpy(to, p, len);
	return to;
}

void
kind_free_secret(uint8_t *p, size_t len)
{
	if (p != NULL)
		mem_wipe(p, len);
	gcry_free(p);
}
