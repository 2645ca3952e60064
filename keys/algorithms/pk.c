/* keys/algorithms/pk.c - the public half of a key: read, verify, encrypt. */
#include "keys/algorithms/pk.h"

#include "keys/algorithms/cipher.h"
#include "keys/algorithms/kind.h"
#include "keys/algorithms/pq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* We know that it exists and what it is called; nothing more. */
static enum gw_status
unusable(struct pk *pk, struct buf *numbers)
{
	static const struct {
		int algorithm;
		const char *name;
		bool weak;
	} known[] = {
		{ PACKET_DSA, "DSA", true },
		{ PACKET_ELGAMAL, "Elgamal", true },
		{ PACKET_ECDH, "ECDH", false },
		{ PACKET_ECDSA, "ECDSA", false },
		{ PACKET_EDDSA, "EdDSA", false },
		{ PACKET_MLDSA87_ED448, "ML-DSA-87+Ed448", false },
		{ PACKET_SLHDSA_128S, "SLH-DSA-SHAKE-128s", false },
		{ PACKET_SLHDSA_128F, "SLH-DSA-SHAKE-128f", false },
		{ PACKET_SLHDSA_256S, "SLH-DSA-SHAKE-256s", false },
		{ PACKET_MLKEM1024_X448, "ML-KEM-1024+X448", false },
	};

	(void)buf_take(numbers, buf_left(numbers)); /* what is left */
	snprintf(pk->name, sizeof(pk->name), "unknown");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].algorithm == pk->algorithm) {
			snprintf(
			    pk->name, sizeof(pk->name), "%s", known[i].name);
			pk->weak = known[i].weak;
		}
	return GW_OK;
}

/* The row for this key; *formed: is what stands there a curve's OID? */
static const struct pk_kind *
find_kind(int algorithm, struct buf *numbers, bool *formed)
{
	const uint8_t *oid;
	size_t len;

	*formed = true;
	if (!kind_has_oid(algorithm))
		return kind_find(algorithm, NULL, 0);
	len = buf_get_u8(numbers);
	oid = buf_take(numbers, len);
	/* RFC 9580, 5.5.5.4: 0 and 0xff are reserved. */
	*formed = len != 0 && len != 0xff && oid != NULL;
	return *formed ? kind_find(algorithm, oid, len) : NULL;
}

static enum gw_status
read_numbers(struct pk *pk, struct buf *numbers, struct why *why)
{
	enum gw_status st;
	bool formed;

	pk->kind = find_kind(pk->algorithm, numbers, &formed);
	if (!formed)
		return kind_malformed(why, "curve");
	if (pk->kind == NULL)
		return unusable(pk, numbers);
	/* RFC 9580, 9.2: not accepted, rather than merely not used. */
	if ((pk->version == 6 && pk->kind->only4) ||
	    (pk->version == 4 && pk->kind->only6))
		return kind_malformed(
		    why, "an algorithm that its version does not have");
	pk->bits = pk->kind->bits;
	snprintf(pk->name, sizeof(pk->name), "%s", pk->kind->name);
	st = pk->kind->family->read(pk, numbers, why);
	if (st == GW_OK && numbers->bad)
		return kind_malformed(why, "cut short");
	return st;
}

/* RFC 9580, 5.5.2.3: an octet count, which is exact. */
static enum gw_status
read_counted(struct pk *pk, struct buf *b, struct why *why)
{
	size_t count = buf_get_u32(b);
	struct buf numbers;
	enum gw_status st;

	if (b->bad || count > buf_left(b))
		return kind_malformed(why, "cut short");
	buf_view(&numbers, b->data, b->pos + count);
	numbers.pos = b->pos; /* positions count from the body's start */
	st = read_numbers(pk, &numbers, why);
	if (st == GW_OK && !buf_done(&numbers))
		return kind_malformed(why, "its numbers are longer");
	b->pos += count;
	return st;
}

static enum gw_status
read_body(struct pk *pk, struct buf *b, struct why *why)
{
	pk->version = buf_get_u8(b);
	if (b->bad)
		return kind_malformed(why, "empty");
	if (pk->version != 4 && pk->version != 6) {
		why_set(why, REASON_UNSUPPORTED,
		    "keys of version %d are not read", pk->version);
		return GW_REFUSED;
	}
	pk->created = buf_get_u32(b);
	pk->algorithm = buf_get_u8(b);
	if (b->bad)
		return kind_malformed(why, "cut short");
	return pk->version == 6 ? read_counted(pk, b, why)
				: read_numbers(pk, b, why);
}

/* RFC 9580, 5.5.4.2 and 5.5.4.3: what stands before the body when a key is
 * hashed; the length of that. */
static size_t
hash_head(const struct pk *pk, uint8_t head[5])
{
	if (pk->version == 4) {
		head[0] = 0x99;
		head[1] = (uint8_t)(pk->body_len >> 8);
		head[2] = (uint8_t)pk->body_len;
		return 3;
	}
	head[0] = 0x9b;
	head[1] = 0;
	head[2] = (uint8_t)(pk->body_len >> 16);
	head[3] = (uint8_t)(pk->body_len >> 8);
	head[4] = (uint8_t)pk->body_len;
	return 5;
}

