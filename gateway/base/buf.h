/* base/buf.h - the one bounded buffer that builders fill and parsers read. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growing byte string with a read position and a hard limit.  Once an
 * operation fails (limit, memory, short read) the buffer is bad: every later
 * put and get fails too, so a builder or parser may check once, at the end.
 * Reads give zeros on failure, never stale or foreign bytes.
 *
 * A view (buf_view) borrows bytes for reading only; it owns nothing, needs no
 * buf_free and must not outlive the bytes.
 */
struct buf {
	uint8_t *data;
	size_t len; /* bytes written */
	size_t pos; /* bytes read, <= len */
	size_t cap; /* 0 for a view */
	size_t max; /* hard limit of len */
	bool bad;
	bool secret; /* wiped before memory is given back */
};

/* An empty buffer that may grow to `max` bytes. */
void buf_init(struct buf *, size_t max);
/* As buf_init(), and every byte is wiped when freed or moved. */
void buf_init_secret(struct buf *, size_t max);
/* A read-only view on len bytes that stay the caller's. */
void buf_view(struct buf *, const void *data, size_t len);
/* Release (and wipe) what it owns; the buffer is empty afterwards.  NULL and
 * views are fine. */
void buf_free(struct buf *);
/* Forget the content, keep the memory; clears bad. */
void buf_reset(struct buf *);

bool buf_put(struct buf *, const void *, size_t);
bool buf_put_u8(struct buf *, uint8_t);
bool buf_put_u16(struct buf *, uint16_t); /* big-endian, as all below */
bool buf_put_u32(struct buf *, uint32_t);
bool buf_put_u64(struct buf *, uint64_t);
bool buf_put_text(struct buf *, const char *); /* without the NUL */
bool buf_printf(struct buf *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Make room for n more bytes and return where to write them (then buf_grew());
 * NULL when over the limit. */
uint8_t *buf_room(struct buf *, size_t n);
void buf_grew(struct buf *, size_t n);

size_t buf_left(const struct buf *); /* bytes not read yet; 0 if bad */
bool buf_get(struct buf *, void *, size_t);
uint8_t buf_get_u8(struct buf *);
uint16_t buf_get_u16(struct buf *);
uint32_t buf_get_u32(struct buf *);
uint64_t buf_get_u64(struct buf *);
/* The next n bytes without copying; valid until the buffer changes; NULL (and
 * bad) when fewer are left. */
const uint8_t *buf_take(struct buf *, size_t n);
/* The next n bytes as a view of their own; false (and both bad) when fewer. */
bool buf_child(struct buf *, size_t n, struct buf *view);
/* True when nothing failed and every byte was read: the reader's last word. */
bool buf_done(const struct buf *);

/* Wipe in a way that the compiler keeps. */
void mem_wipe(void *, size_t);
/* Equal?  In time that depends on n alone. */
bool mem_equal_ct(const void *, const void *, size_t n);

#endif
