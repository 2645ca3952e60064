/*
 * gateway/supervisor.c - starts the processes and keeps them running.
 *
 * user		who started us; reads configuration and keys, binds, forks
 * peers	all roles; takes START from the spooler, READY from everyone
 * if taken	everything; hence it never sees a byte that a partner made
 *
 * Spooler and keyholder are the core: when one of them ends, all are ended
 * and begun anew, and the spooler recovers from disk.  Any other role is the
 * spooler's concern: it notices the end of the channel and asks for another.
 */
#include "gateway/supervisor.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/child.h"
#include "gateway/control.h"
#include "gateway/share.h"

#include <event2/event.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MAX     1024
#define RESTART_FIRST_MS 50
#define RESTART_MAX_MS   10000
#define RAN_WELL_MS      2000 /* after that a restart is a new story */
#define STOP_SECONDS     8

struct child {
	struct supervisor *supervisor;
	pid_t pid; /* 0: free */
	struct chan chan;
	struct event *readable;
	char label[DOC_LABEL_SIZE];
};

struct supervisor {
	struct config *config;
	struct material *material;
	struct config *next_config; /* a reload waits for the spooler */
	struct material *next_material;
	supervisor_load_fn load;
	void *load_ctx;
	struct event_base *events;
	struct event *restart, *patience;
	struct child child[CHILDREN_MAX];
	struct child *spooler, *keyholder;
	int control;
	bool stopping, going_down;
	unsigned failures;
	int64_t began_ms;
	enum gw_status result;
	struct why *why;
};

static void on_child(evutil_socket_t, short, void *);
static void core_start(struct supervisor *);

static struct child *
child_free_slot(struct supervisor *sv)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		if (sv->child[i].pid == 0)
			return &sv->child[i];
	}
	return NULL;
}

/* NULL (logged): it could not be started. */
static struct child *
start(struct supervisor *sv, struct child_setup *s)
{
	struct child *c = child_free_slot(sv);
	struct why why;

	why_set(
	    &why, REASON_INTERNAL, "%d processes run already", CHILDREN_MAX);
	s->user = sv->config->user[s->role];
	s->log_level = sv->config->log_level;
	s->confinement = sv->config->require_confinement;
	if (c == NULL || child_start(s, &c->pid, &c->chan, &why) != GW_OK) {
		log_line(LOG_LEVEL_ERROR, "-", "supervisor", "start-failed",
		    "role=%s text=\"%s\"", role_name(s->role), why.text);
		if (c != NULL)
			c->pid = 0;
		return NULL;
	}
	c->supervisor = sv;
	snprintf(c->label, sizeof(c->label), "%s", s->label);
	fd_set_nonblock(c->chan.fd);
	c->readable = event_new(
	    sv->events, c->chan.fd, EV_READ | EV_PERSIST, on_child, c);
	if (c->readable == NULL || event_add(c->readable, NULL) != 0)
		gw_fatal("no event for a child");
	return c;
}

static void
forget(struct child *c)
{
	struct supervisor *sv = c->supervisor;

	event_free(c->readable);
	fd_close(&c->chan.fd);
	c->pid = 0;
	if (sv->spooler == c)
		sv->spooler = NULL;
	if (sv->keyholder == c)
		sv->keyholder = NULL;
}

/* A worker: its share, its channel to the spooler, and to keyholder where the
 * role has business there. */

static bool
put_share(struct supervisor *sv, enum role role, const char *partner,
    bool collect, struct buf *share)
{
	if (role == ROLE_SEALER || role == ROLE_VERIFIER)
		return share_put_certificates(share, sv->config, sv->material);
	if (role == ROLE_UNSEALER || role == ROLE_INSPECTOR)
		return true; /* everything comes with the document */
	if (role != ROLE_COURIER)
		return false;
	for (size_t i = 0; i < sv->config->partner_count; i++) {
		const struct config_partner *p = &sv->config->partner[i];
		const struct material_partner *mp = &sv->material->partner[i];
		const struct config_server *server =
		    collect ? p->collect : p->send;

		if (strcmp(p->name, partner) == 0 && server != NULL)
			return share_put_server(share, server,
			    collect ? &mp->collect_identity
				    : &mp->send_identity,
			    collect);
	}
	return false;
}

static bool
introduce(struct supervisor *sv, enum role role, int fd)
{
	struct why why;
	struct msg m;

	if (sv->keyholder == NULL)
		return false;
	msg_begin(&m, MSG_PEER, 0);
	msg_put_u32(&m, role);
	msg_put_fd(&m, fd);
	return msg_send(&sv->keyholder->chan, &m, &why) == GW_OK;
}

