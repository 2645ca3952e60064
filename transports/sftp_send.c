/* transports/sftp_send.c - put a document on a partner's server. */
#include "transports/sftp_send.h"

#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "transports/sftp_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 *   CHECK --> OPENING --> WRITING --> CLOSING --> RENAMING --> (sent)
 *     |          |           |           |            |
 *     |          |           +-----+-----+          DOUBT: renamed or not?
 *     |          |                 v                  |
 *     +----------+-----------> CLEANING <-------------+
 *                                  |
 *                              (not sent)
 *
 * CHECK     stat of final and temp name               on_final, on_temp
 * OPENING   open of the temp name                     on_open
 * WRITING   writes, as the window allows              on_write
 * CLOSING   fsync, close and stat follow the writes
 *           without waiting for them                  on_sync, on_close, on_size
 * RENAMING  the one step that makes it visible        on_rename
 * DOUBT     as CHECK, but a lost answer is explained  on_final, on_temp
 * CLEANING  close, ask for free space, remove temp    on_clean, on_space
 *
 * Every answer only takes notes; send_work() acts on them, when nothing of
 * the present state is owed.
 */

/* No server allows fewer open files than this (seen: 20 to 50). */
#define HANDLES_FEW 8

enum state {
	SEND_CHECK,
	SEND_OPENING,
	SEND_WRITING,
	SEND_CLOSING,
	SEND_RENAMING,
	SEND_DOUBT,
	SEND_CLEANING
};

struct send {
	struct sftp_job job; /* first */
	struct sftp_send_job order;
	char *temp, *final; /* paths */
	char *folder;
	enum state state;
	int step; /* next request within the state; 0 first */
	uint64_t sent;
	struct sftp_handle handle;
	bool opened, closed; /* the handle; requests may be on their way */
	bool settling;       /* counted in bytes_settling */
	bool created;        /* there is a temp file of ours to remove */
	bool sized;          /* stat after close said our size */
	bool restat;         /* asked a second time, alone */
	bool maybe_full;     /* the failure could be a full disk */
	bool renamed;
	struct sftp_attrs final_is, temp_is; /* flags 0: not there */
	enum gw_status st;                   /* the first failure */
	struct why why;
};

static struct send *
send_of(struct sftp_job *job)
{
	return (struct send *)job;
}

static void
enter(struct send *s, enum state state)
{
	s->state = state;
	s->step = 0;
}

/* The first failure counts; what follows it is a consequence. */
static void
fail(struct send *s, enum gw_status st, const struct why *why)
{
	if (s->state == SEND_CLEANING)
		return;
	s->st = st;
	s->why = *why;
	enter(s, SEND_CLEANING);
}

static void
fail_status(struct send *s, const struct sftp_answer *a, const char *doing,
    const char *path)
{
	struct why why;
	enum gw_status st = sftp_status(a, doing, path, &why);

	if (a->code == SFTP_FAILURE)
		s->maybe_full = true;
	fail(s, st, &why);
}

static void
fail_exists(struct send *s)
{
	struct why why;
	char quoted[200];

	why_set(&why, REASON_REMOTE_EXISTS,
	    "%s is on the server already, with %llu bytes; ours has %llu",
	    log_quote(s->final, quoted, sizeof(quoted)),
	    (unsigned long long)s->final_is.size,
	    (unsigned long long)s->order.size);
	fail(s, GW_REFUSED, &why);
}

/* CHECK and DOUBT */

/* A stat's answer; not to be found is an answer too. */
static void
take_stat(struct sftp_client *c, struct send *s, struct sftp_answer *a,
    const char *path, struct sftp_attrs *is)
{
	memset(is, 0, sizeof(*is));
	if (a->type == SFTP_ATTRS) {
		if (sftp_answer_attrs(c, a, is) &&
		    !(is->flags & SFTP_ATTR_SIZE))
			is->size = UINT64_MAX;
		is->flags |= SFTP_ATTR_SIZE;
	} else if (a->code != SFTP_NO_SUCH_FILE && s->state == SEND_CHECK) {
		fail_status(s, a, "looking for", path);
	}
}

static void
on_final(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct send *s = send_of(job);

	take_stat(c, s, a, s->final, &s->final_is);
}

static void
on_temp(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct send *s = send_of(job);

	take_stat(c, s, a, s->temp, &s->temp_is);
}

/* What the two names tell.  True: the document is there. */
static bool
arrived(const struct send *s)
{
	return s->final_is.flags != 0 && s->temp_is.flags == 0 &&
	       s->final_is.size == s->order.size;
}

