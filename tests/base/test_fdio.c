/* Goal: whole reads and writes through pipes that give and take little, and a
 * name that says which failure can heal. */
#include "gateway/base/fdio.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[128];
static int dirfd_;

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/waybill-fdio.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(dirfd_, 0);
}

static void
teardown(void)
{
	static const char *const names[] = { "a", "b", "link", "fifo" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(dirfd_, names[i], 0);
	(void)unlinkat(dirfd_, "sub", AT_REMOVEDIR);
	fd_close(&dirfd_);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
put(const char *name, const void *data, size_t n)
{
	struct why why;
	int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(fd_write_all(fd, data, n, &why), GW_OK);
	ck_assert_int_eq(fd_sync(fd, &why), GW_OK);
	fd_close(&fd);
	ck_assert_int_eq(fd, -1);
	fd_close(&fd); /* fine */
}

/* A pipe takes 64 KiB at once and gives what it has: both ends must go on. */
START_TEST(test_through_a_pipe)
{
	const size_t n = 1 << 20;
	uint8_t *data = malloc(n), *back = malloc(n + 1);
	struct why why;
	int p[2];
	size_t got;
	pid_t pid;

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	ck_assert_int_eq(pipe(p), 0);
	if ((pid = fork()) == 0) {
		close(p[0]);
		_exit(fd_write_all(p[1], data, n, &why) == GW_OK ? 0 : 1);
	}
	fd_close(&p[1]);
	ck_assert_int_eq(fd_read_full(p[0], back, n + 1, &got, &why), GW_OK);
	ck_assert_uint_eq(got, n);
	ck_assert_mem_eq(data, back, n);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	fd_close(&p[0]);
	free(data);
	free(back);
}
END_TEST

START_TEST(test_read_buf)
{
	static uint8_t data[40000];
	struct why why;
	struct buf b;
	int fd;

	memset(data, 'x', sizeof(data));
	put("a", data, sizeof(data));
	for (size_t max = sizeof(data) - 1; max <= sizeof(data) + 1; max++) {
		fd = openat(dirfd_, "a", O_RDONLY);
		buf_init(&b, max);
		ck_assert_int_eq(fd_read_buf(fd, &b, &why),
		    max < sizeof(data) ? GW_REFUSED : GW_OK);
		if (max < sizeof(data))
			ck_assert_int_eq(why.reason, REASON_TOO_LARGE);
		else
			ck_assert_uint_eq(buf_left(&b), sizeof(data));
		buf_free(&b);
		fd_close(&fd);
	}
}
END_TEST

START_TEST(test_copy)
{
	/* Around the size of one piece, and nothing at all. */
	static const size_t sizes[] = { 0, 1, 262143, 262144, 262145, 700000 };
	uint8_t *data = malloc(700000), *back = malloc(700001);
	struct why why;
	uint64_t copied;
	size_t got;

	for (size_t i = 0; i < 700000; i++)
		data[i] = (uint8_t)(i * 13 + i / 1000);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int in, out;

		put("a", data, sizes[i]);
		in = openat(dirfd_, "a", O_RDONLY);
		out = openat(dirfd_, "b", O_RDWR | O_CREAT | O_TRUNC, 0600);
		ck_assert_int_eq(fd_copy(in, out, &copied, &why), GW_OK);
		ck_assert_uint_eq(copied, sizes[i]);
		ck_assert_int_eq(lseek(out, 0, SEEK_SET), 0);
		ck_assert_int_eq(
		    fd_read_full(out, back, 700001, &got, &why), GW_OK);
		ck_assert_uint_eq(got, sizes[i]);
		ck_assert(memcmp(data, back, got) == 0);
		fd_close(&in);
		fd_close(&out);
	}
	free(data);
	free(back);
}
END_TEST

START_TEST(test_failures)
{
	struct why why;
	uint8_t byte = 1;
	size_t got;
	int fd = open("/dev/full", O_WRONLY);

	ck_assert_int_eq(fd_write_all(fd, &byte, 1, &why), GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_NO_SPACE);
	ck_assert_int_eq(fd_read_full(fd, &byte, 1, &got, &why), GW_INTERNAL);
	ck_assert_int_eq(why.reason, REASON_IO_ERROR);
	ck_assert_uint_eq(got, 0);
	fd_close(&fd);
	ck_assert_int_eq(fd_write_all(-1, &byte, 1, &why), GW_INTERNAL);
	ck_assert_int_eq(fd_write_all(-1, &byte, 0, &why), GW_OK);
	ck_assert_int_eq(fd_sync(-1, &why), GW_INTERNAL);
}
END_TEST

START_TEST(test_small_file)
{
	struct why why;
	struct buf b;

	put("a", "hello", 5);
	buf_init(&b, 100);
	ck_assert_int_eq(fd_read_file(dirfd_, "a", 5, &b, &why), GW_OK);
	ck_assert_uint_eq(buf_left(&b), 5);
	buf_free(&b);
	buf_init(&b, 100);
	ck_assert_int_eq(fd_read_file(dirfd_, "a", 4, &b, &why), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "a"));
	buf_free(&b);
	buf_init(&b, 100);
	ck_assert_int_eq(fd_read_file(dirfd_, "none", 9, &b, &why), GW_NONE);
	/* A link to a fine file, a fifo that nobody writes, a folder. */
	ck_assert_int_eq(symlinkat("a", dirfd_, "link"), 0);
	ck_assert_int_ne(fd_read_file(dirfd_, "link", 9, &b, &why), GW_OK);
	ck_assert_int_eq(mkfifoat(dirfd_, "fifo", 0600), 0);
	ck_assert_int_eq(fd_read_file(dirfd_, "fifo", 9, &b, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_NOT_REGULAR);
	ck_assert_int_eq(mkdirat(dirfd_, "sub", 0700), 0);
	ck_assert_int_eq(fd_read_file(dirfd_, "sub", 9, &b, &why), GW_REFUSED);
	ck_assert_uint_eq(b.len, 0);
	buf_free(&b);
}
END_TEST

START_TEST(test_flags)
{
	int p[2];
	char byte;

	ck_assert_int_eq(pipe(p), 0);
	fd_set_nonblock(p[0]);
	fd_set_cloexec(p[0]);
	ck_assert_int_eq(read(p[0], &byte, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_ne(fcntl(p[0], F_GETFD) & FD_CLOEXEC, 0);
	fd_close(&p[0]);
	fd_close(&p[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fdio");
	TCase *t = tcase_create("fdio");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_through_a_pipe);
	tcase_add_test(t, test_read_buf);
	tcase_add_test(t, test_copy);
	tcase_add_test(t, test_failures);
	tcase_add_test(t, test_small_file);
	tcase_add_test(t, test_flags);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
