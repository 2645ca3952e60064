/* keys/algorithms/rsa.c - RSA, both halves (RFC 9580, 5.5.5.1, 5.2.3.1, 5.1.3). */
#include "keys/algorithms/cipher.h"
#include "keys/algorithms/kind.h"
#include "keys/algorithms/session.h"

#include <stdio.h>
#include <string.h>

#define E_BITS_MAX 64
#define OCTETS_MAX (PK_RSA_BITS_MAX / 8)

/* n, e. */
static enum gw_status
read_public(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *n, *e;
	size_t n_len, e_len;

	if (!packet_get_mpi(b, PK_RSA_BITS_MAX, &n, &n_len) || n_len == 0)
		return kind_malformed(why, "RSA modulus");
	pk->modulus = b->pos - n_len;
	pk->modulus_len = n_len;
	pk->bits = (unsigned)n[-2] << 8 | n[-1]; /* exact, as was checked */
	snprintf(pk->name, sizeof(pk->name), "RSA-%u", pk->bits);
	if (!packet_get_mpi(b, E_BITS_MAX, &e, &e_len) || e_len == 0)
		return kind_malformed(why, "RSA exponent");
	if ((n[n_len - 1] & 1) == 0)
		return kind_malformed(why, "even RSA modulus");
	if ((e[e_len - 1] & 1) == 0 || (e_len == 1 && *e == 1))
		return kind_malformed(why, "RSA exponent");
	if (pk->bits < PK_RSA_BITS_MIN) {
		pk->weak = true;
		return GW_OK;
	}
	if (gcry_sexp_build(&pk->sexp, NULL, "(public-key(rsa(n%b)(e%b)))",
		(int)n_len, n, (int)e_len, e) != 0)
		return kind_failed(why, pk, "take an RSA key");
	pk->supported = true;
	return GW_OK;
}

/* One number below n: n more would be another spelling of the same. */
static bool
take_number(
    const struct pk *pk, struct buf *from, const uint8_t **s, size_t *len)
{
	return packet_get_mpi(from, pk->bits, s, len) && *len > 0 &&
	       buf_done(from) &&
	       (*len < pk->modulus_len ||
		   memcmp(*s, pk->body + pk->modulus, *len) < 0);
}

static enum gw_status
verify(const struct pk *pk, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers, struct why *why)
{
	const uint8_t *s;
	size_t len;
	gcry_sexp_t sig = NULL, data = NULL;

	if (!take_number(pk, numbers, &s, &len))
		return kind_bad_signature(why);
	/* Failures leave NULL, which kind_verify_sexp() looks for. */
	(void)gcry_sexp_build(&sig, NULL, "(sig-val(rsa(s%b)))", (int)len, s);
	(void)gcry_sexp_build(&data, NULL, "(data(flags pkcs1)(hash%s%b))",
	    hash->name, (int)hash->len, digest);
	return kind_verify_sexp(pk->sexp, data, sig, why);
}

static enum gw_status
encrypt(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	gcry_sexp_t data = NULL, sealed = NULL;
	uint8_t a[OCTETS_MAX];
	struct buf plain;
	bool ok;

	/* Below that we read, for what was encrypted long ago. */
	if (pk->bits < PK_RSA_BITS_MAKE)
		return kind_unfit(why, pk);
	buf_init_secret(&plain, SESSION_PLAIN_MAX);
	session_put(&plain, version, cipher, session_key);
	ok = !plain.bad &&
	     gcry_sexp_build(&data, NULL, "(data(flags pkcs1)(value%b))",
		 (int)plain.len, plain.data) == 0 &&
	     gcry_pk_encrypt(&sealed, data, pk->sexp) == 0 &&
	     kind_extract(sealed, "a", a, pk->modulus_len) &&
	     packet_put_mpi(out, a, pk->modulus_len);
	gcry_sexp_release(sealed);
	gcry_sexp_release(data);
	buf_free(&plain);
	return ok ? GW_OK : kind_failed(why, pk, "encrypt");
}

/* A number of ours, in secure memory. */
static bool
get_secret(struct buf *numbers, gcry_mpi_t *out)
{
	const uint8_t *p;
	uint8_t *copy;
	size_t len;
	bool ok;

	if (!packet_get_mpi(numbers, PK_RSA_BITS_MAX, &p, &len) || len == 0 ||
	    (copy = kind_secret_copy(p, len)) == NULL)
		return false;
	ok = gcry_mpi_scan(out, GCRYMPI_FMT_USG, copy, len, NULL) == 0;
	kind_free_secret(copy, len);
	return ok;
}

