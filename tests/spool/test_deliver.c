/* Goal: a document is delivered once, whole, with its facts beside it, never
 * over another file, and a crash in between changes none of that. */
#include "tests/spool/desk.h"

#include "spool/deliver.h"
#include "spool/durable.h"
#include "spool/folder.h"

#define IN   "spool/in/acme/orders"
#define META ".meta.json"

static struct doc doc;
static char meta[256];

/* A passed document of that name and content, and its facts. */
static void
pass(const char *name, const char *text)
{
	int fd;

	doc = place_doc(DOC_IN, name);
	snprintf(doc.flow, sizeof(doc.flow), "orders");
	snprintf(meta, sizeof(meta), "{\"id\":\"%s\"}\n", doc.id.text);
	MUST(durable_begin(desk, DIR_PLAIN, doc.id, &fd, &place_why));
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	MUST(durable_publish(desk, DIR_PLAIN, doc.id, &place_why));
}

static enum gw_status
deliver(void)
{
	return deliver_document(desk, &doc, meta, &place_why);
}

static const char *
unique(const char *stem, const char *ext)
{
	static char name[DOC_FILE_SIZE];

	snprintf(name, sizeof(name), "%s.%s%s", stem, doc.id.text, ext);
	return name;
}

static const char *
side(const char *name)
{
	static char text[DOC_FILE_SIZE + 16];

	snprintf(text, sizeof(text), "%s" META, name);
	return text;
}

START_TEST(test_deliver)
{
	struct stat sb;

	pass("M\xc3\xbcller & S\xc3\xb6hne.xml", "<Order/>");
	MUST(deliver());
	MUST(durable_settle(desk, &place_why));
	ck_assert_str_eq(doc.file, doc.name);
	ck_assert_str_eq(content(IN, doc.name), "<Order/>");
	ck_assert_str_eq(content(IN, side(doc.name)), meta);
	ck_assert_uint_eq(entries(IN), 2);
	ck_assert_int_eq(lstat(place_path(IN, doc.name, NULL), &sb), 0);
	ck_assert_uint_eq(sb.st_mode & 07777, 0640);
	ck_assert(!spool_has(desk, DIR_PLAIN, doc.id));
}
END_TEST

START_TEST(test_group_of_the_folder)
{
	struct stat sb;

	if (geteuid() != 0)
		return; /* may not give files to other groups */
	ck_assert_int_eq(chown(place_path(IN, NULL, NULL), 0, 4711), 0);
	ck_assert_int_eq(chmod(place_path(IN, NULL, NULL), 02770), 0);
	pass("a", "x");
	MUST(deliver());
	ck_assert_int_eq(lstat(place_path(IN, "a", NULL), &sb), 0);
	ck_assert_uint_eq(sb.st_gid, 4711);
	ck_assert_int_eq(lstat(place_path(IN, "a" META, NULL), &sb), 0);
	ck_assert_uint_eq(sb.st_gid, 4711);
}
END_TEST

START_TEST(test_collision)
{
	pass("order.tar.gz", "first");
	MUST(deliver());
	pass("order.tar.gz", "second");
	MUST(deliver());
	ck_assert_str_eq(doc.file, unique("order.tar", ".gz"));
	ck_assert_str_eq(content(IN, "order.tar.gz"), "first");
	ck_assert_str_eq(content(IN, doc.file), "second");
	ck_assert_str_eq(content(IN, side(doc.file)), meta);
	/* Anything that has the name counts, a link too. */
	ck_assert_int_eq(
	    symlink("/etc/passwd", place_path(IN, "noext", NULL)), 0);
	pass("noext", "third");
	MUST(deliver());
	ck_assert_str_eq(doc.file, unique("noext", ""));
	/* The document was collected, its facts were left. */
	ck_assert_int_eq(unlink(place_path(IN, "order.tar.gz", NULL)), 0);
	pass("order.tar.gz", "fourth");
	MUST(deliver());
	ck_assert_str_eq(doc.file, unique("order.tar", ".gz"));
	ck_assert_ptr_null(
	    strstr(content(IN, "order.tar.gz" META), doc.id.text));
}
END_TEST

/* The facts' own name is wanted by a document, or taken by something evil. */
START_TEST(test_name_of_the_facts_is_taken)
{
	char poser[DOC_FILE_SIZE];

	pass("a" META, ""); /* empty like what a power cut leaves of facts */
	MUST(deliver());
	ck_assert_str_eq(doc.file, unique("a.meta", ".json"));
	memcpy(poser, doc.file, sizeof(poser));
	MUST(deliver()); /* as after a crash */
	ck_assert_str_eq(doc.file, poser);
	pass("a", "x");
	MUST(deliver());
	ck_assert_str_eq(doc.file, "a");
	ck_assert_str_eq(content(IN, "a" META), meta);
	ck_assert_str_eq(content(IN, poser), "");
	ck_assert_int_eq(mkfifo(place_path(IN, "b" META, NULL), 0600), 0);
	pass("b", "x");
	MUST(deliver()); /* and does not wait for the pipe */
	ck_assert_str_eq(doc.file, unique("b", ""));
}
END_TEST

