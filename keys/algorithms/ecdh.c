/* keys/algorithms/ecdh.c - from a shared point to a session key (RFC 9580, 11.5). */
#include "keys/algorithms/ecdh.h"

#include "keys/algorithms/cipher.h"
#include "keys/algorithms/session.h"

#include <string.h>

#define KDF_MAX     256
#define WRAPPED_MAX 254

bool
ecdh_get_parameters(struct pk *pk, struct buf *b, bool *usable)
{
	/* Three octets, the first of them 1 (RFC 9580, 5.5.5.6). */
	bool formed = buf_get_u8(b) == 3;

	formed = buf_get_u8(b) == 1 && formed;
	pk->kdf_hash = buf_get_u8(b);
	pk->kdf_cipher = buf_get_u8(b);
	*usable = pk->version == 6 ? pk->kdf_hash == pk->kind->kdf_hash &&
					 pk->kdf_cipher == pk->kind->kdf_cipher
				   : (pk->kdf_hash == PACKET_SHA256 ||
					 pk->kdf_hash == PACKET_SHA384 ||
					 pk->kdf_hash == PACKET_SHA512) &&
					 cipher_key_len(pk->kdf_cipher) != 0;
	return formed && !b->bad;
}

void
ecdh_put_parameters(const struct pk_kind *kind, struct buf *b)
{
	buf_put_u8(b, 3);
	buf_put_u8(b, 1);
	buf_put_u8(b, (uint8_t)kind->kdf_hash);
	buf_put_u8(b, (uint8_t)kind->kdf_cipher);
}

/* RFC 9580, 11.4: Hash(00 00 00 01 || x || Param), cut to the key's size. */
static bool
derive(const struct pk *pk, const uint8_t *shared, size_t shared_len,
    uint8_t *kek, size_t *kek_len)
{
	const struct packet_hash *hash = packet_hash_find(pk->kdf_hash);
	uint8_t digest[PACKET_HASH_MAX];
	struct buf in;
	bool ok;

	*kek_len = cipher_key_len(pk->kdf_cipher);
	if (hash == NULL || *kek_len == 0 || *kek_len > hash->len)
		return false;
	buf_init_secret(&in, KDF_MAX);
	buf_put_u32(&in, 1);
	buf_put(&in, shared, shared_len);
	buf_put_u8(&in, (uint8_t)pk->kind->oid_len);
	buf_put(&in, pk->kind->oid, pk->kind->oid_len);
	buf_put_u8(&in, PACKET_ECDH);
	buf_put_u8(&in, 3);
	buf_put_u8(&in, 1);
	buf_put_u8(&in, pk->kdf_hash);
	buf_put_u8(&in, pk->kdf_cipher);
	buf_put_text(&in, "Anonymous Sender    ");
	buf_put(&in, pk->fingerprint, pk->fingerprint_len);
	ok = !in.bad;
	if (ok) {
		gcry_md_hash_buffer(hash->gcry, digest, in.data, in.len);
		memcpy(kek, digest, *kek_len);
	}
	buf_free(&in);
	mem_wipe(digest, sizeof(digest));
	return ok;
}

/* Padded (PKCS #5) to a length that does not tell which cipher it is. */
bool
ecdh_seal(const struct pk *pk, int version, int cipher, const uint8_t *shared,
    size_t shared_len, const struct buf *session_key, struct buf *out)
{
	uint8_t wrapped[SESSION_PLAIN_MAX + SESSION_WRAP_LEN];
	uint8_t kek[SESSION_KEK_MAX], pad;
	struct buf plain;
	size_t kek_len;
	bool ok;

	buf_init_secret(&plain, SESSION_PLAIN_MAX);
	session_put(&plain, version, cipher, session_key);
	pad = (uint8_t)(SESSION_PLAIN_MAX - plain.len);
	while (plain.len < SESSION_PLAIN_MAX && buf_put_u8(&plain, pad))
		;
	ok = !plain.bad && derive(pk, shared, shared_len, kek, &kek_len) &&
	     session_wrap(kek, kek_len, plain.data, plain.len, wrapped) &&
	     buf_put_u8(out, sizeof(wrapped)) &&
	     buf_put(out, wrapped, sizeof(wrapped));
	buf_free(&plain);
	mem_wipe(kek, sizeof(kek));
	return ok;
}

/* Take away the padding, looked at to its end. */
static bool
strip(const uint8_t *plain, size_t *len)
{
	size_t pad = plain[*len - 1];
	unsigned wrong = 0;

	if (pad == 0 || pad >= *len)
		return false;
	for (size_t i = *len - pad; i < *len; i++)
		wrong |= (unsigned)plain[i] ^ (unsigned)pad;
	*len -= pad;
	return wrong == 0;
}

bool
ecdh_open(const struct pk *pk, int version, struct buf *fields,
    const uint8_t *shared, size_t shared_len, int *cipher,
    struct buf *session_key)
{
	uint8_t plain[WRAPPED_MAX], kek[SESSION_KEK_MAX];
	size_t len = buf_get_u8(fields), kek_len;
	const uint8_t *wrapped = buf_take(fields, len);
	bool ok;

	if (wrapped == NULL || !buf_done(fields) || len > WRAPPED_MAX)
		return false;
	ok = derive(pk, shared, shared_len, kek, &kek_len) &&
	     session_unwrap(kek, kek_len, wrapped, len, plain);
	if (ok) {
		len -= SESSION_WRAP_LEN;
		ok = strip(plain, &len) &&
		     session_take(version, plain, len, cipher, session_key);
	}
	mem_wipe(plain, sizeof(plain));
	mem_wipe(kek, sizeof(kek));
	return ok;
}