/* Is (a * b) mod m one? */
static bool
product_is_one(gcry_mpi_t a, gcry_mpi_t b, gcry_mpi_t m)
{
	gcry_mpi_t x = gcry_mpi_snew(gcry_mpi_get_nbits(m));
	bool one;

	gcry_mpi_mulm(x, a, b, m);
	one = gcry_mpi_cmp_ui(x, 1) == 0;
	gcry_mpi_release(x);
	return one;
}

/* n = p q, and d undoes e modulo p - 1 and q - 1.  A signature made for a
 * trial would not show factors that are wrong in one half only. */
static bool
agrees(gcry_mpi_t n, gcry_mpi_t e, gcry_mpi_t d, gcry_mpi_t p, gcry_mpi_t q)
{
	gcry_mpi_t x = gcry_mpi_snew(gcry_mpi_get_nbits(n));
	bool ok;

	ok = gcry_mpi_cmp_ui(p, 2) > 0 && gcry_mpi_cmp_ui(q, 2) > 0;
	if (ok) {
		gcry_mpi_mul(x, p, q);
		ok = gcry_mpi_cmp(x, n) == 0;
		gcry_mpi_sub_ui(x, p, 1);
		ok = ok && product_is_one(e, d, x);
		gcry_mpi_sub_ui(x, q, 1);
		ok = ok && product_is_one(e, d, x);
	}
	gcry_mpi_release(x);
	return ok;
}

/* d, p, q, u. */
static enum gw_status
open_secret(struct secret_key *k, struct buf *numbers, struct why *why)
{
	gcry_mpi_t n = NULL, e = NULL, d = NULL, p = NULL, q = NULL, u = NULL;
	enum gw_status st = GW_INTERNAL;

	if (gcry_sexp_extract_param(
		k->pk->sexp, "public-key!rsa", "ne", &n, &e, NULL) != 0) {
		st = kind_failed(why, k->pk, "take a secret key");
		goto done;
	}
	st = GW_REFUSED;
	if (!get_secret(numbers, &d) || !get_secret(numbers, &p) ||
	    !get_secret(numbers, &q) || !get_secret(numbers, &u) ||
	    !buf_done(numbers) || !agrees(n, e, d, p, q))
		goto done;
	/* u = p^-1 mod q is what libgcrypt's CRT needs, with p < q. */
	if (gcry_mpi_cmp(p, q) > 0)
		gcry_mpi_swap(p, q);
	if (gcry_mpi_invm(u, p, q) == 0)
		goto done;
	st = gcry_sexp_build(&k->sexp, NULL,
		 "(private-key(rsa(n%m)(e%m)(d%m)(p%m)(q%m)(u%m)))", n, e, d, p,
		 q, u) == 0
		 ? GW_OK
		 : kind_failed(why, k->pk, "take a secret key");
done:
	gcry_mpi_release(n);
	gcry_mpi_release(e);
	gcry_mpi_release(d);
	gcry_mpi_release(p);
	gcry_mpi_release(q);
	gcry_mpi_release(u);
	return st == GW_REFUSED ? kind_disagree(why, k->pk) : st;
}

/* libgcrypt blinds what it raises to the secret power unless told not to. */
static bool
sign(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *out)
{
	gcry_sexp_t data = NULL, sig = NULL;
	uint8_t s[OCTETS_MAX];
	bool ok;

	ok = gcry_sexp_build(&data, NULL, "(data(flags pkcs1)(hash%s%b))",
		 hash->name, (int)hash->len, digest) == 0 &&
	     gcry_pk_sign(&sig, data, k->sexp) == 0 &&
	     kind_extract(sig, "s", s, k->pk->modulus_len) &&
	     packet_put_mpi(out, s, k->pk->modulus_len);
	gcry_sexp_release(sig);
	gcry_sexp_release(data);
	return ok;
}

/* All ones when v is zero, else zero; no branch. */
static uint32_t
mask_zero(uint32_t v)
{
	return (uint32_t)(((uint64_t)v - 1) >> 32);
}

/*
 * Is em the padding of PKCS #1 type 2 around exactly one [cipher,] session
 * key of key_len octets and its sum?  All ones if so.  Every octet is looked
 * at whatever is in it, and where depends on public lengths only: the time
 * taken, like the errors of libgcrypt's own check, would decrypt other
 * people's messages after enough questions.
 */
