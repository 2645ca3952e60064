/* Goal: one worker that misbehaves does not keep keyholder from the others. */
#include "gateway/base/fdio.h"
#include "gateway/child.h"
#include "gateway/config/material.h"
#include "gateway/share.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static pid_t pid;
static struct chan keyholder; /* our end, as the supervisor */

static void
start(void)
{
	struct material nothing;
	struct child_setup s = { .role = ROLE_KEYHOLDER,
		.label = "",
		.spooler = -1,
		.keyholder = -1,
		.control = -1 };
	struct buf share;
	struct why why;

	memset(&nothing, 0, sizeof(nothing));
	buf_init_secret(&share, SHARE_MAX);
	ck_assert(share_put_secrets(&share, &nothing));
	s.share = &share;
	ck_assert_int_eq(child_start(&s, &pid, &keyholder, &why), GW_OK);
	buf_free(&share);
}

static void
end(void)
{
	fd_close(&keyholder.fd);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* A sealer's end of a channel that keyholder has got the other end of. */
static struct chan
new_sealer(void)
{
	struct why why;
	struct msg m;
	int pair[2];

	ck_assert_int_eq(msg_pair(pair, &why), GW_OK);
	msg_begin(&m, MSG_PEER, 0);
	msg_put_u32(&m, ROLE_SEALER);
	msg_put_fd(&m, pair[0]);
	ck_assert_int_eq(msg_send(&keyholder, &m, &why), GW_OK);
	fd_close(&pair[0]);
	fd_set_nonblock(pair[1]);
	return (struct chan){ pair[1], ROLE_SEALER, ROLE_KEYHOLDER };
}

static enum gw_status
ask(const struct chan *c)
{
	static const uint8_t digest[32];
	struct why why;
	struct msg m;

	msg_begin(&m, MSG_SIGN, 7);
	msg_put_text(&m, "0123456789ABCDEF0123456789ABCDEF01234567");
	msg_put_u32(&m, 8);
	msg_put_blob(&m, digest, sizeof(digest));
	return msg_send(c, &m, &why);
}

static bool
is_answered(const struct chan *c)
{
	struct pollfd p = { c->fd, POLLIN, 0 };
	struct why why;
	struct msg m;

	if (poll(&p, 1, PATIENCE_MS) != 1 || msg_recv(c, &m, &why) != GW_OK)
		return false;
	msg_drop(&m);
	return m.id == MSG_SIGNED && m.ref == 7;
}

START_TEST(a_question_is_answered)
{
	struct chan sealer = new_sealer();

	ck_assert_int_eq(ask(&sealer), GW_OK);
	ck_assert(is_answered(&sealer));
	fd_close(&sealer.fd);
}
END_TEST

/* It asks and asks and takes no answer: it is dropped. */
START_TEST(who_takes_no_answers_is_dropped)
{
	struct chan greedy = new_sealer(), sealer = new_sealer();
	struct pollfd gone = { greedy.fd, POLLOUT, 0 };
	enum gw_status st = GW_OK;

	while (st != GW_NONE) {
		ck_assert(poll(&gone, 1, PATIENCE_MS) == 1);
		st = ask(&greedy);
	}
	ck_assert_int_eq(ask(&sealer), GW_OK);
	ck_assert(is_answered(&sealer));
	fd_close(&greedy.fd);
	fd_close(&sealer.fd);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *s = suite_create("keyholder");
	TCase *t = tcase_create("peers");
	SRunner *r;
	int failed;

	/* child_start() starts the same executable. */
	if (argc >= 3 && strcmp(argv[1], "role") == 0)
		child_main(argv[2]);
	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_question_is_answered);
	tcase_add_test(t, who_takes_no_answers_is_dropped);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
