/* keys/messages/chunks.h - authenticated chunks, in either packet that has them. */
#ifndef KEYS_CHUNKS_H
#define KEYS_CHUNKS_H

#include "keys/algorithms/cipher.h"
#include "keys/packets/source.h"

#define CHUNKS_AD_LEN 5

/*
 * RFC 9580, 5.13.2 and LibrePGP's packet 20 are one thing in two spellings:
 * chunks of equal size (the last one may be shorter, but not empty), each
 * with its tag, and one more tag over the number of octets in all.  The
 * nonce is the initial vector with the chunk's number xored into its last
 * eight octets (in version 2 these are zero, so the number stands there).
 */
struct chunks_key {
	gcry_cipher_hd_t cipher;
	uint8_t ad[CHUNKS_AD_LEN]; /* tag and parameters of the packet */
	bool numbered;             /* the chunk's number is added to that */
	uint8_t iv[CIPHER_NONCE_MAX];
	size_t iv_len;
};

/* Everything but the IV, whose length follows from the mode, is given; false
 * when libgcrypt fails. */
bool chunks_key_open(struct chunks_key *, int cipher, int aead,
    const uint8_t *key, const uint8_t ad[CHUNKS_AD_LEN], const uint8_t *iv);
void chunks_key_close(struct chunks_key *);

/* The reader; takes over the key whatever the outcome. */
enum gw_status chunks_open(struct source *from, uint64_t hint, int chunk_octet,
    struct chunks_key *, struct source **out, struct why *);
void chunks_close(struct source *);

/* One chunk of n octets with its tag behind, and the tag that ends all. */
bool chunks_seal(struct chunks_key *, uint64_t index, const uint8_t *in,
    size_t n, uint8_t *out);
bool chunks_end(
    struct chunks_key *, uint64_t index, uint64_t total, uint8_t *out);

#endif
