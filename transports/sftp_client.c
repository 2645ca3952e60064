/* transports/sftp_client.c - the event loop's side of an SFTP connection. */
#include "transports/sftp_client.h"

#include "gateway/base/clock.h"
#include "transports/sftp_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Bytes pass through here like this:
 *
 *   jobs -> out -> channel -> socket          socket -> channel -> in -> jobs
 *
 * `out` exists because a non-blocking ssh_channel_write() takes less than it
 * is given when the server's window is used up, and nothing at all during a
 * re-exchange of keys.  `in` exists because libssh hands over data in pieces
 * of its own, also from within a write.
 */

/* Jobs are asked for more while less than this waits in `out`: enough to fill
 * a socket in one go, little enough for a new document to get its turn. */
#define OUT_ENOUGH ((size_t)512 * 1024)
#define OUT_MAX    ((size_t)4 * 1024 * 1024)
/* At most this much in one call; libssh encrypts and copies all of it before
 * it touches the socket. */
#define WRITE_AT_ONCE ((size_t)256 * 1024)
/* One answer of full size, and what libssh may bring along in one go. */
#define IN_MAX ((size_t)4 * 1024 * 1024)
/* libssh reads 4 KiB at a time; after so many reads others get their turn. */
#define READS_PER_TURN 128
#define TURNS_PER_STEP 16
/* What may be on its way in file content.  OpenSSH's own window is 2 MiB;
 * more helps with servers that allow more, on long lines. */
#define BYTES_ASKED ((size_t)8 * 1024 * 1024)
/* Downloads: our window.  libssh 0.10 keeps it at 1.28 MB, which costs half
 * of the throughput at 50 ms and more. */
#define WINDOW_WIDE ((uint32_t)8 * 1024 * 1024)

#define PATIENCE_MS 60000
/* Bytes a millisecond: 4 MB/s. */
#define SETTLE_RATE     4000
#define LONGEST_WAIT_MS 60000

static void
finish(struct sftp_client *c, enum gw_status st, const struct why *why)
{
	if (c->finished)
		return;
	c->finished = true;
	c->end_st = st;
	c->end_why = *why;
}

void
sftp_client_break(struct sftp_client *c, const char *what)
{
	struct why why;

	why_set(&why, REASON_PROTOCOL, "%s port %u, SFTP: %s", c->link->host,
	    c->link->port, what);
	finish(c, GW_AGAIN, &why);
}

static void
finish_lost(struct sftp_client *c)
{
	struct why why;
	enum gw_status st = ssh_link_lost(c->link, "transfer", &why);

	finish(c, st, &why);
}

static void
finish_stalled(struct sftp_client *c)
{
	struct why why;

	why_set(&why, REASON_CONNECTION_LOST,
	    "%s port %u, transfer: no answer for %d s", c->link->host,
	    c->link->port, (c->patience_ms + 999) / 1000);
	finish(c, GW_AGAIN, &why);
}

/* libssh brings channel data.  All of it is taken, always: what is left with
 * libssh would have to be polled for in another way. */
static int
on_data(ssh_session session, ssh_channel channel, void *data, uint32_t len,
    int is_stderr, void *user)
{
	struct sftp_client *c = user;

	(void)session;
	(void)channel;
	if (is_stderr)
		return (int)len;
	c->received += len;
	if (!c->flooded && !buf_put(&c->in, data, len))
		c->flooded = true;
	return (int)len;
}

/* Drop what was read; move the rest to the front when that is worth it. */
static void
compact(struct buf *b)
{
	if (b->pos == b->len) {
		b->pos = b->len = 0;
	} else if (b->pos > b->len / 2) {
		memmove(b->data, b->data + b->pos, b->len - b->pos);
		b->len -= b->pos;
		b->pos = 0;
	}
}

