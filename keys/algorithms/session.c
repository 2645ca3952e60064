/* keys/algorithms/session.c - how a session key is packed for a public key. */
#include "keys/algorithms/session.h"

#include "keys/algorithms/cipher.h"

void
session_put(struct buf *plain, int version, int cipher, const struct buf *key)
{
	unsigned sum = 0;

	if (version == 3)
		buf_put_u8(plain, (uint8_t)cipher);
	buf_put(plain, key->data, key->len);
	for (size_t i = 0; i < key->len; i++)
		sum += key->data[i];
	buf_put_u16(plain, (uint16_t)sum);
}

/* Has the key the length that its cipher wants?  With version 6 the cipher
 * stands in the encrypted-data packet, and whoever opens that compares. */
static bool
length_fits(int version, int cipher, size_t len)
{
	if (version == 3)
		return len > 0 && len == cipher_key_len(cipher);
	return len == 16 || len == 24 || len == 32;
}

bool
session_take(
    int version, const uint8_t *plain, size_t len, int *cipher, struct buf *key)
{
	size_t head = version == 3 ? 1 : 0, n;
	unsigned sum = 0;

	if (len < head + 16 + 2)
		return false;
	n = len - head - 2;
	for (size_t i = 0; i < n; i++)
		sum += plain[head + i];
	if ((sum & 0xffff) !=
		((unsigned)plain[head + n] << 8 | plain[head + n + 1]) ||
	    !length_fits(version, plain[0], n) ||
	    !buf_put(key, plain + head, n))
		return false;
	*cipher = version == 3 ? plain[0] : 0;
	return true;
}

static bool
open_wrap(gcry_cipher_hd_t *h, const uint8_t *kek, size_t kek_len)
{
	int algo = kek_len == 16   ? GCRY_CIPHER_AES128
		   : kek_len == 24 ? GCRY_CIPHER_AES192
				   : GCRY_CIPHER_AES256;

	*h = NULL;
	return gcry_cipher_open(h, algo, GCRY_CIPHER_MODE_AESWRAP, 0) == 0 &&
	       gcry_cipher_setkey(*h, kek, kek_len) == 0;
}

bool
session_wrap(const uint8_t *kek, size_t kek_len, const uint8_t *in, size_t len,
    uint8_t *out)
{
	gcry_cipher_hd_t h;
	bool ok =
	    open_wrap(&h, kek, kek_len) &&
	    gcry_cipher_encrypt(h, out, len + SESSION_WRAP_LEN, in, len) == 0;

	gcry_cipher_close(h);
	return ok;
}

bool
session_unwrap(const uint8_t *kek, size_t kek_len, const uint8_t *in,
    size_t len, uint8_t *out)
{
	gcry_cipher_hd_t h;
	bool ok;

	if (len < 16 + SESSION_WRAP_LEN || len % 8 != 0)
		return false;
	ok = open_wrap(&h, kek, kek_len) &&
	     gcry_cipher_decrypt(h, out, len - SESSION_WRAP_LEN, in, len) == 0;
	gcry_cipher_close(h);
	return ok;
}

bool
session_put_wrapped(struct buf *out, int version, int cipher,
    const uint8_t *kek, size_t kek_len, const struct buf *key)
{
	uint8_t wrapped[PK_SESSION_KEY_MAX + SESSION_WRAP_LEN];
	size_t len = key->len + SESSION_WRAP_LEN;

	if (!session_wrap(kek, kek_len, key->data, key->len, wrapped))
		return false;
	buf_put_u8(out, (uint8_t)(len + (version == 3)));
	if (version == 3)
		buf_put_u8(out, (uint8_t)cipher);
	return buf_put(out, wrapped, len);
}

bool
session_take_wrapped(struct buf *fields, int version, int *cipher,
    const uint8_t *kek, size_t kek_len, struct buf *key)
{
	uint8_t plain[PK_SESSION_KEY_MAX];
	size_t len = buf_get_u8(fields), head = version == 3 ? 1 : 0;
	int said = version == 3 ? buf_get_u8(fields) : 0;
	const uint8_t *wrapped;
	bool ok;

	if (len < head + 16 + SESSION_WRAP_LEN ||
	    len > head + PK_SESSION_KEY_MAX + SESSION_WRAP_LEN)
		return false;
	len -= head;
	wrapped = buf_take(fields, len);
	ok = wrapped != NULL && buf_done(fields) &&
	     length_fits(version, said, len - SESSION_WRAP_LEN) &&
	     session_unwrap(kek, kek_len, wrapped, len, plain) &&
	     buf_put(key, plain, len - SESSION_WRAP_LEN);
	mem_wipe(plain, sizeof(plain));
	if (ok)
		*cipher = said;
	return ok;
}