static bool
work_stats(struct sftp_client *c, struct send *s)
{
	switch (s->step) {
	case 0:
		sftp_ask_path(
		    c, &s->job, SFTP_STAT, s->final, SFTP_ATTRS, on_final);
		break;
	case 1:
		sftp_ask_path(
		    c, &s->job, SFTP_STAT, s->temp, SFTP_ATTRS, on_temp);
		break;
	default:
		return false;
	}
	s->step++;
	return true;
}

static bool
work_check(struct sftp_client *c, struct send *s)
{
	if (s->step < 2 || s->job.asked > 0)
		return work_stats(c, s);
	if (arrived(s))
		sftp_job_end(&s->job, GW_OK, NULL);
	else if (s->final_is.flags != 0)
		fail_exists(s);
	else
		enter(s, SEND_OPENING);
	return true;
}

/* The rename failed; s->why says how, unless these stats say more. */
static bool
work_doubt(struct sftp_client *c, struct send *s)
{
	struct why why = s->why;

	if (s->step < 2 || s->job.asked > 0)
		return work_stats(c, s);
	if (arrived(s))
		sftp_job_end(&s->job, GW_OK, NULL);
	else if (s->final_is.flags != 0)
		fail_exists(s);
	else
		fail(s, s->st, &why);
	return true;
}

/* OPENING */

static void
on_open(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct send *s = send_of(job);

	if (a->type == SFTP_HANDLE) {
		s->opened = s->created = sftp_answer_handle(c, a, &s->handle);
		enter(s, SEND_WRITING);
		return;
	}
	c->handles--;
	/* Some servers allow few open files and do not say how few: make do
	 * with what we have, and try this one again when one is closed. */
	if (a->code == SFTP_FAILURE && c->handles >= HANDLES_FEW) {
		c->handles_max = c->handles;
		enter(s, SEND_OPENING);
		return;
	}
	fail_status(s, a, "opening", s->temp);
}

static bool
work_opening(struct sftp_client *c, struct send *s)
{
	if (s->step > 0 || c->handles >= c->handles_max)
		return false;
	sftp_ask_open(c, &s->job, s->temp,
	    SFTP_WRITE_FLAG | SFTP_CREATE_FLAG | SFTP_TRUNC_FLAG, on_open);
	c->handles++;
	s->step++;
	return true;
}

/* WRITING */

static void
on_write(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	(void)c;
	if (a->code != SFTP_OK)
		fail_status(send_of(job), a, "writing", send_of(job)->temp);
}

static void
fail_local(struct send *s, ssize_t got)
{
	struct why why;

	if (got < 0)
		why_errno(&why, REASON_IO_ERROR, "reading the sealed document");
	else
		why_set(&why, REASON_IO_ERROR,
		    "the sealed document is shorter than it was");
	fail(s, GW_INTERNAL, &why);
}