static void
widen_window(struct sftp_client *c)
{
#if LIBSSH_VERSION_INT < SSH_VERSION_INT(0, 11, 0)
	/* Asking for W bytes makes libssh offer a window of W; on_data() has
	 * taken what there is, so nothing is read.  From 0.11 on the window
	 * is fixed, and this would do nothing. */
	if (c->readers == 0 ||
	    (c->window_at != 0 && c->received - c->window_at < WINDOW_WIDE / 2))
		return;
	if (c->window_room == NULL &&
	    (c->window_room = malloc(WINDOW_WIDE)) == NULL)
		return;
	c->window_at = c->received != 0 ? c->received : 1;
	if (ssh_channel_read_timeout(
		c->channel, c->window_room, WINDOW_WIDE, 0, 0) > 0)
		sftp_client_break(c, "data came past us");
#else
	(void)c;
#endif
}

/* Take from the socket what is there.  True if something was. */
static bool
receive(struct sftp_client *c)
{
	uint64_t before = c->received, bytes;
	int rc;

	for (int i = 0; i < READS_PER_TURN && !c->closed; i++) {
		bytes = c->socket_bytes.in_bytes;
		rc = ssh_channel_poll(c->channel, 0);
		if (rc == SSH_ERROR || rc == SSH_EOF || ssh_link_dead(c->link))
			c->closed = true;
		if (c->socket_bytes.in_bytes == bytes)
			break;
	}
	if (!c->closed)
		widen_window(c);
	return c->received != before;
}

/* Give to the channel what it takes.  True if it took something. */
static bool
transmit(struct sftp_client *c)
{
	bool moved = false;

	while (buf_left(&c->out) > 0 && !c->closed) {
		size_t n = buf_left(&c->out);
		uint32_t window = ssh_channel_window_size(c->channel);
		int rc;

		/* The socket is full: more would only pile up in libssh. */
		if (ssh_get_status(c->link->session) & SSH_WRITE_PENDING)
			break;
		if (n > window)
			n = window;
		if (n > WRITE_AT_ONCE)
			n = WRITE_AT_ONCE;
		if (n == 0)
			break;
		rc = ssh_channel_write(
		    c->channel, c->out.data + c->out.pos, (uint32_t)n);
		if (rc < 0)
			c->closed = true;
		if (rc <= 0)
			break;
		c->out.pos += (size_t)rc;
		moved = true;
	}
	compact(&c->out);
	return moved;
}

static void
unlink_job(struct sftp_client *c, struct sftp_job *job)
{
	if (job->prev != NULL)
		job->prev->next = job->next;
	else
		c->first = job->next;
	if (job->next != NULL)
		job->next->prev = job->prev;
	else
		c->last = job->prev;
	job->next = job->prev = NULL;
}

static void
append_job(struct sftp_client *c, struct sftp_job *job)
{
	job->prev = c->last;
	job->next = NULL;
	if (c->last != NULL)
		c->last->next = job;
	else
		c->first = job;
	c->last = job;
}

enum gw_status
sftp_client_add(struct sftp_client *c, struct sftp_job *job, struct why *why)
{
	if (c->finished) {
		*why = c->end_why;
		return GW_AGAIN;
	}
	if (c->busy >= SFTP_CLIENT_JOBS) {
		why_set(
		    why, REASON_NONE, "%u transfers are under way", c->busy);
		return GW_AGAIN;
	}
	append_job(c, job);
	c->busy++;
	c->fresh = true;
	return GW_OK;
}

void
sftp_job_end(struct sftp_job *job, enum gw_status st, const struct why *why)
{
	assert(job->asked == 0);
	job->ended = true;
	job->st = st;
	if (why != NULL)
		job->why = *why;
	else
		memset(&job->why, 0, sizeof(job->why));
}

/* Tell the owners of jobs that ended. */
static void
reap(struct sftp_client *c)
{
	struct sftp_job *job, *next;

	for (job = c->first; job != NULL; job = next) {
		next = job->next;
		if (!job->ended)
			continue;
		unlink_job(c, job);
		c->busy--;
		job->kind->end(job);
	}
}

