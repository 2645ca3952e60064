/* Goal: what we write as armor is read back, by us and by gpg; damaged armor
 * never turns into other bytes. */
#include "keys/packets/armor.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct buf text, back;
static uint8_t data[300];

static void
setup(void)
{
	buf_init(&text, 65536);
	buf_init(&back, 65536);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 73 + 5);
}

static void
teardown(void)
{
	buf_free(&text);
	buf_free(&back);
}

static enum gw_status
reads(const char *s, size_t len)
{
	struct why why = { 0 };
	enum gw_status st;

	buf_reset(&back);
	st = armor_read(ARMOR_PUBLIC_KEY, s, len, &back, &why);
	ck_assert(st == GW_OK ||
		  (st == GW_REFUSED && why.reason == REASON_MALFORMED));
	return st;
}

static void
write_armor(size_t n)
{
	struct why why;

	buf_reset(&text);
	ck_assert_int_eq(
	    armor_write(ARMOR_PUBLIC_KEY, data, n, &text, &why), GW_OK);
}

static bool
is_data(size_t n)
{
	return back.len == n && (n == 0 || memcmp(back.data, data, n) == 0);
}

START_TEST(round_trip)
{
	for (size_t n = 0; n < sizeof(data); n++) {
		write_armor(n);
		ck_assert_int_eq(
		    reads((const char *)text.data, text.len), GW_OK);
		ck_assert(is_data(n));
	}
}
END_TEST

/* RFC 9580, 6.1: the check sum of nothing and of a known text. */
START_TEST(known_text)
{
	struct why why;

	ck_assert_int_eq(
	    armor_write(ARMOR_SIGNATURE, "123456789", 9, &text, &why), GW_OK);
	ck_assert_int_eq(text.len, strlen("-----BEGIN PGP SIGNATURE-----\n\n"
					  "MTIzNDU2Nzg5\n=Ic8C\n"
					  "-----END PGP SIGNATURE-----\n"));
	ck_assert_int_eq(memcmp(text.data,
			     "-----BEGIN PGP SIGNATURE-----\n\n"
			     "MTIzNDU2Nzg5\n=Ic8C\n"
			     "-----END PGP SIGNATURE-----\n",
			     text.len),
	    0);
}
END_TEST

START_TEST(gpg_reads_it)
{
	char command[200], path[] = "/tmp/waybill-armor-XXXXXX";
	uint8_t got[sizeof(data)];
	FILE *p;
	int fd = mkstemp(path);

	if (system("gpg --version >/dev/null 2>&1") != 0) {
		close(fd);
		unlink(path);
		return;
	}
	write_armor(sizeof(data));
	ck_assert_int_eq(write(fd, text.data, text.len), (ssize_t)text.len);
	close(fd);
	snprintf(command, sizeof(command),
	    "gpg --homedir /tmp --no-options --no-permission-warning "
	    "--dearmor < %s 2>/dev/null",
	    path);
	p = popen(command, "r");
	ck_assert_uint_eq(fread(got, 1, sizeof(got), p), sizeof(got));
	ck_assert_int_eq(pclose(p), 0);
	ck_assert_int_eq(memcmp(got, data, sizeof(data)), 0);
	unlink(path);
}
END_TEST

/* One altered character: refused, or it meant nothing, or it stands for other
 * octets, which what is in them must tell; never for more of them. */
START_TEST(every_altered_character)
{
	write_armor(100);
	for (size_t i = 0; i < text.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			text.data[i] ^= (uint8_t)(1 << bit);
			if (reads((const char *)text.data, text.len) == GW_OK)
				ck_assert_uint_le(back.len, 100);
			text.data[i] ^= (uint8_t)(1 << bit);
		}
}
END_TEST

START_TEST(cut_anywhere)
{
	write_armor(100);
	for (size_t n = 0; n + 1 < text.len; n++) {
		char *cut = malloc(n > 0 ? n : 1);

		memcpy(cut, text.data, n);
		ck_assert_int_eq(reads(cut, n), GW_REFUSED);
		free(cut);
	}
	/* Only the last line's end may be missing. */
	ck_assert_int_eq(reads((const char *)text.data, text.len - 1), GW_OK);
}
END_TEST

#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
#define END   "-----END PGP PUBLIC KEY BLOCK-----\n"
#define BODY  "MTIzNDU2Nzg5\n"

static const struct {
	const char *what, *text;
	enum gw_status status;
} cases[] = {
	{ "without check sum", BEGIN "\n" BODY END, GW_OK },
	{ "with one", BEGIN "\n" BODY "=Ic8C\n" END, GW_OK },
	{ "wrong one", BEGIN "\n" BODY "=Ic8D\n" END, GW_OK },
	{ "short one", BEGIN "\n" BODY "=Ic8\n" END, GW_OK },
	{ "headers", BEGIN "Version: 1\nComment: \x1b[2J\n\n" BODY END, GW_OK },
	{ "not a header", BEGIN "hello\n\n" BODY END, GW_REFUSED },
	{ "no blank line", BEGIN BODY END, GW_REFUSED },
	{ "Windows",
	    "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\n"
	    "MTIzNDU2Nzg5\r\n"
	    "-----END PGP PUBLIC KEY BLOCK-----\r\n",
	    GW_OK },
	{ "in a letter", "Dear all,\n\n" BEGIN "\n" BODY END "\nYours\n",
	    GW_OK },
	{ "two blocks", BEGIN "\n" BODY END BEGIN "\n" BODY END, GW_REFUSED },
	{ "another label first",
	    "-----BEGIN PGP MESSAGE-----\n\n" BODY
	    "-----END PGP MESSAGE-----\n" BEGIN "\n" BODY END,
	    GW_REFUSED },
	{ "other end", BEGIN "\n" BODY "-----END PGP MESSAGE-----\n",
	    GW_REFUSED },
	{ "not base 64", BEGIN "\nMTIz*DU2Nzg5\n" END, GW_REFUSED },
	{ "data after padding", BEGIN "\nMTI=\nMTIz\n" END, GW_REFUSED },
	{ "bits that nobody needs", BEGIN "\nMTJ=\n" END, GW_REFUSED },
	{ "half a byte", BEGIN "\nMTIzM\n" END, GW_REFUSED },
	{ "unpadded", BEGIN "\nMTI\n" END, GW_REFUSED },
	{ "Unicode dashes",
	    "\xe2\x80\x94\xe2\x80\x94-BEGIN PGP PUBLIC KEY BLOCK-----\n\n" BODY
		END,
	    GW_REFUSED },
};

START_TEST(shapes)
{
	ck_assert_msg(
	    reads(cases[_i].text, strlen(cases[_i].text)) == cases[_i].status,
	    "%s", cases[_i].what);
}
END_TEST

START_TEST(long_line)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_put_text(&b, BEGIN "\n");
	for (int i = 0; i < 5000; i++)
		buf_put_text(&b, "MTIz");
	buf_put_text(&b, "\n" END);
	ck_assert_int_eq(reads((const char *)b.data, b.len), GW_REFUSED);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("armor");
	TCase *t = tcase_create("armor");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, round_trip);
	tcase_add_test(t, known_text);
	tcase_add_test(t, gpg_reads_it);
	tcase_add_test(t, every_altered_character);
	tcase_add_test(t, cut_anywhere);
	tcase_add_loop_test(
	    t, shapes, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, long_line);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
