/* keys/packets/sink.c - a chain of writers, each feeding the one below it. */
#include "keys/packets/sink.h"

#include "gateway/base/fdio.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define FD_ROOM    ((size_t)256 * 1024)
#define PUSH_EVERY ((uint64_t)8 * 1024 * 1024)
/* What becomes text at once. */
#define SLICE ((size_t)1024 * ARMOR_LINE_BYTES)
/* What is smaller is done with before another thread would have woken up. */
#define WORTH_A_THREAD ((size_t)64 * 1024)

static enum gw_status
no_memory(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory to write");
	return GW_AGAIN;
}

void
sink_init(struct sink *s, size_t cap, bool twice,
    enum gw_status (*take)(
	struct sink *, const uint8_t *, size_t n, bool last, struct why *))
{
	memset(s, 0, sizeof(*s));
	s->cap = cap;
	s->twice = twice;
	s->take = take;
}

enum gw_status
sink_room(struct sink *s, uint8_t **room, size_t *n, struct why *why)
{
	uint8_t **at = &s->room[s->turn];

	if (*at == NULL && (*at = malloc(s->cap)) == NULL)
		return no_memory(why);
	*room = *at + s->len;
	*n = s->cap - s->len;
	return GW_OK;
}

enum gw_status
sink_grew(struct sink *s, size_t n, struct why *why)
{
	const uint8_t *full = s->room[s->turn];

	if (n > s->cap - s->len)
		gw_fatal("sink_grew beyond the room");
	s->len += n;
	if (s->len > s->most)
		s->most = s->len;
	if (s->len < s->cap)
		return GW_OK;
	s->len = 0;
	if (s->twice)
		s->turn ^= 1;
	return s->take(s, full, s->cap, false, why);
}

enum gw_status
sink_put(struct sink *s, const void *data, size_t n, struct why *why)
{
	const uint8_t *p = data;
	enum gw_status st = GW_OK;

	while (n > 0) {
		uint8_t *to;
		size_t part;

		if ((st = sink_room(s, &to, &part, why)) != GW_OK)
			break;
		if (part > n)
			part = n;
		memcpy(to, p, part);
		p += part;
		n -= part;
		if ((st = sink_grew(s, part, why)) != GW_OK)
			break;
	}
	return st;
}

enum gw_status
sink_end(struct sink *s, struct why *why)
{
	size_t n = s->len;

	s->len = 0;
	return s->take(s, s->room[s->turn], n, true, why);
}

void
sink_free(struct sink *s)
{
	for (int i = 0; i < 2; i++) {
		if (s->room[i] != NULL)
			mem_wipe(s->room[i], s->most);
		free(s->room[i]);
	}
	memset(s, 0, sizeof(*s));
}

void
sink_push_back(int fd, uint64_t written, uint64_t *pushed)
{
	if (written - *pushed < PUSH_EVERY)
		return;
	/* A hint: pipes and odd file systems refuse it, which hurts nobody. */
	(void)sync_file_range(fd, (off_t)*pushed, (off_t)(written - *pushed),
	    SYNC_FILE_RANGE_WRITE);
	*pushed = written;
}

static void
write_now(struct sink_fd *f)
{
	f->failed = fd_write_all(f->fd, f->piece, f->piece_len, &f->failed_why);
	if (f->failed != GW_OK)
		return;
	f->total += f->piece_len;
	if (f->form.push)
		sink_push_back(f->fd, f->total, &f->pushed);
}

/* On either thread. */
static void
work_on_piece(void *arg)
{
	struct sink_fd *f = arg;

	if (f->md != NULL)
		gcry_md_write(f->md, f->piece, f->piece_len);
	if (f->apart)
		write_now(f);
}

/* What the pieces before came to. */
static enum gw_status
settle(struct sink_fd *f, struct why *why)
{
	second_thread_wait(&f->job);
	if (f->failed != GW_OK)
		*why = f->failed_why;
	return f->failed;
}

/* To the descriptor, as it is. */
static enum gw_status
write_out(struct sink_fd *f, const void *p, size_t n, struct why *why)
{
	/* Text is made in one place again and again. */
	bool large = n >= WORTH_A_THREAD && f->text == NULL;
	enum gw_status st = settle(f, why);

	if (st != GW_OK)
		return st;
	f->piece = p;
	f->piece_len = n;
	f->apart = large && f->form.aside;
	if (large && (f->apart || f->md != NULL))
		second_thread_give(&f->job);
	else
		work_on_piece(f);
	if (f->apart)
		return GW_OK;
	write_now(f);
	if (f->failed != GW_OK)
		*why = f->failed_why;
	return f->failed;
}

static enum gw_status
write_text(struct sink_fd *f, const uint8_t *p, size_t n, struct why *why)
{
	enum gw_status st = GW_OK;

	while (n > 0 && st == GW_OK) {
		size_t part = n < SLICE ? n : SLICE;
		size_t len = armor_more(&f->armor, p, part, f->text);

		p += part;
		n -= part;
		if (len > 0)
			st = write_out(f, f->text, len, why);
	}
	return st;
}

static enum gw_status
fd_take(struct sink *s, const uint8_t *p, size_t n, bool last, struct why *why)
{
	struct sink_fd *f = (struct sink_fd *)s;
	enum gw_status st = GW_OK;

	if (n > 0)
		st = f->text != NULL ? write_text(f, p, n, why)
				     : write_out(f, p, n, why);
	if (st == GW_OK && last && f->text != NULL)
		st = write_out(f, f->text, armor_end(&f->armor, f->text), why);
	return st == GW_OK && last ? settle(f, why) : st;
}

enum gw_status
sink_fd_open(
    struct sink_fd *f, int fd, const struct sink_form *form, struct why *why)
{
	memset(f, 0, sizeof(*f));
	sink_init(&f->sink, FD_ROOM, true, fd_take);
	f->fd = fd;
	f->form = *form;
	f->job = (struct second_job){ .run = work_on_piece, .arg = f };
	if (form->digest && gcry_md_open(&f->md, GCRY_MD_SHA256, 0) != 0)
		return no_memory(why);
	if (form->label == NULL)
		return GW_OK;
	if ((f->text = malloc(ARMOR_TEXT_MAX(SLICE))) == NULL)
		return no_memory(why);
	return write_out(f, f->text,
	    armor_begin(&f->armor, form->label, form->sum, f->text), why);
}

enum gw_status
sink_fd_put(struct sink_fd *f, const void *p, size_t n, struct why *why)
{
	return fd_take(&f->sink, p, n, false, why);
}

void
sink_fd_sha256(struct sink_fd *f, uint8_t out[SHA256_LEN])
{
	memcpy(out, gcry_md_read(f->md, GCRY_MD_SHA256), SHA256_LEN);
}

void
sink_fd_close(struct sink_fd *f)
{
	second_thread_wait(&f->job);
	gcry_md_close(f->md);
	free(f->text);
	sink_free(&f->sink);
	memset(f, 0, sizeof(*f));
}