/* Everything under way ends as the connection did. */
static void
reap_all(struct sftp_client *c)
{
	struct sftp_job *job;

	while ((job = c->first) != NULL) {
		if (!job->ended) {
			job->asked = 0;
			sftp_job_end(job, GW_AGAIN, &c->end_why);
		}
		unlink_job(c, job);
		c->busy--;
		job->kind->end(job);
	}
}

/* Let each job send; a large one must not keep the others from it, so the
 * order turns when there was not room for all. */
static bool
work(struct sftp_client *c)
{
	struct sftp_job *job, *next;
	bool moved = false;

	for (job = c->first; job != NULL && !c->finished; job = next) {
		next = job->next;
		if (!job->ended)
			moved |= job->kind->work(c, job);
	}
	if (c->first != NULL && c->first != c->last &&
	    !sftp_client_ready(c, 0)) {
		job = c->first;
		unlink_job(c, job);
		append_job(c, job);
	}
	return moved;
}

bool
sftp_client_ready(const struct sftp_client *c, size_t bytes)
{
	return !c->finished && c->free_count > 0 &&
	       buf_left(&c->out) < OUT_ENOUGH &&
	       (bytes == 0 || c->bytes_asked + bytes <= BYTES_ASKED);
}

/* Signs of life: answers, and our bytes being taken.  Mere SSH traffic is
 * none: an sshd answers keep-alives while its SFTP process hangs. */
static void
note_movement(struct sftp_client *c, bool moved)
{
	bool pending = ssh_get_status(c->link->session) & SSH_WRITE_PENDING;

	if (pending && c->socket_bytes.out_bytes != c->moved_out)
		moved = true;
	c->moved_out = c->socket_bytes.out_bytes;
	if (moved)
		c->moved_ms = clock_mono_ms();
}

static bool
owed(const struct sftp_client *c)
{
	return c->free_count < SFTP_QUESTIONS || buf_left(&c->out) > 0 ||
	       !c->greeted;
}

/* How long a silence may last.  A server that syncs a large file to a slow
 * disk says nothing meanwhile: it gets the time for that, too. */
static int64_t
silence_allowed(const struct sftp_client *c)
{
	if (!owed(c))
		return c->patience_ms / 2;
	return c->patience_ms + (int64_t)(c->bytes_settling / SETTLE_RATE);
}

static void
keep_time(struct sftp_client *c)
{
	if (clock_mono_ms() - c->moved_ms < silence_allowed(c))
		return;
	if (owed(c)) {
		finish_stalled(c);
	} else {
		sftp_ask_path(c, NULL, SFTP_REALPATH, ".", SFTP_NAME, NULL);
		c->moved_ms = clock_mono_ms();
		(void)transmit(c);
	}
}

enum gw_status
sftp_client_step(struct sftp_client *c, struct why *why)
{
	bool moved = true, any = false, crowded;

	for (int i = 0; i < TURNS_PER_STEP && !c->finished; i++) {
		if (!moved && !c->fresh)
			break;
		c->fresh = false;
		moved = receive(c);
		if (c->flooded)
			sftp_client_break(c, "far more than was asked for");
		sftp_ask_answers(c);
		compact(&c->in);
		moved |= work(c);
		/* Another turn after sending only if there was more to send
		 * than fitted; each turn costs system calls. */
		crowded = !sftp_client_ready(c, 0);
		if (transmit(c)) {
			any = true;
			moved |= crowded || buf_left(&c->out) > 0;
		}
		reap(c);
		any |= moved;
		if (c->out.bad)
			sftp_client_break(c, "our own queue is full");
		if (c->closed)
			finish_lost(c);
	}
	note_movement(c, any);
	if (!c->finished)
		keep_time(c);
	if (!c->finished)
		return GW_OK;
	reap_all(c);
	*why = c->end_why;
	return c->end_st;
}

