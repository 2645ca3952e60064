/* gateway/child.c - start the same executable in another role. */
#include "gateway/child.h"

#include "gateway/base/fdio.h"
#include "gateway/roles/opening.h"
#include "gateway/roles/roles.h"
#include "gateway/sandbox.h"
#include "gateway/share.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

/* Between fork and exec: nothing but async-signal-safe calls. */
static _Noreturn void
become(int channel, const char *role, const char *label)
{
	char *argv[] = { (char *)(uintptr_t) "waybill",
		(char *)(uintptr_t) "role", (char *)(uintptr_t)role,
		(char *)(uintptr_t)label, NULL };
	/* What the administrator's shell has is no role's business, and
	 * libraries read settings there. */
	char *nothing[] = { NULL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		_exit(127);
	if (channel == OPENING_FD) {
		if (fcntl(channel, F_SETFD, 0) != 0)
			_exit(127);
	} else if (dup2(channel, OPENING_FD) < 0) {
		_exit(127);
	}
	if (close_range(OPENING_FD + 1, ~0U, 0) != 0)
		_exit(127);
	/* Ourselves, even when the file was replaced by an upgrade. */
	execve("/proc/self/exe", argv, SANDBOX_SANITIZED ? environ : nothing);
	_exit(127);
}

static void
send_peer(const struct chan *c, enum role peer, int fd, enum gw_status *st,
    struct why *why)
{
	struct msg m;

	if (fd < 0 || *st != GW_OK)
		return;
	msg_begin(&m, MSG_PEER, 0);
	msg_put_u32(&m, peer);
	msg_put_fd(&m, fd);
	*st = msg_send(c, &m, why);
}

static enum gw_status
send_setup(const struct child_setup *s, const struct chan *c, int share,
    struct why *why)
{
	enum gw_status st;
	struct msg m;

	msg_begin(&m, MSG_SETUP, 0);
	msg_put_text(&m, s->label);
	msg_put_text(&m, s->user != NULL ? s->user : "");
	msg_put_u32(&m, s->log_level);
	msg_put_u32(&m, s->confinement);
	msg_put_fd(&m, share);
	st = msg_send(c, &m, why);
	send_peer(c, ROLE_SPOOLER, s->spooler, &st, why);
	send_peer(c, ROLE_KEYHOLDER, s->keyholder, &st, why);
	if (st == GW_OK && s->control >= 0) {
		msg_begin(&m, MSG_CONTROL, 0);
		msg_put_fd(&m, s->control);
		st = msg_send(c, &m, why);
	}
	if (st == GW_OK) {
		msg_begin(&m, MSG_GO, 0);
		st = msg_send(c, &m, why);
	}
	return st;
}

enum gw_status
child_start(
    const struct child_setup *s, pid_t *pid, struct chan *chan, struct why *why)
{
	enum gw_status st;
	int pair[2] = { -1, -1 }, share;

	if ((share = share_file(s->share)) < 0) {
		why_errno(why, REASON_INTERNAL, "making the %s's share",
		    role_name(s->role));
		return GW_AGAIN;
	}
	if ((st = msg_pair(pair, why)) != GW_OK)
		goto close_share;
	if ((*pid = fork()) == 0)
		become(pair[1], role_name(s->role), s->label);
	if (*pid < 0) {
		why_errno(
		    why, REASON_INTERNAL, "starting a %s", role_name(s->role));
		fd_close(&pair[0]);
		st = GW_AGAIN;
		goto close_pair;
	}
	*chan = (struct chan){ pair[0], ROLE_SUPERVISOR, s->role };
	/* A child that dies at once is found by its exit, not here. */
	(void)send_setup(s, chan, share, why);
close_pair:
	fd_close(&pair[1]);
close_share:
	fd_close(&share);
	return st;
}

void
child_main(const char *name)
{
	static void (*const mains[ROLE_COUNT])(void) = {
		[ROLE_SPOOLER] = spooler_main,
		[ROLE_KEYHOLDER] = keyholder_main,
		[ROLE_SEALER] = sealer_main,
		[ROLE_UNSEALER] = unsealer_main,
		[ROLE_VERIFIER] = verifier_main,
		[ROLE_INSPECTOR] = inspector_main,
		[ROLE_COURIER] = courier_main,
	};
	enum role role;

	if (!role_parse(name, &role) || mains[role] == NULL) {
		fprintf(stderr, "waybill: there is no role %s\n", name);
		_exit(2);
	}
	mains[role]();
	_exit(1); /* none returns */
}
