/*
 * gateway/roles/courier.c - one connection to one partner's server.
 *
 * user		its own; may touch sealed bytes by descriptor, one outbound TCP
 *		connection, and that partner's SSH identity
 * peers	spooler
 * messages	LINK first; SEND -> SENT; LIST -> ENTRY..., LISTED;
 *		FETCH -> FETCHED; CLEAR -> CLEARED
 * if taken	by that partner's server: the attacker sees sealed bytes meant for
 *		it, can claim that they arrived, and can offer files to collect;
 *		no other partner, no plaintext, no path
 */
#include "gateway/roles/opening.h"
#include "gateway/roles/roles.h"

#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/share.h"
#include "transports/sftp_fetch.h"
#include "transports/sftp_send.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIAL_MS 20000

struct courier {
	struct opening opening;
	struct share_server share;
	struct sftp_client *client;
	unsigned entries_left; /* of the listing under way */
};

/* What a job's callback needs to answer. */
struct errand {
	struct courier *courier;
	enum msg_id gives;
	uint32_t ref;
};

static void
tell(struct courier *c, struct msg *m)
{
	struct why why;

	if (msg_send(&c->opening.spooler, m, &why) != GW_OK)
		_exit(0); /* the spooler is gone; its ledger knows */
}

static struct errand *
errand_new(struct courier *c, enum msg_id gives, uint32_t ref)
{
	struct errand *e = malloc(sizeof(*e));

	if (e == NULL)
		gw_fatal("out of memory");
	*e = (struct errand){ c, gives, ref };
	return e;
}

/* Answers and releases the errand. */
static void
errand_done(
    struct errand *e, enum gw_status st, uint64_t size, const struct why *why)
{
	struct why none = { REASON_NONE, "" };
	struct msg m;

	msg_begin(&m, e->gives, e->ref);
	msg_put_status(&m, st);
	if (e->gives == MSG_FETCHED)
		msg_put_u64(&m, size);
	msg_put_why(&m, st == GW_OK ? &none : why);
	tell(e->courier, &m);
	free(e);
}

static void
on_done(void *ctx, enum gw_status st, const struct why *why)
{
	errand_done(ctx, st, 0, why);
}

static void
on_fetched(void *ctx, enum gw_status st, uint64_t size, const struct why *why)
{
	errand_done(ctx, st, size, why);
}

static bool
on_entry(void *ctx, const char *name, uint64_t size, uint32_t mtime)
{
	struct errand *e = ctx;
	struct courier *c = e->courier;
	struct msg m;

	if (c->entries_left == 0)
		return false;
	msg_begin(&m, MSG_ENTRY, e->ref);
	msg_put_blob(&m, name, strlen(name));
	msg_put_u64(&m, size);
	msg_put_u32(&m, mtime);
	tell(c, &m);
	return --c->entries_left > 0;
}

/* A start that fails has taken nothing. */
static enum gw_status
started(enum gw_status st, int *fd)
{
	if (st != GW_OK)
		fd_close(fd);
	return st;
}

static enum gw_status
take_send(struct courier *c, struct msg *m, struct errand *e, struct why *why)
{
	char temp[DOC_FILE_SIZE], final[DOC_FILE_SIZE];
	struct sftp_send_job job = { .folder = c->share.server.remote,
		.temp_name = temp,
		.final_name = final,
		.done = on_done,
		.ctx = e };

	(void)msg_get_docid(m);
	msg_get_text(m, temp, sizeof(temp));
	msg_get_text(m, final, sizeof(final));
	job.size = msg_get_u64(m);
	job.retry = msg_get_u32(m) != 0;
	job.fd = msg_take_fd(m);
	if (!msg_done(m)) {
		fd_close(&job.fd);
		return GW_INTERNAL;
	}
	return started(sftp_send_start(c->client, &job, why), &job.fd);
}

static enum gw_status
take_list(struct courier *c, struct msg *m, struct errand *e, struct why *why)
{
	struct sftp_list_job job = { .folder = c->share.server.remote,
		.entry = on_entry,
		.done = on_done,
		.ctx = e };

	c->entries_left = msg_get_u32(m);
	if (!msg_done(m))
		return GW_INTERNAL;
	return sftp_list_start(c->client, &job, why);
}

/* A remote name as the spooler got it from us; foreign bytes without NUL. */
static bool
get_remote_name(struct msg *m, char *name, size_t size)
{
	size_t len;
	const uint8_t *p = msg_get_blob(m, &len);

	name[0] = '\0';
	if (len == 0 || len >= size || memchr(p, 0, len) != NULL)
		return false;
	memcpy(name, p, len);
	name[len] = '\0';
	return true;
}

static enum gw_status
take_fetch(struct courier *c, struct msg *m, struct errand *e, struct why *why)
{
	char name[DOC_FILE_SIZE];
	struct sftp_fetch_job job = { .folder = c->share.server.remote,
		.name = name,
		.done = on_fetched,
		.ctx = e };
	bool ok;

	(void)msg_get_docid(m);
	ok = get_remote_name(m, name, sizeof(name));
	job.max_size = msg_get_u64(m);
	job.fd = msg_take_fd(m);
	if (!msg_done(m) || !ok) {
		fd_close(&job.fd);
		return GW_INTERNAL;
	}
	return started(sftp_fetch_start(c->client, &job, why), &job.fd);
}

