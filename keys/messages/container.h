/* keys/messages/container.h - the encrypted message while it is written. */
#ifndef KEYS_CONTAINER_H
#define KEYS_CONTAINER_H

#include "keys/messages/seipd.h"

/*
 * Plaintext goes in, through room/grew or put; encrypted session keys and one
 * encrypted-data packet come out of it on the descriptor.  What fits into
 * memory leaves with one write and a definite length, more in partial
 * lengths of 256 KiB.
 */
struct container {
	int out;
	bool aead;
	bool split; /* a first partial length was written */
	struct seipd_writer writer;
	gcry_md_hd_t md; /* SHA-256 of what was written */
	uint8_t *plain;  /* waiting to be encrypted */
	size_t plain_cap, plain_len;
	uint8_t *sealed; /* [session keys][header][body] */
	size_t esk_len, body_len;
	uint64_t total;  /* written */
	uint64_t pushed; /* of it, told the kernel to write back */
};

/* esk: the PKESK packets, as they will stand in front.  hint: about how much
 * plaintext will come, all packets included; UINT64_MAX if nobody knows. */
enum gw_status container_open(struct container *, int out, bool aead,
    const struct buf *session_key, const struct buf *esk, uint64_t hint,
    struct why *);
/* Where the next *n > 0 bytes of plaintext may be put; then say how many. */
uint8_t *container_room(struct container *, size_t *n);
enum gw_status container_grew(struct container *, size_t n, struct why *);
enum gw_status container_put(
    struct container *, const void *, size_t n, struct why *);
/* Encrypt and write the rest and the integrity check; digest may be NULL. */
enum gw_status container_end(
    struct container *, uint8_t sha256[SHA256_LEN], struct why *);
void container_close(struct container *);

/* The file is being written from front to back: start writing back what has
 * come together since the last time, so that the fsync to come is short. */
void container_push_back(int fd, uint64_t written, uint64_t *pushed);

/* The octets of a new-format length (RFC 9580, 4.2.1); returns how many. */
size_t container_length(uint64_t len, uint8_t out[5]);

#endif
