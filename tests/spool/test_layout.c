/* Goal: folders are made with safe modes, opened beneath the root and never
 * through a link, and a spool that cannot work is refused at the start. */
#include "tests/spool/desk.h"

#include "spool/folder.h"
#include "spool/layout_inside.h"

#include <sys/wait.h>

static unsigned
mode_of(const char *path)
{
	struct stat sb;

	ck_assert_int_eq(lstat(place_path(path, NULL, NULL), &sb), 0);
	return sb.st_mode & 07777;
}

START_TEST(test_folders_are_made)
{
	static const char *const public[] = { "out/acme/orders",
		"in/acme/orders", "returned/acme/orders",
		"mailbox/acme/to-us" };

	ck_assert_uint_eq(mode_of("state"), 0700);
	ck_assert_uint_eq(mode_of("state/work"), 0700);
	ck_assert_uint_eq(mode_of("state/archive"), 0700);
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
		ck_assert(there("spool", public[i]));
		ck_assert_uint_eq(mode_of(place_path("spool", public[i], NULL) +
					  strlen(place) + 1),
		    0770);
	}
	ck_assert(there("spool", "status/acme"));
	ck_assert(there("spool", "quarantine/acme"));
	ck_assert(there("spool", "mailbox/acme/from-us"));
	/* Again is fine, and modes that an administrator gave stay. */
	ck_assert_int_eq(
	    chmod(place_path("spool/in/acme/orders", NULL, NULL), 0755), 0);
	MUST(spool_make_flow(desk, "acme", "orders", DOC_IN, &place_why));
	ck_assert_uint_eq(mode_of("spool/in/acme/orders"), 0755);
	desk_crash();
	ck_assert_uint_eq(entries("spool"), 6);
}
END_TEST

START_TEST(test_group_of_the_parent)
{
	ck_assert_int_eq(chmod(place_path("spool/out", NULL, NULL), 02750), 0);
	MUST(spool_make_flow(desk, "birch", "bills", DOC_OUT, &place_why));
	ck_assert_uint_eq(mode_of("spool/out/birch/bills"), 02770);
}
END_TEST

START_TEST(test_open_state_is_refused)
{
	static const mode_t open_to[] = { 0710, 0701, 0740, 0704, 0777 };
	struct spool *second;

	for (size_t i = 0; i < sizeof(open_to) / sizeof(open_to[0]); i++) {
		chmod(place_path("state", NULL, NULL), open_to[i]);
		ck_assert_int_eq(
		    spool_open(place_path("spool", NULL, NULL),
			place_path("state", NULL, NULL), &second, &place_why),
		    GW_REFUSED);
		ck_assert_ptr_null(second);
		ck_assert_int_eq(place_why.reason, REASON_CONFIG);
		ck_assert_ptr_nonnull(strstr(place_why.text, "0700"));
	}
}
END_TEST

START_TEST(test_foreign_state_is_refused)
{
	struct spool *second;

	if (geteuid() != 0)
		return; /* cannot make a folder of another user's */
	ck_assert_int_eq(chmod(place, 0755), 0);
	ck_assert_int_eq(chown(place_path("spool", NULL, NULL), 4711, 4711), 0);
	/* Root may use it; user 4711 may not use root's. */
	if (fork() == 0) {
		if (setgid(4711) != 0 || setuid(4711) != 0)
			_exit(2);
		_exit(spool_open(place_path("spool", NULL, NULL),
			  place_path("state", NULL, NULL), &second,
			  &place_why) == GW_OK);
	}
	int status;
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(test_two_file_systems_are_refused)
{
	char shm[] = "/dev/shm/waybill-spool.XXXXXX";
	struct spool *second;
	struct stat a, b;

	if (mkdtemp(shm) == NULL)
		return;
	ck_assert_int_eq(stat(shm, &a) | stat(place, &b), 0);
	if (a.st_dev != b.st_dev) {
		ck_assert_int_eq(
		    spool_open(shm, place_path("state", NULL, NULL), &second,
			&place_why),
		    GW_REFUSED);
		ck_assert_ptr_nonnull(
		    strstr(place_why.text, "one file system"));
	}
	ck_assert_int_eq(rmdir(shm), 0); /* empty: nothing was left there */
	ck_assert_uint_eq(entries("state/work"), 0);
}
END_TEST

START_TEST(test_missing_parent_is_told)
{
	struct spool *second;

	ck_assert_int_ne(
	    spool_open(place_path("no/such/spool", NULL, NULL),
		place_path("state", NULL, NULL), &second, &place_why),
	    GW_OK);
	ck_assert_ptr_nonnull(strstr(place_why.text, "no/such/spool"));
}
END_TEST

START_TEST(test_names_are_checked)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", "Acme",
		"-x", "a b", "a\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	int fd;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(
		    spool_make_partner(desk, bad[i], &place_why), GW_REFUSED);
		ck_assert_int_eq(
		    spool_make_flow(desk, "acme", bad[i], DOC_IN, &place_why),
		    GW_REFUSED);
		ck_assert_int_eq(
		    spool_tree(desk, TREE_OUT, "acme", bad[i], &fd, &place_why),
		    GW_REFUSED);
		ck_assert_int_eq(fd, -1);
	}
	ck_assert_int_eq(
	    spool_tree(desk, TREE_OUT, "acme", "nothere", &fd, &place_why),
	    GW_NONE);
	MUST(spool_tree(desk, TREE_OUT, "acme", "orders", &fd, &place_why));
	close(fd);
}
END_TEST

