/* keys/algorithms/secret_key.c - one private key: check, sign, unwrap. */
#include "keys/algorithms/secret_key.h"

#include "keys/algorithms/pk_math.h"

#include <string.h>

#define POINT_PREFIX 0x40
#define POINT_BITS   263
#define SCALAR_LEN   32
#define WRAP_EXTRA   8
#define WRAPPED_MAX  72

static enum gw_status
disagree(struct why *why, const struct pk *pk)
{
	why_set(why, REASON_KEY_UNUSABLE,
	    "secret key %s: public and secret numbers do not belong together",
	    pk->hex);
	return GW_REFUSED;
}

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL,
	    "libgcrypt failed on a secret key; is enough memory locked?");
	return GW_INTERNAL;
}

/* Copy into secure memory; an MPI or S-expression made from there stays
 * there. */
static uint8_t *
secure_copy(const uint8_t *p, size_t len)
{
	uint8_t *to = gcry_malloc_secure(len > 0 ? len : 1);

	if (to != NULL)
		memcpy(to, p, len);
	return to;
}

static bool
get_mpi(struct buf *numbers, gcry_mpi_t *out)
{
	const uint8_t *p;
	uint8_t *copy;
	size_t len;
	bool ok;

	if (!packet_get_mpi(numbers, PK_RSA_BITS_MAX, &p, &len) || len == 0 ||
	    (copy = secure_copy(p, len)) == NULL)
		return false;
	ok = gcry_mpi_scan(out, GCRYMPI_FMT_USG, copy, len, NULL) == 0;
	mem_wipe(copy, len);
	gcry_free(copy);
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

/* n = p q, and d undoes e modulo p - 1 and q - 1.  The signature made below
 * would not show factors that are wrong in one half only. */
static bool
rsa_agrees(gcry_mpi_t n, gcry_mpi_t e, gcry_mpi_t d, gcry_mpi_t p, gcry_mpi_t q)
{
	gcry_mpi_t x = gcry_mpi_snew(gcry_mpi_get_nbits(n));
	bool ok;

	if (gcry_mpi_cmp_ui(p, 2) <= 0 || gcry_mpi_cmp_ui(q, 2) <= 0) {
		gcry_mpi_release(x);
		return false;
	}
	gcry_mpi_mul(x, p, q);
	ok = gcry_mpi_cmp(x, n) == 0;
	gcry_mpi_sub_ui(x, p, 1);
	ok = ok && product_is_one(e, d, x);
	gcry_mpi_sub_ui(x, q, 1);
	ok = ok && product_is_one(e, d, x);
	gcry_mpi_release(x);
	return ok;
}

static enum gw_status
open_rsa(struct secret_key *k, struct buf *numbers, struct why *why)
{
	gcry_mpi_t n = NULL, e = NULL, d = NULL, p = NULL, q = NULL, u = NULL;
	enum gw_status st = GW_INTERNAL;

	if (gcry_sexp_extract_param(
		k->pk->sexp, "public-key!rsa", "ne", &n, &e, NULL) != 0) {
		st = failed(why);
		goto done;
	}
	if (!get_mpi(numbers, &d) || !get_mpi(numbers, &p) ||
	    !get_mpi(numbers, &q) || !get_mpi(numbers, &u) ||
	    !buf_done(numbers) || !rsa_agrees(n, e, d, p, q)) {
		st = disagree(why, k->pk);
		goto done;
	}
	/* u = p^-1 mod q is what libgcrypt's CRT needs, with p < q. */
	if (gcry_mpi_cmp(p, q) > 0)
		gcry_mpi_swap(p, q);
	if (gcry_mpi_invm(u, p, q) == 0) {
		st = disagree(why, k->pk);
		goto done;
	}
	st = gcry_sexp_build(&k->sexp, NULL,
		 "(private-key(rsa(n%m)(e%m)(d%m)(p%m)(q%m)(u%m)))", n, e, d, p,
		 q, u) == 0
		 ? GW_OK
		 : failed(why);
done:
	gcry_mpi_release(n);
	gcry_mpi_release(e);
	gcry_mpi_release(d);
	gcry_mpi_release(p);
	gcry_mpi_release(q);
	gcry_mpi_release(u);
	return st;
}

/* 32 octets: as they are, or as an MPI that lost its leading zeros. */
static bool
get_scalar(const struct pk *pk, struct buf *numbers, uint8_t *to)
{
	const uint8_t *p;
	size_t len;

	if (pk->algorithm == PACKET_ED25519 || pk->algorithm == PACKET_X25519)
		return buf_get(numbers, to, SCALAR_LEN) && buf_done(numbers);
	/* GnuPG has written seeds with leading zero bits; the number is what
	 * it is, and it must fit the public one, so this MPI is not strict. */
	len = (buf_get_u16(numbers) + 7u) / 8;
	if (len > SCALAR_LEN || (p = buf_take(numbers, len)) == NULL ||
	    !buf_done(numbers))
		return false;
	memset(to, 0, SCALAR_LEN);
	memcpy(to + SCALAR_LEN - len, p, len);
	return true;
}

/* RFC 9580, 5.5.5.6.1.1: ECDH's legacy coding is big-endian. */
static void
reverse(uint8_t *p)
{
	for (size_t i = 0; i < SCALAR_LEN / 2; i++) {
		uint8_t v = p[i];

		p[i] = p[SCALAR_LEN - 1 - i];
		p[SCALAR_LEN - 1 - i] = v;
	}
}

static enum gw_status
open_curve(struct secret_key *k, struct buf *numbers, struct why *why)
{
	uint8_t point[32] = { 0 };

	if ((k->scalar = gcry_malloc_secure(SCALAR_LEN)) == NULL)
		return failed(why);
	if (!get_scalar(k->pk, numbers, k->scalar))
		return disagree(why, k->pk);
	if (pk_can_sign(k->pk)) {
		/* The public point goes with it so that it is not computed
		 * again each time; the test signature proves that it fits. */
		return gcry_sexp_build(&k->sexp, NULL,
			   "(private-key(ecc(curve Ed25519)(flags eddsa)"
			   "(q%b)(d%b)))",
			   (int)sizeof(k->pk->point), k->pk->point, SCALAR_LEN,
			   k->scalar) == 0
			   ? GW_OK
			   : failed(why);
	}
	if (k->pk->algorithm == PACKET_ECDH)
		reverse(k->scalar);
	if (!pk_math_x25519(k->scalar, NULL, point) ||
	    memcmp(point, k->pk->point, sizeof(point)) != 0)
		return disagree(why, k->pk);
	return GW_OK;
}

/* Sign something and see whether the public half verifies it. */
static enum gw_status
try_out(const struct secret_key *k, struct why *why)
{
	uint8_t digest[SHA256_LEN];
	struct buf out;
	enum gw_status st;

	buf_init(&out, SECRET_NUMBERS_MAX);
	gcry_create_nonce(digest, sizeof(digest));
	st = secret_key_sign(
	    k, PACKET_SHA256, digest, sizeof(digest), &out, why);
	buf_free(&out);
	return st == GW_OK ? GW_OK : disagree(why, k->pk);
}

enum gw_status
secret_key_open(struct secret_key *k, const struct pk *pk, struct buf *numbers,
    struct why *why)
{
	enum gw_status st;

	memset(k, 0, sizeof(*k));
	k->pk = pk;
	st = pk->modulus_len > 0 ? open_rsa(k, numbers, why)
				 : open_curve(k, numbers, why);
	if (st == GW_OK && pk_can_sign(pk))
		st = try_out(k, why);
	if (st != GW_OK)
		secret_key_close(k);
	return st;
}

void
secret_key_close(struct secret_key *k)
{
	if (k == NULL)
		return;
	gcry_sexp_release(k->sexp); /* libgcrypt wipes secure memory */
	if (k->scalar != NULL)
		mem_wipe(k->scalar, SCALAR_LEN);
	gcry_free(k->scalar);
	memset(k, 0, sizeof(*k));
}

/* One number of a signature, padded to `len` octets. */
static bool
extract(gcry_sexp_t sig, const char *name, uint8_t *to, size_t len)
{
	gcry_sexp_t found = gcry_sexp_find_token(sig, name, 0);
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

/* RFC 9580, 5.2.3.1, 5.2.3.3 and 5.2.3.4. */
static bool
put_numbers(const struct pk *pk, gcry_sexp_t sig, struct buf *out)
{
	uint8_t r[32], s[PK_RSA_BITS_MAX / 8];

	if (pk->modulus_len > 0)
		return extract(sig, "s", s, pk->modulus_len) &&
		       packet_put_mpi(out, s, pk->modulus_len);
	if (!extract(sig, "r", r, sizeof(r)) || !extract(sig, "s", s, 32))
		return false;
	if (pk->algorithm == PACKET_ED25519)
		return buf_put(out, r, sizeof(r)) && buf_put(out, s, 32);
	return packet_put_mpi(out, r, sizeof(r)) && packet_put_mpi(out, s, 32);
}

enum gw_status
secret_key_sign(const struct secret_key *k, int hash_algorithm,
    const uint8_t *digest, size_t len, struct buf *out, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(hash_algorithm);
	gcry_sexp_t data = NULL, sig = NULL;
	size_t start = out->len;
	gcry_error_t err;
	enum gw_status st;

	if (k->sexp == NULL || !pk_can_sign(k->pk) || hash == NULL ||
	    hash->len != len)
		return failed(why);
	if (k->pk->modulus_len > 0)
		err = gcry_sexp_build(&data, NULL,
		    "(data(flags pkcs1)(hash%s%b))", hash->name, (int)len,
		    digest);
	else
		err = gcry_sexp_build(&data, NULL,
		    "(data(flags eddsa)(hash-algo sha512)(value%b))", (int)len,
		    digest);
	if (err != 0 || gcry_pk_sign(&sig, data, k->sexp) != 0 ||
	    !put_numbers(k->pk, sig, out))
		st = failed(why);
	/* A fault while computing would give the key away (RSA with CRT,
	 * EdDSA): nothing leaves that does not verify. */
	else if (pk_verify(k->pk, hash_algorithm, digest, len,
		     out->data + start, out->len - start, why) != GW_OK)
		st = failed(why);
	else
		st = GW_OK;
	if (st != GW_OK && !out->bad) {
		mem_wipe(out->data + start, out->len - start);
		out->len = start;
	}
	gcry_sexp_release(sig);
	gcry_sexp_release(data);
	return st;
}

static size_t
cipher_key_len(int cipher)
{
	return cipher == PACKET_AES128   ? 16
	       : cipher == PACKET_AES192 ? 24
	       : cipher == PACKET_AES256 ? 32
					 : 0;
}

/*
 * [cipher, only in version 3] key, sum of the key's octets, which is all of
 * `plain` (RFC 9580, 5.1.3 and 5.1.5).
 */
static bool
take_session(int version, const uint8_t *plain, size_t len, int *cipher,
    struct buf *session_key)
{
	size_t head = version == 3 ? 1 : 0, n;
	unsigned sum = 0;

	if (len < head + 16 + 2)
		return false;
	n = len - head - 2;
	*cipher = version == 3 ? plain[0] : 0;
	if (version == 3 ? n != cipher_key_len(*cipher)
			 : n != 16 && n != 24 && n != 32)
		return false;
	for (size_t i = 0; i < n; i++)
		sum += plain[head + i];
	if ((sum & 0xffff) !=
	    ((unsigned)plain[head + n] << 8 | plain[head + n + 1]))
		return false;
	return buf_put(session_key, plain + head, n);
}

/* RFC 3394. */
static bool
unwrap(const uint8_t *kek, size_t kek_len, const uint8_t *in, size_t len,
    uint8_t *out)
{
	gcry_cipher_hd_t h = NULL;
	int algo = kek_len == 16   ? GCRY_CIPHER_AES128
		   : kek_len == 24 ? GCRY_CIPHER_AES192
				   : GCRY_CIPHER_AES256;
	bool ok;

	if (len < 16 + WRAP_EXTRA || len > WRAPPED_MAX || len % 8 != 0)
		return false;
	ok = gcry_cipher_open(&h, algo, GCRY_CIPHER_MODE_AESWRAP, 0) == 0 &&
	     gcry_cipher_setkey(h, kek, kek_len) == 0 &&
	     gcry_cipher_decrypt(h, out, len - WRAP_EXTRA, in, len) == 0;
	gcry_cipher_close(h);
	return ok;
}

/* What was wrapped for the shared point, len - 8 octets of it. */
static bool
unwrap_point(const struct secret_key *k, const uint8_t *point,
    const uint8_t *wrapped, size_t len, uint8_t *out)
{
	uint8_t shared[32], kek[32];
	size_t kek_len = 0;
	struct why why;
	bool ok =
	    pk_math_x25519(k->scalar, point, shared) &&
	    pk_derive_kek(k->pk, point, shared, kek, &kek_len, &why) == GW_OK &&
	    unwrap(kek, kek_len, wrapped, len, out);

	mem_wipe(shared, sizeof(shared));
	mem_wipe(kek, sizeof(kek));
	return ok;
}

/* RFC 9580, 5.1.5. */
static bool
unwrap_ecdh(const struct secret_key *k, int version, struct buf *fields,
    int *cipher, struct buf *session_key)
{
	uint8_t plain[WRAPPED_MAX];
	const uint8_t *point, *wrapped;
	size_t point_len, len, pad, i;
	bool ok;

	/* libgcrypt takes cut points as well: all 33 octets, or none. */
	if (!packet_get_mpi(fields, POINT_BITS, &point, &point_len) ||
	    point_len != 33 || *point != POINT_PREFIX)
		return false;
	len = buf_get_u8(fields);
	wrapped = buf_take(fields, len);
	if (wrapped == NULL || !buf_done(fields) ||
	    !unwrap_point(k, point + 1, wrapped, len, plain)) {
		mem_wipe(plain, sizeof(plain));
		return false;
	}
	len -= WRAP_EXTRA;
	pad = plain[len - 1];
	ok = pad > 0 && pad < len;
	for (i = ok ? len - pad : len; i < len; i++)
		ok = ok && plain[i] == pad;
	ok = ok && take_session(version, plain, len - pad, cipher, session_key);
	mem_wipe(plain, sizeof(plain));
	return ok;
}

/* RFC 9580, 5.1.6. */
static bool
unwrap_x25519(const struct secret_key *k, int version, struct buf *fields,
    int *cipher, struct buf *session_key)
{
	uint8_t plain[WRAPPED_MAX];
	const uint8_t *point = buf_take(fields, 32), *wrapped;
	size_t len = buf_get_u8(fields);
	bool ok;

	*cipher = 0;
	if (version == 3) {
		*cipher = buf_get_u8(fields);
		if (len == 0)
			return false;
		len--;
	}
	wrapped = buf_take(fields, len);
	if (point == NULL || wrapped == NULL || !buf_done(fields) ||
	    !unwrap_point(k, point, wrapped, len, plain)) {
		mem_wipe(plain, sizeof(plain));
		return false;
	}
	len -= WRAP_EXTRA;
	ok = version == 3 ? len == cipher_key_len(*cipher)
			  : len == 16 || len == 24 || len == 32;
	ok = ok && buf_put(session_key, plain, len);
	mem_wipe(plain, sizeof(plain));
	return ok;
}

/*
 * PKCS #1 type 2, looked through to the end whatever is in it.  libgcrypt's
 * own check tells by its errors and its time how far it came, which decrypts
 * other people's messages after enough questions.
 */
static bool
strip_pkcs1(const uint8_t *em, size_t len, size_t *start)
{
	unsigned good = (unsigned)(em[0] == 0) & (unsigned)(em[1] == 2);
	size_t zero = 0;

	for (size_t i = 2; i < len; i++) {
		size_t first = (size_t)(em[i] == 0) & (size_t)(zero == 0);

		zero |= (0 - first) & i;
	}
	*start = zero + 1;
	/* RFC 8017, 7.2.2: eight octets of padding at least. */
	return (good & (unsigned)(zero >= 10)) != 0;
}

/* RFC 9580, 5.1.3. */
static bool
unwrap_rsa(const struct secret_key *k, int version, struct buf *fields,
    int *cipher, struct buf *session_key)
{
	gcry_sexp_t sealed = NULL, plain = NULL;
	size_t len, start, size = k->pk->modulus_len;
	uint8_t em[PK_RSA_BITS_MAX / 8];
	const uint8_t *a;
	bool ok;

	if (!packet_get_mpi(fields, k->pk->bits, &a, &len) || len == 0 ||
	    !buf_done(fields))
		return false;
	if (len == size && memcmp(a, k->pk->body + k->pk->modulus, len) >= 0)
		return false;
	ok = gcry_sexp_build(&sealed, NULL, "(enc-val(flags raw)(rsa(a%b)))",
		 (int)len, a) == 0 &&
	     gcry_pk_decrypt(&plain, sealed, k->sexp) == 0 &&
	     extract(plain, "value", em, size) &&
	     strip_pkcs1(em, size, &start) &&
	     take_session(
		 version, em + start, size - start, cipher, session_key);
	mem_wipe(em, size);
	gcry_sexp_release(plain);
	gcry_sexp_release(sealed);
	return ok;
}

bool
secret_key_unwrap(const struct secret_key *k, int version, struct buf *fields,
    int *cipher, struct buf *session_key)
{
	*cipher = 0;
	if (k->pk->algorithm == PACKET_ECDH)
		return unwrap_ecdh(k, version, fields, cipher, session_key);
	if (k->pk->algorithm == PACKET_X25519)
		return unwrap_x25519(k, version, fields, cipher, session_key);
	return unwrap_rsa(k, version, fields, cipher, session_key);
}
