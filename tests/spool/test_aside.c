/* Goal: what does not go on lies in a named place with its reason, under a
 * safe name, and is never opened, followed or put over another file.  Also
 * the archive and the status files. */
#include "tests/spool/desk.h"

#include "spool/archive.h"
#include "spool/aside.h"
#include "spool/durable.h"
#include "spool/statusfile.h"

#define ORDERS     "spool/out/acme/orders"
#define RETURNED   "spool/returned/acme/orders"
#define QUARANTINE "spool/quarantine/acme"
#define TO_US      "spool/mailbox/acme/to-us"

static struct doc doc;
static char reason[256];

static void
make_doc(enum doc_direction direction, const char *name)
{
	doc = place_doc(direction, name);
	snprintf(doc.flow, sizeof(doc.flow), "orders");
	snprintf(reason, sizeof(reason), "{\"id\":\"%s\"}\n", doc.id.text);
}

static enum gw_status
bring_back(void)
{
	return aside_return(desk, &doc, reason, &place_why);
}

static const char *
with(const char *name, const char *suffix)
{
	static char text[DOC_FILE_SIZE + 16];

	snprintf(text, sizeof(text), "%s%s", name, suffix);
	return text;
}

START_TEST(test_return)
{
	make_doc(DOC_OUT, "\xc3\xa4 b.xml");
	put("state/work", doc.id.text, "plain");
	put("state/sealed", doc.id.text, "sealed");
	MUST(bring_back());
	ck_assert_str_eq(doc.file, doc.name);
	ck_assert_str_eq(content(RETURNED, doc.name), "plain");
	ck_assert_str_eq(
	    content(RETURNED, with(doc.name, ".reason.json")), reason);
	ck_assert(!spool_has(desk, DIR_WORK, doc.id));
	ck_assert(spool_has(desk, DIR_SEALED, doc.id));
	ck_assert_uint_eq(entries(RETURNED), 2);
	MUST(durable_settle(desk, &place_why));
}
END_TEST

START_TEST(test_return_of_the_sealed_form)
{
	make_doc(DOC_OUT, "a.xml");
	put("state/sealed", doc.id.text, "sealed");
	MUST(bring_back());
	ck_assert_str_eq(doc.file, "a.xml.pgp");
	ck_assert_str_eq(content(RETURNED, "a.xml.pgp"), "sealed");
	ck_assert_str_eq(content(RETURNED, "a.xml.pgp.reason.json"), reason);
	desk_crash();
	doc.file[0] = '\0';
	MUST(bring_back());
	ck_assert_str_eq(doc.file, "a.xml.pgp");
	ck_assert_uint_eq(entries(RETURNED), 2);
}
END_TEST

START_TEST(test_return_twice_and_collision)
{
	char used[DOC_FILE_SIZE];

	put(RETURNED, "a.xml", "somebody's");
	make_doc(DOC_OUT, "a.xml");
	put("state/work", doc.id.text, "plain");
	MUST(bring_back());
	snprintf(used, sizeof(used), "a.%s.xml", doc.id.text);
	ck_assert_str_eq(doc.file, used);
	ck_assert_str_eq(content(RETURNED, "a.xml"), "somebody's");
	ck_assert_str_eq(content(RETURNED, used), "plain");
	desk_crash();
	doc.file[0] = '\0';
	MUST(bring_back());
	ck_assert_str_eq(doc.file, used);
	ck_assert_uint_eq(entries(RETURNED), 3);
	/* Interrupted after the reason: the document still follows. */
	make_doc(DOC_OUT, "b");
	put("state/work", doc.id.text, "plain");
	put(RETURNED, "b.reason.json", reason);
	MUST(bring_back());
	ck_assert_str_eq(doc.file, "b");
	ck_assert_str_eq(content(RETURNED, "b"), "plain");
}
END_TEST

