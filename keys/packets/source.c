/* keys/packets/source.c - a chain of readers, each fed by the one below it. */
#include "keys/packets/source.h"

#include "gateway/base/buf.h"
#include "gateway/base/fdio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum gw_status
source_fill(struct source *s, struct why *why)
{
	enum gw_status st;

	while (s->left == 0 && !s->end && s->failed == GW_OK) {
		st = s->more(s, why);
		if (st != GW_OK) {
			s->failed = st;
			s->failed_why = *why;
			s->left = 0;
		}
	}
	if (s->failed != GW_OK)
		*why = s->failed_why;
	return s->failed;
}

void
source_take(struct source *s, size_t n)
{
	if (n > s->left)
		gw_fatal("source_take beyond what is left");
	s->at += n;
	s->left -= n;
}

enum gw_status
source_read(struct source *s, void *to, size_t n, size_t *got, struct why *why)
{
	uint8_t *p = to;
	enum gw_status st;

	*got = 0;
	while (*got < n) {
		size_t part;

		if ((st = source_fill(s, why)) != GW_OK)
			return st;
		if (s->left == 0)
			break;
		part = s->left < n - *got ? s->left : n - *got;
		memcpy(p + *got, s->at, part);
		source_take(s, part);
		*got += part;
	}
	return GW_OK;
}

enum gw_status
source_need(struct source *s, void *to, size_t n, struct why *why)
{
	size_t got;
	enum gw_status st = source_read(s, to, n, &got, why);

	if (st == GW_OK && got < n) {
		why_set(why, REASON_DAMAGED, "the message is cut short");
		st = GW_REFUSED;
	}
	return st;
}

enum gw_status
source_byte(struct source *s, int *c, struct why *why)
{
	enum gw_status st;

	*c = -1;
	if (s->left == 0 && (st = source_fill(s, why)) != GW_OK)
		return st;
	if (s->left > 0) {
		*c = *s->at;
		source_take(s, 1);
	}
	return GW_OK;
}

enum gw_status
source_drain(struct source *s, uint64_t *skipped, struct why *why)
{
	enum gw_status st;

	while ((st = source_fill(s, why)) == GW_OK && s->left > 0) {
		if (skipped != NULL)
			*skipped += s->left;
		source_take(s, s->left);
	}
	return st;
}

size_t
source_cap(uint64_t hint, size_t most)
{
	if (hint >= most)
		return most;
	return hint < 4096 ? 4096 : (size_t)hint;
}

static void
hash_piece(void *arg)
{
	struct source_fd *f = arg;

	gcry_md_write(f->md, f->hashed, f->hashed_len);
}

static void
digest(struct source_fd *f, const uint8_t *p, size_t n)
{
	if (f->md == NULL || n == 0)
		return;
	second_thread_wait(&f->job);
	f->hashed = p;
	f->hashed_len = n;
	if (n < SOURCE_WORTH_A_THREAD)
		hash_piece(f);
	else
		second_thread_give(&f->job);
}

static enum gw_status
no_memory(struct why *why)
{
	why_set(why, REASON_INTERNAL, "out of memory");
	return GW_AGAIN;
}

static enum gw_status
fd_more(struct source *s, struct why *why)
{
	struct source_fd *f = (struct source_fd *)s;
	uint8_t **half = &f->half[f->turn];
	enum gw_status st;
	size_t got;

	if (*half == NULL && (*half = malloc(f->cap)) == NULL)
		return no_memory(why);
	if ((st = fd_read_full(f->fd, *half, f->cap, &got, why)) != GW_OK)
		return st;
	digest(f, *half, got);
	if (f->md != NULL)
		f->turn ^= 1;
	f->total += got;
	s->at = *half;
	s->left = got;
	/* Fewer than asked for is the end, so that a small file costs two
	 * reads: one that brings it and the one inside fd_read_full() that
	 * says so. */
	s->end = got < f->cap;
	return GW_OK;
}

enum gw_status
source_fd_open(struct source_fd *f, int fd, bool digested, struct why *why)
{
	struct stat sb;

	memset(f, 0, sizeof(*f));
	f->src.more = fd_more;
	f->fd = fd;
	f->job.run = hash_piece;
	f->job.arg = f;
	if (fstat(fd, &sb) != 0) {
		why_errno(why, REASON_IO_ERROR, "looking at the message");
		return gw_status_errno(errno);
	}
	f->hint = S_ISREG(sb.st_mode) ? (uint64_t)sb.st_size : UINT64_MAX;
	/* One byte more than the file has, to see its end. */
	f->cap = source_cap(
	    f->hint == UINT64_MAX ? f->hint : f->hint + 1, SOURCE_CHUNK);
	if (digested && gcry_md_open(&f->md, GCRY_MD_SHA256, 0) != 0)
		return no_memory(why);
	return GW_OK;
}

enum gw_status
source_fd_digest(struct source_fd *f, uint8_t out[SHA256_LEN], struct why *why)
{
	enum gw_status st = source_drain(&f->src, NULL, why);

	memset(out, 0, SHA256_LEN);
	if (st != GW_OK || f->md == NULL)
		return st;
	second_thread_wait(&f->job);
	memcpy(out, gcry_md_read(f->md, GCRY_MD_SHA256), SHA256_LEN);
	return st;
}

void
source_fd_close(struct source_fd *f)
{
	/* It may still be reading one of the halves. */
	second_thread_wait(&f->job);
	gcry_md_close(f->md);
	free(f->half[0]);
	free(f->half[1]);
	memset(f, 0, sizeof(*f));
}