/* A partner's folder is swapped for a link to somewhere else. */
START_TEST(test_links_are_not_followed)
{
	int fd;

	ck_assert_int_eq(mkdir(place_path("else", NULL, NULL), 0755), 0);
	ck_assert_int_eq(mkdir(place_path("else/orders", NULL, NULL), 0755), 0);
	MUST(folder_borrow(desk, TREE_OUT, "acme", "orders", &fd, &place_why));
	ck_assert_int_eq(rename(place_path("spool/out/acme", NULL, NULL),
			     place_path("was", NULL, NULL)),
	    0);
	ck_assert_int_eq(symlink(place_path("else", NULL, NULL),
			     place_path("spool/out/acme", NULL, NULL)),
	    0);
	ck_assert_int_eq(
	    spool_tree(desk, TREE_OUT, "acme", "orders", &fd, &place_why),
	    GW_INTERNAL);
	ck_assert_ptr_nonnull(strstr(place_why.text, "not followed"));
	ck_assert_int_eq(
	    folder_borrow(desk, TREE_OUT, "acme", "orders", &fd, &place_why),
	    GW_INTERNAL);
	ck_assert_int_eq(
	    folder_borrow(desk, TREE_OUT, "acme", "more", &fd, &place_why),
	    GW_INTERNAL);
	ck_assert_int_eq(
	    spool_make_flow(desk, "acme", "more", DOC_OUT, &place_why),
	    GW_INTERNAL);
	ck_assert_uint_eq(entries("else"), 1);
	/* The last part of the path, and a dangling link, too. */
	ck_assert_int_eq(symlink("/nowhere",
			     place_path("spool/in/acme/dangling", NULL, NULL)),
	    0);
	ck_assert_int_eq(
	    spool_make_flow(desk, "acme", "dangling", DOC_IN, &place_why),
	    GW_INTERNAL);
}
END_TEST

START_TEST(test_borrowed_folder_follows_the_path)
{
	int first, again;

	MUST(
	    folder_borrow(desk, TREE_IN, "acme", "orders", &first, &place_why));
	MUST(
	    folder_borrow(desk, TREE_IN, "acme", "orders", &again, &place_why));
	ck_assert_int_eq(first, again);
	ck_assert(folder_owns(desk, first));
	ck_assert(!folder_owns(desk, desk->root));
	/* Removed: it is made again.  Replaced: the new one counts. */
	ck_assert_int_eq(
	    rmdir(place_path("spool/in/acme/orders", NULL, NULL)), 0);
	MUST(
	    folder_borrow(desk, TREE_IN, "acme", "orders", &again, &place_why));
	ck_assert(there("spool/in/acme", "orders"));
	ck_assert_int_eq(rename(place_path("spool/in/acme", NULL, NULL),
			     place_path("moved", NULL, NULL)),
	    0);
	MUST(
	    folder_borrow(desk, TREE_IN, "acme", "orders", &again, &place_why));
	ck_assert_int_eq(mkdirat(again, "sign", 0700), 0);
	ck_assert(there("spool/in/acme/orders", "sign"));
	ck_assert(!there("moved/orders", "sign"));
}
END_TEST

START_TEST(test_many_folders)
{
	unsigned open_before = entries_of("/proc/self/fd");
	int fd;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 300; i++) {
			char flow[16];

			snprintf(flow, sizeof(flow), "f%d", i);
			MUST(folder_borrow(
			    desk, TREE_OUT, "acme", flow, &fd, &place_why));
			ck_assert_int_eq(faccessat(fd, ".", F_OK, 0), 0);
		}
	}
	ck_assert_uint_le(entries_of("/proc/self/fd"), open_before + 128);
}
END_TEST

START_TEST(test_private_files)
{
	struct docid id = docid_new();
	uint64_t bytes, inodes;
	int fd;

	put("state/sealed", id.text, "sealed");
	ck_assert(spool_has(desk, DIR_SEALED, id));
	ck_assert(!spool_has(desk, DIR_PLAIN, id));
	MUST(spool_read(desk, DIR_SEALED, id, &fd, &place_why));
	close(fd);
	ck_assert_int_eq(
	    spool_read(desk, DIR_PLAIN, id, &fd, &place_why), GW_NONE);
	MUST(spool_remove(desk, DIR_SEALED, id, &place_why));
	MUST(spool_remove(desk, DIR_SEALED, id, &place_why));
	ck_assert(!spool_has(desk, DIR_SEALED, id));
	ck_assert_int_eq(
	    symlink("/etc/passwd", place_path("state/plain", id.text, NULL)),
	    0);
	ck_assert(spool_has(desk, DIR_PLAIN, id));
	ck_assert_int_eq(
	    spool_read(desk, DIR_PLAIN, id, &fd, &place_why), GW_INTERNAL);
	MUST(spool_free_space(desk, &bytes, &inodes, &place_why));
	ck_assert(bytes > 0 && inodes > 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("layout");
	TCase *tc = tcase_create("layout");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, desk_make, desk_remove);
	tcase_add_test(tc, test_folders_are_made);
	tcase_add_test(tc, test_group_of_the_parent);
	tcase_add_test(tc, test_open_state_is_refused);
	tcase_add_test(tc, test_foreign_state_is_refused);
	tcase_add_test(tc, test_two_file_systems_are_refused);
	tcase_add_test(tc, test_missing_parent_is_told);
	tcase_add_test(tc, test_names_are_checked);
	tcase_add_test(tc, test_links_are_not_followed);
	tcase_add_test(tc, test_borrowed_folder_follows_the_path);
	tcase_add_test(tc, test_many_folders);
	tcase_add_test(tc, test_private_files);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
