/* Goal: a buffer never reads or writes one byte outside, never grows beyond
 * its limit, and once it failed it stays failed and gives zeros. */
#include "gateway/base/buf.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Too much memory is an answer here, also under AddressSanitizer. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

START_TEST(test_write_and_read)
{
	struct buf b, child;
	char text[6] = "";

	buf_init(&b, 100);
	ck_assert(buf_put_u8(&b, 0x01));
	ck_assert(buf_put_u16(&b, 0x0203));
	ck_assert(buf_put_u32(&b, 0x04050607));
	ck_assert(buf_put_u64(&b, 0x08090a0b0c0d0e0full));
	ck_assert(buf_put_text(&b, "hello"));
	ck_assert(buf_printf(&b, "%s-%d", "x", 42));
	ck_assert_uint_eq(b.len, 15 + 5 + 4);
	for (size_t i = 0; i < 15; i++)
		ck_assert_uint_eq(b.data[i], i + 1);
	ck_assert_uint_eq(buf_get_u8(&b), 0x01);
	ck_assert_uint_eq(buf_get_u16(&b), 0x0203);
	ck_assert_uint_eq(buf_get_u32(&b), 0x04050607);
	ck_assert_uint_eq(buf_get_u64(&b), 0x08090a0b0c0d0e0full);
	ck_assert(buf_child(&b, 5, &child));
	ck_assert(!buf_done(&b));
	ck_assert_mem_eq(buf_take(&b, 4), "x-42", 4);
	ck_assert(buf_done(&b));
	ck_assert_uint_eq(buf_left(&child), 5);
	ck_assert(buf_get(&child, text, 5));
	ck_assert_str_eq(text, "hello");
	ck_assert(buf_done(&child));
	buf_free(&b);
}
END_TEST

/* One byte less than asked for: each reader fails, gives zeros and keeps
 * failing, although bytes are left. */
START_TEST(test_short_reads)
{
	static const uint8_t bytes[16] = { 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255 };
	uint8_t to[8];
	struct buf b, child;

	buf_view(&b, bytes, 0);
	ck_assert_uint_eq(buf_get_u8(&b), 0);
	ck_assert(b.bad);
	buf_view(&b, bytes, 1);
	ck_assert_uint_eq(buf_get_u16(&b), 0);
	ck_assert_uint_eq(buf_get_u8(&b), 0);
	ck_assert_uint_eq(buf_left(&b), 0);
	ck_assert(!buf_done(&b));
	buf_view(&b, bytes, 3);
	ck_assert_uint_eq(buf_get_u32(&b), 0);
	buf_view(&b, bytes, 7);
	ck_assert_uint_eq(buf_get_u64(&b), 0);
	ck_assert(b.bad);
	buf_view(&b, bytes, 7);
	memset(to, 1, sizeof(to));
	ck_assert(!buf_get(&b, to, 8));
	for (size_t i = 0; i < 8; i++)
		ck_assert_uint_eq(to[i], 0);
	buf_view(&b, bytes, 3);
	ck_assert(!buf_child(&b, 4, &child));
	ck_assert(child.bad && b.bad);
	ck_assert_uint_eq(buf_get_u8(&child), 0);
	buf_view(&b, bytes, 3);
	ck_assert_ptr_null(buf_take(&b, SIZE_MAX));
	ck_assert_ptr_null(buf_take(&b, 0)); /* stays bad */
}
END_TEST

START_TEST(test_limit)
{
	struct buf b;
	uint8_t many[300] = { 0 };

	buf_init(&b, 300);
	ck_assert(buf_put(&b, many, 299));
	ck_assert(buf_put_u8(&b, 7)); /* exactly full */
	ck_assert(!buf_put_u8(&b, 8));
	ck_assert(b.bad);
	ck_assert_uint_eq(b.len, 300);
	ck_assert(!buf_put(&b, "", 0)); /* stays bad */
	ck_assert(!buf_printf(&b, "%s", ""));
	buf_reset(&b);
	ck_assert(!b.bad);
	ck_assert(buf_put(&b, many, 300));
	buf_reset(&b);
	ck_assert_ptr_null(buf_room(&b, SIZE_MAX));
	buf_free(&b);

	/* Text that fits exactly fits: the NUL is not part of it. */
	buf_init(&b, 5);
	ck_assert(buf_printf(&b, "%d", 12345));
	ck_assert_uint_eq(b.len, 5);
	ck_assert(!buf_printf(&b, "6"));
	buf_free(&b);
	buf_init(&b, 5);
	ck_assert(!buf_printf(&b, "%d", 123456));
	buf_free(&b);

	/* A limit that large must not turn growing into an endless loop. */
	buf_init(&b, SIZE_MAX);
	ck_assert(buf_put_u8(&b, 1));
	ck_assert_ptr_null(buf_room(&b, SIZE_MAX - 1));
	buf_free(&b);
}
END_TEST

