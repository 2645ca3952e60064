/* keys/algorithms/pk.c - public keys: parse, verify, encrypt a session key. */
#include "keys/algorithms/pk.h"

#include "keys/algorithms/pk_math.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RSA_E_BITS_MAX 64

/* A point of the legacy curves is 0x40 and 32 octets (RFC 9580, 11.2.2). */
#define POINT_PREFIX 0x40
#define POINT_BITS   263

/* RFC 9580, 9.2: the curves of EdDSA and ECDH that we know. */
static const uint8_t oid_ed25519[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47,
	0x0f, 0x01 };
static const uint8_t oid_curve25519[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97,
	0x55, 0x01, 0x05, 0x01 };

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad public key: %s", what);
	return GW_REFUSED;
}

const uint8_t *
pk_oid(int algorithm, size_t *len)
{
	switch (algorithm) {
	case PACKET_EDDSA:
		*len = sizeof(oid_ed25519);
		return oid_ed25519;
	case PACKET_ECDH:
		*len = sizeof(oid_curve25519);
		return oid_curve25519;
	default:
		*len = 0;
		return NULL;
	}
}

/* We know that it exists and what it is called; nothing more. */
static enum gw_status
unusable(struct pk *pk, struct buf *body, bool weak, const char *name)
{
	(void)buf_take(body, buf_left(body)); /* cannot fail: what is left */
	pk->weak = weak;
	snprintf(pk->name, sizeof(pk->name), "%s", name);
	return GW_OK;
}

/* RFC 9580, 5.5.5.1: n, e. */
static enum gw_status
parse_rsa(struct pk *pk, struct buf *body, struct why *why)
{
	const uint8_t *n, *e;
	size_t n_len, e_len, start = body->pos;

	if (!packet_get_mpi(body, PK_RSA_BITS_MAX, &n, &n_len) ||
	    !packet_get_mpi(body, RSA_E_BITS_MAX, &e, &e_len))
		return malformed(why, "RSA numbers");
	if (n_len == 0 || (n[n_len - 1] & 1) == 0)
		return malformed(why, "even RSA modulus");
	if (e_len == 0 || (e[e_len - 1] & 1) == 0 || (e_len == 1 && *e == 1))
		return malformed(why, "RSA exponent");
	pk->bits = (unsigned)body->data[start] << 8 | body->data[start + 1];
	pk->modulus = (size_t)(n - body->data);
	pk->modulus_len = n_len;
	snprintf(pk->name, sizeof(pk->name), "RSA-%u", pk->bits);
	if (pk->bits < PK_RSA_BITS_MIN) {
		pk->weak = true;
		return GW_OK;
	}
	if (gcry_sexp_build(&pk->sexp, NULL, "(public-key(rsa(n%b)(e%b)))",
		(int)n_len, n, (int)e_len, e) != 0) {
		why_set(why, REASON_INTERNAL, "libgcrypt takes no RSA key");
		return GW_INTERNAL;
	}
	pk->supported = true;
	return GW_OK;
}

static enum gw_status
finish_ed25519(struct pk *pk, struct why *why)
{
	pk->bits = 255;
	snprintf(pk->name, sizeof(pk->name), "Ed25519");
	if (!pk_math_ed25519_point(pk->point))
		return malformed(why, "not a point of Ed25519");
	if (gcry_sexp_build(&pk->sexp, NULL,
		"(public-key(ecc(curve Ed25519)(flags eddsa)(q%b)))",
		(int)sizeof(pk->point), pk->point) != 0) {
		why_set(why, REASON_INTERNAL, "libgcrypt takes no Ed25519 key");
		return GW_INTERNAL;
	}
	pk->supported = true;
	return GW_OK;
}