/* What a claim refused lies in work/, whatever it is. */
START_TEST(test_return_of_a_link)
{
	char target[64] = "";

	make_doc(DOC_OUT, "../evil");
	ck_assert_int_eq(
	    symlink("/etc/passwd", place_path("state/work", doc.id.text, NULL)),
	    0);
	MUST(bring_back());
	ck_assert_str_eq(doc.file, with(doc.id.text, ".refused"));
	ck_assert_int_eq(readlink(place_path(RETURNED, doc.file, NULL), target,
			     sizeof(target) - 1),
	    11);
}
END_TEST

static enum gw_status
set_aside(const struct watch_folder *folder, const char *name)
{
	struct watch_find find = { .folder = folder, .refused = true };

	make_doc(DOC_OUT, "x");
	snprintf(find.name, sizeof(find.name), "%s", name);
	return aside_find(desk, &find, doc.id, reason, &place_why);
}

START_TEST(test_finds)
{
	struct watch_folder f = {
		.tree = TREE_OUT, .partner = "acme", .flow = "orders"
	};
	char target[64] = "", longest[256];
	struct stat sb;

	ck_assert_int_eq(
	    symlink("/etc/passwd", place_path(ORDERS, "link", NULL)), 0);
	MUST(set_aside(&f, "link"));
	ck_assert_int_eq(readlink(place_path(RETURNED, "link", NULL), target,
			     sizeof(target) - 1),
	    11);
	ck_assert_str_eq(content(RETURNED, "link.reason.json"), reason);
	ck_assert_int_eq(mkfifo(place_path(ORDERS, "pipe", NULL), 0600), 0);
	MUST(set_aside(&f, "pipe"));
	ck_assert_int_eq(lstat(place_path(RETURNED, "pipe", NULL), &sb), 0);
	ck_assert(S_ISFIFO(sb.st_mode));
	/* A name that we do not carry, and the longest that disks allow. */
	put(ORDERS, "\xff\x1b[31m", "x");
	MUST(set_aside(&f, "\xff\x1b[31m"));
	ck_assert(there(RETURNED, with(doc.id.text, ".refused")));
	ck_assert(there(RETURNED, with(doc.id.text, ".refused.reason.json")));
	memset(longest, 'n', 255);
	longest[255] = '\0';
	put(ORDERS, longest, "x");
	MUST(set_aside(&f, longest));
	ck_assert(there(RETURNED, with(doc.id.text, ".refused")));
	ck_assert_uint_eq(entries(ORDERS), 0);
	/* Gone meanwhile: no reason is left for nothing. */
	ck_assert_int_eq(set_aside(&f, "gone"), GW_NONE);
	ck_assert_uint_eq(entries(RETURNED), 8);
	MUST(durable_settle(desk, &place_why));
}
END_TEST

START_TEST(test_find_with_marker)
{
	struct watch_folder f = { .tree = TREE_OUT,
		.partner = "acme",
		.flow = "orders",
		.rule = WATCH_MARKER };

	put(ORDERS, "big", "x");
	put(ORDERS, "big.done", "");
	MUST(set_aside(&f, "big"));
	ck_assert_uint_eq(entries(ORDERS), 0);
}
END_TEST

START_TEST(test_find_in_a_mailbox)
{
	struct watch_folder f = { .tree = TREE_MAILBOX, .partner = "acme" };

	put(TO_US, "$(evil)", "x");
	MUST(set_aside(&f, "$(evil)"));
	ck_assert(there(QUARANTINE, doc.id.text));
	ck_assert_str_eq(
	    content(QUARANTINE, with(doc.id.text, ".reason.json")), reason);
	ck_assert_uint_eq(entries(TO_US), 0);
}
END_TEST

