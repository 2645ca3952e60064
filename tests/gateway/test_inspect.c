/* Goal: well-formed business XML passes; everything hostile is refused. */
#include "gateway/inspect/xml.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static struct why why;

static int
file_of(const void *data, size_t len)
{
	int fd = memfd_create("document", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	return fd;
}

static enum gw_status
check_bytes(const void *data, size_t len)
{
	int fd = file_of(data, len);
	enum gw_status st = xml_check(fd, len, &why);

	close(fd);
	return st;
}

static enum gw_status
check_text(const char *text)
{
	return check_bytes(text, strlen(text));
}

#define INVOICE                                                                \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                         \
	"<Invoice xmlns=\"urn:invoice\" xmlns:c=\"urn:c\">\n"                  \
	" <c:ID scheme='x &amp; y'>4711</c:ID><!-- net -->\n"                  \
	" <Note>M\xc3\xbcller &lt; S\xc3\xb6hne &#x20AC;</Note>\n"             \
	" <![CDATA[<not><markup>]]><?page break?>\n"                           \
	"</Invoice>\n"

static const struct {
	const char *text;
	enum gw_status want;
	int line; /* of the refusal */
} texts[] = {
	{ INVOICE, GW_OK, 0 },
	{ "\xef\xbb\xbf" INVOICE, GW_OK, 0 },
	{ "<a/>", GW_OK, 0 },
	{ "<a/>\n<!-- after -->\n", GW_OK, 0 },
	{ "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xfc</a>", GW_OK, 0 },
	{ "<?xml version='1.0' encoding='iso-8859-15'?><a>\xa4</a>", GW_OK, 0 },
	{ "<?xml version='1.0' encoding = \"windows-1252\"?><a>\x80</a>", GW_OK,
	    0 },
	{ "<a xmlns:xi='http://www.w3.org/2001/XInclude'>"
	  "<xi:include href='file:///etc/passwd'/></a>",
	    GW_OK, 0 }, /* only text to us; nothing is fetched */
	/* not one document */
	{ "", GW_REFUSED, 1 },
	{ " ", GW_REFUSED, 1 },
	{ "a,b\n1,2\n", GW_REFUSED, 1 },
	{ "<a>", GW_REFUSED, 1 },
	{ "<a>\n<b>\n</a>", GW_REFUSED, 3 },
	{ "<a>\n\n<b c=d/></a>", GW_REFUSED, 3 },
	{ "<a/><b/>", GW_REFUSED, 1 },
	{ "<a/>\ntext", GW_REFUSED, 2 },
	{ "<a b='1' b='2'/>", GW_REFUSED, 1 },
	{ "<a b='<'/>", GW_REFUSED, 1 },
	{ "<a>&euro;</a>", GW_REFUSED, 1 },
	{ "<a>&#0;</a>", GW_REFUSED, 1 },
	{ "<a>]]></a>", GW_REFUSED, 1 },
	{ "<a><!-- -- --></a>", GW_REFUSED, 1 },
	{ "<a>\x01</a>", GW_REFUSED, 1 },
	{ "<c:a/>", GW_REFUSED, 1 }, /* a prefix of no namespace */
	{ "\n<?xml version='1.0'?><a/>", GW_REFUSED, 2 },
	/* DOCTYPE, in all its shapes */
	{ "<!DOCTYPE a><a/>", GW_REFUSED, 1 },
	{ "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:///dev/zero'><a/>",
	    GW_REFUSED, 2 },
	{ "<!DOCTYPE a PUBLIC 'x' 'http://127.0.0.1:9/x.dtd'><a/>", GW_REFUSED,
	    1 },
	{ "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", GW_REFUSED, 1 },
	{ "<!DOCTYPE a [<!ENTITY % x SYSTEM 'file:///dev/zero'> %x;]><a/>",
	    GW_REFUSED, 1 },
	{ "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>", GW_REFUSED, 1 },
	/* character sets */
	{ "<?xml version='1.0' encoding='UTF-8'?><a>\xc3\x28</a>", GW_REFUSED,
	    1 },
	{ "<a>\xfc</a>", GW_REFUSED, 1 },
	{ "<a>\xed\xa0\x80</a>", GW_REFUSED, 1 },
	{ "<?xml version='1.0' encoding='US-ASCII'?><a>\xfc</a>", GW_REFUSED,
	    1 },
	{ "<?xml version='1.0' encoding='UTF-7'?><a>+ADw-b+AD4-</a>",
	    GW_REFUSED, 1 },
	{ "<?xml version='1.0' encoding='ISO-2022-KR'?><a/>", GW_REFUSED, 1 },
	{ "<?xml version='1.0' encoding='UTF-16'?><a/>", GW_REFUSED, 1 },
	{ "\xef\xbb\xbf<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
	    GW_REFUSED, 1 },
	{ "<?xml version='1.0' encoding='UTF-8", GW_REFUSED, 1 },
	{ "<?xml version='1.0' encoding=UTF-8?><a/>", GW_REFUSED, 1 },
	{ "<?xml version='1.0' encoding=''?><a/>", GW_REFUSED, 1 },
};

START_TEST(each_text_is_judged)
{
	char line[32];

	ck_assert_msg(check_text(texts[_i].text) == texts[_i].want,
	    "text %d (%s): %s", _i, texts[_i].text, why.text);
	if (texts[_i].want == GW_OK)
		return;
	snprintf(line, sizeof(line), ", line %d: ", texts[_i].line);
	ck_assert_int_eq(why.reason, REASON_CONTENT);
	ck_assert_msg(strstr(why.text, line) != NULL, "text %d: %s not in %s",
	    _i, line, why.text);
	ck_assert_ptr_null(strchr(why.text, '\n'));
}
END_TEST

START_TEST(the_reason_is_for_people)
{
	ck_assert_int_eq(check_text("<a>\n<b>text"), GW_REFUSED);
	ck_assert_str_eq(
	    why.text, "not accepted as XML, line 2: it ends too early");
	ck_assert_int_eq(check_text("<!DOCTYPE a><a/>"), GW_REFUSED);
	ck_assert_str_eq(
	    why.text, "not accepted as XML, line 1: a DOCTYPE is not accepted");
}
END_TEST

START_TEST(cut_anywhere_it_is_refused)
{
	/* but for the line end behind the last tag */
	for (size_t n = 0; n < strlen(INVOICE) - 1; n++)
		ck_assert_msg(
		    check_bytes(INVOICE, n) == GW_REFUSED, "cut at %zu", n);
}
END_TEST

START_TEST(a_nul_anywhere_is_refused)
{
	char text[sizeof(INVOICE)];

	for (size_t n = 0; n < sizeof(INVOICE) - 1; n++) {
		memcpy(text, INVOICE, sizeof(text));
		text[n] = '\0';
		ck_assert_msg(check_bytes(text, sizeof(text) - 1) == GW_REFUSED,
		    "NUL at %zu", n);
	}
}
END_TEST

/* ASCII text as UTF-16, with a byte order mark or without. */
static enum gw_status
check_wide(const char *text, bool big, bool mark)
{
	uint8_t wide[512];
	size_t n = 0;

	if (mark) {
		wide[n++] = big ? 0xfe : 0xff;
		wide[n++] = big ? 0xff : 0xfe;
	}
	for (; *text != '\0'; text++) {
		wide[n++] = big ? 0 : (uint8_t)*text;
		wide[n++] = big ? (uint8_t)*text : 0;
	}
	return check_bytes(wide, n);
}

START_TEST(utf16_both_ways)
{
	static const char right[] =
	    "<?xml version='1.0' encoding='UTF-16'?>\n<a b='c'>text</a>";
	static const char wrong[] =
	    "<?xml version='1.0' encoding='UTF-8'?>\n<a b='c'>text</a>";

	for (int big = 0; big < 2; big++) {
		ck_assert_int_eq(check_wide(right, big, true), GW_OK);
		ck_assert_int_eq(check_wide("<a>text</a>", big, true), GW_OK);
		ck_assert_int_eq(check_wide("<a>text", big, true), GW_REFUSED);
		ck_assert_int_eq(check_wide(wrong, big, true), GW_REFUSED);
		ck_assert_int_eq(
		    check_wide("<!DOCTYPE a><a/>", big, true), GW_REFUSED);
	}
	/* 32 bits, and EBCDIC's "<?xm" */
	ck_assert_int_eq(
	    check_bytes("<\0\0\0a\0\0\0/\0\0\0>\0\0\0", 16), GW_REFUSED);
	ck_assert_int_eq(
	    check_bytes("\0\0\0<\0\0\0a\0\0\0/\0\0\0>", 16), GW_REFUSED);
	ck_assert_int_eq(check_bytes("\x4c\x6f\xa7\x94\x93", 5), GW_REFUSED);
}
END_TEST

/* before + count * middle + after, judged. */
static enum gw_status
check_repeated(
    const char *before, const char *middle, size_t count, const char *after)
{
	int fd = memfd_create("document", MFD_CLOEXEC);
	FILE *f = fdopen(fd, "w");
	enum gw_status st;
	long size;

	ck_assert_ptr_nonnull(f);
	fputs(before, f);
	for (size_t i = 0; i < count; i++) {
		if (middle[0] == '@') /* each an attribute of its own */
			fprintf(f, " a%zu='x'", i);
		else
			fputs(middle, f);
	}
	fputs(after, f);
	fflush(f);
	size = ftell(f);
	st = xml_check(fd, (uint64_t)size, &why);
	fclose(f);
	return st;
}

START_TEST(bounds_hold)
{
	clock_t began = clock();
	char deep[4096] = "";

	/* depth */
	for (int i = 0; i < 255; i++)
		strcat(deep, "<d>");
	strcat(deep, "<e/>");
	for (int i = 0; i < 255; i++)
		strcat(deep, "</d>");
	ck_assert_int_eq(check_text(deep), GW_OK);
	ck_assert_int_eq(check_repeated("", "<d>", 257, ""), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "deeper"));
	ck_assert_int_eq(check_repeated("", "<d>", 1000000, ""), GW_REFUSED);
	/* attributes: allowed, one too many, and enough to waste minutes */
	ck_assert_int_eq(check_repeated("<a", "@", 256, "/>"), GW_OK);
	ck_assert_int_eq(check_repeated("<a", "@", 257, "/>"), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "attributes"));
	ck_assert_int_eq(check_repeated("<a", "@", 2000000, "/>"), GW_REFUSED);
	/* tokens: a comment, a tag and an attribute without end */
	ck_assert_int_eq(
	    check_repeated("<a><!--", "x", 200000, "--></a>"), GW_OK);
	ck_assert_int_eq(
	    check_repeated("<a><!--", "x", 400000, "--></a>"), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "longer"));
	ck_assert_int_eq(
	    check_repeated("<a><?p ", "x", 400000, "?></a>"), GW_REFUSED);
	ck_assert_int_eq(
	    check_repeated("<a b='", "x", 400000, "'/>"), GW_REFUSED);
	ck_assert_int_eq(check_repeated("<", "x", 400000, "/>"), GW_REFUSED);
	/* text and CDATA may be long: embedded pictures */
	ck_assert_int_eq(check_repeated("<a>", "QUJD", 2000000, "</a>"), GW_OK);
	ck_assert_int_eq(
	    check_repeated("<a><![CDATA[", "<b>", 2000000, "]]></a>"), GW_OK);
	ck_assert_int_lt((clock() - began) / CLOCKS_PER_SEC, 20);
}
END_TEST

