/* Goal: names of all languages are carried, and none that could mislead a
 * person, a shell or a path. */
#include "gateway/base/name.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const good_names[] = {
	"invoice.xml",
	"a",
	"with spaces and 'quotes' \"too\"",
	"Größe & Maß.pdf",
	"发票-2026.xml",
	"счёт.csv",
	"حساب.xml",
	"\xf0\x9f\x93\x84.txt", /* four bytes */
	"\xf4\x8f\xbf\xbf",     /* U+10FFFF */
	"\xee\x80\x80",         /* U+E000, next to the surrogates */
	"\xed\x9f\xbf",         /* U+D7FF, on the other side */
	"\xc2\xa0",             /* U+00A0, next to C1 */
	"back\\slash;$(reboot)`x`|&<>*?",
	"trailing.",
	"a..b",
};

static const char *const bad_names[] = {
	"", ".hidden", "..", "-rf", "a/b", "/", "a\nb", "a\tb", "a\x7f",
	"a\x1b[31m", "a\xc2\x85", /* C1: NEL */
	"a\xc2\x9b"
	"31m", /* C1: CSI */
	"a\xe2\x80\xae"
	"b",                                           /* turns the direction */
	"a\xe2\x80\x8f", "a\xe2\x81\xa6", "a\xd8\x9c", /* Arabic letter mark */
	"a\xe2\x80\xa8",
	"\xef\xbb\xbf"
	"bom",
	"a\x80",                                   /* continuation alone */
	"a\xc3",                                   /* cut off */
	"a\xe2\x82", "a\xf0\x9f\x93", "a\xc0\xaf", /* overlong '/' */
	"a\xe0\x80\xaf", "a\xf0\x80\x80\xaf", "a\xc1\xbf",
	"a\xed\xa0\x80",                               /* surrogate */
	"a\xed\xbf\xbf", "a\xf4\x90\x80\x80",          /* above U+10FFFF */
	"a\xf5\x80\x80\x80", "a\xff", "\xe9t\xe9.txt", /* Latin-1 */
};

START_TEST(test_good)
{
	struct why why;

	ck_assert_msg(name_check(good_names[_i], strlen(good_names[_i]), &why),
	    "%s", why.text);
}
END_TEST

START_TEST(test_bad)
{
	struct why why = { 0 };

	ck_assert(!name_check(bad_names[_i], strlen(bad_names[_i]), &why));
	ck_assert_int_eq(why.reason, REASON_BAD_NAME);
	ck_assert_str_ne(why.text, "");
}
END_TEST

START_TEST(test_length)
{
	char name[NAME_MAX_BYTES + 2];
	struct why why;

	memset(name, 'a', sizeof(name));
	ck_assert(name_check(name, NAME_MAX_BYTES, &why));
	ck_assert(!name_check(name, NAME_MAX_BYTES + 1, &why));
	name[10] = '\0'; /* a length from outside may lie about the text */
	ck_assert(!name_check(name, 20, &why));
	ck_assert(name_check(name, 10, &why));
	/* The character must not be read beyond the length. */
	memcpy(name, "a\xc3\xa4", 3);
	ck_assert(name_check(name, 3, &why));
	ck_assert(!name_check(name, 2, &why));
}
END_TEST

START_TEST(test_temporary)
{
	static const char *const yes[] = { ".x", "a.tmp", "a.TMP", "a.part",
		"a.Part", "a.filepart", ".tmp" };
	static const char *const no[] = { "a", "a.tmp.xml", "part", "tmp",
		"a.parts", "a.filepar", "" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(name_is_temporary(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!name_is_temporary(no[i]), "%s", no[i]);
}
END_TEST

START_TEST(test_label)
{
	static const char *const yes[] = { "acme", "a", "0", "a-b_c",
		"abcdefghijklmnopqrstuvwxyz0123456789-_-_" };
	static const char *const no[] = { "", "-a", "_a", "Acme", "a b", "a/b",
		"..", "a.b", "\xc3\xa4", "a\n",
		"abcdefghijklmnopqrstuvwxyz0123456789-_-_x" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(name_is_label(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!name_is_label(no[i]), "%s", no[i]);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int
main(void)
{
	Suite *s = suite_create("name");
	TCase *t = tcase_create("name");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, test_good, 0, COUNT(good_names));
	tcase_add_loop_test(t, test_bad, 0, COUNT(bad_names));
	tcase_add_test(t, test_length);
	tcase_add_test(t, test_temporary);
	tcase_add_test(t, test_label);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
