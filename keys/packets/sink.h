/* keys/packets/sink.h - a chain of writers, each feeding the one below it. */
#ifndef KEYS_SINK_H
#define KEYS_SINK_H

#include "gateway/base/hex.h"
#include "gateway/base/status.h"
#include "keys/packets/armor.h"
#include "keys/packets/second_thread.h"

#include <gcrypt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What every writer shows to the one above it: room to fill, so that nothing
 * is copied that need not be.  Large writers have two rooms and fill them by
 * turns: what was put into one stays there until the other has been filled,
 * and may be hashed meanwhile.
 */
struct sink {
	/* Use n octets, whole rooms but for the last call, where nothing
	 * follows (and n may be 0). */
	enum gw_status (*take)(
	    struct sink *, const uint8_t *, size_t n, bool last, struct why *);
	size_t cap; /* of a room */
	bool twice; /* there are two of them */
	uint8_t *room[2];
	unsigned turn; /* the one being filled */
	size_t len;    /* octets in it */
	size_t most;   /* that ever were, to be wiped */
};

/* Its rooms are made when they are needed first. */
void sink_init(struct sink *, size_t cap, bool twice,
    enum gw_status (*take)(
	struct sink *, const uint8_t *, size_t n, bool last, struct why *));
/* Where the next *n > 0 octets may be put; then say how many were. */
enum gw_status sink_room(
    struct sink *, uint8_t **room, size_t *n, struct why *);
enum gw_status sink_grew(struct sink *, size_t n, struct why *);
enum gw_status sink_put(struct sink *, const void *, size_t n, struct why *);
/* Nothing follows.  Once. */
enum gw_status sink_end(struct sink *, struct why *);
/* Wipe and release the rooms, for the owner of the sink. */
void sink_free(struct sink *);

/* What shall become of what is written to a descriptor. */
struct sink_form {
	const char *label; /* armored under that label; NULL: binary */
	bool sum;          /* armor has a check sum */
	bool digest;       /* sink_fd_sha256() will be asked for */
	bool push;         /* it will be synced: start writing back early */
	/* Large pieces are written by the second thread.  That costs, since
	 * they are in the first one's cache, and is for those who keep the
	 * first one busy beyond its half. */
	bool aside;
};

/*
 * The lowest writer: a descriptor, whose content can be text and digested.
 * sink_fd_put() is for large pieces: they go on at once (the room must be
 * empty), and stay as they are until the next one or the end, for they are
 * hashed and perhaps written meanwhile.  A failure may be told by a later call.
 */
struct sink_fd {
	struct sink sink;
	struct sink_form form;
	int fd;
	struct armor_writer armor;
	char *text;      /* NULL: binary */
	gcry_md_hd_t md; /* SHA-256 of what was written, when wanted */
	uint64_t total;  /* written */
	uint64_t pushed; /* of it, told the kernel to write back */
	struct second_job job;
	const uint8_t *piece; /* the job's */
	size_t piece_len;
	bool apart;            /* the job writes it, too */
	enum gw_status failed; /* GW_OK, or how writing ended for ever */
	struct why failed_why;
};

/* Writes the first line of armor.  Release with sink_fd_close(), also after a
 * failure. */
enum gw_status sink_fd_open(
    struct sink_fd *, int fd, const struct sink_form *, struct why *);
enum gw_status sink_fd_put(
    struct sink_fd *, const void *, size_t n, struct why *);
/* After sink_end(). */
void sink_fd_sha256(struct sink_fd *, uint8_t out[SHA256_LEN]);
void sink_fd_close(struct sink_fd *);

/* A file is being written from front to back: start writing back what has
 * come together since the last time, so that the fsync to come is short. */
void sink_push_back(int fd, uint64_t written, uint64_t *pushed);

#endif