static void
set_fingerprint(struct pk *pk)
{
	uint8_t head[5];
	gcry_buffer_t iov[2] = { { .data = head, .len = hash_head(pk, head) },
		{ .data = pk->body, .len = pk->body_len } };
	int hash = pk->version == 4 ? GCRY_MD_SHA1 : GCRY_MD_SHA256;

	gcry_md_hash_buffers(hash, 0, pk->fingerprint, iov, 2);
	pk->fingerprint_len = pk->version == 4 ? 20 : 32;
	memcpy(pk->keyid, pk->fingerprint + (pk->version == 4 ? 12 : 0),
	    PK_KEYID_LEN);
	hex_upper(pk->fingerprint, pk->fingerprint_len, pk->hex);
}

enum gw_status
pk_parse(struct pk *pk, struct buf *body, struct why *why)
{
	const uint8_t *start = body->data + body->pos;
	struct buf b;
	enum gw_status st;

	memset(pk, 0, sizeof(*pk));
	if (buf_left(body) > PK_BODY_MAX)
		return kind_malformed(why, "too long");
	buf_view(&b, start, buf_left(body));
	st = read_body(pk, &b, why);
	if (st == GW_OK && (pk->body = malloc(b.pos)) == NULL) {
		why_set(why, REASON_INTERNAL, "no memory for a key");
		st = GW_AGAIN;
	}
	if (st != GW_OK) {
		pk_close(pk);
		return st;
	}
	(void)buf_take(body, b.pos); /* it was read already */
	pk->body_len = b.pos;
	memcpy(pk->body, start, b.pos);
	set_fingerprint(pk);
	return GW_OK;
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
	if (pk_is_post_quantum(pk)) {
		(void)pq_possible(pk->algorithm, why); /* it says why not */
		why_prefix(why, "key %s", pk->hex);
		return GW_REFUSED;
	}
	why_set(why, pk->weak ? REASON_WEAK : REASON_UNSUPPORTED,
	    "key %s: %s is not accepted", pk->hex, pk->name);
	return GW_REFUSED;
}

void
pk_hash_into(const struct pk *pk, gcry_md_hd_t md)
{
	uint8_t head[5];

	gcry_md_write(md, head, hash_head(pk, head));
	gcry_md_write(md, pk->body, pk->body_len);
}

int
pk_hash_algorithm(const struct pk *pk)
{
	return pk->kind != NULL && pk->kind->hash != 0 ? pk->kind->hash
						       : PACKET_SHA256;
}

bool
pk_can_sign(const struct pk *pk)
{
	return pk->supported && pk->kind->signs;
}

bool
pk_can_encrypt(const struct pk *pk)
{
	return pk->supported && pk->kind->encrypts;
}

bool
pk_is_post_quantum(const struct pk *pk)
{
	return pk->kind != NULL && pk->kind->post_quantum;
}

bool
pk_same(const struct pk *a, const struct pk *b)
{
	return a->fingerprint_len == b->fingerprint_len &&
	       memcmp(a->fingerprint, b->fingerprint, a->fingerprint_len) == 0;
}

/* RFC 9580, 5.2.3.2 to 5.2.3.5; RSA has no such rule, and what it hashes with
 * is judged where all signatures are. */
static bool
long_enough(const struct pk *pk, const struct packet_hash *hash)
{
	return pk->modulus_len > 0 ||
	       hash->len >= packet_hash_find(pk->kind->hash)->len;
}

enum gw_status
pk_verify_any(const struct pk *pk, int hash_algorithm, const uint8_t *digest,
    size_t digest_len, const void *numbers, size_t numbers_len, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(hash_algorithm);
	struct buf b;
	enum gw_status st;

	if ((st = pk_supported(pk, why)) != GW_OK)
		return st;
	if (hash == NULL || digest_len != hash->len || !pk_can_sign(pk))
		return kind_bad_signature(why);
	buf_view(&b, numbers, numbers_len);
	return pk->kind->family->verify(pk, hash, digest, &b, why);
}

enum gw_status
pk_verify(const struct pk *pk, int hash_algorithm, const uint8_t *digest,
    size_t digest_len, const void *numbers, size_t numbers_len, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(hash_algorithm);

	if (hash != NULL && pk_can_sign(pk) && !long_enough(pk, hash)) {
		why_set(why, REASON_WEAK,
		    "key %s: %s is too short a hash for %s", pk->hex,
		    hash->name, pk->name);
		return GW_REFUSED;
	}
	return pk_verify_any(
	    pk, hash_algorithm, digest, digest_len, numbers, numbers_len, why);
}

/* RFC 9580, 5.1.1 and 5.1.2: whom it is for. */
static void
put_recipient(const struct pk *pk, int version, struct buf *out)
{
	buf_put_u8(out, (uint8_t)version);
	if (version == 3) {
		buf_put(out, pk->keyid, PK_KEYID_LEN);
	} else {
		buf_put_u8(out, (uint8_t)(pk->fingerprint_len + 1));
		buf_put_u8(out, (uint8_t)pk->version);
		buf_put(out, pk->fingerprint, pk->fingerprint_len);
	}
	buf_put_u8(out, (uint8_t)pk->algorithm);
}

enum gw_status
pk_encrypt_session(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	enum gw_status st;

	if (!pk_can_encrypt(pk))
		return kind_unfit(why, pk);
	if ((version != 3 && version != 6) || cipher_key_len(cipher) == 0 ||
	    session_key->len != cipher_key_len(cipher))
		gw_fatal("pk_encrypt_session: version or session key");
	put_recipient(pk, version, out);
	st = pk->kind->family->encrypt(
	    pk, version, cipher, session_key, out, why);
	if (st == GW_OK && out->bad)
		return kind_failed(why, pk, "encrypt");
	return st;
}