START_TEST(test_names)
{
	char longest[202];

	memset(longest, 'n', 200);
	memcpy(longest + 196, ".xml", 5);
	pass(longest, "x");
	MUST(deliver());
	ck_assert_str_eq(doc.file, longest);
	pass(longest, "y");
	MUST(deliver());
	ck_assert_uint_eq(strlen(doc.file), 227);
	ck_assert_str_eq(content(IN, doc.file), "y");
	/* Checked again, whoever calls. */
	static const char *const bad[] = { "", "..", "../x", "a/b", ".x" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pass(bad[i], "x");
		ck_assert_int_eq(deliver(), GW_REFUSED);
		ck_assert(spool_has(desk, DIR_PLAIN, doc.id));
	}
	ck_assert_uint_eq(entries(IN), 4);
}
END_TEST

/* The facts were written, the document did not follow. */
START_TEST(test_crash_between_the_renames)
{
	int fd;

	pass("a", "x");
	MUST(folder_borrow(desk, TREE_IN, "acme", "orders", &fd, &place_why));
	MUST(durable_text(
	    desk, fd, doc.id, "a" META, meta, TEXT_NEW, &place_why));
	desk_crash();
	MUST(deliver());
	ck_assert_str_eq(doc.file, "a");
	ck_assert_uint_eq(entries(IN), 2);
	ck_assert_str_eq(content(IN, "a"), "x");
	ck_assert_str_eq(content(IN, "a" META), meta);
}
END_TEST

START_TEST(test_crash_in_the_text)
{
	char temp[64];

	pass("a", "x");
	snprintf(temp, sizeof(temp), ".%s.tmp", doc.id.text);
	put(IN, temp, "{\"id\":");
	desk_crash();
	MUST(deliver());
	ck_assert_uint_eq(entries(IN), 2);
	ck_assert_str_eq(content(IN, "a" META), meta);
	/* A power cut left the text empty before the document followed. */
	pass("b", "x");
	put(IN, "b" META, "");
	MUST(deliver());
	ck_assert_str_eq(doc.file, "b");
	ck_assert_str_eq(content(IN, "b" META), meta);
}
END_TEST

START_TEST(test_crash_after_the_delivery)
{
	char used[DOC_FILE_SIZE];

	pass("a", "x");
	MUST(deliver());
	desk_crash();
	MUST(deliver());
	ck_assert_str_eq(doc.file, "a");
	ck_assert_uint_eq(entries(IN), 2);
	/* The same with a name that was taken. */
	pass("a", "y");
	MUST(deliver());
	memcpy(used, doc.file, sizeof(used));
	doc.file[0] = '\0';
	desk_crash();
	MUST(deliver());
	ck_assert_str_eq(doc.file, used);
	ck_assert_uint_eq(entries(IN), 4);
	/* A power cut left its facts empty. */
	ck_assert_int_eq(truncate(place_path(IN, side(used), NULL), 0), 0);
	MUST(deliver());
	ck_assert_str_eq(content(IN, side(used)), meta);
	/* It was collected already: nothing comes back. */
	ck_assert_int_eq(unlink(place_path(IN, used, NULL)), 0);
	ck_assert_int_eq(unlink(place_path(IN, side(used), NULL)), 0);
	MUST(deliver());
	ck_assert_uint_eq(entries(IN), 2);
}
END_TEST

START_TEST(test_folder_is_made_again)
{
	ck_assert_int_eq(rmdir(place_path(IN, NULL, NULL)), 0);
	pass("a", "x");
	MUST(deliver());
	ck_assert_str_eq(content(IN, "a"), "x");
}
END_TEST

START_TEST(test_linked_partner_folder)
{
	ck_assert_int_eq(mkdir(place_path("else", NULL, NULL), 0755), 0);
	ck_assert_int_eq(mkdir(place_path("else/orders", NULL, NULL), 0755), 0);
	ck_assert_int_eq(rename(place_path("spool/in/acme", NULL, NULL),
			     place_path("was", NULL, NULL)),
	    0);
	ck_assert_int_eq(symlink(place_path("else", NULL, NULL),
			     place_path("spool/in/acme", NULL, NULL)),
	    0);
	pass("a", "x");
	ck_assert_int_eq(deliver(), GW_INTERNAL);
	ck_assert(spool_has(desk, DIR_PLAIN, doc.id));
	ck_assert_uint_eq(entries("else/orders"), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("deliver");
	TCase *tc = tcase_create("deliver");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, desk_make, desk_remove);
	tcase_add_test(tc, test_deliver);
	tcase_add_test(tc, test_group_of_the_folder);
	tcase_add_test(tc, test_collision);
	tcase_add_test(tc, test_name_of_the_facts_is_taken);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_crash_between_the_renames);
	tcase_add_test(tc, test_crash_in_the_text);
	tcase_add_test(tc, test_crash_after_the_delivery);
	tcase_add_test(tc, test_folder_is_made_again);
	tcase_add_test(tc, test_linked_partner_folder);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
