/* Goal: a reason is never cut into nonsense, its codes are unique and stable
 * words, and an errno means what doing it again can change. */
#include "gateway/base/status.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(test_texts)
{
	struct why why;

	why_set(&why, REASON_DAMAGED, "packet %d", 3);
	ck_assert_int_eq(why.reason, REASON_DAMAGED);
	ck_assert_str_eq(why.text, "packet 3");
	why_prefix(&why, "reading %s", "x.pgp");
	ck_assert_int_eq(why.reason, REASON_DAMAGED);
	ck_assert_str_eq(why.text, "reading x.pgp: packet 3");
	errno = ENOSPC;
	why_errno(&why, REASON_NO_SPACE, "writing %s", "y");
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(why.text, "writing y: No space left on device");
	/* The old text may be among the arguments. */
	why_set(&why, REASON_INTERNAL, "(%s)", why.text);
	ck_assert_str_eq(why.text, "(writing y: No space left on device)");
	why_prefix(&why, "%s", why.text);
	ck_assert_str_eq(why.text, "(writing y: No space left on device): "
				   "(writing y: No space left on device)");
}
END_TEST

START_TEST(test_long_texts)
{
	char text[2 * WHY_TEXT_MAX];
	struct why why;

	for (size_t n = WHY_TEXT_MAX - 8; n < WHY_TEXT_MAX + 8; n++) {
		memset(text, 'x', sizeof(text));
		text[n] = '\0';
		why_set(&why, REASON_INTERNAL, "%s", text);
		ck_assert_uint_eq(
		    strlen(why.text), n < WHY_TEXT_MAX ? n : WHY_TEXT_MAX - 1);
		why_prefix(&why, "a");
		ck_assert_uint_lt(strlen(why.text), WHY_TEXT_MAX);
		ck_assert_mem_eq(why.text, "a: xxx", 6);
		why_prefix(&why, "%s", text);
		ck_assert_uint_lt(strlen(why.text), WHY_TEXT_MAX);
		errno = EIO;
		why_errno(&why, REASON_IO_ERROR, "%s", text);
		ck_assert_uint_lt(strlen(why.text), WHY_TEXT_MAX);
	}
}
END_TEST

START_TEST(test_codes)
{
	enum gw_reason back;

	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *code = reason_code((enum gw_reason)i);

		ck_assert_uint_eq(
		    strspn(code, "abcdefghijklmnopqrstuvwxyz-"), strlen(code));
		ck_assert_str_ne(reason_advice((enum gw_reason)i), "");
		ck_assert(reason_parse(code, &back)); /* so no code is twice */
		ck_assert_uint_eq(back, i);
	}
	ck_assert(!reason_parse("", &back));
	ck_assert(!reason_parse("Damaged", &back));
	ck_assert_int_eq(back, REASON_NONE);
	ck_assert_str_eq(reason_code((enum gw_reason)4711), "internal");
	ck_assert_str_eq(reason_advice((enum gw_reason)4711),
	    reason_advice(REASON_INTERNAL));
}
END_TEST

START_TEST(test_status)
{
	static const struct {
		int err;
		enum gw_status st;
	} rows[] = {
		{ ENOSPC, GW_AGAIN },
		{ EDQUOT, GW_AGAIN },
		{ EMFILE, GW_AGAIN },
		{ ENFILE, GW_AGAIN },
		{ ENOMEM, GW_AGAIN },
		{ EINTR, GW_AGAIN },
		{ EAGAIN, GW_AGAIN },
		{ ENOENT, GW_NONE },
		{ EEXIST, GW_EXISTS },
		{ EIO, GW_INTERNAL },
		{ EACCES, GW_INTERNAL },
		{ 0, GW_INTERNAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_int_eq(gw_status_errno(rows[i].err), rows[i].st);
	ck_assert_str_eq(gw_status_name(GW_OK), "ok");
	ck_assert_str_eq(gw_status_name(GW_INTERNAL), "internal");
	ck_assert_str_eq(gw_status_name((enum gw_status)77), "unknown");
}
END_TEST

START_TEST(test_fatal)
{
	char text[200] = "";
	int out[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(out), 0);
	if ((pid = fork()) == 0) {
		(void)dup2(out[1], STDERR_FILENO);
		gw_fatal("impossible: %d", 7);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	close(out[1]);
	for (size_t n = 0; n < sizeof(text) - 1;) {
		ssize_t r = read(out[0], text + n, sizeof(text) - 1 - n);

		if (r <= 0)
			break;
		n += (size_t)r;
	}
	ck_assert_str_eq(text, "waybill: fatal: impossible: 7\n");
	close(out[0]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("status");
	TCase *t = tcase_create("status");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_texts);
	tcase_add_test(t, test_long_texts);
	tcase_add_test(t, test_codes);
	tcase_add_test(t, test_status);
	tcase_add_test(t, test_fatal);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
