/* Goal: one line per call whatever is in it; foreign text cannot forge a line,
 * colour a terminal or turn it round. */
#include "gateway/base/log.h"

#include "gateway/base/clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int out[2];
static int usual;

static void
setup(void)
{
	ck_assert_int_eq(pipe(out), 0);
	usual = dup(STDERR_FILENO);
	ck_assert_int_eq(dup2(out[1], STDERR_FILENO), STDERR_FILENO);
	clock_fake(1469922850259);
}

static void
teardown(void)
{
	(void)dup2(usual, STDERR_FILENO);
	close(usual);
	close(out[0]);
	close(out[1]);
	clock_fake(0);
	log_set_role("waybill");
	log_set_level(LOG_LEVEL_INFO);
}

/* What arrived; each line is one write, so one read gets it. */
static const char *
line(void)
{
	static char text[8192];
	ssize_t n = read(out[0], text, sizeof(text) - 1);

	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_ptr_eq(strchr(text, '\n'), text + n - 1);
	return text;
}

START_TEST(test_line)
{
	log_set_role("spooler");
	log_line(LOG_LEVEL_WARN, "01ARZ", "claim", "taken", "size=%d name=%s",
	    7, "\"x\"");
	ck_assert_str_eq(line(),
	    "2016-07-30T23:54:10.259Z warn spooler 01ARZ claim taken "
	    "size=7 name=\"x\"\n");
	log_line(LOG_LEVEL_INFO, "-", "run", "started", "%s", "");
	ck_assert_str_eq(
	    line(), "2016-07-30T23:54:10.259Z info spooler - run started\n");
}
END_TEST

START_TEST(test_level)
{
	log_line(LOG_LEVEL_DEBUG, "-", "m", "hidden", "%s", "x");
	log_line(LOG_LEVEL_ERROR, "-", "m", "shown", "%s", "x");
	ck_assert_ptr_nonnull(strstr(line(), " error waybill - m shown x"));
	log_set_level(LOG_LEVEL_DEBUG);
	log_line(LOG_LEVEL_DEBUG, "-", "m", "shown", "%s", "x");
	ck_assert_ptr_nonnull(strstr(line(), " debug waybill - m shown x"));
}
END_TEST

START_TEST(test_forgery)
{
	log_line(LOG_LEVEL_INFO, "-", "m", "e", "a=%s",
	    "x\n2016 info forged\r\x1b[2J\x7f");
	ck_assert_ptr_nonnull(strstr(line(), "a=x?2016 info forged??[2J?\n"));
}
END_TEST

START_TEST(test_long)
{
	static char text[5000];
	const char *got;

	memset(text, 'x', sizeof(text) - 1);
	log_line(LOG_LEVEL_INFO, "-", "m", "e", "%s", text);
	got = line();
	ck_assert_uint_gt(strlen(got), 1500);
	ck_assert_uint_le(strlen(got), 2048);
	/* A header that fills the line is cut, not dropped. */
	log_line(LOG_LEVEL_INFO, "-", text, "e", "%s", "y");
	ck_assert_uint_gt(strlen(line()), 1500);
}
END_TEST

/* The line is lost, the work goes on. */
START_TEST(test_nobody_reads)
{
	close(STDERR_FILENO);
	log_line(LOG_LEVEL_INFO, "-", "m", "e", "%s", "x");
}
END_TEST

static const struct {
	const char *text;
	const char *quoted;
} quotes[] = {
	{ "", "\"\"" },
	{ "plain", "\"plain\"" },
	{ "Größe 中文 \xf0\x9f\x93\x84", "\"Größe 中文 \xf0\x9f\x93\x84\"" },
	{ "a\"b\\c", "\"a\\x22b\\x5Cc\"" },
	{ "a\nb\t\x1b[0m\x7f", "\"a\\x0Ab\\x09\\x1B[0m\\x7F\"" },
	{ "a\xff"
	  "b\xc3",
	    "\"a\\xFFb\\xC3\"" },
	{ "\xc0\xaf", "\"\\xC0\\xAF\"" },          /* overlong */
	{ "\xed\xa0\x80", "\"\\xED\\xA0\\x80\"" }, /* surrogate */
	{ "\xc2\x9b"
	  "1m",
	    "\"\\xC2\\x9B1m\"" }, /* CSI in one */
	{ "a\xe2\x80\xae"
	  "b",
	    "\"a\\xE2\\x80\\xAEb\"" },
	{ "\xe2\x80\xa8", "\"\\xE2\\x80\\xA8\"" },
};

START_TEST(test_quote)
{
	char to[LOG_QUOTED_MAX];

	ck_assert_str_eq(
	    log_quote(quotes[_i].text, to, sizeof(to)), quotes[_i].quoted);
}
END_TEST

/* Cut at any size: always closed, never beyond, never half a character. */
START_TEST(test_quote_cut)
{
	static const char text[] = "a\"ä\n中\xff\xe2\x80\xae.txt";
	char to[64];

	for (size_t size = 0; size < sizeof(to); size++) {
		size_t n;

		memset(to, '#', sizeof(to));
		ck_assert_ptr_eq(log_quote(text, to, size), to);
		ck_assert_int_eq(to[size], '#');
		if (size == 0)
			continue;
		n = strlen(to);
		ck_assert_uint_lt(n, size);
		if (size < 8) {
			ck_assert_uint_eq(n, 0);
			continue;
		}
		ck_assert(to[0] == '"' && to[n - 1] == '"');
		ck_assert(n < 2 || (to[n - 2] & 0xc0) != 0xc0);
		ck_assert_ptr_null(memchr(to, '#', n));
	}
}
END_TEST

/* The longest name from outside fits, even if each byte must be escaped. */
START_TEST(test_quote_longest)
{
	char text[201], to[LOG_QUOTED_MAX];

	memset(text, '\x01', 200);
	text[200] = '\0';
	ck_assert_uint_eq(strlen(log_quote(text, to, sizeof(to))), 802);
}
END_TEST

START_TEST(test_clock_text)
{
	char text[CLOCK_TEXT_MAX];

	ck_assert_str_eq(clock_text(0, text), "1970-01-01T00:00:00.000Z");
	ck_assert_str_eq(clock_text(-1, text), "1969-12-31T23:59:59.999Z");
	ck_assert_str_eq(clock_text(-1000, text), "1969-12-31T23:59:59.000Z");
	ck_assert_str_eq(
	    clock_text(1709210096007, text), "2024-02-29T12:34:56.007Z");
	ck_assert_uint_lt(strlen(clock_text(INT64_MAX, text)), sizeof(text));
	ck_assert_uint_lt(strlen(clock_text(INT64_MIN, text)), sizeof(text));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_line);
	tcase_add_test(t, test_level);
	tcase_add_test(t, test_forgery);
	tcase_add_test(t, test_long);
	tcase_add_test(t, test_nobody_reads);
	tcase_add_loop_test(
	    t, test_quote, 0, (int)(sizeof(quotes) / sizeof(quotes[0])));
	tcase_add_test(t, test_quote_cut);
	tcase_add_test(t, test_quote_longest);
	tcase_add_test(t, test_clock_text);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
