/* keys/messages/container.h - the encrypted message while it is written. */
#ifndef KEYS_CONTAINER_H
#define KEYS_CONTAINER_H

#include "keys/messages/seipd.h"
#include "keys/packets/sink.h"

enum container_kind { CONTAINER_SEIPD1, CONTAINER_SEIPD2, CONTAINER_LIBREPGP };

/*
 * Plaintext goes into its sink; encrypted session keys and one encrypted-data
 * packet come out of it, into the descriptor below.  What fits into memory
 * leaves with one write and a definite length, more in partial lengths of
 * 256 KiB.
 */
struct container {
	struct sink sink;
	struct sink_fd *to;
	enum container_kind kind;
	bool split; /* a first partial length was written */
	struct seipd_writer writer;
	struct second_job mdc; /* version 1: the check's hash */
	const uint8_t *hashed;
	size_t hashed_len;
	uint8_t *sealed[2]; /* [session keys][header][body] */
	unsigned turn;
	size_t esk_len, body_len;
	unsigned bits; /* log2 of a chunk and of a partial length */
};

/* esk: the PKESK and SKESK packets, as they will stand in front.  hint: at
 * most so much plaintext will come, all packets included; UINT64_MAX if
 * nobody knows.  Its end, sink_end(), writes the rest and the integrity
 * check, and ends the sink below.  Release with container_close(), also after
 * a failure. */
enum gw_status container_open(struct container *, struct sink_fd *to,
    enum container_kind, const struct buf *session_key, const struct buf *esk,
    uint64_t hint, struct why *);
/* The same with chunks and partial lengths of 2^bits octets instead of 2^18,
 * for tests of what happens after very many of them.  From 9 to 18. */
enum gw_status container_open_bits(struct container *, struct sink_fd *to,
    enum container_kind, const struct buf *session_key, const struct buf *esk,
    uint64_t hint, unsigned bits, struct why *);
void container_close(struct container *);

/* The octets of a new-format length (RFC 9580, 4.2.1); returns how many. */
size_t container_length(uint64_t len, uint8_t out[5]);

#endif
