/* gateway/admin.c - the administrator's socket: list, trace, status. */
#include "gateway/admin.h"

#include "gateway/answer.h"
#include "gateway/base/fdio.h"
#include "gateway/base/log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CLIENTS_MAX 16
#define REQUEST_MAX 4096
/* Seconds that a client may neither send nor take a byte. */
#define IDLE_MAX 10
/* The next piece is made when no more than this waits to be read. */
#define WAITING_MAX ((size_t)16 * 1024)

struct client {
	struct client *next;
	struct admin *admin;
	struct bufferevent *io;
	struct event *again; /* the next piece, after everybody else's turn */
	struct answer *answer;
	bool ended; /* the last line is on its way */
};

struct admin {
	struct event_base *base;
	int fd;
	struct event *incoming;
	struct event *pause; /* accept again after a shortage */
	struct ledger *ledger;
	admin_status_fn status;
	void *status_ctx;
	struct client *clients;
	unsigned count;
};

/* ---- clients ------------------------------------------------------------ */

static void
client_free(struct client *c)
{
	struct admin *ad = c->admin;
	struct client **at = &ad->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	/* Those who waited for a place come in. */
	if (ad->count-- == CLIENTS_MAX)
		(void)event_add(ad->incoming, NULL);
	answer_free(c->answer);
	if (c->again != NULL)
		event_free(c->again);
	bufferevent_free(c->io);
	free(c);
}

static bool
client_line(void *to, const char *json)
{
	struct evbuffer *out = bufferevent_get_output(to);

	return evbuffer_add(out, json, strlen(json)) == 0 &&
	       evbuffer_add(out, "\n", 1) == 0;
}

/* The last line; the client is freed when it has been read. */
static void
client_end(struct client *c, const char *error)
{
	json_t *o = json_object();
	char *text = NULL;

	c->ended = true;
	(void)event_del(c->again);
	(void)bufferevent_disable(c->io, EV_READ);
	if (error != NULL)
		(void)json_object_set_new(o, "error", json_string(error));
	else
		(void)json_object_set_new(o, "end", json_true());
	if (json_object_size(o) == 1)
		text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	/* Without a last line the client knows that something is missing. */
	if (text == NULL || !client_line(c->io, text)) {
		free(text);
		client_free(c);
		return;
	}
	free(text);
	bufferevent_setwatermark(c->io, EV_WRITE, 0, 0);
}

/* Make the next piece, if the client has read most of the last one. */
static void
client_go_on(struct client *c)
{
	static const struct timeval at_once = { 0, 0 };
	struct evbuffer *out = bufferevent_get_output(c->io);
	struct why why;
	enum gw_status st;

	if (evbuffer_get_length(out) > WAITING_MAX)
		return; /* on_drained() comes back */
	st = answer_step(c->answer, client_line, c->io, &why);
	if (st == GW_OK)
		(void)event_add(c->again, &at_once);
	else if (st == GW_NONE)
		client_end(c, NULL);
	else if (st == GW_AGAIN)
		client_free(c); /* no memory for its lines */
	else
		client_end(c, why.text);
}

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	client_go_on(ctx);
}

static void
on_drained(struct bufferevent *io, void *ctx)
{
	struct client *c = ctx;

	if (!c->ended && c->answer != NULL)
		client_go_on(c);
	else if (c->ended &&
		 evbuffer_get_length(bufferevent_get_output(io)) == 0)
		client_free(c);
}

/* It hung up, said nothing for too long, or stopped reading. */
static void
on_end(struct bufferevent *io, short what, void *ctx)
{
	(void)io;
	if ((what & BEV_EVENT_TIMEOUT) != 0)
		log_line(LOG_LEVEL_WARN, "-", "admin", "cut-off",
		    "reason=idle seconds=%d", IDLE_MAX);
	client_free(ctx);
}

/* ---- requests ----------------------------------------------------------- */

/* Who asks is for the log; who may is the socket's mode and group. */
static void
log_request(const struct client *c, const char *line)
{
	struct ucred who = { 0 };
	socklen_t len = sizeof(who);
	char quoted[256];

	(void)getsockopt(
	    bufferevent_getfd(c->io), SOL_SOCKET, SO_PEERCRED, &who, &len);
	log_line(LOG_LEVEL_DEBUG, "-", "admin", "request",
	    "uid=%u pid=%d line=%s", (unsigned)who.uid, (int)who.pid,
	    log_quote(line, quoted, sizeof(quoted)));
}