static enum gw_status
take_clear(struct courier *c, struct msg *m, struct errand *e, struct why *why)
{
	char name[DOC_FILE_SIZE];
	struct sftp_clear_job job = { .folder = c->share.server.remote,
		.name = name,
		.move_to = c->share.server.move_to,
		.done = on_done,
		.ctx = e };
	bool ok;

	(void)msg_get_docid(m);
	ok = get_remote_name(m, name, sizeof(name));
	job.size = msg_get_u64(m);
	job.mtime = msg_get_u32(m);
	if (!msg_done(m) || !ok)
		return GW_INTERNAL;
	return sftp_clear_start(c->client, &job, why);
}

static const struct {
	enum msg_id takes, gives;
	enum gw_status (*take)(
	    struct courier *, struct msg *, struct errand *, struct why *);
} errands[] = {
	{ MSG_SEND, MSG_SENT, take_send },
	{ MSG_LIST, MSG_LISTED, take_list },
	{ MSG_FETCH, MSG_FETCHED, take_fetch },
	{ MSG_CLEAR, MSG_CLEARED, take_clear },
};

static void
take_errand(struct courier *c, struct msg *m)
{
	enum gw_status st;
	struct errand *e;
	struct why why;

	for (size_t i = 0; i < sizeof(errands) / sizeof(errands[0]); i++) {
		if (errands[i].takes != m->id)
			continue;
		why_set(&why, REASON_INTERNAL, "malformed %s", msg_name(m->id));
		e = errand_new(c, errands[i].gives, m->ref);
		if ((st = errands[i].take(c, m, e, &why)) != GW_OK)
			errand_done(e, st, 0, &why);
		return;
	}
	_exit(1); /* not a message for us */
}

/* Everything that the spooler has for us. */
static void
take_errands(struct courier *c)
{
	struct pollfd p = { c->opening.spooler.fd, POLLIN, 0 };
	struct why why;
	struct msg m;

	while (poll(&p, 1, 0) == 1) {
		if (msg_recv(&c->opening.spooler, &m, &why) != GW_OK)
			_exit(0); /* the spooler needs us no more */
		take_errand(c, &m);
	}
}

static void
tell_link(struct courier *c, enum gw_status st, const struct ssh_facts *facts,
    const struct why *why)
{
	struct why none = { REASON_NONE, "" };
	struct msg m;

	msg_begin(&m, MSG_LINK, 0);
	msg_put_status(&m, st);
	msg_put_text(&m, facts->host_key);
	msg_put_text(&m, facts->server);
	msg_put_text(&m, facts->kex);
	msg_put_text(&m, facts->cipher);
	msg_put_why(&m, st == GW_OK ? &none : why);
	tell(c, &m);
	if (st != GW_OK)
		_exit(0);
}

/*
 * First with name service and one port reachable, then, connected, with
 * nothing: from the first byte of the server on there is no way out.
 */
static void
connect_and_confine(struct courier *c)
{
	static const struct sandbox_folder lookup[] = { { "/etc", false },
		{ "/usr", false }, { "/lib", false }, { "/lib64", false },
		{ "/run/systemd/resolve", false }, { "/dev", false } };
	struct config_server *server = &c->share.server;
	struct ssh_facts facts;
	struct ssh_link *link;
	struct why why;
	enum gw_status st;
	struct ssh_target target = { .host = server->host,
		.port = server->port,
		.user = server->user,
		.fd = -1,
		.host_keys = (const char *const *)server->host_keys.item,
		.host_key_count = server->host_keys.count,
		.identity = (const char *)c->share.identity.data };

	memset(&facts, 0, sizeof(facts));
	opening_drop(&c->opening, false);
	if (ssh_start(&why) != GW_OK)
		opening_fail("courier", &why);
	opening_files(&c->opening, lookup, sizeof(lookup) / sizeof(lookup[0]),
	    server->port);
	st = ssh_dial(server->host, server->port, DIAL_MS, &target.fd, &why);
	opening_files(&c->opening, NULL, 0, 0);
	opening_calls(&c->opening);
	if (st == GW_OK)
		st = ssh_link_open(&target, &link, &facts, &why);
	if (st == GW_OK)
		st = sftp_client_open(link, &c->client, &why);
	buf_free(&c->share.identity); /* it has served */
	tell_link(c, st, &facts, &why);
}

static void
loop(struct courier *c)
{
	struct why why;

	for (;;) {
		struct pollfd p[2] = {
			{ c->opening.spooler.fd, POLLIN, 0 },
			{ sftp_client_fd(c->client), POLLIN, 0 },
		};

		if (sftp_client_wants_write(c->client))
			p[1].events |= POLLOUT;
		if (poll(p, 2, sftp_client_timeout(c->client)) < 0 &&
		    errno != EINTR)
			_exit(1);
		if (p[0].revents != 0)
			take_errands(c);
		if (sftp_client_step(c->client, &why) != GW_OK) {
			char text[LOG_QUOTED_MAX];

			log_line(LOG_LEVEL_WARN, "-", "courier", "link-lost",
			    "partner=%s reason=%s text=%s", c->opening.label,
			    reason_code(why.reason),
			    log_quote(why.text, text, sizeof(text)));
			_exit(0);
		}
	}
}

void
courier_main(void)
{
	static struct courier c;
	struct why why;

	opening_begin(ROLE_COURIER, &c.opening);
	why_set(&why, REASON_INTERNAL, "the share cannot be read");
	if (!share_get_server(&c.opening.share, &c.share))
		opening_fail("courier", &why);
	buf_free(&c.opening.share);
	/* The identity is a text; the NUL is ours. */
	c.share.identity.max++;
	if (!buf_put_u8(&c.share.identity, 0))
		opening_fail("courier", &why);
	connect_and_confine(&c);
	loop(&c);
	_exit(0);
}