static void
start_worker(struct supervisor *sv, enum role role, const char *partner,
    bool collect, int to_spooler)
{
	struct child_setup s = { .role = role,
		.label = partner,
		.spooler = to_spooler,
		.keyholder = -1,
		.control = -1 };
	int key[2] = { -1, -1 };
	struct buf share;
	struct why why;

	buf_init_secret(&share, SHARE_MAX);
	s.share = &share;
	if (!put_share(sv, role, partner, collect, &share))
		goto free_share;
	if (role == ROLE_SEALER || role == ROLE_UNSEALER) {
		if (msg_pair(key, &why) != GW_OK ||
		    !introduce(sv, role, key[0]))
			goto close_key;
		s.keyholder = key[1];
	}
	(void)start(sv, &s);
close_key:
	fd_close(&key[0]);
	fd_close(&key[1]);
free_share:
	buf_free(&share);
}

/* The spooler always gets a channel; when no worker came to life it finds the
 * other end closed, just as if one had died. */
static void
take_start(struct supervisor *sv, struct msg *m)
{
	enum role role = (enum role)msg_get_u32(m);
	char partner[DOC_LABEL_SIZE];
	int pair[2];
	bool collect;
	struct msg reply;
	struct why why;

	msg_get_text(m, partner, sizeof(partner));
	collect = msg_get_u32(m) != 0;
	if (!msg_done(m))
		return;
	if (msg_pair(pair, &why) != GW_OK) {
		/* Out of descriptors: the spooler would wait for ever. */
		log_line(LOG_LEVEL_ERROR, "-", "supervisor", "start-failed",
		    "role=%s text=\"%s\"", role_name(role), why.text);
		/* All begin anew; SIGCHLD does the rest. */
		(void)kill(sv->spooler->pid, SIGKILL);
		return;
	}
	start_worker(sv, role, partner, collect, pair[1]);
	msg_begin(&reply, MSG_STARTED, m->ref);
	msg_put_fd(&reply, pair[0]);
	(void)msg_send(&sv->spooler->chan, &reply, &why);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

static void
take_ready(struct child *c, struct msg *m)
{
	char text[80];

	msg_get_text(m, text, sizeof(text));
	if (msg_done(m))
		log_line(LOG_LEVEL_INFO, "-", "supervisor", "ready",
		    "role=%s pid=%d partner=%s confinement=%s",
		    role_name(c->chan.peer), (int)c->pid, c->label, text);
}

static void
on_child(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	enum gw_status st;
	struct why why;
	struct msg m;

	(void)fd;
	(void)what;
	while ((st = msg_recv(&c->chan, &m, &why)) == GW_OK) {
		if (m.id == MSG_READY)
			take_ready(c, &m);
		else if (m.id == MSG_START)
			take_start(c->supervisor, &m);
		else
			msg_drop(&m);
	}
	/* The channel's end says nothing new: SIGCHLD is the truth. */
	if (st != GW_AGAIN)
		(void)event_del(c->readable);
}

/* The core. */

static void
kill_all(struct supervisor *sv)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		if (sv->child[i].pid == 0)
			continue;
		(void)kill(sv->child[i].pid, SIGKILL); /* it may be gone */
		while (waitpid(sv->child[i].pid, NULL, 0) < 0 && errno == EINTR)
			;
		forget(&sv->child[i]);
	}
}

static void
arm(struct event *e, int64_t ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	if (event_add(e, &tv) != 0)
		gw_fatal("no timer");
}

/* All end; unless we stop, all begin again after a growing pause. */
static void
core_end(struct supervisor *sv)
{
	int64_t pause = RESTART_FIRST_MS;

	sv->going_down = false;
	(void)event_del(sv->patience);
	kill_all(sv);
	if (sv->stopping) {
		event_base_loopbreak(sv->events);
		return;
	}
	if (sv->next_config != NULL) {
		material_free(sv->material);
		config_free(sv->config);
		sv->config = sv->next_config;
		sv->material = sv->next_material;
		sv->next_config = NULL;
		sv->next_material = NULL;
		core_start(sv);
		return;
	}
	if (clock_mono_ms() - sv->began_ms > RAN_WELL_MS)
		sv->failures = 0;
	for (unsigned i = 0; i < sv->failures && pause < RESTART_MAX_MS; i++)
		pause *= 2;
	sv->failures++;
	log_line(LOG_LEVEL_WARN, "-", "supervisor", "restarting", "in-ms=%lld",
	    (long long)pause);
	arm(sv->restart, pause);
}

static void
core_start(struct supervisor *sv)
{
	struct child_setup s = { .role = ROLE_KEYHOLDER,
		.label = "",
		.spooler = -1,
		.keyholder = -1,
		.control = -1 };
	struct buf share;

	sv->began_ms = clock_mono_ms();
	buf_init_secret(&share, SHARE_MAX);
	s.share = &share;
	if (share_put_secrets(&share, sv->material))
		sv->keyholder = start(sv, &s);
	buf_reset(&share);
	s.role = ROLE_SPOOLER;
	s.control = sv->control;
	if (sv->keyholder != NULL && share_put_config(&share, sv->config))
		sv->spooler = start(sv, &s);
	buf_free(&share);
	if (sv->spooler == NULL)
		core_end(sv);
}