START_TEST(test_quarantine)
{
	make_doc(DOC_IN, "a.xml");
	put("state/landed", doc.id.text, "sealed");
	put("state/plain", doc.id.text, "plain");
	for (int again = 0; again < 2; again++) {
		MUST(aside_quarantine(desk, &doc, reason, &place_why));
		ck_assert_str_eq(
		    content(QUARANTINE, with(doc.id.text, ".pgp")), "sealed");
		ck_assert_str_eq(
		    content(QUARANTINE, with(doc.id.text, ".reason.json")),
		    reason);
		ck_assert(!spool_has(desk, DIR_LANDED, doc.id));
		ck_assert(!spool_has(desk, DIR_PLAIN, doc.id));
		desk_crash();
	}
	/* Between the two renames. */
	make_doc(DOC_IN, "b");
	put("state/landed", doc.id.text, "sealed");
	put(QUARANTINE, with(doc.id.text, ".reason.json"), "{");
	MUST(aside_quarantine(desk, &doc, reason, &place_why));
	ck_assert_str_eq(
	    content(QUARANTINE, with(doc.id.text, ".reason.json")), reason);
	/* Nothing is put over what is there. */
	make_doc(DOC_IN, "c");
	put("state/landed", doc.id.text, "sealed");
	put(QUARANTINE, with(doc.id.text, ".pgp"), "other");
	ck_assert_int_eq(
	    aside_quarantine(desk, &doc, reason, &place_why), GW_EXISTS);
	ck_assert_str_eq(
	    content(QUARANTINE, with(doc.id.text, ".pgp")), "other");
	ck_assert(spool_has(desk, DIR_LANDED, doc.id));
}
END_TEST

START_TEST(test_archive)
{
	struct docid id = docid_new();

	ck_assert_int_eq(archive_keep(desk, id, &place_why), GW_NONE);
	put("state/sealed", id.text, "sealed");
	MUST(archive_keep(desk, id, &place_why));
	MUST(archive_keep(desk, id, &place_why));
	ck_assert_str_eq(content("state/archive", id.text), "sealed");
	put("state/sealed", id.text, "other");
	ck_assert_int_eq(archive_keep(desk, id, &place_why), GW_EXISTS);
	ck_assert_str_eq(content("state/archive", id.text), "sealed");
	ck_assert_str_eq(content("state/sealed", id.text), "other");
}
END_TEST

START_TEST(test_statusfile)
{
	struct docid id = docid_new();

	MUST(statusfile_write(desk, "acme", id, "{1}", &place_why));
	MUST(statusfile_write(desk, "acme", id, "{2}", &place_why));
	ck_assert_str_eq(
	    content("spool/status/acme", with(id.text, ".json")), "{2}");
	ck_assert_uint_eq(entries("spool/status/acme"), 1);
	/* A link put there is replaced, not written through. */
	put(".", "victim", "untouched");
	ck_assert_int_eq(unlink(place_path("spool/status/acme",
			     with(id.text, ".json"), NULL)),
	    0);
	ck_assert_int_eq(
	    symlink(place_path("victim", NULL, NULL),
		place_path("spool/status/acme", with(id.text, ".json"), NULL)),
	    0);
	MUST(statusfile_write(desk, "acme", id, "{3}", &place_why));
	ck_assert_str_eq(content(".", "victim"), "untouched");
	ck_assert_str_eq(
	    content("spool/status/acme", with(id.text, ".json")), "{3}");
	ck_assert_int_eq(
	    statusfile_write(desk, "../in", id, "x", &place_why), GW_REFUSED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aside");
	TCase *tc = tcase_create("aside");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, desk_make, desk_remove);
	tcase_add_test(tc, test_return);
	tcase_add_test(tc, test_return_of_the_sealed_form);
	tcase_add_test(tc, test_return_twice_and_collision);
	tcase_add_test(tc, test_return_of_a_link);
	tcase_add_test(tc, test_finds);
	tcase_add_test(tc, test_find_with_marker);
	tcase_add_test(tc, test_find_in_a_mailbox);
	tcase_add_test(tc, test_quarantine);
	tcase_add_test(tc, test_archive);
	tcase_add_test(tc, test_statusfile);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
