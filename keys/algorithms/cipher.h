/* keys/algorithms/cipher.h - symmetric algorithms and modes that we use. */
#ifndef KEYS_CIPHER_H
#define KEYS_CIPHER_H

#include "keys/packets/packet.h"

#include <gcrypt.h>

#define CIPHER_KEY_MAX   32
#define CIPHER_BLOCK_LEN 16
#define CIPHER_NONCE_MAX 16
#define CIPHER_TAG_LEN   16
/* Associated data of any packet: SEIPDv2's final tag, a locked secret key. */
#define CIPHER_AD_MAX (64 * 1024)

/* Octets of that algorithm's key (RFC 9580, 9.3); 0: AES only, so none of
 * ours. */
size_t cipher_key_len(int cipher);
/* The algorithm whose keys have so many octets; 0 likewise. */
int cipher_of_len(size_t key_len);
/* libgcrypt's number of it; 0 likewise. */
int cipher_gcry(int cipher);
/* Octets of that mode's nonce (RFC 9580, 9.6); 0 when it is none of ours. */
size_t cipher_nonce_len(int aead);
/* libgcrypt's number of the mode; 0 likewise. */
int cipher_mode(int aead);

/*
 * One piece, encrypted or decrypted in place with its tag behind it.  data
 * has room for len + CIPHER_TAG_LEN octets; opening takes len without the
 * tag.  False: libgcrypt failed, or the tag is wrong (data is worth nothing
 * then, and is wiped).
 */
bool cipher_seal(int cipher, int aead, const uint8_t *key, const uint8_t *nonce,
    const void *ad, size_t ad_len, uint8_t *data, size_t len);
bool cipher_open(int cipher, int aead, const uint8_t *key, const uint8_t *nonce,
    const void *ad, size_t ad_len, uint8_t *data, size_t len);

#endif