/* The OID in front of legacy keys; *known when it is the one we support. */
static bool
get_oid(struct buf *body, int algorithm, bool *known)
{
	size_t want_len, len = buf_get_u8(body);
	const uint8_t *want = pk_oid(algorithm, &want_len);
	const uint8_t *oid;

	/* RFC 9580, 9.2: 0 and 0xff are reserved. */
	if (len == 0 || len == 0xff || (oid = buf_take(body, len)) == NULL)
		return false;
	*known = len == want_len && memcmp(oid, want, len) == 0;
	return true;
}

static bool
get_point(struct buf *body, uint8_t point[32])
{
	const uint8_t *mpi;
	size_t len;

	if (!packet_get_mpi(body, POINT_BITS, &mpi, &len) || len != 33 ||
	    *mpi != POINT_PREFIX)
		return false;
	memcpy(point, mpi + 1, 32);
	return true;
}

/* RFC 9580, 5.5.5.4 and 5.5.5.6. */
static enum gw_status
parse_legacy(struct pk *pk, struct buf *body, struct why *why)
{
	bool known = false;

	if (!get_oid(body, pk->algorithm, &known))
		return malformed(why, "curve");
	if (!known)
		return unusable(pk, body, false,
		    pk->algorithm == PACKET_ECDH    ? "ECDH"
		    : pk->algorithm == PACKET_ECDSA ? "ECDSA"
						    : "EdDSA");
	if (!get_point(body, pk->point))
		return malformed(why, "point");
	if (pk->algorithm == PACKET_EDDSA)
		return finish_ed25519(pk, why);
	/* RFC 9580, 5.5.5.6: three octets, the first of them 1. */
	if (buf_get_u8(body) != 3 || buf_get_u8(body) != 1)
		return malformed(why, "ECDH parameters");
	pk->kdf_hash = buf_get_u8(body);
	pk->kdf_cipher = buf_get_u8(body);
	if (body->bad)
		return malformed(why, "ECDH parameters");
	pk->bits = 255;
	snprintf(pk->name, sizeof(pk->name), "Curve25519");
	pk->supported =
	    (pk->kdf_hash == PACKET_SHA256 || pk->kdf_hash == PACKET_SHA384 ||
		pk->kdf_hash == PACKET_SHA512) &&
	    pk->kdf_cipher >= PACKET_AES128 && pk->kdf_cipher <= PACKET_AES256;
	return GW_OK;
}

/* RFC 9580, 5.5.5.7 and 5.5.5.9: 32 octets, nothing else. */
static enum gw_status
parse_native(struct pk *pk, struct buf *body, struct why *why)
{
	if (!buf_get(body, pk->point, sizeof(pk->point)))
		return malformed(why, "point");
	if (pk->algorithm == PACKET_ED25519)
		return finish_ed25519(pk, why);
	pk->bits = 255;
	snprintf(pk->name, sizeof(pk->name), "X25519");
	pk->supported = true;
	return GW_OK;
}

static enum gw_status
parse_numbers(struct pk *pk, struct buf *body, struct why *why)
{
	switch (pk->algorithm) {
	case PACKET_RSA:
	case PACKET_RSA_ENCRYPT:
	case PACKET_RSA_SIGN:
		return parse_rsa(pk, body, why);
	case PACKET_EDDSA:
	case PACKET_ECDH:
	case PACKET_ECDSA:
		return parse_legacy(pk, body, why);
	case PACKET_ED25519:
	case PACKET_X25519:
		return parse_native(pk, body, why);
	case PACKET_DSA:
		return unusable(pk, body, true, "DSA");
	case PACKET_ELGAMAL:
		return unusable(pk, body, true, "Elgamal");
	default:
		return unusable(pk, body, false, "unknown");
	}
}

