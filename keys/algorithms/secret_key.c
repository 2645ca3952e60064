/* keys/algorithms/secret_key.c - the private half of a key: check, sign, unwrap,
 * make. */
#include "keys/algorithms/secret_key.h"

#include "keys/algorithms/eddsa_own.h"
#include "keys/algorithms/kind.h"

#include <string.h>

/* Sign something and see whether the public half verifies it. */
static enum gw_status
try_out(const struct secret_key *k, struct why *why)
{
	const struct packet_hash *hash =
	    packet_hash_find(pk_hash_algorithm(k->pk));
	uint8_t digest[PACKET_HASH_MAX];
	struct buf out;
	enum gw_status st;

	buf_init(&out, SECRET_NUMBERS_MAX);
	gcry_create_nonce(digest, hash->len);
	st = secret_key_sign(k, hash->id, digest, hash->len, &out, why);
	buf_free(&out);
	return st == GW_OK ? GW_OK : kind_disagree(why, k->pk);
}

enum gw_status
secret_key_open(struct secret_key *k, const struct pk *pk, struct buf *numbers,
    struct why *why)
{
	enum gw_status st;

	memset(k, 0, sizeof(*k));
	k->pk = pk;
	if ((st = pk_supported(pk, why)) == GW_OK)
		st = pk->kind->family->open(k, numbers, why);
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
	eddsa_own_free(k->own);
	gcry_sexp_release(k->sexp); /* libgcrypt wipes secure memory */
	kind_free_secret(k->secret, k->secret_len);
	memset(k, 0, sizeof(*k));
}

/*
 * A fault while computing would give the key away (RSA with CRT, EdDSA):
 * nothing leaves that does not verify.  A quick check that says no is not
 * believed, so that it cannot stop us.
 */
static enum gw_status
check(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, const uint8_t *numbers, size_t len, struct why *why)
{
	const struct kind_family *family = k->pk->kind->family;
	struct buf b;

	buf_view(&b, numbers, len);
	if (family->check_own != NULL && family->check_own(k, hash, digest, &b))
		return GW_OK;
	return pk_verify(k->pk, hash->id, digest, hash->len, numbers, len, why);
}

enum gw_status
secret_key_sign(const struct secret_key *k, int hash_algorithm,
    const uint8_t *digest, size_t len, struct buf *out, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(hash_algorithm);
	size_t start = out->len;
	enum gw_status st = GW_INTERNAL;

	if (k->pk == NULL || !pk_can_sign(k->pk) || hash == NULL ||
	    hash->len != len) {
		why_set(why, REASON_INTERNAL,
		    "asked to sign with a key or hash that does not");
		return st;
	}
	if (k->pk->kind->family->sign(k, hash, digest, out))
		st = check(
		    k, hash, digest, out->data + start, out->len - start, why);
	if (st == GW_OK)
		return st;
	if (!out->bad) {
		mem_wipe(out->data + start, out->len - start);
		out->len = start;
	}
	return kind_failed(why, k->pk, "sign");
}

bool
secret_key_unwrap(const struct secret_key *k, int version, struct buf *fields,
    int *cipher, struct buf *session_key)
{
	*cipher = 0;
	return k->pk != NULL && pk_can_encrypt(k->pk) &&
	       (version == 3 || version == 6) &&
	       k->pk->kind->family->unwrap(
		   k, version, fields, cipher, session_key);
}

/* RFC 9580, 5.5.2.2 and 5.5.2.3. */
static bool
put_public(const struct pk_kind *kind, int version, time_t created,
    const struct buf *numbers, struct buf *out)
{
	size_t oid = kind->oid_len > 0 ? 1 + kind->oid_len : 0;

	buf_put_u8(out, (uint8_t)version);
	buf_put_u32(out, (uint32_t)created);
	buf_put_u8(out, (uint8_t)kind->algorithm);
	if (version == 6)
		buf_put_u32(out, (uint32_t)(oid + numbers->len));
	if (oid > 0) {
		buf_put_u8(out, (uint8_t)kind->oid_len);
		buf_put(out, kind->oid, kind->oid_len);
	}
	return buf_put(out, numbers->data, numbers->len);
}

enum gw_status
secret_key_make(int version, int algorithm, const char *curve, unsigned bits,
    time_t created, struct buf *public, struct buf *numbers, struct why *why)
{
	const struct pk_kind *kind = kind_named(algorithm, curve);
	struct buf part;
	enum gw_status st;

	if (kind == NULL || (version != 4 && version != 6) ||
	    (version == 4 ? kind->only6 : kind->only4))
		gw_fatal("secret_key_make: no algorithm %d on %s, version %d",
		    algorithm, curve != NULL ? curve : "its curve", version);
	buf_init(&part, PK_BODY_MAX);
	st = kind->family->make(kind, bits, &part, numbers, why);
	if (st == GW_OK &&
	    (part.bad || numbers->bad ||
		!put_public(kind, version, created, &part, public))) {
		why_set(why, REASON_INTERNAL, "no room for a new key");
		st = GW_INTERNAL;
	}
	buf_free(&part);
	return st;
}
