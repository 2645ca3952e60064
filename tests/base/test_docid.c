/* Goal: ids are well-formed, never the same, sort by birth, and nothing else
 * is taken for one. */
#include "gateway/base/docid.h"

#include "gateway/base/clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_fresh)
{
	struct docid a, b;

	for (int i = 0; i < 10000; i++) {
		a = docid_new();
		b = docid_new();
		ck_assert(docid_valid(a.text));
		ck_assert_str_ne(a.text, b.text);
	}
}
END_TEST

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

START_TEST(test_no_two_in_one_millisecond)
{
	static struct docid ids[20000];
	const size_t n = sizeof(ids) / sizeof(ids[0]);

	clock_fake(1700000000000);
	for (size_t i = 0; i < n; i++)
		ids[i] = docid_new();
	clock_fake(0);
	qsort(ids, n, sizeof(ids[0]), compare);
	for (size_t i = 1; i < n; i++)
		ck_assert_str_ne(ids[i - 1].text, ids[i].text);
}
END_TEST

START_TEST(test_order)
{
	/* Also across every change of digits in the time. */
	struct docid before, after;
	int64_t ms = 1;

	for (int i = 0; i < 47; i++, ms *= 2) {
		clock_fake(ms);
		before = docid_new();
		clock_fake(ms + 1);
		after = docid_new();
		ck_assert_str_lt(before.text, after.text);
	}
	clock_fake(0);
}
END_TEST

/* Crockford's base 32 of 2016-07-30T23:54:10.259Z, as in the ULID text. */
START_TEST(test_time_part)
{
	struct docid id;

	clock_fake(1469922850259);
	id = docid_new();
	clock_fake(0);
	ck_assert_mem_eq(id.text, "01ARZ3NDEK", 10);
}
END_TEST

START_TEST(test_foreign)
{
	static const char *const bad[] = {
		"",
		"01ARZ3NDEKTSV4RRFFQ69G5FA",   /* short */
		"01ARZ3NDEKTSV4RRFFQ69G5FAVX", /* long */
		"01arz3ndektsv4rrffq69g5fav",  /* lower case */
		"01ARZ3NDEKTSV4RRFFQ69G5FAI",  /* I, L, O, U are no digits */
		"01ARZ3NDEKTSV4RRFFQ69G5FAL",
		"01ARZ3NDEKTSV4RRFFQ69G5FAO",
		"01ARZ3NDEKTSV4RRFFQ69G5FAU",
		"81ARZ3NDEKTSV4RRFFQ69G5FAV", /* more than 128 bits */
		"../../../../../../etc/pass",
		" 1ARZ3NDEKTSV4RRFFQ69G5FAV",
		"01ARZ3NDEKTSV4RRFFQ69G5FA\n",
		"01ARZ3NDEKTSV4RRFFQ69G5F\xc3\xa4",
	};
	struct docid id;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!docid_valid(bad[i]), "%s", bad[i]);
		memset(&id, 'x', sizeof(id));
		ck_assert(!docid_parse(bad[i], &id));
		ck_assert_str_eq(id.text, "");
	}
	ck_assert(docid_parse("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", &id));
	ck_assert_str_eq(id.text, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
	ck_assert(docid_parse("00000000000000000000000000", &id));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("docid");
	TCase *t = tcase_create("docid");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_fresh);
	tcase_add_test(t, test_no_two_in_one_millisecond);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_time_part);
	tcase_add_test(t, test_foreign);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