/* RFC 9580, 5.5.4.2. */
static void
set_fingerprint(struct pk *pk)
{
	uint8_t head[3] = { 0x99, (uint8_t)(pk->body_len >> 8),
		(uint8_t)pk->body_len };
	gcry_buffer_t iov[2] = { { .data = head, .len = sizeof(head) },
		{ .data = pk->body, .len = pk->body_len } };

	gcry_md_hash_buffers(GCRY_MD_SHA1, 0, pk->fingerprint, iov, 2);
	pk->fingerprint_len = 20;
	memcpy(pk->keyid, pk->fingerprint + 12, PK_KEYID_LEN);
	hex_upper(pk->fingerprint, pk->fingerprint_len, pk->hex);
}

enum gw_status
pk_parse(struct pk *pk, struct buf *body, struct why *why)
{
	enum gw_status st;
	size_t start = body->pos;

	memset(pk, 0, sizeof(*pk));
	if (buf_left(body) > PK_BODY_MAX)
		return malformed(why, "too long");
	pk->version = buf_get_u8(body);
	if (body->bad)
		return malformed(why, "empty");
	if (pk->version != 4) {
		why_set(why, REASON_UNSUPPORTED,
		    "keys of version %d are not read", pk->version);
		return GW_REFUSED;
	}
	pk->created = buf_get_u32(body);
	pk->algorithm = buf_get_u8(body);
	if ((st = parse_numbers(pk, body, why)) != GW_OK)
		goto fail;
	if (body->bad) {
		st = malformed(why, "cut short");
		goto fail;
	}
	pk->body_len = body->pos - start;
	pk->modulus -= pk->modulus_len > 0 ? start : 0;
	if ((pk->body = malloc(pk->body_len)) == NULL) {
		why_set(why, REASON_INTERNAL, "no memory for a key");
		st = GW_AGAIN;
		goto fail;
	}
	memcpy(pk->body, body->data + start, pk->body_len);
	set_fingerprint(pk);
	return GW_OK;
fail:
	pk_close(pk);
	return st;
}

void
pk_close(struct pk *pk)
{
	if (pk == NULL)
		return;
	gcry_sexp_release(pk->sexp);
	free(pk->body);
	memset(pk, 0, sizeof(*pk));
}

enum gw_status
pk_supported(const struct pk *pk, struct why *why)
{
	if (pk->supported)
		return GW_OK;
	why_set(why, pk->weak ? REASON_WEAK : REASON_UNSUPPORTED,
	    "key %s: %s is not accepted", pk->hex, pk->name);
	return GW_REFUSED;
}

void
pk_hash_into(const struct pk *pk, gcry_md_hd_t md)
{
	uint8_t head[3] = { 0x99, (uint8_t)(pk->body_len >> 8),
		(uint8_t)pk->body_len };

	gcry_md_write(md, head, sizeof(head));
	gcry_md_write(md, pk->body, pk->body_len);
}

int
pk_hash_algorithm(const struct pk *pk)
{
	(void)pk; /* all that we know so far are of 128 bits */
	return PACKET_SHA256;
}

bool
pk_can_sign(const struct pk *pk)
{
	switch (pk->algorithm) {
	case PACKET_RSA:
	case PACKET_RSA_SIGN:
	case PACKET_EDDSA:
	case PACKET_ED25519:
		return pk->supported;
	default:
		return false;
	}
}

bool
pk_can_encrypt(const struct pk *pk)
{
	switch (pk->algorithm) {
	case PACKET_RSA:
	case PACKET_RSA_ENCRYPT:
	case PACKET_ECDH:
	case PACKET_X25519:
		return pk->supported;
	default:
		return false;
	}
}

bool
pk_same(const struct pk *a, const struct pk *b)
{
	return a->fingerprint_len == b->fingerprint_len &&
	       memcmp(a->fingerprint, b->fingerprint, a->fingerprint_len) == 0;
}

static enum gw_status
bad_signature(struct why *why)
{
	why_set(why, REASON_SIGNATURE_BAD,
	    "the signature does not match what it is said to sign");
	return GW_REFUSED;
}