static long
peak_kib(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return use.ru_maxrss;
}

START_TEST(memory_does_not_grow_with_the_document)
{
	static const char row[] = "<row n='1'><amount>10.00</amount>"
				  "<text>M\xc3\xbcller</text></row>\n";
	long before;

	ck_assert_int_eq(check_repeated("<all>", row, 1000, "</all>"), GW_OK);
	before = peak_kib();
	/* 65 MB; the file itself is on disk so that it is not counted */
	FILE *f = tmpfile();
	fputs("<all>", f);
	for (int i = 0; i < 1000000; i++)
		fputs(row, f);
	fputs("</all>", f);
	fflush(f);
	ck_assert_int_eq(xml_check(fileno(f), (uint64_t)ftell(f), &why), GW_OK);
	fclose(f);
#if !defined(__SANITIZE_ADDRESS__)
	ck_assert_int_lt(peak_kib() - before, 4096);
#else
	(void)before;
#endif
}
END_TEST

START_TEST(another_size_is_not_the_documents_fault)
{
	int fd = file_of("<a/>", 4);

	ck_assert_int_eq(xml_check(fd, 4, &why), GW_OK);
	ck_assert_int_eq(xml_check(fd, 3, &why), GW_INTERNAL);
	ck_assert_int_eq(xml_check(fd, 5, &why), GW_INTERNAL);
	close(fd);
	ck_assert_int_eq(xml_check(fd, 4, &why), GW_INTERNAL);
	ck_assert_int_eq(why.reason, REASON_IO_ERROR);
}
END_TEST