static uint32_t
fits(const uint8_t *em, size_t size, int version, size_t key_len, int cipher)
{
	size_t head = version == 3 ? 1 : 0, at = size - 2 - key_len;
	uint32_t good = mask_zero(em[0]) & mask_zero(em[1] ^ 2u), sum = 0;

	for (size_t i = 2; i < at - head - 1; i++)
		good &= ~mask_zero(em[i]);
	good &= mask_zero(em[at - head - 1]);
	if (version == 3)
		good &= mask_zero(em[at - 1] ^ (uint32_t)cipher);
	for (size_t i = 0; i < key_len; i++)
		sum += em[at + i];
	sum &= 0xffff;
	good &= mask_zero((sum >> 8) ^ em[size - 2]) &
		mask_zero((sum & 0xff) ^ em[size - 1]);
	return good;
}

/* The key in em, if there is one, of one of the three lengths. */
static bool
take_session(const uint8_t *em, size_t size, int version, int *cipher,
    struct buf *session_key)
{
	static const int ciphers[] = { PACKET_AES128, PACKET_AES192,
		PACKET_AES256 };
	uint8_t key[PK_SESSION_KEY_MAX] = { 0 };
	uint32_t len = 0, found = 0;
	bool ok;

	for (size_t c = 0; c < 3; c++) {
		size_t n = cipher_key_len(ciphers[c]);
		uint32_t good = fits(em, size, version, n, ciphers[c]);

		for (size_t i = 0; i < n; i++)
			key[i] |= (uint8_t)(good & em[size - 2 - n + i]);
		len |= good & (uint32_t)n;
		found |= good & (uint32_t)ciphers[c];
	}
	/* Only here does it show. */
	ok = len != 0 && buf_put(session_key, key, len);
	*cipher = ok && version == 3 ? (int)found : 0;
	mem_wipe(key, sizeof(key));
	return ok;
}

static bool
unwrap(const struct secret_key *k, int version, struct buf *fields, int *cipher,
    struct buf *session_key)
{
	gcry_sexp_t sealed = NULL, plain = NULL;
	uint8_t em[OCTETS_MAX];
	const uint8_t *a;
	size_t len, size = k->pk->modulus_len;
	bool ok;

	if (!take_number(k->pk, fields, &a, &len))
		return false;
	ok = gcry_sexp_build(&sealed, NULL, "(enc-val(flags raw)(rsa(a%b)))",
		 (int)len, a) == 0 &&
	     gcry_pk_decrypt(&plain, sealed, k->sexp) == 0 &&
	     kind_extract(plain, "value", em, size) &&
	     take_session(em, size, version, cipher, session_key);
	mem_wipe(em, size);
	gcry_sexp_release(plain);
	gcry_sexp_release(sealed);
	return ok;
}

static enum gw_status
make(const struct pk_kind *kind, unsigned bits, struct buf *public,
    struct buf *numbers, struct why *why)
{
	static const char *const secrets[] = { "d", "p", "q", "u" };
	char how[64];
	gcry_sexp_t key;
	bool ok;

	(void)kind;
	if (bits < PK_RSA_BITS_MAKE || bits > PK_RSA_BITS_MAX)
		gw_fatal("an RSA key of %u bits is not made", bits);
	snprintf(how, sizeof(how),
	    "(genkey(rsa(nbits %zu:%u)(rsa-use-e 5:65537)))",
	    (size_t)(bits < 10000 ? 4 : 5), bits);
	key = kind_generate(how);
	ok = kind_put_mpi(public, key, "public-key", "n") &&
	     kind_put_mpi(public, key, "public-key", "e");
	/* libgcrypt's u is p^-1 mod q with p < q, as RFC 9580 wants it. */
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		ok =
		    ok && kind_put_mpi(numbers, key, "private-key", secrets[i]);
	gcry_sexp_release(key);
	if (ok)
		return GW_OK;
	why_set(why, REASON_INTERNAL, "libgcrypt made no RSA key");
	return GW_INTERNAL;
}

const struct kind_family rsa_family = {
	.read = read_public,
	.verify = verify,
	.encrypt = encrypt,
	.open = open_secret,
	.sign = sign,
	.unwrap = unwrap,
	.make = make,
};
