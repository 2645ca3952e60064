/* keys/packets/source.h - a chain of readers, each fed by the one below it. */
#ifndef KEYS_SOURCE_H
#define KEYS_SOURCE_H

#include "gateway/base/hex.h"
#include "gateway/base/status.h"
#include "keys/packets/second_thread.h"

#include <gcrypt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much is read, worked on and written at once, at most. */
#define SOURCE_CHUNK ((size_t)256 * 1024)
/* What is smaller is hashed before another thread would have woken up. */
#define SOURCE_WORTH_A_THREAD ((size_t)64 * 1024)

/*
 * What every reader of the chain shows to the one above it: some unread bytes
 * and whether more may come.  A reader hands its bytes on without copying
 * where it can.  Whoever takes them only reads them: a hash on the second
 * thread may be reading them, too.
 *
 * A failure is kept: every later call gives the same status and reason, so a
 * cut or forged message cannot be read past the place where it went wrong.
 */
struct source {
	/* Called with left == 0 and !end: show more bytes, or set end. */
	enum gw_status (*more)(struct source *, struct why *);
	uint8_t *at;
	size_t left;
	bool end;              /* nothing comes after what is left */
	enum gw_status failed; /* GW_OK, or how reading ended for ever */
	struct why failed_why;
};

/* Afterwards at least one byte is left, or the end is reached for good. */
enum gw_status source_fill(struct source *, struct why *);
/* n of the bytes that are left have been used. */
void source_take(struct source *, size_t n);
/* Copy n bytes; *got is smaller only at the end. */
enum gw_status source_read(
    struct source *, void *, size_t n, size_t *got, struct why *);
/* As source_read(), but fewer than n bytes is a refusal (cut short). */
enum gw_status source_need(struct source *, void *, size_t n, struct why *);
/* One byte in *c, or -1 at the end. */
enum gw_status source_byte(struct source *, int *c, struct why *);
/* Read to the end and forget it; *skipped (may be NULL) counts. */
enum gw_status source_drain(struct source *, uint64_t *skipped, struct why *);

/* The lowest reader: a descriptor, counted and perhaps digested on the way. */
struct source_fd {
	struct source src;
	int fd;
	/* One half is read into while the other is hashed; the second comes
	 * when there is more than one piece. */
	uint8_t *half[2];
	unsigned turn;
	size_t cap;
	gcry_md_hd_t md; /* NULL: not digested */
	struct second_job job;
	const uint8_t *hashed;
	size_t hashed_len;
	uint64_t total; /* bytes read so far */
	uint64_t hint;  /* size of a regular file, else UINT64_MAX */
};

/* digested: source_fd_digest() will be asked for. */
enum gw_status source_fd_open(
    struct source_fd *, int fd, bool digested, struct why *);
/* Read what is left and give the SHA-256 of every byte of the descriptor, or
 * zeros when it was opened without. */
enum gw_status source_fd_digest(
    struct source_fd *, uint8_t out[SHA256_LEN], struct why *);
void source_fd_close(struct source_fd *);

/* A buffer size that suits a message of that many bytes: a small message
 * shall not pay for a large one. */
size_t source_cap(uint64_t hint, size_t most);

#endif