/* ---- samples ------------------------------------------------------------ */

static enum gw_status
check_file(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	enum gw_status st;
	off_t size;

	ck_assert_msg(fd >= 0, "%s", name);
	size = lseek(fd, 0, SEEK_END);
	st = xml_check(fd, (uint64_t)size, &why);
	close(fd);
	return st;
}

START_TEST(hostile_samples)
{
	const char *shared = getenv("WAYBILL_SHARED");
	char folder[512], file[1024];
	const struct dirent *e;
	unsigned seen = 0;
	DIR *d;

	if (shared == NULL)
		return;
	snprintf(folder, sizeof(folder), "%s/samples/hostile", shared);
	if ((d = opendir(folder)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		const char *dot = strrchr(e->d_name, '.');
		bool harmless = strcmp(e->d_name, "xinclude.xml") == 0 ||
				strcmp(e->d_name, "schemalocation.xml") == 0;

		if (dot == NULL || e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", folder, e->d_name);
		ck_assert_msg(
		    check_file(file) == (harmless ? GW_OK : GW_REFUSED),
		    "%s: %s", e->d_name, why.text);
		seen++;
	}
	closedir(d);
	ck_assert_uint_gt(seen, 0);
}
END_TEST

START_TEST(our_own_samples)
{
	if (access("tests/data/invoice.xml", R_OK) != 0)
		return; /* not started from the top */
	ck_assert_int_eq(check_file("tests/data/invoice.xml"), GW_OK);
	ck_assert_int_eq(check_file("tests/data/payment.xml"), GW_OK);
	ck_assert_int_eq(check_file("tests/data/orders.edi"), GW_REFUSED);
	ck_assert_int_eq(
	    check_file("tests/data/delivery-note.pdf"), GW_REFUSED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("inspect");
	TCase *t = tcase_create("xml");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, xml_start, NULL);
	tcase_add_loop_test(
	    t, each_text_is_judged, 0, (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_test(t, the_reason_is_for_people);
	tcase_add_test(t, cut_anywhere_it_is_refused);
	tcase_add_test(t, a_nul_anywhere_is_refused);
	tcase_add_test(t, utf16_both_ways);
	tcase_add_test(t, bounds_hold);
	tcase_add_test(t, memory_does_not_grow_with_the_document);
	tcase_add_test(t, another_size_is_not_the_documents_fault);
	tcase_add_test(t, hostile_samples);
	tcase_add_test(t, our_own_samples);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
