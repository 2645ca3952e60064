/* keys/algorithms/cipher.c - symmetric algorithms and modes that we use. */
#include "keys/algorithms/cipher.h"

#include <string.h>

static const struct {
	int cipher;
	int gcry;
	size_t key_len;
} ciphers[] = {
	{ PACKET_AES128, GCRY_CIPHER_AES128, 16 },
	{ PACKET_AES192, GCRY_CIPHER_AES192, 24 },
	{ PACKET_AES256, GCRY_CIPHER_AES256, 32 },
};

static const struct {
	int aead;
	int gcry;
	size_t nonce_len;
} modes[] = {
	{ PACKET_EAX, GCRY_CIPHER_MODE_EAX, 16 },
	{ PACKET_OCB, GCRY_CIPHER_MODE_OCB, 15 },
	{ PACKET_GCM, GCRY_CIPHER_MODE_GCM, 12 },
};

size_t
cipher_key_len(int cipher)
{
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (ciphers[i].cipher == cipher)
			return ciphers[i].key_len;
	return 0;
}

int
cipher_of_len(size_t key_len)
{
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (ciphers[i].key_len == key_len)
			return ciphers[i].cipher;
	return 0;
}

int
cipher_gcry(int cipher)
{
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (ciphers[i].cipher == cipher)
			return ciphers[i].gcry;
	return 0;
}

size_t
cipher_nonce_len(int aead)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].aead == aead)
			return modes[i].nonce_len;
	return 0;
}

int
cipher_mode(int aead)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].aead == aead)
			return modes[i].gcry;
	return 0;
}

/* Ready for one piece; *h is to be closed in any case. */
static bool
begin(gcry_cipher_hd_t *h, int cipher, int aead, const uint8_t *key,
    const uint8_t *nonce, const void *ad, size_t ad_len)
{
	*h = NULL;
	return cipher_gcry(cipher) != 0 && cipher_mode(aead) != 0 &&
	       gcry_cipher_open(h, cipher_gcry(cipher), cipher_mode(aead),
		   GCRY_CIPHER_SECURE) == 0 &&
	       gcry_cipher_setkey(*h, key, cipher_key_len(cipher)) == 0 &&
	       gcry_cipher_setiv(*h, nonce, cipher_nonce_len(aead)) == 0 &&
	       gcry_cipher_authenticate(*h, ad, ad_len) == 0 &&
	       gcry_cipher_final(*h) == 0;
}

bool
cipher_seal(int cipher, int aead, const uint8_t *key, const uint8_t *nonce,
    const void *ad, size_t ad_len, uint8_t *data, size_t len)
{
	gcry_cipher_hd_t h;
	bool ok = begin(&h, cipher, aead, key, nonce, ad, ad_len) &&
		  gcry_cipher_encrypt(h, data, len, NULL, 0) == 0 &&
		  gcry_cipher_gettag(h, data + len, CIPHER_TAG_LEN) == 0;

	gcry_cipher_close(h);
	if (!ok)
		mem_wipe(data, len);
	return ok;
}

bool
cipher_open(int cipher, int aead, const uint8_t *key, const uint8_t *nonce,
    const void *ad, size_t ad_len, uint8_t *data, size_t len)
{
	gcry_cipher_hd_t h;
	bool ok = begin(&h, cipher, aead, key, nonce, ad, ad_len) &&
		  gcry_cipher_decrypt(h, data, len, NULL, 0) == 0 &&
		  gcry_cipher_checktag(h, data + len, CIPHER_TAG_LEN) == 0;

	gcry_cipher_close(h);
	if (!ok)
		mem_wipe(data, len);
	return ok;
}