/* libssh's calls that open a channel say "again" until they are through. */
static enum gw_status
open_channel(struct sftp_client *c, int64_t deadline, struct why *why)
{
	enum gw_status st;
	int rc;

	while ((rc = ssh_channel_open_session(c->channel)) == SSH_AGAIN)
		if ((st = ssh_link_wait(c->link, deadline, why)) != GW_OK)
			return st;
	if (rc == SSH_OK)
		while ((rc = ssh_channel_request_subsystem(
			    c->channel, "sftp")) == SSH_AGAIN)
			if ((st = ssh_link_wait(c->link, deadline, why)) !=
			    GW_OK)
				return st;
	if (rc != SSH_OK || ssh_link_dead(c->link)) {
		st = ssh_link_lost(c->link, "opening SFTP", why);
		if (!ssh_link_dead(c->link))
			why->reason = REASON_PROTOCOL;
		return st;
	}
	return GW_OK;
}

static enum gw_status
greet(struct sftp_client *c, int64_t deadline, struct why *why)
{
	enum gw_status st;

	sftp_ask_hello(c);
	for (;;) {
		if ((st = sftp_client_step(c, why)) != GW_OK)
			return st;
		if (c->greeted)
			return GW_OK;
		if ((st = ssh_link_wait(c->link, deadline, why)) != GW_OK)
			return st;
	}
}

static struct sftp_client *
client_new(struct ssh_link *link)
{
	struct sftp_client *c = calloc(1, sizeof(*c));

	if (c == NULL ||
	    (c->channel = ssh_channel_new(link->session)) == NULL) {
		free(c);
		return NULL;
	}
	c->link = link;
	buf_init(&c->out, OUT_MAX);
	buf_init(&c->in, IN_MAX);
	c->patience_ms = PATIENCE_MS;
	c->moved_ms = clock_mono_ms();
	for (unsigned i = 0; i < SFTP_QUESTIONS; i++)
		c->free_slots[i] = (uint16_t)i;
	c->free_count = SFTP_QUESTIONS;
	c->callbacks.userdata = c;
	c->callbacks.channel_data_function = on_data;
	ssh_callbacks_init(&c->callbacks);
	ssh_set_counters(link->session, &c->socket_bytes, NULL);
	return c;
}

enum gw_status
sftp_client_open(
    struct ssh_link *link, struct sftp_client **out, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	struct sftp_client *c;
	int64_t deadline = clock_mono_ms() + link->timeout_ms;

	*out = NULL;
	if ((c = client_new(link)) == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	if (ssh_set_channel_callbacks(c->channel, &c->callbacks) != SSH_OK) {
		why_set(why, REASON_INTERNAL, "libssh takes no callbacks");
		goto close;
	}
	if ((st = open_channel(c, deadline, why)) != GW_OK)
		goto close;
	if ((st = greet(c, deadline, why)) != GW_OK)
		goto close;
	*out = c;
	return GW_OK;
close:
	sftp_client_close(c);
	return st;
}

void
sftp_client_close(struct sftp_client *c)
{
	struct why why;

	if (c == NULL)
		return;
	why_set(&why, REASON_CONNECTION_LOST, "%s port %u: closed by us",
	    c->link->host, c->link->port);
	finish(c, GW_AGAIN, &why);
	reap_all(c);
	(void)ssh_remove_channel_callbacks(c->channel, &c->callbacks);
	ssh_channel_free(c->channel);
	ssh_set_counters(c->link->session, NULL, NULL);
	buf_free(&c->out);
	buf_free(&c->in);
	free(c->window_room);
	free(c);
}

int
sftp_client_fd(const struct sftp_client *c)
{
	return ssh_get_fd(c->link->session);
}

bool
sftp_client_wants_write(const struct sftp_client *c)
{
	return ssh_get_status(c->link->session) & SSH_WRITE_PENDING;
}

int
sftp_client_timeout(const struct sftp_client *c)
{
	int64_t left = c->moved_ms + silence_allowed(c) - clock_mono_ms();

	if (c->fresh)
		return 0;
	if (left > LONGEST_WAIT_MS)
		left = LONGEST_WAIT_MS;
	return left > 0 ? (int)left : 0;
}

unsigned
sftp_client_busy(const struct sftp_client *c)
{
	return c->busy;
}

void
sftp_client_set_patience(struct sftp_client *c, int ms)
{
	c->patience_ms = ms;
}
