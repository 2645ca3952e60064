/* transports/sftp_fetch.c - collect one document from a partner's server. */
#include "transports/sftp_fetch.h"

#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "transports/sftp_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 *   OPENING --> MEASURING --> READING --> CHECKING --> CLOSING --> (fetched)
 *      |            |            |           |            |
 *      +------------+------------+-----+-----+------------+
 *                                      v
 *                                   LEAVING --> (not fetched)
 *
 * MEASURING  fstat; nothing is read before its size is known and bounded
 * READING    reads, as the window allows, answered in any order, perhaps
 *            shorter than asked
 * CHECKING   fstat again: the same size, or the file is still being written
 * CLOSING    close and local sync
 * LEAVING    close after a failure
 */
enum state {
	FETCH_OPENING,
	FETCH_MEASURING,
	FETCH_READING,
	FETCH_CHECKING,
	FETCH_CLOSING,
	FETCH_LEAVING
};

/* Rests of short answers, to be asked for again. */
#define GAPS_MAX 256

struct gap {
	uint64_t offset;
	uint32_t len;
};

struct fetch {
	struct sftp_job job; /* first */
	struct sftp_client *client;
	struct sftp_fetch_job order;
	char *path;
	enum state state;
	bool sent; /* the request of the present state */
	struct sftp_handle handle;
	bool opened;
	uint64_t size, asked, got;
	uint32_t mtime;
	struct gap gaps[GAPS_MAX];
	unsigned gap_count;
	enum gw_status st;
	struct why why;
};

static struct fetch *
fetch_of(struct sftp_job *job)
{
	return (struct fetch *)job;
}

static void
enter(struct fetch *f, enum state state)
{
	f->state = state;
	f->sent = false;
}

static void
fail(struct fetch *f, enum gw_status st, const struct why *why)
{
	if (f->state == FETCH_LEAVING)
		return;
	f->st = st;
	f->why = *why;
	enter(f, FETCH_LEAVING);
}

static void
fail_status(struct fetch *f, const struct sftp_answer *a, const char *doing)
{
	struct why why;
	enum gw_status st = sftp_status(a, doing, f->path, &why);

	fail(f, st, &why);
}

static void
fail_changed(struct fetch *f)
{
	struct why why;
	char quoted[200];

	why_set(&why, REASON_STILL_WRITTEN,
	    "%s changed its size while it was read",
	    log_quote(f->path, quoted, sizeof(quoted)));
	fail(f, GW_AGAIN, &why);
}

static void
on_open(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct fetch *f = fetch_of(job);
	struct why why;

	if (a->type == SFTP_HANDLE) {
		f->opened = sftp_answer_handle(c, a, &f->handle);
		enter(f, FETCH_MEASURING);
		return;
	}
	c->handles--;
	if (a->code == SFTP_NO_SUCH_FILE) {
		why_set(&why, REASON_VANISHED, "it is not on the server");
		fail(f, GW_NONE, &why);
	} else {
		fail_status(f, a, "opening");
	}
}

/* Attributes with a size, or the job fails. */
static bool
take_size(struct sftp_client *c, struct fetch *f, struct sftp_answer *a,
    struct sftp_attrs *is)
{
	struct why why;

	if (a->type != SFTP_ATTRS) {
		fail_status(f, a, "looking at");
		return false;
	}
	if (!sftp_answer_attrs(c, a, is))
		return false;
	if (is->flags & SFTP_ATTR_SIZE)
		return true;
	why_set(&why, REASON_REMOTE_FAILED,
	    "the server does not tell the size of files");
	fail(f, GW_AGAIN, &why);
	return false;
}

static void
on_measure(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct fetch *f = fetch_of(job);
	struct sftp_attrs is;
	struct why why;

	if (!take_size(c, f, a, &is))
		return;
	f->size = is.size;
	f->mtime = is.mtime;
	if (f->order.max_size != 0 && is.size > f->order.max_size) {
		why_set(&why, REASON_TOO_LARGE, "%llu bytes, %llu are allowed",
		    (unsigned long long)is.size,
		    (unsigned long long)f->order.max_size);
		fail(f, GW_REFUSED, &why);
		return;
	}
	enter(f, FETCH_READING);
}

static void
on_check(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct fetch *f = fetch_of(job);
	struct sftp_attrs is;

	if (!take_size(c, f, a, &is))
		return;
	if (is.size != f->size || is.mtime != f->mtime)
		fail_changed(f);
	else
		enter(f, FETCH_CLOSING);
}

static void
write_local(struct fetch *f, const uint8_t *data, size_t n, uint64_t offset)
{
	struct why why;

	while (n > 0) {
		ssize_t w = pwrite(f->order.fd, data, n, (off_t)offset);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			bool full = errno == ENOSPC || errno == EDQUOT;

			why_errno(&why,
			    full ? REASON_NO_SPACE : REASON_IO_ERROR,
			    "writing");
			fail(f, full ? GW_AGAIN : GW_INTERNAL, &why);
			return;
		}
		data += w;
		offset += (uint64_t)w;
		n -= (size_t)w;
	}
}