static void
on_restart(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	core_start(arg);
}

static void
log_death(const struct child *c, int status)
{
	enum log_level level = LOG_LEVEL_DEBUG;
	char how[40];

	if (WIFSIGNALED(status)) {
		level = LOG_LEVEL_WARN;
		snprintf(how, sizeof(how), "signal=%d%s", WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS ? " forbidden-call" : "");
	} else {
		if (WEXITSTATUS(status) != 0)
			level = LOG_LEVEL_WARN;
		snprintf(how, sizeof(how), "exit=%d", WEXITSTATUS(status));
	}
	log_line(level, "-", "supervisor", "ended",
	    "role=%s pid=%d partner=%s %s", role_name(c->chan.peer),
	    (int)c->pid, c->label, how);
}

static void
on_sigchld(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *sv = arg;
	bool core_died = false;
	pid_t pid;
	int status;

	(void)sig;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < CHILDREN_MAX; i++) {
			struct child *c = &sv->child[i];

			if (c->pid != pid)
				continue;
			core_died =
			    core_died || c == sv->spooler || c == sv->keyholder;
			log_death(c, status);
			forget(c);
			break;
		}
	}
	if (core_died)
		core_end(sv);
}

/* Ask the spooler to finish; it is not waited for without end. */
static void
go_down(struct supervisor *sv)
{
	struct why why;
	struct msg m;

	if (sv->spooler == NULL) {
		(void)event_del(sv->restart);
		core_end(sv);
		return;
	}
	sv->going_down = true;
	msg_begin(&m, MSG_STOP, 0);
	(void)msg_send(&sv->spooler->chan, &m, &why);
	arm(sv->patience, STOP_SECONDS * 1000);
}

static void
on_patience(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	core_end(arg);
}

static void
on_stop(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *sv = arg;

	(void)what;
	if (sv->stopping)
		return;
	sv->stopping = true;
	log_line(LOG_LEVEL_INFO, "-", "supervisor", "stopping", "signal=%d",
	    (int)sig);
	go_down(sv);
}

static void
on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *sv = arg;

	(void)sig;
	(void)what;
	if (sv->stopping || sv->next_config != NULL)
		return;
	if (sv->load(sv->load_ctx, &sv->next_config, &sv->next_material) !=
	    GW_OK) {
		sv->next_config = NULL;
		sv->next_material = NULL;
		log_line(LOG_LEVEL_ERROR, "-", "supervisor", "reload-refused",
		    "the configuration has errors; the old one stays");
		return;
	}
	log_line(LOG_LEVEL_INFO, "-", "supervisor", "reloading", "partners=%zu",
	    sv->next_config->partner_count);
	go_down(sv);
}

/* Documents in work mean descriptors: take what the system allows. */
static void
raise_limits(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	/* Keys and documents do not belong into a core file. */
	l.rlim_cur = l.rlim_max = 0;
	(void)setrlimit(RLIMIT_CORE, &l);
}

static void
add_signal(struct supervisor *sv, int sig, event_callback_fn fn)
{
	struct event *e = evsignal_new(sv->events, sig, fn, sv);

	if (e == NULL || event_add(e, NULL) != 0)
		gw_fatal("no event for a signal");
}

static void
open_events(struct supervisor *sv)
{
	if ((sv->events = event_base_new()) == NULL)
		gw_fatal("no event loop");
	add_signal(sv, SIGCHLD, on_sigchld);
	add_signal(sv, SIGTERM, on_stop);
	add_signal(sv, SIGINT, on_stop);
	add_signal(sv, SIGHUP, on_reload);
	(void)signal(SIGPIPE, SIG_IGN);
	sv->restart = evtimer_new(sv->events, on_restart, sv);
	sv->patience = evtimer_new(sv->events, on_patience, sv);
	if (sv->restart == NULL || sv->patience == NULL)
		gw_fatal("no timer");
}

enum gw_status
supervisor_run(struct config *config, struct material *material,
    supervisor_load_fn load, void *ctx, struct why *why)
{
	static struct supervisor sv;
	enum gw_status st;
	struct control control;

	log_set_role(role_name(ROLE_SUPERVISOR));
	log_set_level(config->log_level);
	sv.config = config;
	sv.material = material;
	sv.load = load;
	sv.load_ctx = ctx;
	if ((st = control_open(config, &control, why)) != GW_OK)
		goto free_config;
	sv.control = control.fd;
	raise_limits();
	open_events(&sv);
	log_line(LOG_LEVEL_INFO, "-", "supervisor", "starting",
	    "gateway=%s partners=%zu", config->gateway_id,
	    config->partner_count);
	core_start(&sv);
	(void)event_base_dispatch(sv.events);
	log_line(LOG_LEVEL_INFO, "-", "supervisor", "stopped", "%s", "");
	control_close(&control);
free_config:
	material_free(sv.material);
	config_free(sv.config);
	return st;
}
