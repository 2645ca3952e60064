/* keys/packets/packet.h - OpenPGP's numbers and the framing of packets in memory. */
#ifndef KEYS_PACKET_H
#define KEYS_PACKET_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

/* RFC 9580, 5; what a message is made of has its names in keys/packets/body.h. */
enum packet_tag {
	PACKET_PKESK = 1,
	PACKET_SIGNATURE = 2,
	PACKET_SKESK = 3,
	PACKET_SECRET_KEY = 5,
	PACKET_PUBLIC_KEY = 6,
	PACKET_SECRET_SUBKEY = 7,
	PACKET_MARKER = 10,
	PACKET_TRUST = 12,
	PACKET_USER_ID = 13,
	PACKET_PUBLIC_SUBKEY = 14,
	PACKET_USER_ATTRIBUTE = 17,
	PACKET_PADDING = 21
};

/* RFC 9580, 9.1. */
enum packet_pk {
	PACKET_RSA = 1,
	PACKET_RSA_ENCRYPT = 2,
	PACKET_RSA_SIGN = 3,
	PACKET_ELGAMAL = 16,
	PACKET_DSA = 17,
	PACKET_ECDH = 18,
	PACKET_ECDSA = 19,
	PACKET_EDDSA = 22, /* "legacy": MPIs and a curve's OID */
	PACKET_X25519 = 25,
	PACKET_X448 = 26,
	PACKET_ED25519 = 27,
	PACKET_ED448 = 28,
	/* RFC 9980. */
	PACKET_MLDSA65_ED25519 = 30,
	PACKET_MLDSA87_ED448 = 31,
	PACKET_SLHDSA_128S = 32,
	PACKET_SLHDSA_128F = 33,
	PACKET_SLHDSA_256S = 34,
	PACKET_MLKEM768_X25519 = 35,
	PACKET_MLKEM1024_X448 = 36
};

/* RFC 9580, 9.3 to 9.6. */
enum packet_cipher { PACKET_AES128 = 7, PACKET_AES192 = 8, PACKET_AES256 = 9 };
enum packet_compression {
	PACKET_UNCOMPRESSED = 0,
	PACKET_ZIP = 1,
	PACKET_ZLIB = 2,
	PACKET_BZIP2 = 3
};
enum packet_hash_id {
	PACKET_MD5 = 1,
	PACKET_SHA1 = 2,
	PACKET_RIPEMD160 = 3,
	PACKET_SHA256 = 8,
	PACKET_SHA384 = 9,
	PACKET_SHA512 = 10,
	PACKET_SHA224 = 11,
	PACKET_SHA3_256 = 12,
	PACKET_SHA3_512 = 14
};
enum packet_aead { PACKET_EAX = 1, PACKET_OCB = 2, PACKET_GCM = 3 };

/* Signature types (RFC 9580, 5.2.1). */
enum packet_sig_type {
	PACKET_SIG_BINARY = 0x00,
	PACKET_SIG_TEXT = 0x01,
	PACKET_SIG_CERT_GENERIC = 0x10,
	PACKET_SIG_CERT_POSITIVE = 0x13,
	PACKET_SIG_SUBKEY = 0x18,
	PACKET_SIG_PRIMARY = 0x19, /* back signature */
	PACKET_SIG_DIRECT = 0x1f,
	PACKET_SIG_REVOKE_KEY = 0x20,
	PACKET_SIG_REVOKE_SUBKEY = 0x28,
	PACKET_SIG_REVOKE_CERT = 0x30
};

/* Signature subpackets (RFC 9580, 5.2.3.7). */
enum packet_sub {
	PACKET_SUB_CREATED = 2,
	PACKET_SUB_EXPIRES = 3,
	PACKET_SUB_EXPORTABLE = 4,
	PACKET_SUB_TRUST = 5,
	PACKET_SUB_REGEXP = 6,
	PACKET_SUB_REVOCABLE = 7,
	PACKET_SUB_KEY_EXPIRES = 9,
	PACKET_SUB_PREF_CIPHERS = 11,
	PACKET_SUB_REVOKER = 12,
	PACKET_SUB_ISSUER = 16,
	PACKET_SUB_NOTATION = 20,
	PACKET_SUB_PREF_HASHES = 21,
	PACKET_SUB_PREF_COMPRESSION = 22,
	PACKET_SUB_KEYSERVER = 23,
	PACKET_SUB_PREF_KEYSERVER = 24,
	PACKET_SUB_PRIMARY_UID = 25,
	PACKET_SUB_POLICY = 26,
	PACKET_SUB_KEY_FLAGS = 27,
	PACKET_SUB_SIGNER_UID = 28,
	PACKET_SUB_REVOKE_REASON = 29,
	PACKET_SUB_FEATURES = 30,
	PACKET_SUB_TARGET = 31,
	PACKET_SUB_EMBEDDED = 32,
	PACKET_SUB_ISSUER_FPR = 33,
	PACKET_SUB_RECIPIENT_FPR = 35,
	PACKET_SUB_PREF_AEAD = 39
};

/* Key flags and features (RFC 9580, 5.2.3.29, 5.2.3.32). */
#define PACKET_FLAG_CERTIFY      0x01u
#define PACKET_FLAG_SIGN         0x02u
#define PACKET_FLAG_ENCRYPT_COMM 0x04u
#define PACKET_FLAG_ENCRYPT_STOR 0x08u
#define PACKET_FEATURE_SEIPD1    0x01u
#define PACKET_FEATURE_SEIPD2    0x08u

/* A packet in memory; body is a view on the bytes that it was read from. */
struct packet {
	int tag;
	struct buf body;
};

/*
 * The next packet, old or new format, of a definite length (RFC 9580, 4.2).
 * GW_NONE: the buffer ended cleanly.  GW_REFUSED, REASON_MALFORMED: not a
 * packet, longer than what is left, or of a partial or indeterminate length,
 * which only data packets may have (those are body.h's).
 */
enum gw_status packet_next(struct buf *from, struct packet *, struct why *);

/* Append a header of the new format; false when the buffer is full. */
bool packet_put_header(struct buf *, int tag, size_t body_len);
/* Append a whole packet. */
bool packet_put(struct buf *, int tag, const void *body, size_t len);

/* One hash algorithm that we can compute; which of them are good enough is
 * for sig.h to say. */
struct packet_hash {
	int id;
	int gcry;
	size_t len;
	const char *name; /* "SHA256": libgcrypt's and armor's spelling */
	size_t salt_len;  /* in a version 6 signature (RFC 9580, 9.5); 0: no
			   * such signature may use it */
};
/* NULL when it is none of ours. */
const struct packet_hash *packet_hash_find(int id);
#define PACKET_HASH_MAX 64

/*
 * A multiprecision integer (RFC 9580, 3.2): two octets of bit count, then
 * the number without leading zeros.  The bit count must be exact.  *num
 * borrows from the buffer.  False (and the buffer bad) otherwise, and when it
 * has more than max_bits bits.  Zero has no octets.
 */
bool packet_get_mpi(
    struct buf *, size_t max_bits, const uint8_t **num, size_t *len);
/* Leading zeros are dropped. */
bool packet_put_mpi(struct buf *, const uint8_t *num, size_t len);

#endif