/* 6.4: fewer bytes than asked for is the server's right; none is not. */
static void
on_read(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct fetch *f = fetch_of(job);
	struct buf data;

	if (a->type == SFTP_STATUS) {
		/* Nothing is asked beyond the size: the end came early. */
		if (a->code == SFTP_EOF)
			fail_changed(f);
		else
			fail_status(f, a, "reading");
		return;
	}
	if (!sftp_packet_string(&a->body, a->len, &data) ||
	    !buf_done(&a->body) || data.len == 0) {
		sftp_client_break(c, "data of the wrong length");
		return;
	}
	if (f->state != FETCH_READING)
		return;
	write_local(f, data.data, data.len, a->offset);
	f->got += data.len;
	if (data.len < a->len) {
		assert(f->gap_count < GAPS_MAX);
		f->gaps[f->gap_count++] = (struct gap){ a->offset + data.len,
			a->len - (uint32_t)data.len };
	}
}

static void
read_chunk(struct sftp_client *c, struct fetch *f, uint64_t offset, uint32_t n)
{
	uint32_t id = sftp_ask(c, &f->job, SFTP_DATA, on_read, offset, n);
	size_t start = sftp_packet_begin(&c->out, SFTP_READ, id);

	sftp_packet_handle(&c->out, &f->handle);
	buf_put_u64(&c->out, offset);
	buf_put_u32(&c->out, n);
	sftp_packet_end(&c->out, start);
}

static bool
work_reading(struct sftp_client *c, struct fetch *f)
{
	bool moved = false;

	/* Each question may leave one gap, and a gap needs its place. */
	while (f->gap_count > 0 &&
	       sftp_client_ready(c, f->gaps[f->gap_count - 1].len)) {
		struct gap *g = &f->gaps[--f->gap_count];

		read_chunk(c, f, g->offset, g->len);
		moved = true;
	}
	while (f->asked < f->size && f->job.asked + f->gap_count < GAPS_MAX) {
		uint64_t left = f->size - f->asked;
		uint32_t n =
		    left < c->read_chunk ? (uint32_t)left : c->read_chunk;

		if (!sftp_client_ready(c, n))
			break;
		read_chunk(c, f, f->asked, n);
		f->asked += n;
		moved = true;
	}
	if (f->got == f->size) {
		enter(f, FETCH_CHECKING);
		moved = true;
	}
	return moved;
}

static void
on_close(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct fetch *f = fetch_of(job);

	c->handles--;
	/* What we read we have; how closing went is the server's affair. */
	(void)a;
	if (f->state == FETCH_CLOSING)
		f->st = fd_sync(f->order.fd, &f->why);
	f->opened = false;
}

/* One request per state, then wait; what the answer means, see above. */
static bool
ask_once(struct sftp_client *c, struct fetch *f)
{
	if (f->sent)
		return false;
	f->sent = true;
	switch (f->state) {
	case FETCH_OPENING:
		if (c->handles >= c->handles_max) {
			f->sent = false;
			return false;
		}
		c->handles++;
		sftp_ask_open(c, &f->job, f->path, SFTP_READ_FLAG, on_open);
		break;
	case FETCH_MEASURING:
		sftp_ask_handle(
		    c, &f->job, SFTP_FSTAT, &f->handle, SFTP_ATTRS, on_measure);
		break;
	case FETCH_CHECKING:
		sftp_ask_handle(
		    c, &f->job, SFTP_FSTAT, &f->handle, SFTP_ATTRS, on_check);
		break;
	case FETCH_CLOSING:
	case FETCH_LEAVING:
		if (f->opened)
			sftp_ask_handle(c, &f->job, SFTP_CLOSE, &f->handle,
			    SFTP_STATUS, on_close);
		break;
	case FETCH_READING:
		break;
	}
	return true;
}

static bool
fetch_work(struct sftp_client *c, struct sftp_job *job)
{
	struct fetch *f = fetch_of(job);
	bool moved = false;

	if (f->state == FETCH_READING)
		moved = work_reading(c, f);
	if (f->state != FETCH_READING && sftp_client_ready(c, 0))
		moved |= ask_once(c, f);
	if (f->state >= FETCH_CLOSING && f->sent && !f->opened &&
	    job->asked == 0) {
		sftp_job_end(job, f->st, &f->why);
		moved = true;
	}
	return moved;
}

static void
fetch_free(struct fetch *f)
{
	free(f->path);
	free(f);
}

static void
fetch_end(struct sftp_job *job)
{
	struct fetch *f = fetch_of(job);

	f->client->readers--;
	fd_close(&f->order.fd);
	f->order.done(
	    f->order.ctx, job->st, job->st == GW_OK ? f->size : 0, &job->why);
	fetch_free(f);
}

static const struct sftp_job_kind fetch_kind = { fetch_work, fetch_end };

enum gw_status
sftp_fetch_start(
    struct sftp_client *c, const struct sftp_fetch_job *order, struct why *why)
{
	struct fetch *f = calloc(1, sizeof(*f));
	char path[SFTP_PATH_MAX];
	enum gw_status st;

	if (!sftp_packet_path(path, sizeof(path), order->folder, order->name)) {
		why_set(why, REASON_BAD_NAME,
		    "not a name in a folder, or too long");
		free(f);
		return GW_REFUSED;
	}
	if (f == NULL || (f->path = strdup(path)) == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		free(f);
		return GW_AGAIN;
	}
	f->job.kind = &fetch_kind;
	f->client = c;
	f->order = *order;
	f->order.folder = f->order.name = NULL;
	f->st = GW_INTERNAL;
	if ((st = sftp_client_add(c, &f->job, why)) != GW_OK) {
		fetch_free(f);
		return st;
	}
	c->readers++;
	return GW_OK;
}
