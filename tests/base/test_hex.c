/* Goal: every byte there and back, and nothing but whole hex of the right
 * length is read. */
#include "gateway/base/hex.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_every_byte)
{
	uint8_t all[256], back[256];
	char text[513];

	for (size_t i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	ck_assert_ptr_eq(hex_lower(all, 256, text), text);
	ck_assert_uint_eq(strlen(text), 512);
	ck_assert_mem_eq(text + 2 * 0xaf, "af", 2);
	ck_assert(hex_parse(text, back, 256));
	ck_assert_mem_eq(all, back, 256);
	hex_upper(all, 256, text);
	ck_assert_mem_eq(text + 2 * 0xaf, "AF", 2);
	memset(back, 0, sizeof(back));
	ck_assert(hex_parse(text, back, 256));
	ck_assert_mem_eq(all, back, 256);
	ck_assert_str_eq(hex_lower(all, 0, text), "");
	ck_assert(hex_parse("", back, 0));
}
END_TEST

START_TEST(test_bad)
{
	uint8_t out[2];

	ck_assert(hex_parse("0aF9", out, 2));
	ck_assert(!hex_parse("0aF", out, 2));
	ck_assert(!hex_parse("0aF90", out, 2));
	ck_assert(!hex_parse("0aF900", out, 2));
	ck_assert(!hex_parse("", out, 2));
	for (int c = 1; c < 256; c++) {
		char text[5] = { '0', '0', '0', (char)c, '\0' };
		bool is_digit = strchr("0123456789abcdefABCDEF", c) != NULL;

		ck_assert(hex_parse(text, out, 2) == is_digit);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hex");
	TCase *t = tcase_create("hex");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_every_byte);
	tcase_add_test(t, test_bad);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