static enum gw_status
verify_sexp(
    const struct pk *pk, gcry_sexp_t data, gcry_sexp_t sig, struct why *why)
{
	gcry_error_t err;

	if (data == NULL || sig == NULL) {
		why_set(why, REASON_INTERNAL, "no memory to verify");
		return GW_AGAIN;
	}
	err = gcry_pk_verify(sig, data, pk->sexp);
	if (gcry_err_code(err) == GPG_ERR_ENOMEM) {
		why_set(why, REASON_INTERNAL, "no memory to verify");
		return GW_AGAIN;
	}
	return err == 0 ? GW_OK : bad_signature(why);
}

/* RFC 9580, 5.2.3.1. */
static enum gw_status
verify_rsa(const struct pk *pk, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers, struct why *why)
{
	const uint8_t *s;
	size_t len;
	gcry_sexp_t sig = NULL, data = NULL;
	enum gw_status st;

	if (!packet_get_mpi(numbers, pk->bits, &s, &len) ||
	    !buf_done(numbers) || len == 0)
		return bad_signature(why);
	/* s and s + n would be two spellings of the same signature. */
	if (len == pk->modulus_len &&
	    memcmp(s, pk->body + pk->modulus, len) >= 0)
		return bad_signature(why);
	/* Failures leave NULL, which verify_sexp() looks for. */
	(void)gcry_sexp_build(&sig, NULL, "(sig-val(rsa(s%b)))", (int)len, s);
	(void)gcry_sexp_build(&data, NULL, "(data(flags pkcs1)(hash%s%b))",
	    hash->name, (int)hash->len, digest);
	st = verify_sexp(pk, data, sig, why);
	gcry_sexp_release(sig);
	gcry_sexp_release(data);
	return st;
}

/* Legacy signatures lose the leading zeros of R and S; give them back. */
static bool
get_padded(struct buf *numbers, uint8_t out[32])
{
	const uint8_t *p;
	size_t len;

	if (!packet_get_mpi(numbers, 256, &p, &len))
		return false;
	memset(out, 0, 32);
	memcpy(out + 32 - len, p, len);
	return true;
}

/* RFC 9580, 5.2.3.3 and 5.2.3.4. */
static enum gw_status
verify_ed25519(const struct pk *pk, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers, struct why *why)
{
	uint8_t r[32], s[32];
	gcry_sexp_t sig = NULL, data = NULL;
	enum gw_status st;

	if (pk->algorithm == PACKET_ED25519) {
		(void)buf_get(numbers, r, sizeof(r)); /* buf_done() knows */
		(void)buf_get(numbers, s, sizeof(s));
	} else if (!get_padded(numbers, r) || !get_padded(numbers, s)) {
		return bad_signature(why);
	}
	if (!buf_done(numbers) || !pk_math_ed25519_scalar(s))
		return bad_signature(why);
	(void)gcry_sexp_build(&sig, NULL, "(sig-val(eddsa(r%b)(s%b)))", 32, r,
	    32, s); /* as in verify_rsa() */
	(void)gcry_sexp_build(&data, NULL,
	    "(data(flags eddsa)(hash-algo sha512)(value%b))", (int)hash->len,
	    digest);
	st = verify_sexp(pk, data, sig, why);
	gcry_sexp_release(sig);
	gcry_sexp_release(data);
	return st;
}

enum gw_status
pk_verify(const struct pk *pk, int hash_algorithm, const uint8_t *digest,
    size_t digest_len, const void *numbers, size_t numbers_len, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(hash_algorithm);
	struct buf b;
	enum gw_status st;

	if ((st = pk_supported(pk, why)) != GW_OK)
		return st;
	if (hash == NULL || digest_len != hash->len || !pk_can_sign(pk))
		return bad_signature(why);
	buf_view(&b, numbers, numbers_len);
	if (pk->algorithm == PACKET_EDDSA || pk->algorithm == PACKET_ED25519)
		return verify_ed25519(pk, hash, digest, &b, why);
	return verify_rsa(pk, hash, digest, &b, why);
}