START_TEST(test_nothing)
{
	struct buf b;

	buf_init(&b, 0);
	ck_assert(buf_put(&b, "", 0));
	ck_assert(buf_done(&b));
	ck_assert_ptr_nonnull(buf_take(&b, 0));
	ck_assert(buf_printf(&b, "%s", ""));
	ck_assert(!buf_put_u8(&b, 0));
	buf_free(&b);
	buf_free(&b); /* twice is fine */
	buf_free(NULL);
	buf_view(&b, NULL, 0);
	ck_assert(buf_done(&b));
}
END_TEST

START_TEST(test_view_is_read_only)
{
	char bytes[8] = "abcdefg";
	struct buf b;

	buf_view(&b, bytes, 4);
	ck_assert(!buf_put(&b, "x", 1));
	ck_assert_mem_eq(bytes, "abcdefg", 8);
	buf_view(&b, bytes, 4);
	ck_assert(!buf_printf(&b, "x"));
	buf_view(&b, bytes, 4);
	ck_assert_ptr_null(buf_room(&b, 0));
	buf_free(&b); /* owns nothing */
	ck_assert_mem_eq(bytes, "abcdefg", 8);
}
END_TEST

START_TEST(test_room)
{
	struct buf b;
	uint8_t *to;

	buf_init(&b, 1000);
	to = buf_room(&b, 700);
	ck_assert_ptr_nonnull(to);
	memset(to, 'x', 700);
	buf_grew(&b, 650);
	ck_assert_uint_eq(buf_left(&b), 650);
	buf_free(&b);
}
END_TEST

/* Growing beyond what was asked for is our own fault. */
START_TEST(test_grew_too_far)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct buf b;

		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		buf_init(&b, 5);
		(void)buf_printf(&b, "%d", 12345); /* has a spare byte */
		buf_grew(&b, 1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

/* A secret keeps its content while it grows; the memory it still holds is
 * wiped by a reset.  (What was freed cannot be looked at.) */
START_TEST(test_secret)
{
	struct buf b;

	buf_init_secret(&b, 100000);
	for (int i = 0; i < 1000; i++)
		ck_assert(buf_put_text(&b, "secret"));
	ck_assert_uint_eq(b.len, 6000);
	for (size_t i = 0; i < 6000; i += 6)
		ck_assert_mem_eq(b.data + i, "secret", 6);
	buf_reset(&b);
	for (size_t i = 0; i < b.cap; i++)
		ck_assert_uint_eq(b.data[i], 0);
	buf_free(&b);
}
END_TEST

START_TEST(test_equal)
{
	uint8_t a[64], b[64];

	for (size_t i = 0; i < 64; i++)
		a[i] = b[i] = (uint8_t)i;
	ck_assert(mem_equal_ct(a, b, 64));
	ck_assert(mem_equal_ct(a, b, 0));
	for (size_t bit = 0; bit < 512; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!mem_equal_ct(a, b, 64));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	mem_wipe(a, 64);
	for (size_t i = 0; i < 64; i++)
		ck_assert_uint_eq(a[i], 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("buf");
	TCase *t = tcase_create("buf");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_write_and_read);
	tcase_add_test(t, test_short_reads);
	tcase_add_test(t, test_limit);
	tcase_add_test(t, test_nothing);
	tcase_add_test(t, test_view_is_read_only);
	tcase_add_test(t, test_room);
	tcase_add_test(t, test_grew_too_far);
	tcase_add_test(t, test_secret);
	tcase_add_test(t, test_equal);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
