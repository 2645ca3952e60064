/* gateway/roles/opening.c - how every role begins, in the same order. */
#include "gateway/roles/opening.h"

#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/share.h"
#include "keys/packets/second_thread.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void
opening_fail(const char *module, const struct why *why)
{
	char text[LOG_QUOTED_MAX];

	log_line(LOG_LEVEL_ERROR, "-", module, "stopped", "reason=%s text=%s",
	    reason_code(why->reason), log_quote(why->text, text, sizeof(text)));
	_exit(1);
}

static void
take_setup(struct opening *o, struct msg *m)
{
	struct why why;
	int share;

	msg_get_text(m, o->label, sizeof(o->label));
	msg_get_text(m, o->user, sizeof(o->user));
	log_set_level((enum log_level)msg_get_u32(m));
	o->confinement = (enum config_confinement)msg_get_u32(m);
	share = msg_take_fd(m);
	buf_init_secret(&o->share, SHARE_MAX);
	if (lseek(share, 0, SEEK_SET) != 0 ||
	    fd_read_buf(share, &o->share, &why) != GW_OK)
		o->share.bad = true;
	fd_close(&share);
}

static void
take_peer(struct opening *o, struct msg *m)
{
	enum role peer = (enum role)msg_get_u32(m);
	struct chan *c = peer == ROLE_SPOOLER ? &o->spooler : &o->keyholder;

	if (peer != ROLE_SPOOLER && peer != ROLE_KEYHOLDER)
		return;
	fd_close(&c->fd);
	c->fd = msg_take_fd(m);
}

/*
 * Nobody may outlive the supervisor: a second gateway could be started while
 * an old spooler still writes.  Had it ended before the prctl, its end of the
 * channel would be closed.
 */
static void
die_with_supervisor(void)
{
	struct pollfd p = { OPENING_FD, 0, 0 };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || poll(&p, 1, 0) != 0)
		_exit(1);
}

void
opening_begin(enum role self, struct opening *o)
{
	struct why why;
	struct msg m = { .id = MSG_COUNT };

	memset(o, 0, sizeof(*o));
	o->self = self;
	o->supervisor = (struct chan){ OPENING_FD, self, ROLE_SUPERVISOR };
	o->spooler = (struct chan){ -1, self, ROLE_SPOOLER };
	o->keyholder = (struct chan){ -1, self, ROLE_KEYHOLDER };
	o->control = -1;
	log_set_role(role_name(self));
	die_with_supervisor();
	/* Started through /proc/self/exe, it would be "exe" in every list. */
	(void)prctl(PR_SET_NAME, role_name(self)); /* only a name */
	fd_set_cloexec(OPENING_FD);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN); /* the terminal's ^C is for run */
	while (m.id != MSG_GO) {
		if (msg_recv(&o->supervisor, &m, &why) != GW_OK)
			opening_fail("opening", &why);
		if (m.id == MSG_SETUP)
			take_setup(o, &m);
		else if (m.id == MSG_PEER)
			take_peer(o, &m);
		else if (m.id == MSG_CONTROL)
			o->control = msg_take_fd(&m);
		if (!msg_done(&m))
			_exit(1);
	}
}

void
opening_drop(struct opening *o, bool keep_lease)
{
	struct why why;

	if (sandbox_drop(o->user[0] != '\0' ? o->user : NULL, keep_lease,
		&o->level, &why) != GW_OK)
		opening_fail("sandbox", &why);
	/* Changing user clears the death signal (prctl(2)). */
	die_with_supervisor();
}

void
opening_files(struct opening *o, const struct sandbox_folder *folder,
    size_t count, unsigned connect_port)
{
	struct why why;

	if (sandbox_files(folder, count, connect_port, &o->level, &why) !=
	    GW_OK)
		opening_fail("sandbox", &why);
}

void
opening_calls(struct opening *o)
{
	char text[80];
	struct why why;
	struct msg m;

	if (sandbox_calls(o->self, &o->level, &why) != GW_OK ||
	    sandbox_enough(&o->level, o->confinement, &why) != GW_OK)
		opening_fail("sandbox", &why);
	msg_begin(&m, MSG_READY, 0);
	msg_put_text(&m, sandbox_text(&o->level, text, sizeof(text)));
	if (msg_send(&o->supervisor, &m, &why) != GW_OK)
		opening_fail("opening", &why);
}

void
opening_seclude(struct opening *o)
{
	opening_drop(o, false);
	opening_files(o, NULL, 0, 0);
	opening_calls(o);
}

/*
 * Between 3 and 4: a thread inherits its maker's user, capabilities and
 * Landlock rules, and takes no part in what is changed later; but system
 * calls are taken from all threads at once, and making one would be among
 * them.  Where there is none, large documents take longer.
 */
void
opening_seclude_two(struct opening *o)
{
	opening_drop(o, false);
	opening_files(o, NULL, 0, 0);
	(void)second_thread_start();
	opening_calls(o);
}
