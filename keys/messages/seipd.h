/* keys/messages/seipd.h - integrity-protected encrypted data, both versions. */
#ifndef KEYS_SEIPD_H
#define KEYS_SEIPD_H

#include "gateway/base/buf.h"
#include "keys/packets/source.h"

/* Symmetric algorithms that we use (RFC 9580, 9.3); nothing else is. */
enum seipd_cipher { SEIPD_AES128 = 7, SEIPD_AES192 = 8, SEIPD_AES256 = 9 };
enum seipd_aead { SEIPD_EAX = 1, SEIPD_OCB = 2, SEIPD_GCM = 3 };

/* Octets of that algorithm's key; 0 when it is none of ours. */
size_t seipd_key_len(int algorithm);
/* libgcrypt's number of it; 0 likewise. */
int seipd_gcry(int algorithm);
/* The one answer to everything that goes wrong in decrypting: whoever sends
 * us forged messages learns nothing from the difference. */
enum gw_status seipd_damaged(struct why *);

#define SEIPD2_SALT_LEN  32
#define SEIPD2_CHUNK_MAX 16 /* chunk size octet: 4 MiB (RFC 9580, 5.13.2) */
#define SEIPD2_TAG_LEN   16

/* What stands in clear in front of version 2's data. */
struct seipd2_params {
	uint8_t cipher, aead, chunk_octet;
	uint8_t salt[SEIPD2_SALT_LEN];
};

/* Do we read that?  GW_REFUSED, UNSUPPORTED.  (It stands in clear, so saying
 * so gives nothing away.) */
enum gw_status seipd2_check(const struct seipd2_params *, struct why *);

/*
 * Decrypt `from`, the packet's body after the version octet (version 1) or
 * after the salt (version 2).  *out shows the plaintext; its end is reached
 * only when the integrity of the whole was proven, everything before that is
 * a guess.  hint: how large the message can be at most.  Release with the
 * close function of the same version; key may go before.
 */
enum gw_status seipd1_open(struct source *from, uint64_t hint, int algorithm,
    const struct buf *key, struct source **out, struct why *);
void seipd1_close(struct source *);
enum gw_status seipd2_open(struct source *from, uint64_t hint,
    const struct seipd2_params *, const struct buf *key, struct source **out,
    struct why *);
void seipd2_close(struct source *);

/* The octets that each version puts before and behind the plaintext. */
#define SEIPD1_HEAD_LEN 19
#define SEIPD1_TAIL_LEN 22
#define SEIPD2_HEAD_LEN (4 + SEIPD2_SALT_LEN)
#define SEIPD_HEAD_MAX  SEIPD2_HEAD_LEN
#define SEIPD_TAIL_MAX  (2 * SEIPD2_TAG_LEN)

/* What each chunk of version 2 needs, reading or writing. */
struct seipd2_key {
	gcry_cipher_hd_t cipher;
	uint8_t ad[5];
	uint8_t nonce[16];
	size_t nonce_len;
};

/* The encrypting side: plaintext in, the packet's body out. */
struct seipd_writer {
	gcry_cipher_hd_t cfb; /* version 1 */
	gcry_md_hd_t sha1;
	struct seipd2_key key; /* version 2 */
	uint64_t index, total;
};

/*
 * Version 1 (RFC 9580, 5.13.1), AES-256: start writes SEIPD1_HEAD_LEN bytes
 * to out, more encrypts n bytes to as many, finish writes SEIPD1_TAIL_LEN.
 */
enum gw_status seipd1_start(
    struct seipd_writer *, const struct buf *key, uint8_t *out, struct why *);
enum gw_status seipd1_more(struct seipd_writer *, const uint8_t *in, size_t n,
    uint8_t *out, struct why *);
enum gw_status seipd1_finish(struct seipd_writer *, uint8_t *out, struct why *);
/*
 * Version 2 (RFC 9580, 5.13.2), AES-256 with OCB: start writes
 * SEIPD2_HEAD_LEN bytes, chunk makes n + SEIPD2_TAG_LEN bytes of n (each but
 * the last exactly one chunk long, the last not empty), finish writes the
 * final tag, SEIPD2_TAG_LEN bytes.
 */
enum gw_status seipd2_start(struct seipd_writer *, const struct buf *key,
    int chunk_octet, uint8_t *out, struct why *);
enum gw_status seipd2_chunk(struct seipd_writer *, const uint8_t *in, size_t n,
    uint8_t *out, struct why *);
enum gw_status seipd2_finish(struct seipd_writer *, uint8_t *out, struct why *);
void seipd_writer_close(struct seipd_writer *);

#endif