static void
client_request(struct client *c, const char *line, size_t len)
{
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	struct why why;
	enum gw_status st;

	(void)bufferevent_disable(c->io, EV_READ);
	if (request == NULL) {
		client_end(c, "the request is not a line of JSON");
		return;
	}
	log_request(c, line);
	st = answer_new(c->admin->ledger, request, c->admin->status,
	    c->admin->status_ctx, &c->answer, &why);
	json_decref(request);
	if (st == GW_OK)
		client_go_on(c);
	else
		client_end(c, why.text);
}

static void
on_readable(struct bufferevent *io, void *ctx)
{
	struct evbuffer *in = bufferevent_get_input(io);
	struct client *c = ctx;
	size_t len;
	char *line;

	if (c->ended || c->answer != NULL)
		return;
	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (line == NULL && evbuffer_get_length(in) < REQUEST_MAX)
		return;
	if (line == NULL || len >= REQUEST_MAX)
		client_end(c, "the request is too long");
	else if (evbuffer_get_length(in) > 0)
		client_end(c, "one request per connection");
	else
		client_request(c, line, len);
	free(line);
}

static void
client_new(struct admin *ad, int fd)
{
	static const struct timeval idle = { IDLE_MAX, 0 };
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		fd_close(&fd);
		return;
	}
	c->admin = ad;
	c->io = bufferevent_socket_new(ad->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->io == NULL) {
		fd_close(&fd);
		free(c);
		return;
	}
	c->next = ad->clients;
	ad->clients = c;
	if (++ad->count == CLIENTS_MAX)
		(void)event_del(ad->incoming);
	c->again = event_new(ad->base, -1, 0, on_again, c);
	bufferevent_setcb(c->io, on_readable, on_drained, on_end, c);
	bufferevent_setwatermark(c->io, EV_READ, 0, REQUEST_MAX);
	bufferevent_setwatermark(c->io, EV_WRITE, WAITING_MAX / 2, 0);
	if (c->again == NULL ||
	    bufferevent_set_timeouts(c->io, &idle, &idle) != 0 ||
	    bufferevent_enable(c->io, EV_READ | EV_WRITE) != 0)
		client_free(c);
}

/* ---- the socket --------------------------------------------------------- */

static void
on_incoming(evutil_socket_t listen_fd, short what, void *ctx)
{
	static const struct timeval second = { 1, 0 };
	struct admin *ad = ctx;
	int fd =
	    accept4((int)listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd >= 0) {
		client_new(ad, fd);
	} else if (gw_status_errno(errno) == GW_AGAIN && errno != EAGAIN &&
		   errno != EINTR) {
		/* No descriptor or memory left: it stays readable, and we
		 * would only turn in circles. */
		(void)event_del(ad->incoming);
		(void)event_add(ad->pause, &second);
	}
}

static void
on_pause_over(evutil_socket_t fd, short what, void *ctx)
{
	struct admin *ad = ctx;

	(void)fd;
	(void)what;
	if (ad->count < CLIENTS_MAX)
		(void)event_add(ad->incoming, NULL);
}

enum gw_status
admin_new(struct event_base *base, int listen_fd, struct ledger *ledger,
    admin_status_fn status, void *ctx, struct admin **out, struct why *why)
{
	struct admin *ad = calloc(1, sizeof(*ad));

	*out = NULL;
	if (ad == NULL) {
		fd_close(&listen_fd);
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_INTERNAL;
	}
	fd_set_nonblock(listen_fd);
	ad->base = base;
	ad->fd = listen_fd;
	ad->ledger = ledger;
	ad->status = status;
	ad->status_ctx = ctx;
	ad->incoming =
	    event_new(base, listen_fd, EV_READ | EV_PERSIST, on_incoming, ad);
	ad->pause = event_new(base, -1, 0, on_pause_over, ad);
	if (ad->incoming == NULL || ad->pause == NULL ||
	    event_add(ad->incoming, NULL) != 0) {
		why_set(why, REASON_INTERNAL, "the admin socket: no event");
		admin_free(ad);
		return GW_INTERNAL;
	}
	*out = ad;
	return GW_OK;
}

void
admin_free(struct admin *ad)
{
	if (ad == NULL)
		return;
	while (ad->clients != NULL)
		client_free(ad->clients);
	if (ad->incoming != NULL)
		event_free(ad->incoming);
	if (ad->pause != NULL)
		event_free(ad->pause);
	fd_close(&ad->fd);
	free(ad);
}

enum gw_status
admin_answer(struct ledger *ledger, json_t *request, admin_status_fn status,
    void *ctx, bool (*line)(void *to, const char *json), void *to,
    struct why *why)
{
	struct answer *a;
	enum gw_status st = answer_new(ledger, request, status, ctx, &a, why);

	while (st == GW_OK)
		st = answer_step(a, line, to, why);
	answer_free(a);
	/* Whoever stops has what it wanted. */
	return st == GW_NONE || st == GW_AGAIN ? GW_OK : st;
}
