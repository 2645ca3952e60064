/* keys/messages/seipd.h - integrity-protected encrypted data, in each version. */
#ifndef KEYS_SEIPD_H
#define KEYS_SEIPD_H

#include "gateway/base/buf.h"
#include "keys/messages/chunks.h"
#include "keys/packets/source.h"

/* The one answer to everything that goes wrong in decrypting: whoever sends
 * us forged messages learns nothing from the difference. */
enum gw_status seipd_damaged(struct why *);

#define SEIPD_CHUNK_MAX 16 /* chunk size octet: 4 MiB (RFC 9580, 5.13.2) */

#define SEIPD2_SALT_LEN 32
#define SEIPD2_TAG_LEN  CIPHER_TAG_LEN

/* What stands in clear in front of version 2's data. */
struct seipd2_params {
	uint8_t cipher, aead, chunk_octet;
	uint8_t salt[SEIPD2_SALT_LEN];
};

/* The same of packet 20, which is no RFC's: GnuPG 2.4 writes it to keys that
 * announce it.  Its session keys come like those of version 1. */
struct librepgp_params {
	uint8_t cipher, aead, chunk_octet;
	uint8_t iv[CIPHER_NONCE_MAX]; /* 15 octets with OCB, 16 with EAX */
};

/* Do we read that?  GW_REFUSED, UNSUPPORTED.  (It stands in clear, so saying
 * so gives nothing away.) */
enum gw_status seipd2_check(const struct seipd2_params *, struct why *);
enum gw_status librepgp_check(const struct librepgp_params *, struct why *);

/*
 * Decrypt `from`, the packet's body after the version octet (version 1) or
 * after the salt (version 2) or IV (packet 20).  *out shows the plaintext; its
 * end is reached only when the integrity of the whole was proven, everything
 * before that is a guess.  hint: how large the message can be at most.
 * Release with the close function of the same version; key may go before.
 */
enum gw_status seipd1_open(struct source *from, uint64_t hint, int algorithm,
    const struct buf *key, struct source **out, struct why *);
void seipd1_close(struct source *);
/*
 * Version 1 alone: could this key be the right one, by the repeated octets of
 * the prefix and the header of a packet behind it?  Only to choose between
 * keys that came out of passwords; asked about others it would be an oracle
 * (RFC 9580, 5.13.1 and 13.4).
 */
#define SEIPD1_PEEK_LEN 19 /* the prefix and one octet */
bool seipd1_peek(
    const uint8_t *data, size_t len, int algorithm, const struct buf *key);
enum gw_status seipd2_open(struct source *from, uint64_t hint,
    const struct seipd2_params *, const struct buf *key, struct source **out,
    struct why *);
void seipd2_close(struct source *);
enum gw_status librepgp_open(struct source *from, uint64_t hint,
    const struct librepgp_params *, const struct buf *key, struct source **out,
    struct why *why);
void librepgp_close(struct source *);

/* The octets that each version puts before and behind the plaintext. */
#define SEIPD1_HEAD_LEN   19
#define SEIPD1_TAIL_LEN   22
#define SEIPD2_HEAD_LEN   (4 + SEIPD2_SALT_LEN)
#define LIBREPGP_HEAD_LEN (4 + 15) /* with OCB */
#define SEIPD_HEAD_MAX    SEIPD2_HEAD_LEN
#define SEIPD_TAIL_MAX    (2 * SEIPD2_TAG_LEN)

/* The encrypting side: plaintext in, the packet's body out. */
struct seipd_writer {
	gcry_cipher_hd_t cfb; /* version 1 */
	gcry_md_hd_t sha1;
	struct chunks_key key; /* version 2 and packet 20 */
	uint64_t index, total;
};

/*
 * Version 1 (RFC 9580, 5.13.1), AES by the key's length: start writes SEIPD1_HEAD_LEN bytes
 * to out, cipher encrypts n bytes to as many, finish writes SEIPD1_TAIL_LEN.
 * The plaintext must also go through hash, which may run on another thread.
 */
enum gw_status seipd1_start(
    struct seipd_writer *, const struct buf *key, uint8_t *out, struct why *);
void seipd1_hash(struct seipd_writer *, const uint8_t *, size_t n);
enum gw_status seipd1_cipher(struct seipd_writer *, const uint8_t *in, size_t n,
    uint8_t *out, struct why *);
enum gw_status seipd1_finish(struct seipd_writer *, uint8_t *out, struct why *);
/*
 * Version 2 (RFC 9580, 5.13.2), likewise, with OCB: start writes
 * SEIPD2_HEAD_LEN bytes, chunk makes n + SEIPD2_TAG_LEN bytes of n (each but
 * the last exactly one chunk long, the last not empty), finish writes the
 * final tag, SEIPD2_TAG_LEN bytes.
 */
enum gw_status seipd2_start(struct seipd_writer *, const struct buf *key,
    int chunk_octet, uint8_t *out, struct why *);
enum gw_status seipd2_chunk(struct seipd_writer *, const uint8_t *in, size_t n,
    uint8_t *out, struct why *);
enum gw_status seipd2_finish(struct seipd_writer *, uint8_t *out, struct why *);
/* LibrePGP's packet 20: likewise, LIBREPGP_HEAD_LEN bytes in front. */
enum gw_status librepgp_start(struct seipd_writer *, const struct buf *key,
    int chunk_octet, uint8_t *out, struct why *why);
enum gw_status librepgp_chunk(struct seipd_writer *, const uint8_t *in,
    size_t n, uint8_t *out, struct why *why);
enum gw_status librepgp_finish(
    struct seipd_writer *, uint8_t *out, struct why *why);
void seipd_writer_close(struct seipd_writer *);

#endif