/* One WRITE: the file is read straight into the queue. */
static bool
write_chunk(struct sftp_client *c, struct send *s, uint32_t n)
{
	uint8_t *room;
	size_t start, done = 0;
	uint32_t id;

	id = sftp_ask(c, &s->job, SFTP_STATUS, on_write, s->sent, n);
	start = sftp_packet_begin(&c->out, SFTP_WRITE, id);
	sftp_packet_handle(&c->out, &s->handle);
	buf_put_u64(&c->out, s->sent);
	buf_put_u32(&c->out, n);
	if ((room = buf_room(&c->out, n)) == NULL)
		return false;
	while (done < n) {
		ssize_t got = pread(s->order.fd, room + done, n - done,
		    (off_t)(s->sent + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			/* The question is asked; its answer does no harm. */
			memset(room + done, 0, n - done);
			fail_local(s, got);
			break;
		}
		done += (size_t)got;
	}
	buf_grew(&c->out, n);
	sftp_packet_end(&c->out, start);
	s->sent += n;
	return true;
}

static bool
work_writing(struct sftp_client *c, struct send *s)
{
	bool moved = false;

	while (s->state == SEND_WRITING && s->sent < s->order.size) {
		uint64_t left = s->order.size - s->sent;
		uint32_t n =
		    left < c->write_chunk ? (uint32_t)left : c->write_chunk;

		if (!sftp_client_ready(c, n) || !write_chunk(c, s, n))
			return moved;
		moved = true;
	}
	if (s->state != SEND_WRITING)
		return true;
	enter(s, SEND_CLOSING);
	return true;
}

/* CLOSING */

/* The server has nothing more to store for this document. */
static void
settled(struct sftp_client *c, struct send *s)
{
	if (s->settling)
		c->bytes_settling -= s->order.size;
	s->settling = false;
}

static void
on_sync(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	(void)c;
	if (a->code != SFTP_OK)
		fail_status(send_of(job), a, "syncing", send_of(job)->temp);
}

static void
on_close(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	c->handles--;
	settled(c, send_of(job));
	/* Quotas and network file systems report a full disk here. */
	if (a->code != SFTP_OK)
		fail_status(send_of(job), a, "closing", send_of(job)->temp);
}

static void
fail_stat(struct send *s, const struct sftp_answer *a)
{
	struct why why;

	if (a->code != SFTP_NO_SUCH_FILE) {
		fail_status(s, a, "looking at", s->temp);
		return;
	}
	why_set(&why, REASON_REMOTE_FAILED,
	    "what we sent is not on the server any more");
	fail(s, GW_AGAIN, &why);
}

static void
on_size(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct send *s = send_of(job);

	if (a->type != SFTP_ATTRS) {
		/* Asked too early it may not be there yet; see below. */
		if (s->restat)
			fail_stat(s, a);
		s->temp_is.size = 0;
		return;
	}
	if (!sftp_answer_attrs(c, a, &s->temp_is))
		return;
	s->sized = (s->temp_is.flags & SFTP_ATTR_SIZE) &&
		   s->temp_is.size == s->order.size;
}

static bool
closing_next(struct sftp_client *c, struct send *s)
{
	switch (s->step) {
	case 0:
		c->bytes_settling += s->order.size;
		s->settling = true;
		if (c->can_fsync)
			sftp_ask_extended(c, &s->job, "fsync@openssh.com", NULL,
			    &s->handle, SFTP_STATUS, on_sync);
		break;
	case 1:
		sftp_ask_handle(
		    c, &s->job, SFTP_CLOSE, &s->handle, SFTP_STATUS, on_close);
		s->closed = true;
		break;
	case 2:
		sftp_ask_path(
		    c, &s->job, SFTP_STAT, s->temp, SFTP_ATTRS, on_size);
		break;
	default:
		return false;
	}
	s->step++;
	return true;
}

static void
fail_size(struct send *s)
{
	struct why why;

	why_set(&why, REASON_REMOTE_SIZE,
	    "the server has %llu bytes, we sent %llu",
	    (unsigned long long)s->temp_is.size,
	    (unsigned long long)s->order.size);
	fail(s, GW_AGAIN, &why);
}

/*
 * The stat travels behind the close, which saves a round trip per document.
 * A server that works on several requests at once may answer it before it
 * has closed; its size is then too small, never too large, because the file
 * was truncated when we opened it.  So our size is proof, and any other size
 * is asked for once more, alone.
 */
static bool
work_closing(struct sftp_client *c, struct send *s)
{
	if (s->step < 3 || s->job.asked > 0)
		return closing_next(c, s);
	if (s->sized) {
		enter(s, SEND_RENAMING);
	} else if (!s->restat) {
		s->restat = true;
		s->step = 2;
	} else {
		fail_size(s);
	}
	return true;
}

/* RENAMING */

static void
on_rename(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct send *s = send_of(job);

	(void)c;
	if (a->code == SFTP_OK) {
		s->renamed = true;
		return;
	}
	s->st = sftp_status(a, "renaming to", s->final, &s->why);
	enter(s, SEND_DOUBT);
}

/* 6.5: it is an error if the new name exists.  OpenSSH keeps to that. */
static bool
work_renaming(struct sftp_client *c, struct send *s)
{
	if (s->renamed) {
		sftp_job_end(&s->job, GW_OK, NULL);
		return true;
	}
	if (s->step > 0)
		return false;
	sftp_ask_rename(c, &s->job, s->temp, s->final, on_rename);
	s->step++;
	return true;
}

/* CLEANING */

static void
on_clean(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	/* The document has failed already; what remains there is overwritten
	 * by the next try. */
	(void)c;
	(void)job;
	(void)a;
}

static void
on_clean_close(
    struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	(void)a;
	settled(c, send_of(job));
	c->handles--;
}

/* statvfs@openssh.com: "failure" is all that version 3 has for a full disk;
 * the free space, asked before our part of it is removed, tells. */
static void
on_space(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct send *s = send_of(job);
	uint64_t unit, free_units, free_files;

	(void)c;
	if (a->type != SFTP_EXTENDED_REPLY)
		return;
	(void)buf_get_u64(&a->body);        /* f_bsize */
	unit = buf_get_u64(&a->body);       /* f_frsize */
	(void)buf_get_u64(&a->body);        /* f_blocks */
	(void)buf_get_u64(&a->body);        /* f_bfree */
	free_units = buf_get_u64(&a->body); /* f_bavail */
	(void)buf_get_u64(&a->body);        /* f_files */
	(void)buf_get_u64(&a->body);        /* f_ffree */
	free_files = buf_get_u64(&a->body); /* f_favail */
	if (a->body.bad || unit == 0)
		return;
	if (free_units < s->order.size / unit + 1 || free_files == 0)
		s->why.reason = REASON_REMOTE_FULL;
}

static bool
cleaning_next(struct sftp_client *c, struct send *s)
{
	switch (s->step) {
	case 0:
		if (s->opened && !s->closed)
			sftp_ask_handle(c, &s->job, SFTP_CLOSE, &s->handle,
			    SFTP_STATUS, on_clean_close);
		break;
	case 1:
		if (s->maybe_full && c->can_statvfs)
			sftp_ask_extended(c, &s->job, "statvfs@openssh.com",
			    s->folder, NULL, SFTP_EXTENDED_REPLY, on_space);
		break;
	case 2:
		if (s->created)
			sftp_ask_path(c, &s->job, SFTP_REMOVE, s->temp,
			    SFTP_STATUS, on_clean);
		break;
	default:
		return false;
	}
	s->step++;
	return true;
}

static bool
work_cleaning(struct sftp_client *c, struct send *s)
{
	/* Whatever is still owed from before must not meet a removed file. */
	if (s->step == 0 && s->job.asked > 0)
		return false;
	if (s->step < 3)
		return cleaning_next(c, s);
	if (s->job.asked > 0)
		return false;
	sftp_job_end(&s->job, s->st, &s->why);
	return true;
}

static bool
send_work(struct sftp_client *c, struct sftp_job *job)
{
	static bool (*const works[])(struct sftp_client *, struct send *) = {
		[SEND_CHECK] = work_check,
		[SEND_OPENING] = work_opening,
		[SEND_WRITING] = work_writing,
		[SEND_CLOSING] = work_closing,
		[SEND_RENAMING] = work_renaming,
		[SEND_DOUBT] = work_doubt,
		[SEND_CLEANING] = work_cleaning,
	};
	struct send *s = send_of(job);
	bool moved = false;

	while (!job->ended && sftp_client_ready(c, 0) && works[s->state](c, s))
		moved = true;
	return moved;
}

static void
send_free(struct send *s)
{
	free(s->temp);
	free(s->final);
	free(s->folder);
	free(s);
}

static void
send_end(struct sftp_job *job)
{
	struct send *s = send_of(job);

	fd_close(&s->order.fd);
	s->order.done(s->order.ctx, job->st, &job->why);
	send_free(s);
}

static const struct sftp_job_kind send_kind = { send_work, send_end };

static char *
path_of(const char *folder, const char *name)
{
	char path[SFTP_PATH_MAX];

	if (!sftp_packet_path(path, sizeof(path), folder, name))
		return NULL;
	return strdup(path);
}

enum gw_status
sftp_send_start(
    struct sftp_client *c, const struct sftp_send_job *order, struct why *why)
{
	struct send *s = calloc(1, sizeof(*s));
	enum gw_status st;

	if (s == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	s->job.kind = &send_kind;
	s->order = *order;
	s->temp = path_of(order->folder, order->temp_name);
	s->final = path_of(order->folder, order->final_name);
	s->folder = strdup(order->folder[0] != '\0' ? order->folder : ".");
	if (s->temp == NULL || s->final == NULL || s->folder == NULL) {
		why_set(why, REASON_BAD_NAME,
		    "not a name in a folder, or too long");
		send_free(s);
		return GW_REFUSED;
	}
	s->order.folder = s->order.temp_name = s->order.final_name = NULL;
	/* On a first try nothing of ours can be there, and OpenSSH refuses
	 * to rename over what is: no need to look. */
	s->state =
	    order->retry || !c->link->openssh ? SEND_CHECK : SEND_OPENING;
	if ((st = sftp_client_add(c, &s->job, why)) != GW_OK)
		send_free(s);
	return st;
}
